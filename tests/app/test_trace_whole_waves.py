"""No wave is cut or covered without a word: tall ones, and those under the lead names."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt.theme import DARK, LIGHT
from ecgviewer.app.trace.page.cut_marks import CUT_TEXT
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.leads import STANDARD_LEADS
from tests.app.trace_material import (
    close_to,
    flat,
    pixels,
    recording_of,
    show_recording,
    shown_view,
)

pytestmark = pytest.mark.usefixtures("no_surprises")
RATE_HZ = 500


@pytest.fixture
def view(qt_app: QApplication):
    yield from shown_view(1200, 640)


def show(view: TraceView, signal_mv: np.ndarray) -> None:
    show_recording(view, recording_of(signal_mv))
    assert view.wait_until_loaded()


def beats(**height_mv: float) -> np.ndarray:
    """Return 10 s with a wave of 40 ms every 0.8 s in these leads."""
    signal = flat(10.0)
    for lead, height in height_mv.items():
        row = STANDARD_LEADS.index(lead)
        for start in range(150, signal.shape[1] - 20, 400):
            signal[row, start : start + 20] = height
    return signal


def dark_at(view: TraceView, lead: str, time_s: float, mv: float) -> bool:
    """Return whether the trace is drawn at a level of a lead."""
    frame = view.moment().geometry
    lane = next(lane for lane in frame.page.lanes if lane.lead == lead and not lane.rhythm)
    y = round(frame.lane_y(lane.baseline) - mv * frame.px_per_mv)
    x = round(frame.x(time_s))
    return bool(close_to(pixels(view)[y - 2 : y + 3, x - 2 : x + 3], view.theme.trace, 60).any())


def scale_words(view: TraceView, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the words of the line below the traces."""
    said: list[str] = []
    monkeypatch.setattr(
        "ecgviewer.app.trace.page.page.paint_scale_line",
        lambda painter, frame, rect, parts, legends: said.extend(words for words, _ in parts),
    )
    view.redraw()
    view.grab()
    return said


@pytest.mark.parametrize("layout", ["12x1", "6x2", "3x4"])
def test_the_r_waves_of_the_top_lead_are_seen_to_their_peaks(
    view: TraceView, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    view.set_layout_mode(layout)
    show(view, beats(I=2.0))
    assert dark_at(view, "I", 1.12, 2.0)
    assert CUT_TEXT not in scale_words(view, monkeypatch)


def test_the_deepest_s_wave_of_the_last_lead_is_reached_by_scrolling(view: TraceView) -> None:
    show(view, beats(V6=-2.0))
    view.scroll_rows(10_000)
    assert dark_at(view, "V6", 1.12, -2.0)


def test_a_single_tall_beat_is_seen_whole_too(view: TraceView) -> None:
    signal = beats(I=0.6)
    signal[0, 2600:2630] = 1.5
    show(view, signal)
    assert dark_at(view, "I", 5.23, 1.5)


def test_what_is_cut_after_all_is_marked_and_said(
    view: TraceView, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal = beats(I=0.6)
    signal[0, 2600:2630] = 9.0
    show(view, signal)
    frame = view.moment().geometry
    x, top = round(frame.x(5.23)), round(frame.page.top)
    mark = close_to(pixels(view)[top : top + 8, x - 5 : x + 6], LIGHT.danger, 50)
    assert mark.sum() > 10
    assert CUT_TEXT in scale_words(view, monkeypatch)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_no_lead_name_hides_a_wave(view: TraceView, theme) -> None:
    view.set_theme(theme)
    view.resize(1200, 800)
    view.set_layout_mode("3x4")
    signal = flat(10.0)
    # V1 begins at 5 s: a dome as high as its name, and as long.
    signal[STANDARD_LEADS.index("V1"), 2530:2650] = 1.3
    show(view, signal)
    frame = view.moment().geometry
    lane = next(lane for lane in frame.page.lanes if lane.lead == "V1")
    y = round(frame.lane_y(lane.baseline) - 1.3 * frame.px_per_mv)
    span = slice(round(frame.x(5.08)), round(frame.x(5.28)))
    dome = close_to(pixels(view)[y - 2 : y + 3, span], theme.trace, 140)
    assert dome.any(axis=0).all()


def test_names_of_the_first_column_stand_beside_the_traces(view: TraceView) -> None:
    view.resize(1200, 800)
    view.set_layout_mode("3x4")
    show(view, flat(10.0))
    frame = view.moment().geometry
    lane = frame.page.lanes[0]
    base, left = round(frame.lane_y(lane.baseline)), round(frame.page.left)
    above = pixels(view)[round(frame.page.top) : base - 2, left + 1 : left + 40]
    assert not close_to(above, LIGHT.lead_name, 60).any()
    beside = pixels(view)[base + 2 : base + 20, 1 : left - 1]
    assert close_to(beside, LIGHT.lead_name, 60).any()
