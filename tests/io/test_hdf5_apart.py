"""HDF5 with one dataset per lead: what belongs to the record, and what does not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from ecgviewer.io.hdf5.locate import layout as hdf5_layout
from tests.generators import LEADS, ecg_mv

ECG_MV = ecg_mv(10.0)


def _file(path: Path, datasets: Mapping[str, npt.NDArray[np.generic]]) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs.update(fs=500, units="mV")
        for name, values in datasets.items():
            file[name] = values
    return path


def _texts(recording: Recording) -> str:
    return "\n".join(note.text for note in recording.notes)


@pytest.mark.parametrize("place", ["{}", "exam/{}", "bed/{}/value"])
def test_leads_beyond_the_standard_ones_are_shown_after_them(tmp_path: Path, place: str) -> None:
    names = (*LEADS, "V7", "V8", "V9")
    rows = {name: ECG_MV[k % 12] * (1 + k) for k, name in enumerate(names)}
    beside = {
        place.format("V1").replace("V1", "r_peaks"): np.arange(100, 5000, 100),
        "exam/time_s": np.arange(5000) / 500,
        "elsewhere/V10": ECG_MV[0],
    }
    path = _file(
        tmp_path / "a.h5", {place.format(name): row for name, row in rows.items()} | beside
    )
    recording = open_record(RecordRef(path))
    assert set(recording.leads[:12]) == set(LEADS)
    assert recording.leads[12:] == ("V7", "V8", "V9")
    np.testing.assert_allclose(
        recording.read(0, 10, names), np.stack(list(rows.values())), rtol=1e-5, atol=1e-6
    )
    (candidate, *_) = hdf5_layout.inspect(path)
    assert candidate.leads is not None
    assert (candidate.n_leads, candidate.leads[12:]) == (15, ("V7", "V8", "V9"))
    preview = hdf5_layout.preview(path, candidate.dataset, 100)
    np.testing.assert_array_equal(preview, recording.read_samples(0, 100))


def test_modified_positions_are_kept_beside_standard_leads(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.h5", {"MLII": ECG_MV[1], "V1": ECG_MV[6], "V5": ECG_MV[10]})
    recording = open_record(RecordRef(path))
    assert recording.leads == ("V1", "V5", "MLII")
    np.testing.assert_allclose(recording.read(0, 1, ["MLII"])[0], ECG_MV[1, :500], atol=1e-6)


def test_two_datasets_of_one_lead_are_both_kept_and_told(tmp_path: Path) -> None:
    names = ("DI", "I", "V1", "lead_V1")
    path = _file(tmp_path / "a.h5", {name: ECG_MV[k] for k, name in enumerate(names)})
    recording = open_record(RecordRef(path))
    assert recording.leads == ("I", "I (2)", "V1", "V1 (2)")
    assert "named more than once: I, V1" in _texts(recording)
    np.testing.assert_allclose(recording.read_samples(0, 5000), ECG_MV[:4], atol=1e-6)


def test_what_has_another_length_or_is_no_signal_is_no_lead(tmp_path: Path) -> None:
    path = _file(
        tmp_path / "a.h5",
        {"I": ECG_MV[0], "V1": ECG_MV[1], "beats": np.arange(49), "CM5": ECG_MV[2, :4000],
         "time": np.arange(5000), "timestamp_ms": np.arange(5000), "quality": np.ones(5000)},
    )  # fmt: skip
    recording = open_record(RecordRef(path))
    assert recording.leads == ("I", "V1")
    assert "not shown" not in _texts(recording)


@pytest.mark.parametrize("said", [{"units": "mmHg"}, {"fs": 125}, {"units": "L"}])
def test_another_unit_or_rate_is_told_and_leaves_the_leads_as_they_were(
    tmp_path: Path, said: dict[str, object]
) -> None:
    path = _file(tmp_path / "a.h5", {"I": ECG_MV[0], "V1": ECG_MV[1], "AUX": ECG_MV[2]})
    with h5py.File(path, "a") as file:
        file["AUX"].attrs.update(said)
        file["V7"] = ECG_MV[7] * 1000
        file["V7"].attrs["units"] = "uV"
    recording = open_record(RecordRef(path))
    assert (recording.leads, recording.units_known) == (("I", "V1", "V7"), True)
    assert "not shown, as rate or unit differ from the leads': AUX" in _texts(recording)
    np.testing.assert_allclose(recording.read_samples(0, 5000), ECG_MV[[0, 1, 7]], atol=1e-5)


def test_the_group_can_be_given_and_holds_its_own_leads_only(tmp_path: Path) -> None:
    path = _file(
        tmp_path / "a.h5",
        {f"{group}/{name}": ECG_MV[k] * factor
         for group, factor in (("raw", 1), ("filtered", 2))
         for k, name in enumerate(("I", "V1", "V7" if group == "raw" else "V8"))},
    )  # fmt: skip
    recording = open_record(RecordRef(path, None, ReadOptions(dataset="filtered")))
    assert recording.leads == ("I", "V1", "V8")
    np.testing.assert_allclose(recording.read_samples(0, 5000), 2 * ECG_MV[:3], atol=1e-5)
