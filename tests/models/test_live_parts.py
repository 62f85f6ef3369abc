"""A window of which only a part carries a trace is judged by that part."""

from __future__ import annotations

import numpy as np

from ecgviewer.models.run.live_parts import WindowSpan, live_parts

WINDOW = WindowSpan(1000, 2000, 1000, 2000)


def usable() -> np.ndarray:
    return np.ones((12, 1000), dtype=np.bool_)


def test_a_good_window_and_brief_gaps_stay_one_window() -> None:
    ok = usable()
    assert live_parts(WINDOW, ok, 250) == [WINDOW]
    ok[:, 400:500] = False
    ok[:6] = False
    assert live_parts(WINDOW, ok, 250) == [WINDOW]


def test_late_electrodes_cost_only_their_time() -> None:
    ok = usable()
    ok[:, :600] = False
    assert live_parts(WINDOW, ok, 250) == [
        WindowSpan(1000, 1600, 1000, 1600),
        WindowSpan(1600, 2000, 1600, 2000),
    ]


def test_every_long_enough_part_is_judged_and_all_samples_are_answered_for() -> None:
    ok = usable()
    ok[:, 300:700] = False
    parts = live_parts(WINDOW, ok, 250)
    assert [(p.start, p.stop) for p in parts] == [(1000, 1300), (1300, 1700), (1700, 2000)]
    assert [(p.own_start, p.own_stop) for p in parts] == [(p.start, p.stop) for p in parts]


def test_too_little_is_left_as_it_is() -> None:
    ok = usable()
    ok[:, 200:] = False
    assert live_parts(WINDOW, ok, 250) == [WINDOW]
