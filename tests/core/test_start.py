"""Clock time of a recording: what is known is shown, across midnight, and nothing is made up."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone

import pytest

from ecgviewer.core.record.start import Start, clock_text, start_from_json, start_to_json


def test_a_moment_known_whole() -> None:
    start = Start.of(datetime(2020, 2, 1, 23, 59, 58, 250_000))
    assert start.text == "2020-02-01 23:59:58"
    assert start.moment == datetime(2020, 2, 1, 23, 59, 58, 250_000)
    assert start.stamp(1.5) == "2020-02-01T23:59:59.750"
    assert start.stamp(2.0) == "2020-02-02T00:00:00.250"
    assert clock_text(start, 2.0) == "00:00:00 +1 d"


def test_a_zone_is_kept() -> None:
    moment = datetime(2020, 2, 1, 9, 5, 7, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    start = Start.of(moment)
    assert start.moment == moment
    assert start.text == "2020-02-01 09:05:07 UTC-03:30"
    assert start.stamp(0.0) == "2020-02-01T09:05:07.000-03:30"
    assert Start.of(datetime(2020, 2, 1, tzinfo=UTC)).text == "2020-02-01 00:00:00 UTC"


@pytest.mark.parametrize(
    ("start", "text", "stamp"),
    [
        (Start(clock=time(23, 59, 55)), "23:59:55 (no date)", "00:00:05.000 +1 d"),
        (Start(2006, clock=time(10, 20, 30)), "2006 10:20:30", "10:20:40.000"),
        (Start(2006, 5), "2006-05", ""),
        (Start(2006, 5, 8), "2006-05-08", ""),
        (Start(), "", ""),
    ],
)
def test_what_is_known_in_part_is_kept_in_part(start: Start, text: str, stamp: str) -> None:
    assert (start.text, start.stamp(10.0), start.moment) == (text, stamp, None)


def test_the_clock_goes_on_over_days_and_rounds_to_the_nearest() -> None:
    start = Start(clock=time(22, 0, 0))
    assert clock_text(start, 26 * 3600.0) == "00:00:00 +2 d"
    assert clock_text(start, 0.996, decimals=2) == "22:00:01.00"
    assert clock_text(start, 0.994, decimals=2) == "22:00:00.99"
    assert clock_text(start, -1.0) == "21:59:59"
    assert clock_text(start, float("nan")) == clock_text(Start(2020), 1.0) == ""
    assert Start.of(datetime(9999, 12, 31, 23, 59)).stamp(1e6) == ""


def test_a_start_travels_as_json() -> None:
    for start in (
        Start(),
        Start.of(datetime(2020, 2, 1, 9, 5, 7, 250_000, tzinfo=UTC)),
        Start(2006, clock=time(1, 2, 3), not_understood="last week"),
    ):
        assert start_from_json(start_to_json(start)) == start
