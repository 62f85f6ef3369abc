"""The start of a record is kept as far as its header goes; what was not understood is said."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from ecgviewer.io.statements.start_text import read_start
from tests.generators import ecg_uv, write_wfdb_16


def opened(folder: Path, start: str) -> Recording:
    header = write_wfdb_16(folder, "r", ecg_uv(1.0))
    text = header.read_text()
    header.write_text(text.replace("r 12 500 500\n", f"r 12 500 500 {start}\n", 1))
    return open_record(RecordRef(header))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("09:05:07 01/02/2020", "2020-02-01 09:05:07"),
        ("9:05:07.25 01/02/2020", "2020-02-01 09:05:07"),
        ("0:0:0 1/1/2020", "2020-01-01 00:00:00"),
        ("23:59:55", "23:59:55 (no date)"),
        ("00:00:00.000", "00:00:00 (no date)"),
        ("2014-05-08 05:05:15", "2014-05-08 05:05:15"),
        ("12-May-2020 12:33:59", "2020-05-12 12:33:59"),
        ("12:33:59 12-May-2020", "2020-05-12 12:33:59"),
        ("08.05.2014 05:05:15", "2014-05-08 05:05:15"),
        ("2014/05/08 05:05:15", "2014-05-08 05:05:15"),
        ("2014-05-08T05:05:15Z", "2014-05-08 05:05:15 UTC"),
        ("2014-05-08T05:05:15.5+02:00", "2014-05-08 05:05:15 UTC+02:00"),
        ("20140508 05:05:15", "2014-05-08 05:05:15"),
        ("Fri May 8 17:05:15 2014", "2014-05-08 17:05:15"),
        ("5:05:15 PM 08/05/2014", "2014-05-08 17:05:15"),
        ("10:20:30 2006", "2006 10:20:30"),
        ("2006 10:20:30", "2006 10:20:30"),
        ("10:20:30 May-2006", "2006-05 10:20:30"),
        ("05/2006", "2006-05"),
        ("2006-05-08", "2006-05-08"),
    ],
)
def test_what_the_header_says_of_the_start_is_kept(
    tmp_path: Path, written: str, shown: str
) -> None:
    recording = opened(tmp_path, written)
    assert recording.start.text == shown
    assert recording.start.not_understood == ""
    assert not [note for note in recording.notes if note.level == "warning"]


@pytest.mark.parametrize(
    ("written", "shown", "rest"),
    [
        ("09:05:07 99/99/2019", "09:05:07 (no date)", "99/99/2019"),
        ("09:05:07 31/02/2020", "09:05:07 (no date)", "31/02/2020"),
        ("09:05:07 01/02/20", "09:05:07 (no date)", "01/02/20"),
        ("25:61:00 01/02/2020", "2020-02-01", "25:61:00"),
        ("last-week", "", "last-week"),
    ],
)
def test_what_was_not_understood_is_said(
    tmp_path: Path, written: str, shown: str, rest: str
) -> None:
    recording = opened(tmp_path, written)
    assert (recording.start.text, recording.start.not_understood) == (shown, rest)
    assert [note.text for note in recording.notes if note.level == "warning"] == [
        f"start of the recording: {rest!r} was not understood"
    ]


def test_one_colon_is_minutes_and_seconds_as_wfdb_defines_it(tmp_path: Path) -> None:
    recording = opened(tmp_path, "5:07 01/02/2020")
    assert recording.start_time == datetime(2020, 2, 1, 0, 5, 7)
    assert "start '5:07' read as 00:05:07, as WFDB defines it" in notes(recording, "assumed")


def test_a_date_that_only_the_american_order_allows(tmp_path: Path) -> None:
    recording = opened(tmp_path, "12:33:59 12/31/2020")
    assert recording.start_time == datetime(2020, 12, 31, 12, 33, 59)
    assert "date '12/31/2020': the month is written first" in notes(recording, "assumed")


def test_hours_and_minutes_elsewhere_than_in_wfdb() -> None:
    assert read_start("2019-03-26 14:24").start.text == "2019-03-26 14:24:00"
    assert read_start("nothing: unknown").start.not_understood
    assert read_start("unknown").start == read_start("").start


def test_a_header_without_start_says_nothing_of_it(tmp_path: Path) -> None:
    header = write_wfdb_16(tmp_path, "r", ecg_uv(1.0))
    recording = open_record(RecordRef(header))
    assert recording.start.text == ""
    assert not [note for note in recording.notes if "start" in note.text]


def notes(recording: Recording, level: str) -> list[str]:
    return [note.text for note in recording.notes if note.level == level]
