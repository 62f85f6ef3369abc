"""Menus, shortcuts, palette, keyboard map, settings, log: found by name, kept, tolerant."""

from __future__ import annotations

import json
import logging
from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu

from ecgviewer.app.commands.palette import Palette
from ecgviewer.app.commands.table import TABLE
from ecgviewer.app.dialogs.about import AboutDialog
from ecgviewer.app.dialogs.calibration import CARD_MM, CalibrationDialog
from ecgviewer.app.dialogs.go_to_time import parse_time
from ecgviewer.app.dialogs.keyboard_map import KeyboardMap
from ecgviewer.app.evidence.window import EvidenceWindow
from ecgviewer.app.report.print_preview import PrintPreview
from ecgviewer.app.shell import error_reports
from ecgviewer.app.shell.actions import Command
from ecgviewer.app.shell.settings import Settings, SettingsStore
from tests.app.driving import Build, open_and_wait, spin

COMMANDS = [entry for entry in TABLE if isinstance(entry, Command)]


def test_every_command_is_in_a_menu_and_does_something(make_window: Build) -> None:
    window = make_window()

    def actions(menu: QMenu) -> list[str]:
        names = []
        for action in menu.actions():
            names += actions(action.menu()) if action.menu() else [action.objectName()]
        return names

    found: list[str] = []
    for top in window.menuBar().actions():
        found += actions(top.menu())
    for command in COMMANDS:
        assert command.id in found, f"{command.id} is in no menu"
        assert window.commands.is_bound(command.id), f"{command.id} does nothing"
        assert command.tip, f"{command.id} has no explanation"


def test_what_has_nothing_to_act_on_is_disabled(make_window: Build, samples: Path) -> None:
    window = make_window()
    moves = ["go.time", "go.start", "go.end", "go.left", "go.right", "go.page_back", "go.page_on",
             "go.next_peak", "tools.calipers", "tools.march_out", "tools.measure_rr"]  # fmt: skip
    others = ["go.next_annotation", "go.previous_annotation", "go.next_record",
              "go.previous_record", "go.next_flag", "tools.copy_calipers", "tools.end_later",
              "review.confirm"]  # fmt: skip

    def enabled(names: list[str]) -> list[str]:
        return [name for name in names if window.commands.action(name).isEnabled()]

    assert enabled(moves + others) == []
    open_and_wait(window, samples / "00010_hr.hea")
    spin(lambda: window.review.document.review is not None)
    assert enabled(moves) == moves
    assert enabled(others) == []
    window.review.document.mark(1.0, 2.0, ("II",))
    assert enabled(others) == ["review.confirm"]
    window.commands.action("review.confirm").trigger()
    assert enabled(others) == ["go.next_annotation", "go.previous_annotation"]
    window.commands.action("tools.measure_rr").trigger()
    assert {"tools.copy_calipers", "tools.end_later"} <= set(enabled(others))
    window.commands.action("file.close").trigger()
    assert enabled(moves + others) == []
    window.session.open_paths([samples])
    spin(lambda: window.document.heart is not None)
    assert {"go.next_record", "go.previous_record"} <= set(enabled(others))


def test_no_two_commands_share_a_shortcut() -> None:
    keys = Counter(QKeySequence(key).toString() for command in COMMANDS for key in command.keys)
    assert [key for key, count in keys.items() if count > 1] == []
    assert all(QKeySequence(key).toString() for command in COMMANDS for key in command.keys)


def test_the_palette_finds_a_command_by_part_of_its_name_and_runs_it(
    make_window: Build, samples: Path
) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.findChildren(Palette)[-1]
    spin(palette.isVisible)
    QTest.keyClicks(palette.box, "cabre")
    assert palette.found()[0] == "view.cabrera"
    QTest.keyClick(palette.box, Qt.Key.Key_Return)
    assert window.traces.state.cabrera
    assert not palette.isVisible()


def test_the_keyboard_map_lists_every_shortcut(make_window: Build) -> None:
    window = make_window()
    QTest.keyClicks(window, "?")
    shown = window.findChildren(KeyboardMap)[-1]
    spin(shown.isVisible)
    from PySide6.QtWidgets import QTextBrowser

    text = shown.findChild(QTextBrowser).toPlainText()
    for command in COMMANDS:
        if command.keys:
            assert command.plain_title in text
    assert not shown.isModal()


