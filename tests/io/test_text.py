"""Tables of samples as text: what they say is read, what they do not say is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.errors import CorruptFileError, RecordError, UnansweredError
from ecgviewer.core.record_ref import ReadOptions, RecordRef
from ecgviewer.core.recording import Recording
from ecgviewer.io import find_records, open_record, profiles
from tests.generators import LEADS, ecg_mv, ecg_uv, write_wfdb_16


def opened(path: Path, **answers: object) -> Recording:
    (found,) = find_records(path, ReadOptions(**answers))  # type: ignore[arg-type]
    if not isinstance(found, RecordRef):
        raise found.error
    return open_record(found)


def whole(recording: Recording) -> np.ndarray:
    return recording.read_samples(0, recording.n_samples)


def notes(recording: Recording) -> str:
    return "; ".join(note.text for note in recording.notes)


def refused(path: Path, **answers: object) -> RecordError:
    with pytest.raises(RecordError) as caught:
        opened(path, **answers)
    return caught.value


def table(ecg: np.ndarray, delimiter: str = ",", figures: int = 4) -> str:
    return "\n".join(delimiter.join(f"{v:.{figures}f}" for v in row) for row in ecg.T) + "\n"


def test_names_units_and_times_in_the_file_need_no_answer(tmp_path: Path) -> None:
    ecg = ecg_mv(4.0)
    times = np.arange(ecg.shape[1]) / 499.5
    head = "time (s)," + ",".join(f"{lead} (mV)" for lead in LEADS) + "\n"
    rows = table(np.vstack([times, ecg]), figures=6)
    (tmp_path / "a.csv").write_text(head + rows)
    recording = opened(tmp_path / "a.csv")
    assert recording.leads == tuple(LEADS) and recording.units_known
    assert recording.fs_hz == pytest.approx(499.5, rel=1e-5)
    assert np.abs(whole(recording) - ecg).max() < 1e-5
    part = recording.read_samples(5, 77, ["V2"])
    assert np.array_equal(part, whole(recording)[7:8, 5:77])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "utf-16"])
def test_decimal_commas_and_byte_order_marks(tmp_path: Path, encoding: str) -> None:
    ecg = ecg_mv(2.0)[:3]
    text = "# Prüfling: Müller\n# Sampling rate: 500 Hz\nI [mV];II [mV];V1 [mV]\n"
    text += table(ecg, ";").replace(".", ",")
    (tmp_path / "a.csv").write_text(text, encoding)
    recording = opened(tmp_path / "a.csv")
    assert recording.leads == ("I", "II", "V1") and recording.fs_hz == 500
    assert np.abs(whole(recording) - ecg).max() <= 5.1e-5
    assert "Prüfling: Müller" in recording.patient.comments


def test_a_line_of_units_as_rdsamp_writes(tmp_path: Path) -> None:
    ecg = ecg_mv(2.0)[:2]
    times = np.arange(ecg.shape[1]) / 360
    text = "'Elapsed time','I','V5'\n'seconds','mV','mV'\n"
    (tmp_path / "a.csv").write_text(text + table(np.vstack([times, ecg]), figures=3))
    recording = opened(tmp_path / "a.csv")
    assert recording.fs_hz == 360 and recording.units_known and recording.leads == ("I", "V5")


def test_what_the_file_does_not_say_is_asked_for_at_once(tmp_path: Path) -> None:
    ecg = ecg_mv(4.0)
    path = tmp_path / "a.txt"
    path.write_text(table(ecg * 200, "\t", 0))
    error = refused(path)
    assert isinstance(error, UnansweredError) and error.missing == ("fs", "leads", "units")
    recording = opened(path, fs_hz=500.0, units="200/mV", leads=tuple(LEADS))
    assert recording.leads == tuple(LEADS) and recording.fs_hz == 500 and recording.units_known
    assert np.abs(whole(recording) - ecg).max() <= 0.00251
    other = opened(path, fs_hz=250.0, units="200/mV", leads=tuple(LEADS))
    assert other.content_hash() != recording.content_hash()


def test_answers_are_remembered_for_the_layout(tmp_path: Path) -> None:
    ecg = ecg_mv(4.0)
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(table(ecg * 1000, " ", 1))
    profiles.remember(tmp_path / "a.txt", ReadOptions(500.0, "uV", tuple(LEADS)))
    recording = opened(tmp_path / "b.txt")
    assert recording.fs_hz == 500 and recording.leads == tuple(LEADS)
    assert "as remembered" in notes(recording) and np.abs(whole(recording) - ecg).max() < 1e-4
    profiles.forget(tmp_path / "b.txt")
    assert isinstance(refused(tmp_path / "a.txt"), UnansweredError)


def test_empty_fields_are_missing_samples(tmp_path: Path) -> None:
    ecg = ecg_mv(2.0)[:3].copy()
    lines = table(ecg).splitlines()
    lines[500] = lines[500].partition(",")[0] + ",,"
    (tmp_path / "a.csv").write_text("fs=500\nI/mV,II,V1\n" + "\n".join(lines))
    recording = opened(tmp_path / "a.csv", units="mV")
    missing = np.isnan(whole(recording))
    assert missing[1:, 500].all() and missing.sum() == 2


def test_uneven_times_and_broken_rows_are_refused(tmp_path: Path) -> None:
    ecg = ecg_mv(2.0)[:2]
    times = np.arange(ecg.shape[1]) / 500
    times[600:] += 3.0
    text = "time (s),I (mV),II (mV)\n" + table(np.vstack([times, ecg]))
    (tmp_path / "gap.csv").write_text(text)
    assert "not evenly spaced" in str(refused(tmp_path / "gap.csv"))
    cut = ("fs 500 Hz\nI (mV),II (mV)\n" + table(ecg)).splitlines()
    cut[900] = "1.0"
    (tmp_path / "row.csv").write_text("\n".join(cut))
    assert isinstance(refused(tmp_path / "row.csv"), RecordError)
    cut[900] = "1.0,Zebrowska"
    (tmp_path / "word.csv").write_text("\n".join(cut))
    error = refused(tmp_path / "word.csv")
    assert isinstance(error, CorruptFileError) and "Zebrowska" not in str(error)


def test_folders_list_tables_of_leads_and_pass_over_others(tmp_path: Path) -> None:
    write_wfdb_16(tmp_path, "x", ecg_uv(4.0))
    (tmp_path / "x.csv").write_text(",".join(LEADS) + "\n" + table(ecg_mv(4.0)))
    (tmp_path / "REFERENCE.csv").write_text("A1,1\n" * 50)
    (tmp_path / "numbers.csv").write_text("a,b\n" + "1,2\n" * 50)
    (tmp_path / "notes.txt").write_text("patient was calm\n" * 50)
    assert [one.path.name for one in find_records(tmp_path)] == ["x.csv", "x.hea"]
    assert opened(tmp_path / "x.csv", fs_hz=500.0).format == "Text (commas)"
