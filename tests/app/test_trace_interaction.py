"""What mouse and keyboard do on the traces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt.theme import LIGHT
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.analysis import Flag
from ecgviewer.review.annotations import Annotation
from tests.app.trace_material import (
    PX_PER_MM,
    analysis_of,
    ecg,
    pixels,
    recording_of,
    show_analysis,
    show_annotations,
    show_beats,
    show_flags,
    show_recording,
)

pytestmark = pytest.mark.usefixtures("no_surprises")
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def view(qt_app: QApplication):
    view = TraceView()
    view.set_theme(LIGHT)
    view.set_pixels_per_mm(PX_PER_MM)
    view.resize(900, 900)
    show_recording(view, recording_of(ecg(60.0)))
    view.show()
    assert view.wait_until_loaded()
    yield view
    view.stop_loading()
    view.close()
    view.deleteLater()


def at(view: TraceView, time_s: float, lead: str, mv: float = 0.0) -> QPoint:
    """Return where a moment of a lead is; ``mv`` relative to the lead's resting level."""
    frame = view.moment().geometry
    lane = next(lane for lane in frame.page.lanes if lane.lead == lead)
    y = frame.lane_y(lane.baseline) - lane.sign * mv * frame.px_per_mv
    return QPoint(round(frame.x(time_s)), round(y))


