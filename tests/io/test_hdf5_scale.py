"""What an HDF5 file says about amplitude and rate is applied and told, or the unit is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ecgviewer.core.errors import UnansweredError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from tests.generators import LEADS, ecg_mv

ECG_MV = ecg_mv(10.0, 500.0)
STEP_UV = 4.88
COUNTS = np.round(ECG_MV * 1000 / STEP_UV).astype(np.int16)
STORED_MV = COUNTS * STEP_UV * 1e-3


def _file(
    path: Path, data: np.ndarray, root: Mapping[str, Any] | None = None, **attributes: Any
) -> Recording:
    with h5py.File(path, "w") as file:
        item = file.create_dataset("ecg", data=data)
        said = {"fs": 500.0, "units": "mV", "lead_names": list(LEADS)} | attributes
        item.attrs.update({key: value for key, value in said.items() if value is not None})
        file.attrs.update(root or {})
    return open_record(RecordRef(path))


def _notes(recording: Recording, level: str) -> str:
    return "\n".join(note.text for note in recording.notes if note.level == level)


@pytest.mark.parametrize(
    "said",
    [
        {"units": "uV", "scale": STEP_UV},
        {"units": "uV", "scale": np.full(12, STEP_UV)},
        {"units": "uV", "scale_factor": STEP_UV, "add_offset": 0.0},
        {"adc_gain": 1000 / STEP_UV},
        {"adc_gain": np.full(12, 1000 / STEP_UV), "baseline": np.zeros(12, int)},
    ],
)
def test_factors_for_all_or_per_lead_are_applied_and_told(
    tmp_path: Path, said: dict[str, Any]
) -> None:
    recording = _file(tmp_path / "s.h5", COUNTS, **said)
    assert recording.units_known
    np.testing.assert_allclose(recording.read(0, 10), STORED_MV, atol=1e-5)
    assert "scaled as the file says" in _notes(recording, "info")


def test_each_lead_has_its_own_factor_and_unit(tmp_path: Path) -> None:
    factors = np.linspace(1.0, 3.0, 12)
    recording = _file(tmp_path / "f.h5", ECG_MV / factors[:, None], scale=factors)
    np.testing.assert_allclose(recording.read(0, 10), ECG_MV, atol=1e-5)
    mixed = ECG_MV.copy()
    mixed[6:] *= 1000
    recording = _file(tmp_path / "u.h5", mixed, units=["mV"] * 6 + ["uV"] * 6)
    assert recording.units_known
    np.testing.assert_allclose(recording.read(0, 10), ECG_MV, atol=1e-5)


def test_the_baseline_of_a_converter_is_taken_off(tmp_path: Path) -> None:
    recording = _file(
        tmp_path / "b.h5", COUNTS.astype(np.int32) + 2048, adc_gain=1000 / STEP_UV, baseline=2048
    )
    np.testing.assert_allclose(recording.read(0, 10), STORED_MV, atol=1e-5)


def test_values_in_mv_are_not_divided_by_the_gain_they_once_had(tmp_path: Path) -> None:
    recording = _file(tmp_path / "p.h5", ECG_MV, adc_gain=np.full(12, 1000.0))
    np.testing.assert_allclose(recording.read(0, 10), ECG_MV, atol=1e-5)
    assert "adc_gain was not applied" in _notes(recording, "info")


@pytest.mark.parametrize(
    "said", [{"gain": 4.88}, {"resolution": 4.88}, {"scale": "4.88 uV/LSB"}, {"scale": [1.0, 2.0]}]
)
def test_a_factor_that_is_not_understood_leaves_the_unit_unknown(
    tmp_path: Path, said: dict[str, Any]
) -> None:
    recording = _file(tmp_path / "g.h5", COUNTS, units="uV", **said)
    assert not recording.units_known
    warning = _notes(recording, "warning")
    assert next(iter(said)) in warning and "not understood" in warning


def test_a_gain_beside_values_in_mv_changes_nothing(tmp_path: Path) -> None:
    recording = _file(tmp_path / "g.h5", ECG_MV, gain=10, scale="none")
    assert recording.units_known
    np.testing.assert_allclose(recording.read(0, 10), ECG_MV, atol=1e-5)


def test_what_the_root_says_is_told_as_an_assumption(tmp_path: Path) -> None:
    recording = _file(tmp_path / "r.h5", ECG_MV, {"scale": 2.0})
    np.testing.assert_allclose(recording.read(0, 10), 2 * ECG_MV, atol=1e-5)
    assert "scaled as the file says: scale = 2.0" in _notes(recording, "assumed")


def test_marks_of_missing_samples_are_gaps(tmp_path: Path) -> None:
    gap = COUNTS.copy()
    gap[:, 1000:1500] = -32768
    recording = _file(
        tmp_path / "m.h5", gap, units="uV", scale_factor=STEP_UV, _FillValue=np.int16(-32768)
    )
    read = recording.read(0, 10)
    assert np.isnan(read[:, 1000:1500]).all()
    assert np.isfinite(read[:, :1000]).all()
    np.testing.assert_allclose(read[:, 1500:], STORED_MV[:, 1500:], atol=1e-5)


def test_no_zero_is_a_gap(tmp_path: Path) -> None:
    recording = _file(
        tmp_path / "z.h5", COUNTS, units="uV", scale_factor=STEP_UV, _FillValue=np.int16(0)
    )
    assert np.isfinite(recording.read(0, 10)).all()


def test_a_frequency_is_not_taken_before_a_sampling_frequency(tmp_path: Path) -> None:
    both = _file(tmp_path / "b.h5", ECG_MV, fs=None, frequency=150.0, sampling_rate=500.0)
    root = _file(tmp_path / "r.h5", ECG_MV, {"sampling_rate": 500.0}, fs=None, frequency=150.0)
    assert both.fs_hz == root.fs_hz == 500.0
    alone = _file(tmp_path / "a.h5", ECG_MV, fs=None, frequency=500.0)
    assert alone.fs_hz == 500.0
    assert "'frequency' only" in _notes(alone, "assumed")


def test_rates_that_contradict_each_other_are_told(tmp_path: Path) -> None:
    recording = _file(tmp_path / "c.h5", ECG_MV, {"sampling_rate": 1000.0})
    assert recording.fs_hz == 500.0
    assert "the file also says 1000 Hz (sampling_rate)" in _notes(recording, "warning")
    same = _file(tmp_path / "s.h5", ECG_MV, fs=[500.0] * 12)
    assert same.fs_hz == 500.0
    with pytest.raises(UnsupportedFormatError, match="different sampling frequencies"):
        _file(tmp_path / "d.h5", ECG_MV, fs=[500.0] * 6 + [250.0] * 6)


def test_a_doubtful_rate_can_be_answered(tmp_path: Path) -> None:
    path = tmp_path / "f.h5"
    assert _file(path, ECG_MV, fs=None, frequency=150.0).fs_hz == 150.0
    answered = open_record(RecordRef(path, None, ReadOptions(fs_hz=500.0)))
    assert answered.fs_hz == 500.0
    assert "as given" in _notes(answered, "assumed")


def test_a_unit_given_against_the_file_is_said_to_be_unused(tmp_path: Path) -> None:
    path = tmp_path / "u.h5"
    _file(path, ECG_MV)
    given = open_record(RecordRef(path, None, ReadOptions(units="uV")))
    assert "the file says mV; the unit uV given was not used" in _notes(given, "info")
    np.testing.assert_allclose(given.read(0, 10), ECG_MV, atol=1e-5)


def test_names_kept_in_another_file_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"".join(f"SECRET{k:02d}".encode() for k in range(12)))
    path = tmp_path / "e.h5"
    with h5py.File(path, "w") as file:
        item = file.create_dataset("ecg", data=ECG_MV)
        item.attrs.update(fs=500.0, units="mV")
        file.create_dataset(
            "lead_names", (12,), "S8", external=[(str(secret), 0, h5py.h5f.UNLIMITED)]
        )
    with pytest.raises(UnansweredError, match="lead") as caught:
        open_record(RecordRef(path))
    assert "SECRET" not in str(caught.value)
