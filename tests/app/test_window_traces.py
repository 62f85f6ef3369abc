"""Layout, focus, calipers and filters in the real window, with mouse and keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar, QToolButton

from ecgviewer.app.commands.palette import Palette
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.core.leads import STANDARD_LEADS
from tests.app.driving import Build, open_and_wait, spin
from tests.app.trace_material import ecg, recording_of, show_recording

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
Key = Qt.Key


@pytest.fixture
def window(make_window: Build, samples: Path) -> MainWindow:
    window = make_window(size=(1280, 720))
    open_and_wait(window, samples / "00010_hr.hea")
    window.traces.wait_until_loaded()
    return window


def press(window: MainWindow, key: Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    window.traces.setFocus()
    QTest.keyClick(window.traces, key, modifiers)


def place(window: MainWindow, time_s: float, lead: str, rhythm: bool = False) -> QPoint:
    frame = window.traces.moment().geometry
    lane = next(lane for lane in frame.page.lanes if lane.lead == lead and lane.rhythm is rhythm)
    return QPoint(round(frame.x(time_s)), round(frame.lane_y(lane.baseline)))


def drag(window: MainWindow, start: QPoint, stop: QPoint) -> None:
    QTest.mousePress(window.traces, LEFT, NONE, start)
    for share in (0.5, 1.0):
        QTest.mouseMove(window.traces, start + (stop - start) * share)
        QApplication.processEvents()
    QTest.mouseRelease(window.traces, LEFT, NONE, stop)


@pytest.mark.parametrize("size", [(1280, 720), (1600, 1000)])
def test_the_classic_page_of_ten_seconds_is_in_view_as_a_whole(
    window: MainWindow, size: tuple[int, int]
) -> None:
    window.resize(*size)
    press(window, Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    spin(lambda: window.traces.visible_range()[1] >= 9.99, within_s=5.0)
    assert window.traces.state.mm_per_s == 25.0 and not window.traces.state.fit
    assert not window.traces.moment().geometry.page.scrolls
    for dock in ("analysis", "flags"):
        panel = window.docks[dock].widget()
        assert panel.width() >= panel.minimumSizeHint().width()


def test_no_tab_bar_lies_about_that_belongs_to_no_panel(make_window: Build) -> None:
    window = make_window()
    right = window.pages.mapTo(window, window.pages.rect().topRight()).x()
    for bar in window.findChildren(QTabBar):
        assert bar.isHidden() or bar.x() >= right


def test_one_lead_fills_the_height_and_gives_it_back(window: MainWindow) -> None:
    traces = window.traces
    QTest.mouseDClick(traces, LEFT, NONE, place(window, 1.0, "V2"))
    assert traces.state.focus == "V2"
    assert window.commands.action("view.focus").isChecked()
    press(window, Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert traces.state.focus == "V3"
    press(window, Key.Key_Escape)
    assert traces.state.focus is None and len(traces.moment().geometry.page.lanes) == 12
    traces._mouse.leave()
    press(window, Key.Key_Z)
    assert traces.state.focus == "II"
    QTest.mouseDClick(traces, LEFT, NONE, place(window, 1.0, "II"))
    assert traces.state.focus is None


def test_calipers_work_from_the_keyboard_alone(window: MainWindow) -> None:
    press(window, Key.Key_W)
    assert window.commands.action("tools.calipers").isChecked()
    first = window.traces.layers.calipers.caliper
    assert first is not None and 30.0 < 60.0 / first.seconds < 200.0
    press(window, Key.Key_W)
    second = window.traces.layers.calipers.caliper
    assert second is not None and second.first.time_s == pytest.approx(first.second.time_s)
    press(window, Key.Key_BracketRight)
    press(window, Key.Key_BracketLeft, Qt.KeyboardModifier.ControlModifier)
    longer = window.traces.layers.calipers.caliper
    assert longer is not None and 0.003 < longer.seconds - second.seconds < 0.05
    press(window, Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert f"{longer.seconds * 1000:.0f} ms" in QApplication.clipboard().text()


def test_a_caliper_line_can_be_moved_and_marches_out(window: MainWindow) -> None:
    press(window, Key.Key_C)
    drag(window, place(window, 2.0, "V5"), place(window, 2.5, "V5"))
    before = window.traces.layers.calipers.caliper
    assert before is not None
    end_s = max(before.first.time_s, before.second.time_s)
    drag(window, place(window, end_s, "V5"), place(window, end_s + 1.0, "V5"))
    after = window.traces.layers.calipers.caliper
    assert after is not None
    assert after.seconds == pytest.approx(before.seconds + 1.0, abs=0.15)
    still = window.traces.grab().toImage()
    press(window, Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    assert window.traces.layers.calipers.march
    assert window.traces.grab().toImage() != still


def test_calipers_stay_in_the_strip_they_were_drawn_in(window: MainWindow) -> None:
    press(window, Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    press(window, Key.Key_C)
    start = place(window, 1.0, "II", rhythm=True)
    # The pointer strays into the lane above on its way.
    drag(window, start, place(window, 6.0, "II", rhythm=True) - QPoint(0, 120))
    caliper = window.traces.layers.calipers.caliper
    assert caliper is not None
    assert caliper.first.rhythm and caliper.second.rhythm
    assert {caliper.first.lead, caliper.second.lead} == {"II"}
    assert caliper.seconds == pytest.approx(5.0, abs=0.2)


def test_the_toolbar_tells_layout_scale_and_filters(window: MainWindow) -> None:
    def button(name: str) -> QToolButton:
        return next(
            found
            for found in window.toolbar.findChildren(QToolButton)
            if found.accessibleName() == name
        )

    assert button("Paper speed").text() == "25 mm/s" and button("Gain").text() == "10 mm/mV"
    press(window, Key.Key_Minus)
    assert button("Gain").text() == "5 mm/mV"
    press(window, Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert button("Paper speed").text() == "31.5 mm/s"
    press(window, Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert button("Layout").text() == "6 x 2"
    filters = [button(name) for name in ("Baseline", "Mains 50 Hz", "Mains 60 Hz", "Muscle")]
    assert not any(each.isChecked() for each in filters)
    unfiltered = window.traces.grab().toImage()
    filters[0].click()
    assert window.traces.state.display.baseline
    window.traces.wait_until_loaded()
    assert window.traces.grab().toImage() != unfiltered


def test_the_palette_finds_leads_panels_and_labels_too(window: MainWindow) -> None:
    for words, found in (
        ("only v3", ""),
        ("work list panels", "view.panel.worklist"),
        ("list apart", "view.apart.worklist"),
    ):
        press(window, Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        palette = window.findChildren(Palette)[-1]
        spin(palette.isVisible)
        QTest.keyClicks(palette.box, words)
        assert palette.found() == [found]
        QTest.keyClick(palette.box, Key.Key_Return)
    assert window.traces.state.focus == "V3"
    assert window.docks["worklist"].isVisible()


def test_the_palette_outlives_menus_that_are_made_anew(window: MainWindow) -> None:
    press(window, Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.findChildren(Palette)[-1]
    spin(palette.isVisible)
    QTest.keyClicks(palette.box, "only")
    assert len(palette.found()) >= 12
    # A record that was being opened comes: the menu of leads is another one.
    window.document.recordingChanged.emit()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert len(palette.found()) >= 12
    window.file_commands._fill_recent()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QTest.keyClicks(palette.box, " v3")
    QTest.keyClick(palette.box, Key.Key_Return)
    assert window.traces.state.focus == "V3"


def test_amplitudes_without_a_unit_are_not_called_millivolts(window: MainWindow) -> None:
    recording = recording_of(ecg())
    object.__setattr__(recording, "units_known", False)
    show_recording(window.traces, recording)
    window.traces.wait_until_loaded()
    press(window, Key.Key_C)
    drag(window, place(window, 2.0, "II"), place(window, 3.0, "II"))
    assert "a.u." in window.traces.caliper_text() and "mV" not in window.traces.caliper_text()
    assert recording.leads == STANDARD_LEADS
