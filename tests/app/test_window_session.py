"""A user opens a record, runs a model, walks the flags, moves the threshold: mouse and keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow

from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.shell.window import MainWindow
from tests.app.driving import Build, open_and_wait, spin


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    at, action = QPoint(200, 200), Qt.DropAction.CopyAction
    button, modifier = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(at, action, data, button, modifier))
    QApplication.sendEvent(window, QDropEvent(QPointF(at), action, data, button, modifier))


@pytest.fixture
def analysed(make_window: Build, samples: Path) -> MainWindow:
    """The window on a sample with the clockwork model's three suspicious places."""
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    QTest.keyClick(window, Qt.Key.Key_F5)
    spin(lambda: window.document.shown.analysis is not None)
    return window


def test_no_readout_of_one_record_stands_over_the_next(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    window.status.show_cursor(1.0, "II", 0.25)
    window.commands.action("tools.measure_rr").trigger()
    assert "ms" in window.status.currentMessage()
    open_and_wait(window, samples / "00330_hr.hea")
    assert window.status.cursor_label.text() == "" and window.status.currentMessage() == ""


def test_a_dropped_file_shows_its_leads_patient_line_and_heart_rate(
    make_window: Build, samples: Path
) -> None:
    window = make_window()
    assert window.start_page.isVisible()
    drop(window, samples / "00010_hr.hea")
    spin(lambda: window.document.heart is not None)
    assert window.traces.isVisible()
    assert window.header.record.text() == "00010_hr"
    assert "bpm" in window.header.rate.text()
    assert "12 leads" in window.header.facts.text()
    assert "00010_hr" in window.windowTitle()
    assert not window.docks["records"].isVisible()


def test_a_folder_becomes_a_list_that_opens_by_mouse_and_key(
    make_window: Build, samples: Path
) -> None:
    window = make_window()
    drop(window, samples)
    spin(lambda: window.records.model.rowCount() == 10 and window.document.recording is not None)
    assert window.docks["records"].isVisible()
    view = window.records.list
    index = view.model().index(2, 0)
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center()
    )
    spin(lambda: window.header.record.text() == "00338_hr")
    QTest.keyClick(view, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    spin(lambda: window.header.record.text() == "00414_hr")
    QTest.keyClicks(window.records.filter_box, "code")
    assert view.model().rowCount() == 4
    assert window.records.count.text().startswith("4 of 10")
    view.setFocus()
    view.setCurrentIndex(view.model().index(1, 0))
    QTest.keyClick(view, Qt.Key.Key_Return)
    spin(lambda: window.header.record.text() == "code_layout#1")


def test_analyse_by_mouse_shows_progress_verdict_and_flags(
    make_window: Build, samples: Path
) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    assert not window.status.progress.isVisible()
    QTest.mouseClick(window.analysis_panel.run_button, Qt.MouseButton.LeftButton)
    spin(lambda: window.status.progress.isVisible() and window.status.progress.value() > 0)
    assert window.status.cancel_button.isVisible()
    assert not window.analysis_panel.run_button.isEnabled()
    spin(lambda: window.document.shown.analysis is not None)
    assert not window.status.progress.isVisible()
    assert window.analysis_panel.verdict.headline.text() == "Abnormal"
    figures = window.analysis_panel.verdict.figures.text()
    assert "4.60" in figures and "95\u00a0% specificity" in figures and "against normals" in figures
    assert [row[0] for row in window.analysis_panel.parts.rows()][:1] == ["Shape (residual)"]
    assert window.flags_panel.model.rowCount() == 2
    assert window.traces.scene.analysis is window.document.shown.analysis


def test_cancel_ends_the_run_without_a_result_or_an_error(
    make_window: Build, samples: Path, clockwork: Any
) -> None:
    clockwork.ticks = 10_000
    window = make_window(clockwork)
    open_and_wait(window, samples / "00010_hr.hea")
    QTest.keyClick(window, Qt.Key.Key_F5)
    spin(lambda: window.status.progress.isVisible())
    QTest.mouseClick(window.status.cancel_button, Qt.MouseButton.LeftButton)
    spin(lambda: not window.session.running)
    assert window.document.shown.analysis is None
    assert window.messages.texts() == []
    assert window.analysis_panel.run_button.isEnabled()


def test_keys_walk_the_flags_and_a_click_in_the_list_jumps(analysed: MainWindow) -> None:
    window = analysed
    window.traces.setFocus()
    QTest.keyClick(window.traces, Qt.Key.Key_N)
    first = window.document.selected_flag
    assert first == 0
    QTest.keyClick(window.traces, Qt.Key.Key_N)
    assert window.document.selected_flag == 1
    QTest.keyClick(window.traces, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    assert window.document.selected_flag == 0
    table = window.flags_panel.table
    at = table.visualRect(window.flags_panel.model.index(1, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert window.document.selected_flag == 1
    start_s, stop_s = window.traces.visible_range()
    assert start_s <= window.document.shown.flags[1].start_s <= stop_s


def test_the_threshold_moves_flags_at_once_and_runs_no_model(
    make_window: Build, samples: Path, clockwork: Any
) -> None:
    window = make_window(clockwork)
    open_and_wait(window, samples / "00010_hr.hea")
    QTest.keyClick(window, Qt.Key.Key_F5)
    spin(lambda: window.document.shown.analysis is not None)
    slider = window.analysis_panel.slider
    slider.setFocus()
    before = len(window.document.shown.flags)
    for _ in range(4):
        QTest.keyClick(slider, Qt.Key.Key_Left)
    assert window.document.specificity == pytest.approx(0.80)
    assert len(window.document.shown.flags) == before + 1
    assert "20\u00a0%" in window.analysis_panel.threshold_label.text()
    QTest.keyClick(window, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert window.document.specificity == pytest.approx(0.85)
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 3, 8))
    assert window.document.specificity > 0.85
    assert len(clockwork.runs) == 1


def test_the_chosen_model_and_device_are_what_runs(
    make_window: Build, samples: Path, clockwork: Any
) -> None:
    window = make_window(clockwork)
    clockwork.warm_up()
    open_and_wait(window, samples / "00010_hr.hea")
    box = window.analysis_panel.model_box
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    assert window.settings.value.model == "cae"
    devices = window.analysis_panel.device_box
    assert [devices.itemText(i) for i in range(devices.count())] == ["Automatic", "CPU", "GPU 0"]
    devices.setFocus()
    QTest.keyClick(devices, Qt.Key.Key_End)
    QTest.keyClick(window, Qt.Key.Key_F5)
    spin(lambda: window.document.shown.analysis is not None)
    assert clockwork.asked == [("cae", "cuda:0")]
    assert window.analysis_panel.overlay_boxes["attention"].text() == "Saliency"
    QTest.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert window.document.shown.analysis is None
    assert window.analysis_panel.verdict.headline.text() == "Not analysed"


def test_three_models_are_compared_lead_by_lead(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    spin(lambda: len(window.document.shown.analyses) == 3)
    assert window.document.active_model == window.settings.value.model
    window.docks["consensus"].show()
    window.docks["consensus"].raise_()
    spin(lambda: "of the 3 models" in window.consensus_panel.summary.text())
    # Of the three places known in advance one moves a little from model to model.
    assert window.consensus_panel.summary.text().startswith("In the leads, 43\u00a0%")
    chart = window.consensus_panel.chart
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(chart.width() // 2, 150))


def test_overlay_keys_and_boxes_agree_with_the_traces(analysed: MainWindow) -> None:
    window = analysed
    box = window.analysis_panel.overlay_boxes["heat"]
    assert box.isChecked() and window.traces.state.overlays["heat"]
    QTest.keyClick(window.traces, Qt.Key.Key_H)
    assert not box.isChecked() and not window.traces.state.overlays["heat"]
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert window.traces.state.overlays["heat"]
    QTest.keyClick(window.traces, Qt.Key.Key_T)
    assert window.analysis_panel.overlay_boxes["attention"].isChecked()


def test_arrows_move_the_traces_but_not_while_in_a_list(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / "S0005.hea")
    window.traces.setFocus()
    QTest.keyClick(window.traces, Qt.Key.Key_PageDown)
    moved = window.traces.visible_range()[0]
    assert moved > 0
    QTest.keyClick(window.traces, Qt.Key.Key_End)
    assert window.traces.visible_range()[1] == pytest.approx(115.2, abs=0.05)
    QTest.keyClick(window.traces, Qt.Key.Key_Home)
    assert window.traces.visible_range()[0] == 0
    window.flags_panel.table.setFocus()
    QTest.keyClick(window.flags_panel.table, Qt.Key.Key_PageDown)
    assert window.traces.visible_range()[0] == 0


def test_r_peak_keys_go_from_beat_to_beat(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / "S0005.hea")
    window.traces.goto(50.0)
    before = window.traces.visible_range()[0]
    QTest.keyClick(window.traces, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    after = window.traces.visible_range()[0]
    assert 0 < after - before < 2.0


def test_closing_the_record_during_a_run_drops_the_late_result(
    make_window: Build, samples: Path, clockwork: Any
) -> None:
    clockwork.ticks = 12
    window = make_window(clockwork)
    open_and_wait(window, samples / "00010_hr.hea")
    QTest.keyClick(window, Qt.Key.Key_F5)
    spin(lambda: window.session.running)
    QTest.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert window.document.recording is None and window.start_page.isVisible()
    assert not window.session.running
    open_and_wait(window, samples / "00330_hr.hea")
    QTest.qWait(400)
    assert window.document.shown.analyses == {}
    assert window.messages.texts() == []


def test_closing_the_window_during_a_run_is_clean(
    make_window: Build, samples: Path, clockwork: Any
) -> None:
    clockwork.ticks = 1000
    window = make_window(clockwork)
    open_and_wait(window, samples / "00010_hr.hea")
    QTest.keyClick(window, Qt.Key.Key_F5)
    spin(lambda: window.session.running)
    assert window.close()
    assert clockwork.closed
    QTest.qWait(100)


def test_recent_files_open_again_from_the_menu(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    open_and_wait(window, samples / "00330_hr.hea")
    from ecgviewer.app.shell.menu_paths import RECENT

    entries = window.commands.menu(RECENT).actions()
    assert entries[0].text().startswith("00330_hr.hea")
    entries[1].trigger()
    spin(lambda: window.header.record.text() == "00010_hr")


def test_a_panel_gets_a_window_of_its_own_and_comes_back(make_window: Build) -> None:
    settings = SettingsStore(None)
    window = make_window(settings=settings)
    (apart,) = (e.action for e in window.commands.entries() if e.title == "Flags apart")
    flags = window.docks["flags"]
    apart.trigger()
    assert flags.isFloating() and flags.isVisible() and apart.isChecked()
    assert flags.titleBarWidget() is None, "a title to move and close it by"
    # Two of them are not to share a window of Qt's, which can crash when it is freed.
    assert not window.dockOptions() & QMainWindow.DockOption.GroupedDragging
    window.close()
    again = make_window(settings=settings)
    assert again.docks["flags"].isFloating()
    apart = again.findChild(QAction, "view.apart.flags")
    assert apart.isChecked()
    apart.trigger()
    assert not again.docks["flags"].isFloating()