def drag(view: TraceView, start: QPoint, stop: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.mousePress(view, LEFT, keys, start)
    # QTest moves carry no modifiers, which is what a released Shift during a drag looks like.
    for step in (0.3, 0.7, 1.0):
        QTest.mouseMove(view, start + (stop - start) * step)
        QApplication.processEvents()
    QTest.mouseRelease(view, LEFT, keys, stop)


def wheel(view: TraceView, place: QPoint, notches: float, keys: Qt.KeyboardModifier) -> None:
    position = QPointF(place)
    event = QWheelEvent(
        position, view.mapToGlobal(position), QPoint(), QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def caught(signal) -> list:
    events: list = []
    signal.connect(lambda *values: events.append(values))
    return events


def test_dragging_pans(view: TraceView) -> None:
    view.goto(20.0)
    drag(view, QPoint(600, 400), QPoint(400, 400))
    px_per_s = view.moment().geometry.px_per_s
    assert view.visible_range()[0] == pytest.approx(20.0 + 200 / px_per_s, abs=0.02)


def test_wheel_pans_and_stops_at_the_ends(view: TraceView) -> None:
    wheel(view, QPoint(500, 400), -3, NONE)
    assert view.visible_range()[0] > 1.0
    wheel(view, QPoint(500, 400), 100, NONE)
    assert view.visible_range()[0] == 0.0


def test_ctrl_wheel_zooms_around_the_pointer(view: TraceView) -> None:
    view.goto(20.0)
    place = QPoint(500, 400)
    before = view.moment().geometry.time(place.x())
    wheel(view, place, 2, CTRL)
    assert view.state.mm_per_s > 25.0
    assert view.moment().geometry.time(place.x()) == pytest.approx(before, abs=0.01)


def test_shift_drag_selects_a_span_of_the_leads_under_it(view: TraceView) -> None:
    spans = caught(view.spanSelected)
    drag(view, at(view, 2.0, "V1"), at(view, 3.5, "V3"), SHIFT)
    ((start, stop, leads),) = spans
    assert (start, stop) == (pytest.approx(2.0, abs=0.02), pytest.approx(3.5, abs=0.02))
    assert leads == ("V1", "V2", "V3")


def test_select_mode_needs_no_shift(view: TraceView) -> None:
    spans = caught(view.spanSelected)
    view.set_mode("select")
    drag(view, at(view, 3.0, "II"), at(view, 1.0, "II"))
    ((start, stop, leads),) = spans
    assert start < stop
    assert leads == ("II",)


def test_clicking_a_flag_in_its_lead_or_above(view: TraceView) -> None:
    flags = (
        Flag(0.0, 6.0, (), 2.0, 0.02, "rhythm"),
        Flag(2.0, 3.0, ("V2",), 9.0, 0.001, "shape"),
    )
    show_flags(view, flags)
    view.grab()
    clicked = caught(view.flagClicked)
    QTest.mouseClick(view, LEFT, NONE, at(view, 2.5, "V2"))
    QTest.mouseClick(view, LEFT, NONE, at(view, 2.5, "V3"))
    for bar in view.layers.flags.bars:
        QTest.mouseClick(view, LEFT, NONE, bar.rect.center().toPoint())
    assert clicked[0] == (1,)
    assert sorted(clicked[1:]) == [(0,), (1,)]


def test_clicking_an_annotation(view: TraceView) -> None:
    show_annotations(view, [Annotation("a" * 32, 1.0, 2.0, ("V5",), "PVC")])
    view.grab()
    clicked = caught(view.annotationClicked)
    QTest.mouseClick(view, LEFT, NONE, at(view, 1.5, "V5"))
    assert clicked == [("a" * 32,)]


def test_the_selected_annotation_stands_out(view: TraceView) -> None:
    show_annotations(view, [Annotation("a" * 32, 1.0, 2.0, ("V5",), "PVC")])
    before = view.grab().toImage()
    view.show_scene(view.scene.with_selected_annotation("a" * 32))
    assert view.grab().toImage() != before
    view.show_scene(view.scene.with_selected_annotation(None))
    assert view.grab().toImage() == before


def test_dragging_an_edge_of_the_edited_annotation(view: TraceView) -> None:
    show_annotations(view, [Annotation("a" * 32, 1.0, 2.0, ("V5",), "PVC")])
    view.show_scene(view.scene.with_edited_annotation("a" * 32))
    edited = caught(view.annotationEdited)
    drag(view, at(view, 2.0, "V5"), at(view, 3.0, "V5"))
    ((name, start, stop),) = edited
    assert name == "a" * 32
    assert (start, stop) == (pytest.approx(1.0), pytest.approx(3.0, abs=0.02))


def test_only_the_leads_of_the_edited_annotation_are_tinted_and_have_edges(
    view: TraceView,
) -> None:
    show_annotations(view, [Annotation("a" * 32, 1.0, 2.0, ("II",), "1st degree AV block")])
    before = pixels(view).astype(int)
    view.show_scene(view.scene.with_edited_annotation("a" * 32))
    changed = (pixels(view) != before).any(axis=2)
    frame = view.moment().geometry
    for lane in frame.page.lanes:
        top, bottom = round(frame.lane_y(lane.top)) + 1, round(frame.lane_y(lane.bottom)) - 1
        assert changed[top:bottom].any() == (lane.lead == "II"), lane.lead
    edited = caught(view.annotationEdited)
    drag(view, at(view, 2.0, "V4"), at(view, 3.0, "V4"))
    assert edited == []


def test_calipers_measure_time_rate_and_voltage(view: TraceView) -> None:
    view.set_mode("caliper")
    view.set_snap(False)
    drag(view, at(view, 1.0, "II"), at(view, 1.6, "II", 0.5))
    caliper = view.layers.calipers.caliper
    assert caliper is not None
    assert caliper.seconds == pytest.approx(0.6, abs=0.015)
    assert caliper.mv == pytest.approx(0.5, abs=0.03)
    assert "bpm" in view.caliper_text()
    assert view.caliper_text().startswith("II at 1.0")
    view.clear_calipers()
    assert view.caliper_text() == ""


def test_calipers_snap_to_r_peaks(view: TraceView) -> None:
    peaks = np.array([350, 850, 1350])
    show_beats(view, peaks)
    view.set_mode("caliper")
    drag(view, at(view, 0.72, "II"), at(view, 1.68, "II"))
    caliper = view.layers.calipers.caliper
    assert caliper is not None
    assert caliper.time_text() == "1000 ms · 60 bpm"


def test_calipers_on_a_gap_in_the_lead_measure_time_and_say_why_no_voltage(
    view: TraceView,
) -> None:
    signal = ecg(20.0)
    signal[1, 2250:2750] = np.nan
    show_recording(view, recording_of(signal))
    show_beats(view, np.arange(1, 19) * 500)
    assert view.wait_until_loaded()
    view.set_mode("caliper")
    drag(view, at(view, 4.0, "II"), at(view, 5.0, "II"))
    view.grab()  # painting must not fail
    assert view.caliper_text() == "II at 4.000 s: 1000 ms · 60 bpm, no signal at a leg"


def test_calipers_snap_to_the_extremum_of_the_lead(view: TraceView) -> None:
    view.set_mode("caliper")
    # R waves of this recording are at 0.7 s, 1.7 s ... (a beat a second, 0.3 s in).
    drag(view, at(view, 0.72, "V5"), at(view, 1.68, "V5"))
    caliper = view.layers.calipers.caliper
    assert caliper is not None
    assert caliper.seconds == pytest.approx(1.0, abs=0.005)
    assert caliper.first.mv == pytest.approx(1.2, abs=0.1)


def test_marching_calipers_repeat_over_the_view(view: TraceView) -> None:
    view.set_mode("caliper")
    drag(view, at(view, 1.0, "II"), at(view, 2.0, "II"))
    before = view.grab().toImage()
    view.set_march_out(True)
    assert view.grab().toImage() != before


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (Qt.Key.Key_Home, 0.0),
        (Qt.Key.Key_End, 60.0 - 8.28),
        (Qt.Key.Key_PageDown, 20.0 + 8.28),
        (Qt.Key.Key_PageUp, 20.0 - 8.28),
        (Qt.Key.Key_Right, 20.0 + 0.828),
        (Qt.Key.Key_Left, 20.0 - 0.828),
    ],
)
def test_keys_move(view: TraceView, key: Qt.Key, expected: float) -> None:
    view.goto(20.0)
    QTest.keyClick(view, key)
    assert view.visible_range()[0] == pytest.approx(expected, abs=0.02)


