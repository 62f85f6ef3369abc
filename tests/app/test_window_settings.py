"""Settings on one page: they are the menus' commands, and keys can be changed for good."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.dialogs.settings_page import SettingsPage
from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.shell.window import MainWindow
from tests.app.driving import Build, open_and_wait


def page_of(window: MainWindow) -> SettingsPage:
    window.commands.action("file.settings").trigger()
    QApplication.processEvents()
    return window.findChildren(SettingsPage)[-1]


def choose(page: SettingsPage, prefix: str, command: str) -> None:
    box = page.boxes[prefix]
    box.setCurrentIndex(box.findData(command))
    box.activated.emit(box.currentIndex())


def test_a_choice_on_the_page_is_the_choice_of_the_menu(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    page = page_of(window)
    choose(page, "view.layout.", "view.layout.6x2")
    choose(page, "view.speed.", "view.speed.50")
    choose(page, "view.theme.", "view.theme.dark")
    page.switches["view.cabrera"].click()
    assert window.traces.state.mode == "6x2" and window.traces.state.mm_per_s == 50.0
    assert window.traces.theme.dark and window.traces.state.cabrera
    window.commands.action("view.layout.3x4").trigger()
    assert page.boxes["view.layout."].currentData() == "view.layout.3x4"
    choose(page, "view.speed.", "view.fit")
    assert window.traces.state.fit
    assert page.boxes["view.gain."].currentData() == "view.fit"
    window.commands.action("view.theme.light").trigger()
    page.close()


def test_a_changed_key_works_at_once_and_tomorrow(
    make_window: Build, samples: Path, tmp_path: Path
) -> None:
    path = tmp_path / "settings.json"
    window = make_window(settings=SettingsStore(path))
    open_and_wait(window, samples / "00010_hr.hea")
    page = page_of(window)
    page.keys.choose("view.cabrera")
    page.keys.key.setKeySequence(QKeySequence("Ctrl+R"))
    page.keys.use.click()
    assert "Ctrl+R" in window.commands.action("view.cabrera").toolTip()
    page.close()
    window.close()
    again = make_window(settings=SettingsStore(path))
    open_and_wait(again, samples / "00010_hr.hea")
    QTest.keyClick(again, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert not again.traces.state.cabrera
    QTest.keyClick(again, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert again.traces.state.cabrera
    page = page_of(again)
    page.keys.choose("view.cabrera")
    page.keys.default.click()
    assert again.settings.value.keys == {}
    assert again.commands.action("view.cabrera").shortcut().toString() == "Ctrl+4"
    page.close()


def test_a_key_of_another_command_is_refused(make_window: Build) -> None:
    window = make_window()
    page = page_of(window)
    page.keys.choose("view.cabrera")
    page.keys.key.setKeySequence(QKeySequence("Ctrl+K"))
    page.keys.use.click()
    assert "Command palette" in page.keys.problem.text()
    assert window.settings.value.keys == {}
    page.close()


def test_keys_of_commands_that_are_no_more_do_no_harm(make_window: Build, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"version": 1, "keys": {"gone.away": ["X"], "view.fit": ["Ctrl+J"]}}')
    window = make_window(settings=SettingsStore(path))
    assert window.commands.action("view.fit").shortcut().toString() == "Ctrl+J"
    path.write_text('{"version": 1, "keys": {"view.fit": "Ctrl+J"}}')
    assert SettingsStore(path).value.keys == {}
