"""A spike of one sample is visible at every zoom, whatever has been built, saved or resumed."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgviewer.signal.pyramid.extremes import FINEST
from ecgviewer.signal.pyramid.pyramid import MinMaxPyramid, PyramidBuilder, level_lengths

FloatArray = npt.NDArray[np.float32]


def trace(n: int, n_leads: int = 2, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).normal(0, 0.1, (n_leads, n)).astype(np.float32)


def built(x: FloatArray, chunk: int = 10_000, folder: Path | None = None) -> MinMaxPyramid:
    chunks = (x[:, k : k + chunk] for k in range(0, x.shape[1], chunk))
    return MinMaxPyramid.build(chunks, x.shape[0], x.shape[1], folder)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_spike_is_lost_at_any_zoom(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 60_000), label="samples")
    x = trace(n, seed=n)
    spike = data.draw(st.integers(0, n - 1), label="spike")
    x[1, spike] = data.draw(st.sampled_from([9.0, -9.0]), label="height")
    pyramid = built(x, data.draw(st.sampled_from([1000, 4096, 70_000]), label="chunk"))
    start = data.draw(st.integers(0, spike), label="start")
    stop = data.draw(st.integers(spike + 1, n), label="stop")
    columns = data.draw(st.integers(1, 3000), label="columns")
    read = data.draw(st.sampled_from([None, lambda a, b: x[:, a:b]]), label="read")
    lo, hi = pyramid.query(start, stop, columns, read)
    shown = min(columns, stop - start)
    assert lo.shape == hi.shape == (2, shown)
    assert np.isfinite(lo).all()
    edges = start + np.arange(shown + 1) * (stop - start) // shown
    column = int(np.searchsorted(edges, spike, side="right")) - 1
    assert max(abs(lo[1, column]), abs(hi[1, column])) == 9.0
    # Every column contains at least its own samples.
    assert (lo <= np.minimum.reduceat(x[:, start:stop], edges[:-1] - start, axis=1)).all()
    assert (hi >= np.maximum.reduceat(x[:, start:stop], edges[:-1] - start, axis=1)).all()
    # And nothing that is far from it.
    assert np.abs(lo[0]).max() < 1.0


def test_exact_samples_when_there_is_room() -> None:
    x = trace(5000)
    lo, hi = built(x).query(100, 900, 1600, lambda a, b: x[:, a:b])
    assert np.array_equal(lo, x[:, 100:900])
    assert np.array_equal(hi, lo)


def test_columns_are_no_wider_than_twice_their_samples() -> None:
    x = np.zeros((1, 1_000_000), dtype=np.float32)
    x[0, 500_000] = 1.0
    pyramid = built(x, 100_000)
    for columns in (100, 1000, 1600, 20_000):
        _, hi = pyramid.query(0, 1_000_000, columns)
        assert 1 <= (hi[0] > 0).sum() <= 2


def test_missing_samples() -> None:
    x = trace(50_000)
    x[0, 10_000:30_000] = np.nan
    x[1, 5] = np.inf
    x[1, 6] = -np.inf
    pyramid = built(x)
    for columns in (50, 1000):
        lo, hi = pyramid.query(0, 50_000, columns, lambda a, b: x[:, a:b])
        step = 50_000 // columns
        assert np.isnan(lo[0, 11_000 // step : 29_000 // step]).all()
        assert np.isnan(hi[0, 11_000 // step : 29_000 // step]).all()
        assert np.isfinite(lo[1]).all()
        assert np.isfinite(hi[1]).all()
    lo, hi = pyramid.query(0, 10, 10, lambda a, b: x[:, a:b])
    assert np.isnan(lo[1, 5:7]).all()


def test_saved_and_mapped(tmp_path: Path) -> None:
    x = trace(400_000, 3)
    memory = built(x, 33_333)
    built(x, 33_333, tmp_path)
    loaded = MinMaxPyramid.load(tmp_path)
    assert loaded.complete
    assert isinstance(loaded.levels[0], np.memmap)
    for start, stop in ((0, 400_000), (12_345, 300_001)):
        for a, b in zip(
            memory.query(start, stop, 700), loaded.query(start, stop, 700), strict=True
        ):
            assert np.array_equal(a, b)


def test_partial_and_resumed(tmp_path: Path) -> None:
    n = 1_500_000
    x = trace(n)
    x[0, 700_000] = 7.0
    with PyramidBuilder(2, n, tmp_path) as builder:
        for k in range(0, 800_000, 50_000):
            builder.append(x[:, k : k + 50_000])
        lo, hi = builder.pyramid.query(0, n, 1000)
    assert np.nanmax(hi[0]) == 7.0
    assert np.isnan(lo[:, 600:]).all()
    assert np.isfinite(lo[:, :500]).all()
    assert not MinMaxPyramid.load(tmp_path).complete
    with PyramidBuilder(2, n, tmp_path) as builder:
        assert 700_000 < builder.n_done <= 800_000
        for k in range(builder.n_done, n, 70_000):
            builder.append(x[:, k : k + 70_000])
    whole = built(x)
    resumed = MinMaxPyramid.load(tmp_path)
    assert resumed.complete
    for number, level in enumerate(whole.levels):
        assert np.array_equal(level, resumed.levels[number])


def test_other_recording_starts_anew(tmp_path: Path) -> None:
    built(trace(100_000), folder=tmp_path)
    with PyramidBuilder(2, 50_000, tmp_path) as builder:
        assert builder.n_done == 0


@pytest.mark.parametrize("damage", ["state", "level", "absent"])
def test_damaged_pyramid_is_refused(tmp_path: Path, damage: str) -> None:
    built(trace(100_000), folder=tmp_path)
    if damage == "state":
        (tmp_path / "pyramid.json").write_text('{"version": 1, "leads": -3}')
    elif damage == "level":
        (tmp_path / "level1.npy").write_bytes(b"\x93NUMPY")
    else:
        (tmp_path / "level2.npy").unlink()
    with pytest.raises(ValueError):
        MinMaxPyramid.load(tmp_path)
    assert built(trace(100_000), folder=tmp_path).complete


def test_wrong_chunks_are_refused() -> None:
    builder = PyramidBuilder(2, 100)
    with pytest.raises(ValueError):
        builder.append(trace(10, 3))
    with pytest.raises(ValueError):
        builder.append(trace(101))


def test_empty_range() -> None:
    pyramid = built(trace(1000))
    for start, stop, columns in ((10, 10, 5), (900, 100, 5), (0, 10, 0), (5000, 6000, 5)):
        lo, hi = pyramid.query(start, stop, columns)
        assert lo.shape[1] == hi.shape[1] == 0


def test_memory_is_flat(tmp_path: Path) -> None:
    n, chunk = 3_000_000, np.zeros((12, 60_000), dtype=np.float32)
    tracemalloc.start()
    MinMaxPyramid.build((chunk for _ in range(n // 60_000)), 12, n, tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * chunk.nbytes
    assert sum(level_lengths(n)) < n / FINEST * 1.34