def test_plus_and_minus_change_the_gain(view: TraceView) -> None:
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.state.mm_per_mv == 20.0
    QTest.keyClick(view, Qt.Key.Key_Minus)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view.state.mm_per_mv == 5.0


def test_the_pointer_reads_time_and_voltage(view: TraceView) -> None:
    read = caught(view.cursorMoved)
    QTest.mouseMove(view, at(view, 0.70, "V5"))
    QApplication.processEvents()
    time_s, lead, mv = read[-1]
    assert lead == "V5"
    assert time_s == pytest.approx(0.70, abs=0.01)
    assert mv > 0.8


def test_center_on_leaves_a_view_alone_that_shows_it(view: TraceView) -> None:
    view.goto(10.0)
    view.center_on(13.0, 13.5)
    assert view.visible_range()[0] == pytest.approx(10.0, abs=0.01)
    view.center_on(40.0, 41.0)
    start, stop = view.visible_range()
    assert (start + stop) / 2 == pytest.approx(40.5, abs=0.05)


def test_overlays_change_the_picture_and_unknown_ones_are_refused(view: TraceView) -> None:
    recording = view.scene.recording
    assert recording is not None
    show_analysis(view, analysis_of(recording))
    for name in ("reconstruction", "heat", "attention", "model_input"):
        before = view.grab().toImage()
        view.set_overlay(name, not view.state.overlays[name])
        assert view.grab().toImage() != before, name
    with pytest.raises(KeyError):
        view.set_overlay("weather", True)


def test_ten_thousand_annotations_still_answer(view: TraceView) -> None:
    one = Annotation("0" * 32, 0.0, 0.1, (), "x")
    show_annotations(
        view,
        [
            replace(one, id=f"{i:032x}", start_s=i * 0.005, end_s=i * 0.005 + 0.1)
            for i in range(10000)
        ],
    )
    view.grab()
    view.goto(30.0)
    view.grab()
