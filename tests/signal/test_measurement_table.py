"""The table of measurements: every value with its limit, its source, and what deviates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecgviewer.signal.heartbeats.pacing import NO_STIMULI, pacing_of
from ecgviewer.signal.measures.axes import Axes
from ecgviewer.signal.measures.intervals import Intervals, Measure
from ecgviewer.signal.measures.limits import statements
from ecgviewer.signal.measures.measurement_row import Row
from ecgviewer.signal.measures.measurement_table import measurement_rows
from ecgviewer.signal.measures.rate import Rate
from ecgviewer.signal.measures.span import measured_span
from ecgviewer.signal.measures.waves import LeadWaves

NORMAL = LeadWaves(p=0.1, q=-0.05, r=0.9, s=-0.3, t=0.3, st_j=0.02, st_60=0.03, st_80=0.04)


def intervals(**changes: object) -> Intervals:
    """Return the measurements of a normal heart at 75 bpm, some changed."""
    normal = Intervals(
        rr_s=Measure(0.8, 0.02), pr_s=Measure(0.16, 0.005), qrs_s=Measure(0.09, 0.004),
        qt_s=Measure(0.38, 0.008), qtc_bazett_s=Measure(0.425, 0.009),
        qtc_fridericia_s=Measure(0.41, 0.009), st_mv={}, marks=None, n_beats=12,
        rate=Rate(12, 75.0, 75.0, 73.0, 77.0, 0.8, 0.02, 0.82),
        pacing=pacing_of(NO_STIMULI, NO_STIMULI, 500.0, None), axes=Axes(50.0, 40.0, 45.0),
        waves=dict.fromkeys(("I", "II", "aVR", "aVL", "V1", "V2", "V3", "V5", "V6"), NORMAL),
    )  # fmt: skip
    return replace(normal, **changes)


def row(rows: tuple[Row, ...], name: str, lead: str = "") -> Row:
    (found,) = [one for one in rows if (one.name, one.lead) == (name, lead)]
    return found


def test_a_normal_heart_deviates_nowhere() -> None:
    rows = measurement_rows(intervals(), "F", 50.0)
    assert [one.name for one in rows if one.deviates] == []
    assert row(rows, "PR").normal == "120–200" and "Surawicz" in row(rows, "PR").source
    assert row(rows, "PR").value_text() == "160" and row(rows, "T", "V5").value_text() == "+0.30"
    assert not any("dispersion" in one.name for one in rows)


@pytest.mark.parametrize(
    ("name", "changes", "deviates"),
    [
        ("PR", {"pr_s": Measure(0.204)}, "high"),
        ("PR", {"pr_s": Measure(0.2004)}, ""),
        ("PR", {"pr_s": Measure(0.11)}, "low"),
        ("QRS", {"qrs_s": Measure(0.12)}, "high"),
        ("QRS", {"qrs_s": Measure(0.119)}, ""),
        ("Axis QRS", {"axes": Axes(50, -45, 45)}, "low"),
        ("Axis QRS", {"axes": Axes(50, 120, 45)}, "high"),
        ("Axis QRS", {"axes": Axes(50, -150, 45)}, "high"),
        ("Rate", {"rate": Rate(20, 120.0)}, "high"),
        ("Rate", {"rate": Rate(8, 48.0)}, "low"),
    ],
)
def test_what_passes_its_limit_is_marked(
    name: str, changes: dict[str, object], deviates: str
) -> None:
    assert row(measurement_rows(intervals(**changes)), name).deviates == deviates


@pytest.mark.parametrize(
    ("sex", "age_years", "qtc", "cornell", "st_v3"),
    [
        ("male", 50.0, "< 450", "≤ 2.8", "> -0.05 and < 0.2"),
        ("male", 30.0, "< 450", "≤ 2.8", "> -0.05 and < 0.25"),
        ("F", 50.0, "< 460", "≤ 2.0", "> -0.05 and < 0.15"),
        ("", None, "< 460", "≤ 2.8", "> -0.05 and < 0.25"),
    ],
)
def test_limits_go_by_age_and_sex(
    sex: str, age_years: float | None, qtc: str, cornell: str, st_v3: str
) -> None:
    rows = measurement_rows(intervals(), sex, age_years)
    assert row(rows, "QTc Bazett").normal == qtc
    assert row(rows, "Cornell").normal == cornell
    assert row(rows, "ST J", "V3").normal == st_v3
    assert row(rows, "ST J", "V6").normal == "> -0.05 and < 0.1"
    assert row(rows, "ST J", "aVR").normal == ""


def test_the_table_marks_what_the_statements_say() -> None:
    waves = {
        lead: replace(NORMAL, r=2.6, s=-1.4, st_j=-0.06, t=-0.2)
        for lead in ("I", "aVL", "V1", "V3", "V5", "V6")
    }
    found = intervals(waves=waves, qtc_bazett_s=Measure(0.48))
    rows = measurement_rows(found, "M", 60.0)
    said = " ".join(statements(found, "M", 60.0))
    for name, words in (
        ("QTc Bazett", "QTc long"), ("Sokolow-Lyon", "Sokolow-Lyon"), ("Cornell", "Cornell"),
    ):  # fmt: skip
        assert row(rows, name).deviates == "high" and words in said
    assert row(rows, "ST J", "V5").deviates == "low" and "ST depressed" in said
    assert row(rows, "T", "V6").deviates == "low"
    assert row(rows, "T", "aVL").deviates == "" == row(rows, "T", "V1").deviates


def test_children_unknown_units_and_wide_qrs_have_fewer_limits() -> None:
    child = measurement_rows(intervals(), "M", 9.0)
    assert {one.name for one in child if one.normal} == {"Rate"}
    no_unit = measurement_rows(intervals(), "M", 60.0, unit="a.u.")
    assert row(no_unit, "Cornell").normal == "" and row(no_unit, "Cornell").unit == "a.u."
    assert row(no_unit, "PR").normal
    wide = measurement_rows(intervals(qrs_s=Measure(0.15)), "M", 60.0)
    assert row(wide, "QTc Bazett").normal == "" and row(wide, "ST J", "V5").normal == ""


def test_why_there_is_no_value_is_kept() -> None:
    rows = measurement_rows(intervals(pr_s=Measure(None, reason="paced"), axes=Axes()))
    assert (row(rows, "PR").value, row(rows, "PR").reason) == (None, "paced")
    assert row(rows, "PR").value_text() == "" and row(rows, "Axis T").reason == "no direction"


@pytest.mark.parametrize(
    ("start_s", "stop_s", "duration_s", "span"),
    [
        (4.0, 5.0, 10.0, (0.0, 10.0)),
        (100.0, 104.0, 1000.0, (97.0, 107.0)),
        (0.0, 500.0, 1000.0, (220.0, 280.0)),
        (995.0, 1000.0, 1000.0, (990.0, 1000.0)),
        (0.0, 1.0, 4.0, (0.0, 4.0)),
    ],
)
def test_what_is_measured_is_10_to_60_s_long(
    start_s: float, stop_s: float, duration_s: float, span: tuple[float, float]
) -> None:
    assert measured_span(start_s, stop_s, duration_s) == pytest.approx(span)
