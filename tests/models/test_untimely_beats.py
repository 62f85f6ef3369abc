"""The score map marks a beat that is not there, and one that comes early."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from ecgviewer.models.score.untimely_beats import UNITS, untimely_beats

FS = 100.0


def lines(beats_s: np.ndarray, n: int = 1000) -> dict[str, np.ndarray]:
    judged = np.ones((12, n), dtype=np.bool_)
    window: Any = SimpleNamespace(
        signal_mv=np.zeros((12, n)),
        fs_hz=FS,
        r_peaks=np.round(beats_s * FS).astype(np.int64),
        judged=lambda: judged,
    )
    return cast("dict[str, np.ndarray]", untimely_beats(window))


REGULAR_S = np.arange(0.5, 9.8, 0.8)


def test_a_regular_rhythm_has_neither() -> None:
    rng = np.random.default_rng(0)
    found = lines(REGULAR_S + rng.normal(0, 0.01, REGULAR_S.size))
    for name, line in found.items():
        assert line.max() < UNITS[name][0]


def test_a_dropped_beat_lights_the_place_where_it_should_be() -> None:
    found = lines(np.delete(REGULAR_S, 5))
    place = found["missing_beat"]
    due = round(REGULAR_S[5] * FS)
    assert place[due] > 0.9
    assert place[: due - 40].max() < 0.05
    assert place[due + 80 :].max() < 0.05
    assert found["early_beat"].max() < UNITS["early_beat"][0]


def test_an_early_beat_lights_itself_and_not_the_pause_that_makes_up_for_it() -> None:
    beats = REGULAR_S.copy()
    beats[5] -= 0.35
    found = lines(beats)
    assert found["early_beat"][round(beats[5] * FS)] > UNITS["early_beat"][1]
    assert found["missing_beat"].max() < UNITS["missing_beat"][0]


def test_two_seconds_are_a_pause_at_any_rate() -> None:
    assert lines(np.arange(0.3, 9.8, 2.05))["missing_beat"].max() > UNITS["missing_beat"][1] - 0.01


def test_nothing_is_said_of_time_that_was_not_recorded_or_of_few_beats() -> None:
    assert lines(np.array([1.0, 5.0]))["missing_beat"].max() == 0
