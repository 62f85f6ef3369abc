"""HDF5 arrays: which axis has the records, which the leads, which the samples."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from ecgviewer.core.errors import UnsupportedFormatError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.io import find_records, open_record
from ecgviewer.io.hdf5.locate.find import ArrayAxes, guess_axes
from tests.generators import LEADS, ecg_mv

ECG_MV = ecg_mv(10.0)


def _stack(n: int) -> np.ndarray:
    """Records of different amplitude, [n, leads, samples]."""
    return (ECG_MV[np.newaxis] * (1 + np.arange(n))[:, np.newaxis, np.newaxis]).astype(np.float32)


@pytest.mark.parametrize(
    ("order", "n"),
    [
        ("nlt", 3), ("ntl", 3), ("nlt", 40), ("tln", 40), ("tln", 3), ("tln", 60), ("tln", 1),
        ("tnl", 40), ("tnl", 3), ("ltn", 40), ("lnt", 40), ("lnt", 3),
    ],
)  # fmt: skip
def test_records_are_found_wherever_their_axis_is(tmp_path: Path, order: str, n: int) -> None:
    path = tmp_path / "a.h5"
    stack = _stack(n)
    with h5py.File(path, "w") as file:
        file["ecg"] = stack.transpose(["nlt".index(axis) for axis in order])
        file.attrs.update(fs=500, units="mV", leads=list(LEADS))
    found = list(find_records(path))
    assert len(found) == n
    for k in {0, n // 2, n - 1}:
        recording = open_record(RecordRef(path, k))
        assert (recording.leads, recording.n_samples) == (LEADS, 5000)
        np.testing.assert_allclose(recording.read(0, 10), stack[k], rtol=1e-5)
        np.testing.assert_allclose(recording.read(2, 3, ["V6"])[0], stack[k, 11, 1000:1500])
    with pytest.raises(UnsupportedFormatError, match=f"no record {n}"):
        open_record(RecordRef(path, n))


def test_padding_is_cut_off_where_records_come_last(tmp_path: Path) -> None:
    stack = _stack(3)
    stack[1, :, 4000:] = 0
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["ecg"] = stack.transpose(2, 1, 0)
        file.attrs.update(fs=500, units="mV", leads=list(LEADS))
    recording = open_record(RecordRef(tmp_path / "a.h5", 1))
    assert recording.n_samples == 4000
    np.testing.assert_allclose(recording.read(0, 8), stack[1, :, :4000], rtol=1e-5)


@pytest.mark.parametrize("n_named", [None, 12])
@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((20, 4096, 12), ArrayAxes(0, 2, 1)), ((300_000, 4096, 12), ArrayAxes(0, 2, 1)),
        ((20, 12, 4096), ArrayAxes(0, 1, 2)), ((300_000, 12, 1000), ArrayAxes(0, 1, 2)),
        ((21_837, 1000, 12), ArrayAxes(0, 2, 1)), ((18_000, 500, 12), ArrayAxes(0, 2, 1)),
        ((100, 12, 100), ArrayAxes(0, 1, 2)), ((5000, 12, 40), ArrayAxes(2, 1, 0)),
        ((5000, 12, 5), ArrayAxes(2, 1, 0)), ((5000, 12, 12), None), ((5000, 100, 100), None),
        ((3, 12, 20), None), ((12, 5000), ArrayAxes(None, 0, 1)),
        ((5000, 12), ArrayAxes(None, 1, 0)),
    ],
)  # fmt: skip
def test_axes_by_shape(shape: tuple[int, ...], axes: ArrayAxes | None, n_named: int | None) -> None:
    assert guess_axes(shape, n_named) == axes


@pytest.mark.parametrize(
    ("beside", "n"),
    [({}, None), ({"exam_id": 1000}, 1000), ({"label": 64}, 64), ({"time": 1000}, 64),
     ({"t": 64, "id": 1000}, 1000), ({"a": 64, "b": 1000}, None), ({"a": 7}, None)],
)  # fmt: skip
def test_where_both_may_be_the_records_what_lies_beside_decides(
    tmp_path: Path, beside: dict[str, int], n: int | None
) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        item = file.create_dataset("ecg", (1000, 12, 64), "i2")
        item[:] = np.arange(64, dtype=np.int16)
        file.attrs.update(fs=100, units="uV", leads=list(LEADS))
        for name, length in beside.items():
            file[name] = np.arange(length)
    found = list(find_records(path))
    if n is None:
        with pytest.raises(UnsupportedFormatError, match="1000 records of 64 samples, or 64"):
            open_record(RecordRef(path, 0))
        assert len(found) == 1
    else:
        assert len(found) == n
        assert open_record(RecordRef(path, n - 1)).leads == LEADS


@pytest.mark.parametrize("dataset", ["ecg", None])
@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (5000,), (1, 5000, 1), (1, 1, 5000)])
def test_a_single_lead_is_read_in_any_form(
    tmp_path: Path, shape: tuple[int, ...], dataset: str | None
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["ecg"] = ECG_MV[1].reshape(shape)
        file.attrs.update(fs=500, units="mV", leads=["II"])
    recording = open_record(RecordRef(tmp_path / "a.h5", None, ReadOptions(dataset=dataset)))
    assert recording.leads == ("II",)
    np.testing.assert_allclose(recording.read(0, 10)[0], ECG_MV[1], atol=1e-6)


def test_a_vector_is_not_taken_where_there_are_leads(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["ecg"] = ECG_MV
        file["extra/signal"] = ECG_MV[:1]
        file.attrs.update(fs=500, units="mV", leads=list(LEADS))
    assert open_record(RecordRef(tmp_path / "a.h5")).leads == LEADS
    with h5py.File(tmp_path / "b.h5", "w") as file:
        for k, lead in enumerate(LEADS):
            file[f"{lead}/signal"] = ECG_MV[k][:, np.newaxis]
        file.attrs.update(fs=500, units="mV")
    recording = open_record(RecordRef(tmp_path / "b.h5"))
    np.testing.assert_allclose(recording.read(0, 10, LEADS), ECG_MV, atol=1e-6)
