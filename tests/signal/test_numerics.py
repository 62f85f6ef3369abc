"""Hostile samples never become NaN where nothing is missing, nor crash anything."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.signal.filters import display_filter
from ecgviewer.signal.heartbeats.beats import beat_phase, detect_r_peaks, median_beats
from ecgviewer.signal.heartbeats.rhythm import rhythm_features
from ecgviewer.signal.measures.intervals import measure
from ecgviewer.signal.preprocessing import Preprocessing
from ecgviewer.signal.quality import assess, usable_mask
from ecgviewer.signal.resample import resample

FloatArray = npt.NDArray[np.float32]
MakeEcg = Callable[..., FloatArray]


@st.composite
def hostile(draw: st.DrawFn) -> tuple[FloatArray, float]:
    """Return a record with flat, railed, missing, infinite and huge stretches."""
    fs_hz = draw(st.sampled_from([100.0, 250.0, 257.0, 360.0, 500.0, 1000.0]))
    n = round(draw(st.floats(1.0, 12.0)) * fs_hz)
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    t = np.arange(n) / fs_hz
    beat = np.exp(-0.5 * (((t % 0.8) - 0.4) / 0.012) ** 2)
    x = (rng.normal(0, 0.02, (12, n)) + beat * rng.uniform(-1, 1.5, (12, 1))).astype(np.float32)
    for _ in range(draw(st.integers(0, 6))):
        row = draw(st.integers(0, 11))
        start = draw(st.integers(0, n - 1))
        stop = draw(st.integers(start + 1, n))
        value = draw(st.sampled_from([0.0, 5.0, -32.768, np.nan, np.inf, -np.inf, 1e6, 1e-9]))
        x[row, start:stop] = value
    return x, fs_hz


@settings(max_examples=60, deadline=None)
@given(hostile())
def test_hostile_records(record: tuple[FloatArray, float]) -> None:
    x, fs_hz = record
    given_samples = x.copy()
    missing = ~np.isfinite(x)
    spec = Preprocessing()
    filtered = spec.filter(x, fs_hz)
    scaled = spec.scale(filtered)
    living = ~missing.any(axis=1)
    assert np.isfinite(filtered[living]).all()
    assert np.isfinite(scaled[living]).all()
    assert not np.isinf(filtered).any()
    assert not np.isinf(scaled).any()
    assert np.array_equal(np.isnan(scaled), np.isnan(filtered))
    assert np.isfinite(resample(x, fs_hz, 500)[living]).all()
    shown = display_filter(x, fs_hz, True, 50, True)
    assert np.array_equal(np.isnan(shown), missing)

    findings = assess(x, fs_hz, STANDARD_LEADS)
    mask = usable_mask(findings, STANDARD_LEADS, fs_hz, x.shape[1])
    assert not (mask & missing).any()

    r = detect_r_peaks(x, fs_hz)
    assert ((r >= 0) & (r < x.shape[1])).all()
    assert (np.diff(r) > 0).all()
    phase = beat_phase(r, fs_hz, x.shape[1])
    assert np.isfinite(phase).all() or r.size == 0
    assert median_beats(x, r, fs_hz).shape[0] == 12
    intervals = measure(x, fs_hz, STANDARD_LEADS, r)
    for item in (intervals.pr_s, intervals.qrs_s, intervals.qt_s, *intervals.st_mv.values()):
        assert (item.value is None) == bool(item.reason)
        assert item.value is None or np.isfinite(item.value)
    for name, value in rhythm_features(r, fs_hz, x).as_dict().items():
        assert not np.isinf(value), name
    assert np.array_equal(x, given_samples, equal_nan=True)  # nobody writes into the caller's array


def test_source_precision_does_not_matter(make_ecg: MakeEcg) -> None:
    x = make_ecg(np.arange(0.4, 10, 0.83)).astype(np.float64)
    counts = np.rint(x * 1000).astype(np.int16)
    spec = Preprocessing()
    a, b = spec.filter(x, 500), spec.filter(counts.astype(np.float32) / 1000, 500)
    assert np.abs(a - b).max() < 1e-3
    assert np.array_equal(detect_r_peaks(x, 500), detect_r_peaks(counts / 1000, 500))
