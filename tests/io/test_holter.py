"""ISHNE Holter files by range, and Schiller's exports."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.errors import CorruptFileError, RecordError, UnansweredError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import find_records, open_record
from tests.generators import LEADS, ecg_mv
from tests.io.holter_files import ishne_header, write_ishne, write_schiller


def opened(path: Path, options: ReadOptions | None = None) -> Recording:
    (found,) = find_records(path, options)
    if not isinstance(found, RecordRef):
        raise found.error
    return open_record(found)


def whole(recording: Recording) -> np.ndarray:
    return recording.read_samples(0, recording.n_samples)


def notes(recording: Recording) -> str:
    return "; ".join(note.text for note in recording.notes)


def refused(path: Path) -> RecordError:
    with pytest.raises(RecordError) as caught:
        opened(path)
    return caught.value


@pytest.mark.parametrize("all_leads_counted", [False, True])
def test_ishne_samples_by_range_whatever_its_writer_counts(
    tmp_path: Path, all_leads_counted: bool
) -> None:
    ecg = ecg_mv(10.0)
    count = ecg.size if all_leads_counted else ecg.shape[1]
    recording = opened(write_ishne(tmp_path / "a.ecg", ecg, tuple(LEADS), count=count))
    assert recording.leads == tuple(LEADS) and recording.n_samples == 5000
    assert np.abs(whole(recording) - ecg).max() <= 0.00251
    part = recording.read_samples(777, 1999, ["V2", "aVF"])
    assert np.array_equal(part, whole(recording)[[7, 5], 777:1999])
    assert not [note for note in recording.notes if note.level == "warning"]


def test_ishne_is_what_an_independent_parser_reads(tmp_path: Path) -> None:
    from ecgdatakit.parsing.parsers.ishne_holter import ISHNEHolterParser

    path = write_ishne(tmp_path / "a.ecg", ecg_mv(4.0)[[6, 10]], ("V1", "V5"), comment=b"drug X")
    record = ISHNEHolterParser().parse(path)
    theirs = np.array([lead.to_physical().samples for lead in record.leads]) / 1000
    recording = opened(path)
    assert np.abs(whole(recording) - theirs).max() < 1e-6
    assert recording.start_time == record.recording.date
    assert recording.patient.name == "Ann Müller" and recording.patient.sex == "female"
    assert recording.patient.comments[-1] == "Comment: drug X"
    assert recording.patient.birth_date == "1951-05-02"


def test_ishne_absent_leads_and_leads_that_came_off(tmp_path: Path) -> None:
    ecg = ecg_mv(4.0)[:3].copy()
    ecg[2, 500:600] = -163.84
    recording = opened(write_ishne(tmp_path / "a.ecg", ecg, ("I", "gone", "V3")))
    assert recording.leads == ("I", "V3") and "absent" in notes(recording)
    missing = np.isnan(whole(recording))
    assert missing[1, 500:600].all() and missing.sum() == 100
    assert recording.numbering.signal(1) == 2


def test_ishne_damage_is_named(tmp_path: Path) -> None:
    path = write_ishne(tmp_path / "a.ecg", ecg_mv(4.0)[:3], ("I", "II", "V1"))
    data = bytearray(path.read_bytes())
    path.write_bytes(data[:6001])
    assert "truncated" in str(refused(path))
    path.write_bytes(data[:6522])
    assert "the file holds 1000 of each lead" in notes(opened(path))
    data[130] ^= 1
    path.write_bytes(data)
    error = refused(path)
    assert isinstance(error, CorruptFileError) and "checksum of its header is wrong" in str(error)
    path.write_bytes(data[:300])
    assert "ends within its header" in str(refused(path))


def test_a_day_opens_at_once_and_takes_no_memory(tmp_path: Path) -> None:
    n_samples = 24 * 3600 * 500
    head = ishne_header(tuple(LEADS), 500, n_samples)
    path = tmp_path / "day.ecg"
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + n_samples * 24)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    recording = opened(path)
    recording.read(0, 10)
    recording.read(86_390, 86_400)
    assert time.process_time() - start < 1.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB
    assert recording.duration_s == 86_400


def test_schiller_rate_gain_and_findings(tmp_path: Path) -> None:
    ecg = ecg_mv(4.0)
    recording = opened(write_schiller(tmp_path / "a.xml", ecg, tuple(LEADS)))
    assert recording.leads == tuple(LEADS) and recording.fs_hz == 500
    assert np.abs(whole(recording) - ecg).max() <= 0.00051
    facts = recording.facts
    assert facts.statements == ("sinus rhythm", "normal ECG") and facts.highpass_hz == 0.05
    assert [one.text() for one in facts.measurements] == ["QRS duration: 94 ms"]
    assert recording.start.text == "2024-03-04 13:14:15"
    assert recording.patient.name == "Jane Doe" and recording.patient.birth_date == "1962-05-06"


def test_schiller_rate_in_an_unknown_way_is_asked_for(tmp_path: Path) -> None:
    path = write_schiller(tmp_path / "a.xml", ecg_mv(4.0), tuple(LEADS), exponent=3)
    assert isinstance(refused(path), UnansweredError)
    assert opened(path, ReadOptions(fs_hz=500)).fs_hz == 500


def test_schiller_wrong_counts_are_refused(tmp_path: Path) -> None:
    path = write_schiller(tmp_path / "a.xml", ecg_mv(4.0), tuple(LEADS))
    path.write_text(path.read_text().replace("<samplecount>2000<", "<samplecount>2001<", 1))
    assert "claims 2001 samples of a lead and holds 2000" in str(refused(path))
