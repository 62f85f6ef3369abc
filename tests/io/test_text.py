"""Tables of samples as text: what they say is read, what they do not say is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.errors import CorruptFileError, RecordError, UnansweredError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
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
    assert {"I", "II", "V1", "aVF"} <= set(recording.leads) and recording.fs_hz == 500
    stored = recording.read_samples(0, ecg.shape[1], ("I", "II", "V1"))
    assert np.abs(stored - ecg).max() <= 5.1e-5
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


def test_a_comma_that_may_be_decimal_is_asked_for(tmp_path: Path) -> None:
    """1,5 may be a lead of one decimal or two of whole numbers."""
    lead = 100 + np.abs(ecg_mv(2.0)[1] * 100).round(1)
    path = tmp_path / "a.csv"
    path.write_text("".join(f"{v:.1f}\n".replace(".", ",") for v in lead))
    error = refused(path)
    assert isinstance(error, UnansweredError)
    assert error.missing == ("decimal", "fs", "leads", "units") and error.n_leads == 2
    one = opened(path, decimal="comma", fs_hz=500.0, leads=("II",), units="uV")
    assert one.leads == ("II",) and "numbers with a decimal comma as given" in notes(one)
    assert np.abs(whole(one)[0] * 1000 - lead).max() < 1e-3
    two = opened(path, decimal="point", fs_hz=500.0, leads=("I", "II"), units="uV")
    assert np.array_equal(two.read_samples(0, 9, ["I"])[0] * 1000, lead[:9] // 1)


def test_commas_between_columns_and_in_numbers_are_told_by_names_or_zeros(tmp_path: Path) -> None:
    ecg = 1 + np.abs(ecg_mv(2.0)[:3])
    rows = "".join(",".join(f"{v:.3f}".replace(".", ",") for v in row) + "\n" for row in ecg.T)
    (tmp_path / "a.csv").write_text("fs=500\nV1,V2,V3\n" + rows)
    recording = opened(tmp_path / "a.csv", units="mV")
    assert recording.leads == ("V1", "V2", "V3") and np.abs(whole(recording) - ecg).max() < 6e-4
    (tmp_path / "b.csv").write_text(rows)  # some numbers end in ,012: no whole number begins so
    assert np.allclose(
        whole(opened(tmp_path / "b.csv", fs_hz=500.0, units="mV", leads=("V1", "V2", "V3"))),
        ecg, atol=6e-4,
    )  # fmt: skip


def test_times_whose_unit_is_not_said_are_asked_for(tmp_path: Path) -> None:
    ecg = ecg_mv(2.0)[:3]
    path = tmp_path / "a.csv"
    path.write_text(table(np.vstack([2.0 * np.arange(ecg.shape[1]), ecg])))
    error = refused(path)
    assert isinstance(error, UnansweredError) and error.missing == ("time", "leads", "units")
    answers = {"leads": ("V1", "V2", "V3"), "units": "mV"}
    assert opened(path, time="1:ms", **answers).fs_hz == 500
    assert opened(path, fs_hz=499.0, **answers).fs_hz == 499
    error = refused(path, time="none", **answers)
    assert isinstance(error, UnansweredError) and error.missing == ("fs", "leads")
    assert error.n_leads == 4
    profiles.remember(path, ReadOptions(leads=("V1", "V2", "V3"), units="mV", time="1:ms"))
    assert "column 1 taken for times in ms as remembered" in notes(opened(path))


def test_a_watchs_single_lead_with_its_facts_above(tmp_path: Path) -> None:
    ecg = ecg_uv(10.0, 512.0)[0]
    head = (
        'Name,Zebrowska Anna\nDate of Birth,"Jan 2, 1950"\nClassification,Sinus Rhythm\n'
        'Software Version,1.22\nDevice,"Watch3,4"\nSample Rate,512 hertz\n\n\n'
        "Lead,Lead I\nUnit,µV\n\n"
    )
    path = tmp_path / "ecg.csv"
    path.write_text(head + "".join(f"{v:.3f}\n" for v in ecg), "utf-8")
    recording = opened(path)
    assert recording.leads == ("I",) and recording.fs_hz == 512 and recording.units_known
    assert recording.patient.name == "Zebrowska Anna"
    assert np.abs(whole(recording)[0] * 1000 - ecg).max() < 1e-3


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
