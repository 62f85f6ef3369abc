"""Verdicts on flags and stimuli of pacemakers are seen, and not by colour alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt.theme import LIGHT
from ecgviewer.app.report.report import make_page
from ecgviewer.app.trace.scene.scene import Scene
from ecgviewer.app.trace.view import TraceView
from ecgviewer.app.work.jobs import heart_job
from ecgviewer.app.work.workers import Reporter
from ecgviewer.core.analysis import Flag
from ecgviewer.core.progress import CancelToken
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.stimuli import VENTRICULAR, StimulusMarks
from ecgviewer.io import open_record
from tests.app.trace_material import (
    close_to,
    flat,
    pixels,
    recording_of,
    show_flags,
    show_recording,
    shown_view,
)

BEATS = [Flag(1.0 + 2 * k, 1.6 + 2 * k, ("V1", "V2"), 3.0, 0.01, "odd") for k in range(4)]


@pytest.fixture
def view(qt_app: QApplication) -> Iterator[TraceView]:
    yield from shown_view(1100, 700)


def grey(view: TraceView) -> np.ndarray:
    """Return the lane of flags without colours, a part for each of the four beats."""
    rows = view.moment().tracks["flags"].area
    shown = pixels(view)[round(rows.top()) : round(rows.bottom())].mean(axis=2)
    x = view.moment().geometry.x
    return np.stack([shown[:, round(x(f.start_s)) : round(x(f.start_s)) + 70] for f in BEATS])


def test_every_verdict_looks_another_way_without_colours(view: TraceView) -> None:
    show_recording(view, recording_of(flat(10.0)))
    assert view.wait_until_loaded()
    show_flags(view, BEATS, ["", "accepted", "rejected", "unsure"])
    parts = grey(view)
    for one in range(4):
        for other in range(one):
            assert np.abs(parts[one] - parts[other]).max() > 60, (one, other)


def shaded(view: TraceView, at_s: float) -> int:
    """Return how many pixels of a column of V1's lane are tinted."""
    assert view.wait_until_loaded()
    geometry = view.moment().geometry
    rect = geometry.trace_rect(next(lane for lane in geometry.page.lanes if lane.lead == "V1"))
    part = pixels(view)[round(rect.top()) : round(rect.bottom()), round(geometry.x(at_s))]
    return int((part[:, 2] < 235).sum())


def test_what_was_rejected_shades_nothing(view: TraceView) -> None:
    show_recording(view, recording_of(flat(10.0)))
    show_flags(view, BEATS[:2], ["", "rejected"])
    assert shaded(view, 1.31) > 3 * shaded(view, 3.31)


def test_shading_steps_back_where_most_is_flagged(view: TraceView) -> None:
    show_recording(view, recording_of(flat(10.0)))
    few = view.scene.with_flags([Flag(0.0, 4.9, ("V1",), 3.0, 0.01, "odd")])
    much = view.scene.with_flags([Flag(0.0, 5.2, ("V1",), 3.0, 0.01, "odd")])
    rejected = view.scene.with_flags([Flag(0.0, 5.2, ("V1",), 3.0, 0.01, "odd")], ["rejected"])
    overlapping = view.scene.with_flags(
        [Flag(0.0, 4.0, ("V1",), 3.0, 0.01, "odd"), Flag(1.0, 4.5, ("V2",), 3.0, 0.01, "odd")]
    )
    scenes = few, much, rejected, overlapping
    assert [scene.much_is_flagged for scene in scenes] == [False, True, False, False]

    view.show_scene(few)
    before = shaded(view, 1.31)
    view.show_scene(much)
    assert shaded(view, 1.31) < before / 2


def test_stimuli_are_ticks_under_the_leads(view: TraceView) -> None:
    recording = recording_of(flat(10.0))
    given = StimulusMarks(np.array([1000, 2000]), np.full(2, VENTRICULAR, dtype=np.int8))
    view.show_scene(Scene(recording, stimuli=given))
    assert view.wait_until_loaded()
    geometry = view.moment().geometry
    ticks = close_to(pixels(view), LIGHT.stimulus, 30)
    for at_s in (2.0, 4.0):
        x = round(geometry.snapped_x(at_s))
        assert ticks[:, x : x + 2].any(axis=1).sum() >= 12 * 8
    view.set_overlay("stimuli", False)
    assert not close_to(pixels(view), LIGHT.stimulus, 30).any()


def test_a_paced_record_shows_its_stimuli_in_window_and_report(
    shared_data: Path, qt_app: QApplication
) -> None:
    recording = open_record(RecordRef(shared_data / "ludb" / "93.hea"))
    heart = heart_job(recording, Reporter(lambda *_: None), CancelToken())
    assert heart.stimuli.samples.size >= 8
    assert set(heart.stimuli.chambers.tolist()) == {VENTRICULAR}
    page = make_page(recording, None, (), ())
    assert page.stimuli.samples.tolist() == heart.stimuli.samples.tolist()