def test_about_says_what_the_program_is_for(make_window: Build) -> None:
    window = make_window()
    window.commands.action("help.about").trigger()
    about = window.findChildren(AboutDialog)[-1]
    from PySide6.QtWidgets import QTextBrowser

    text = about.findChild(QTextBrowser).toPlainText()
    assert "research aid" in text and "LGPL" in text
    about.close()


def test_screen_calibration_makes_a_millimetre_of_the_card(
    make_window: Build, samples: Path
) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    window.commands.action("tools.calibrate").trigger()
    dialog = window.findChildren(CalibrationDialog)[-1]
    spin(dialog.isActiveWindow)
    dialog.slider.setFocus()
    before = dialog.pixels_per_mm
    for _ in range(60):
        QTest.keyClick(dialog.slider, Qt.Key.Key_Right)
    per_mm = dialog.pixels_per_mm
    assert per_mm > before + 0.2
    assert dialog.card.width() == pytest.approx(CARD_MM[0] * per_mm + 2, abs=1)
    dialog.accept()
    assert window.traces.state.pixels_per_mm == pytest.approx(per_mm)
    ratio = window.screen().devicePixelRatio()
    assert list(window.settings.value.pixels_per_mm.values()) == [pytest.approx(per_mm * ratio)]
    window.commands.action("tools.calibrate").trigger()
    dialog = window.findChildren(CalibrationDialog)[-1]
    dialog.reset.click()
    dialog.accept()
    assert window.traces.state.pixels_per_mm == pytest.approx(before)
    assert window.settings.value.pixels_per_mm == {}


