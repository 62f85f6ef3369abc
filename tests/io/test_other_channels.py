"""Channels of something else are never leads; amplitudes of another scale are warned of."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from ecgviewer.core.leads import is_ecg_channel
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from ecgviewer.io.statements.units import mv_per_unit
from tests.generators import ecg_mv, ecg_uv, write_wfdb_16


def texts(recording: Recording, level: str = "") -> str:
    return "\n".join(note.text for note in recording.notes if level in ("", note.level))


def monitor(folder: Path, channels: dict[str, str]) -> Recording:
    """Signals of 1 Hz at 125 Hz; values are the gain and unit fields of the header."""
    n = 1250
    wave = np.round(1000 * np.sin(2 * np.pi * np.arange(n) / 125)).astype("<i2")
    np.repeat(wave[:, None], len(channels), axis=1).tofile(folder / "m.dat")
    lines = [f"m {len(channels)} 125 {n}"]
    lines += [f"m.dat 16 {gain} 16 0 0 0 0 {name}" for name, gain in channels.items()]
    (folder / "m.hea").write_text("\n".join(lines) + "\n")
    return open_record(RecordRef(folder / "m.hea"))


@pytest.mark.parametrize(
    "name",
    ["RESP", "Resp A", "PLETH", "ABP", "NBP", "PAP", "CVP", "ICP", "SpO2", "EEG Fpz-Cz",
     "EMG submental", "EOG left", "EDF Annotations", "Thor", "Airflow", "Event marker", "HR"],
)  # fmt: skip
@pytest.mark.parametrize("gain", ["1000", "1000/mV", "1000/NU", "1000/mmHg"])
def test_channels_of_something_else_are_no_leads(tmp_path: Path, name: str, gain: str) -> None:
    recording = monitor(tmp_path, {name: gain, "II": "1000/mV", "V": "1000/mV"})
    assert recording.leads == ("II", "V")
    assert recording.numbering.signals == (1, 2)
    assert f"not shown, no ECG: {name}" in texts(recording, "info")


@pytest.mark.parametrize(
    "name", ["ECG", "EKG 1", "MLII", "MCL1", "V", "ch 3", "A1", "vx", "ECG Resp"]
)
def test_other_names_may_be_leads(name: str) -> None:
    assert is_ecg_channel(name)


def test_what_has_no_ecg_is_shown_without_a_unit(tmp_path: Path) -> None:
    recording = monitor(tmp_path, {"PLETH": "1000", "RESP": "1000"})
    assert recording.leads == ("PLETH", "RESP")
    assert not recording.units_known


def test_lead_names_for_all_signals_name_those_shown(tmp_path: Path) -> None:
    monitor(tmp_path, {"RESP": "1000/mV", "ecg a": "1000/mV", "ecg b": "1000/mV"})
    ref = RecordRef(tmp_path / "m.hea", options=ReadOptions(leads=("Resp", "II", "V5")))
    assert open_record(ref).leads == ("II", "V5")


def test_lead_names_are_never_dropped_in_silence(tmp_path: Path) -> None:
    header = write_wfdb_16(tmp_path, "r", ecg_uv(2.0))
    for leads in (("II", "V5"), ("II", "I", "III")):
        recording = open_record(RecordRef(header, options=ReadOptions(leads=leads)))
        assert "lead names given were not used" in texts(recording, "warning")


def code(folder: Path, factor: float, options: ReadOptions | None = None) -> Recording:
    with h5py.File(folder / "code.hdf5", "w") as file:
        file["tracings"] = np.stack([ecg_mv(10.24, 400.0).T * factor] * 2).astype("f4")
    return open_record(RecordRef(folder / "code.hdf5", 0, options or ReadOptions()))


def test_documents_of_code_disagree_and_that_is_said(tmp_path: Path) -> None:
    recording = code(tmp_path, 1.0)
    assert "other documents of it say 1e-4V; the unit can be given" in texts(recording, "assumed")
    assert "amplitudes" not in texts(recording, "warning")


@pytest.mark.parametrize(("factor", "size"), [(10.0, "large"), (0.1, "small")])
def test_amplitudes_ten_times_off_are_warned_of(tmp_path: Path, factor: float, size: str) -> None:
    assert f"amplitudes are unusually {size}" in texts(code(tmp_path, factor), "warning")


def test_a_thousandfold_amplitude_is_no_ecg(tmp_path: Path) -> None:
    assert "no ECG does; gain or unit is wrong" in texts(code(tmp_path, 1000.0), "warning")


def test_the_scale_of_the_documents_can_be_given(tmp_path: Path) -> None:
    recording = code(tmp_path, 10.0, ReadOptions(units="1e-4V"))
    given = recording.read(0, 2)
    np.testing.assert_allclose(given, code(tmp_path, 1.0).read(0, 2), rtol=1e-5, atol=1e-6)
    assert "amplitudes" not in texts(recording, "warning")


def test_no_real_record_is_warned_of(samples: Path) -> None:
    for header in sorted(samples.glob("*.hea")):
        assert "unusually" not in texts(open_record(RecordRef(header)))


def test_numbers_before_units() -> None:
    assert mv_per_unit("1e-4V") == pytest.approx(0.1)
    assert mv_per_unit("4.88 uV") == pytest.approx(0.00488)
    assert mv_per_unit("10 µV") == pytest.approx(0.01)
    assert [mv_per_unit(unit) for unit in ("0 mV", "1e999V", "5", "2 mmHg", "m V")] == [None] * 5
