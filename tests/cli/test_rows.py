"""What the table says of an analysis."""

import csv
from dataclasses import replace
from datetime import time
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.cli.screening.rows import Job, anonymous_row, error_row, result_row, worst_place
from ecgviewer.cli.screening.table import CLOCK_COLUMNS, COLUMNS, open_table
from ecgviewer.core.errors import AnalysisError
from ecgviewer.core.quality import QualityFinding
from ecgviewer.core.record.recording import Note, Numbering
from ecgviewer.core.record.start import Start


def job():
    return Job(Path("ward/r1.hea"), "r1", "")


def test_the_top_flag_is_the_worst_place(make_analysis):
    score_map = np.ones((12, 1000))
    score_map[1, 200:220] = 9.0
    score_map[7, 600:640] = 12.0
    assert worst_place(make_analysis(score_map), 0.95) == ("V2", 6.0, 6.4)


def test_of_a_flag_on_several_leads_the_highest_is_named(make_analysis):
    score_map = np.ones((12, 1000))
    score_map[3, 200:240] = 9.0
    score_map[4, 210:230] = 11.0
    assert worst_place(make_analysis(score_map), 0.95) == ("aVL", 2.0, 2.4)


def test_without_a_flag_the_highest_part_of_the_map_is_the_worst_place(make_analysis):
    score_map = np.ones((12, 1000))
    score_map[2, 500:550] = 3.0
    assert worst_place(make_analysis(score_map), 0.95) == ("III", 5.0, 5.5)


def test_the_highest_part_lasts_at_least_a_small_square(make_analysis):
    score_map = np.zeros((12, 1000))
    score_map[2, 999] = 3.0
    assert worst_place(make_analysis(score_map), 0.95) == ("III", 9.99, 10.0)
    score_map[2, 500] = 4.0
    assert worst_place(make_analysis(score_map), 0.95) == ("III", 5.0, 5.04)


def test_masked_leads_are_never_the_worst(make_analysis):
    score_map = np.full((12, 1000), np.nan)
    assert worst_place(make_analysis(score_map), 0.95) == ("", None, None)
    score_map[5] = 1.0
    assert worst_place(make_analysis(score_map), 0.95)[0] == "aVF"


def test_a_row_carries_score_threshold_and_verdict(make_analysis, recording):
    row = result_row(job(), "cae", recording, make_analysis(np.ones((12, 1000))), 0.95)
    assert (row.score, row.raw_score, row.p_value, row.abnormal) == (5.0, 0.25, 0.01, 1)
    assert row.threshold == pytest.approx(3.8, abs=0.3)
    assert (row.quality, row.error) == ("ok", "")
    normal = make_analysis(np.ones((12, 1000)), score=1.0)
    assert result_row(job(), "cae", recording, normal, 0.95).abnormal == 0


def test_a_score_that_is_no_number_is_an_error_and_not_a_row(make_analysis, recording):
    analysis = make_analysis(np.ones((12, 1000)), score=float("nan"))
    with pytest.raises(AnalysisError):
        result_row(job(), "cae", recording, analysis, 0.95)


def test_quality_says_what_was_not_judged_and_what_the_reader_warns_of(make_analysis, recording):
    warned = recording.with_notes(
        Note("warning", "wrong checksum"), Note("info", "identities hold")
    )
    flat = make_analysis(np.ones((12, 1000)), quality=(QualityFinding("V3", "flat", 0.0, 10.0),))
    row = result_row(job(), "cae", warned, flat, 0.95)
    assert row.quality == "unacceptable: flat V3; wrong checksum"
    assert row.abnormal is None
    brief = make_analysis(np.ones((12, 1000)), quality=(QualityFinding("V3", "flat", 0.0, 3.0),))
    row = result_row(job(), "cae", warned, brief, 0.95)
    assert row.quality == "flat 0.0-3.0 s V3; wrong checksum"
    assert row.abnormal in (0, 1)


def test_an_error_fits_on_one_line():
    assert error_row(job(), "cae", "two\n lines").error == "two lines"


def test_where_second_0_lies_and_the_clock_are_columns_on_request(
    recording, make_analysis, tmp_path
):
    recording = replace(
        recording,
        numbering=Numbering(648),
        start=Start(2020, 12, 31, time(23, 59, 55)),
    )
    score_map = np.ones((12, 1000))
    score_map[7, 600:640] = 12.0
    row = result_row(job(), "cae", recording, make_analysis(score_map), 0.95)
    for name, clock in (("plain.csv", False), ("clock.csv", True)):
        with open_table(str(tmp_path / name), clock) as table:
            table.write(row)
    plain, found = (
        next(csv.DictReader((tmp_path / name).read_text().splitlines()))
        for name in ("plain.csv", "clock.csv")
    )
    assert tuple(plain) == COLUMNS
    assert tuple(found) == COLUMNS + CLOCK_COLUMNS
    assert (found["worst_start_s"], found["offset_samples"]) == ("6", "648")
    assert found["worst_start_clock"] == "2021-01-01T00:00:01.000"
    assert found["worst_end_clock"] == "2021-01-01T00:00:01.400"
    hidden = anonymous_row(row, job(), recording)
    assert (hidden.worst_start_clock, hidden.worst_end_clock) == ("", "")