def test_calipers_key_switches_measuring_on_and_off(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    QTest.keyClick(window.traces, Qt.Key.Key_C)
    at = window.traces.rect().center()
    QTest.mousePress(window.traces, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(window.traces, at + at / 4)
    QTest.mouseRelease(window.traces, Qt.MouseButton.LeftButton, pos=at + at / 4)
    assert "ms" in window.statusBar().currentMessage()
    QTest.keyClick(window.traces, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "ms" in QApplication.clipboard().text()
    QTest.keyClick(window.traces, Qt.Key.Key_C)
    assert window.traces.caliper_text() == ""


def test_printing_shows_the_page_and_then_prints_it(
    make_window: Build, samples: Path, tmp_path: Path
) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    QTest.keyClick(window.traces, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    spin(lambda: bool(window.findChildren(PrintPreview)))
    preview = window.findChildren(PrintPreview)[-1]
    spin(preview.isVisible)
    assert preview.preview.pageCount() == 1
    preview.printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    preview.printer.setOutputFileName(str(tmp_path / "printed.pdf"))
    preview.print_on(preview.printer)
    assert (tmp_path / "printed.pdf").read_bytes().startswith(b"%PDF")
    assert any("sent to the printer" in text for text in window.messages.texts())


def test_the_evidence_card_measures_what_is_in_view(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    QTest.keyClick(window.traces, Qt.Key.Key_E)
    card = window.findChildren(EvidenceWindow)[-1]
    spin(lambda: "QRS" in card.card.text())
    assert "RR: " in card.card.text() and "J + 60 ms" in card.card.text()
    window.session.close_record()
    QTest.qWait(50)
    assert window.findChildren(EvidenceWindow) == []


def test_traces_only_hides_every_panel_and_brings_them_back(make_window: Build) -> None:
    window = make_window()
    before = {name for name, dock in window.docks.items() if not dock.isHidden()}
    QTest.keyClick(window, Qt.Key.Key_F11)
    assert all(dock.isHidden() for dock in window.docks.values())
    QTest.keyClick(window, Qt.Key.Key_F11)
    assert {name for name, dock in window.docks.items() if not dock.isHidden()} == before


def test_themes_change_the_traces_and_the_window(make_window: Build) -> None:
    window = make_window()
    window.commands.action("view.theme.dark").trigger()
    assert window.traces.theme.dark and window.settings.value.theme == "dark"
    window.commands.action("view.theme.light").trigger()
    assert not window.traces.theme.dark


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("75", 75.0), ("1:15", 75.0), ("1:01:15.5", 3675.5), ("3,5 s", 3.5), ("soon", None)],
)
def test_times_are_read_as_people_write_them(text: str, seconds: float | None) -> None:
    assert parse_time(text) == seconds


def test_go_to_time_moves_the_traces(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / "S0005.hea")
    QTest.keyClick(window.traces, Qt.Key.Key_G)
    dialog = window.findChildren(QDialog)[-1]
    spin(dialog.isActiveWindow)
    dialog.box.selectAll()
    QTest.keyClicks(dialog.box, "1:00")
    QTest.keyClick(dialog.box, Qt.Key.Key_Return)
    assert window.traces.visible_range()[0] == pytest.approx(60.0, abs=0.01)


def test_choices_outlive_the_window(make_window: Build, samples: Path, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    window = make_window(settings=SettingsStore(path))
    open_and_wait(window, samples / "00010_hr.hea")
    window.commands.action("view.layout.6x2").trigger()
    window.commands.action("view.speed.50").trigger()
    window.commands.action("view.filter.mains50").trigger()
    window.session.set_specificity(0.99)
    window.close()
    again = make_window(settings=SettingsStore(path))
    assert again.traces.state.mode == "6x2" and again.traces.state.mm_per_s == 50.0
    assert again.commands.action("view.filter.mains50").isChecked()
    assert again.document.specificity == 0.99
    assert "99\u00a0%" in again.analysis_panel.threshold_label.text()


@pytest.mark.parametrize("content", ["{", "[]", '{"theme": 7, "specificity": 3}', "\x00\xff"])
def test_a_damaged_settings_file_falls_back_and_says_so(tmp_path: Path, content: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content, encoding="latin-1")
    store = SettingsStore(path)
    assert store.value == Settings() and store.problem
    assert store.save()
    assert json.loads(path.read_text())["version"] == 1


def test_a_folder_that_cannot_be_written_keeps_settings_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = SettingsStore(tmp_path / "file" / "settings.json")
    store.value.theme = "dark"
    assert not store.save()
    assert "last until you quit" in store.problem


def test_the_log_holds_neither_names_nor_messages(user_home: Path) -> None:
    assert error_reports.start_log() == ""
    try:
        raise ValueError("cannot read MUELLER_HANS_1950.hea")
    except ValueError as error:
        error_reports.log_error(error)
    logging.shutdown()
    text = error_reports.log_path().read_text()
    assert "ValueError" in text and "test_window_parts.py" in text
    assert "MUELLER" not in text


def test_an_unexpected_error_is_shown_once(make_window: Build) -> None:
    import sys

    shown: list[str] = []
    before = sys.excepthook
    try:
        error_reports.install_excepthook(shown.append)
        for _ in range(3):
            try:
                raise ZeroDivisionError("by design")
            except ZeroDivisionError as error:
                sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.excepthook = before
    assert len(shown) == 1 and "ZeroDivisionError" in shown[0]


def test_fit_twice_returns_to_where_one_was(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / "S0005.hea")
    window.traces.goto(30.0)
    before = window.traces.visible_range()
    QTest.keyClick(window.traces, Qt.Key.Key_F)
    assert window.traces.visible_range() != before
    QTest.keyClick(window.traces, Qt.Key.Key_F)
    assert window.traces.visible_range() == pytest.approx(before, abs=0.02)
    QTest.keyClick(window.traces, Qt.Key.Key_F)
    window.traces.set_fit(True, 20.0)
    window.traces.goto(60.0)
    QTest.keyClick(window.traces, Qt.Key.Key_F)
    assert window.traces.visible_range()[0] > 50.0, "who moved on stays there"


def test_a_palette_without_a_match_says_so(make_window: Build) -> None:
    window = make_window()
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.findChildren(Palette)[-1]
    QTest.keyClicks(palette.box, "xyzzy")
    assert palette.found() == []
    assert palette.list.topLevelItem(0).text(0) == "No command matches"
    QTest.keyClick(palette.box, Qt.Key.Key_Return)


def test_that_an_analysis_runs_is_said_from_the_first_moment(
    make_window: Build, samples: Path
) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    headline = window.analysis_panel.verdict.headline
    assert headline.text() == "Not analysed"
    window.session.analyse(["cae"])
    assert headline.text() == "Analysing…"
    spin(lambda: not window.session.running)
    assert headline.text() == "Abnormal"


def test_a_message_moves_no_trace(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    QApplication.processEvents()
    before = window.traces.geometry()
    window.messages.error("The disk is full.\nThe edits are in memory only and are tried again.")
    window.messages.info("Back at 00330_hr.")
    QApplication.processEvents()
    assert window.traces.geometry() == before
    assert window.messages.isVisible()
    inside = window.messages.parentWidget().rect()
    assert inside.contains(window.messages.geometry())
    window.messages.clear()
    assert not window.messages.isVisible()
