"""The manual in the program: every page can be reached, and what it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

import ecgviewer.app
from ecgviewer.app.commands.table import TABLE
from ecgviewer.app.dialogs.go_to_time import GoToTime
from ecgviewer.app.manual.pages_of_widgets import PAGES
from ecgviewer.app.manual.window import ManualWindow, show_manual
from ecgviewer.app.shell.actions import plain
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.core.system.manual import FIRST, ManualPage, manual_page, manual_pages
from tests.app.driving import Build

MENU_ENTRY = re.compile(r"\*([A-Z][^*`|]*? › [^*|]+?)\*")
LINK = re.compile(r"!?\[[^]]*\]\(([^)]+)\)")


def manual_of(window: MainWindow) -> ManualWindow:
    QApplication.processEvents()
    return window.findChildren(ManualWindow)[-1]


def test_every_menu_entry_that_the_manual_names_is_there(make_window: Build) -> None:
    window = make_window()
    entries = {f"{entry.menu} › {entry.title}" for entry in window.commands.entries()}
    rows = (row if isinstance(row, str) else row.menu for row in TABLE)
    known = entries | {" › ".join(map(plain, row.split("/"))) for row in rows}
    missing = [
        (page.name, named)
        for page in manual_pages()
        for named in MENU_ENTRY.findall(" ".join(page.text().split()))
        if named.rstrip("…") not in known
    ]
    assert missing == []


@pytest.mark.parametrize("page", manual_pages(), ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page: ManualPage) -> None:
    for target in LINK.findall(page.text()):
        assert (page.path.parent / target).is_file(), target


def test_every_panel_and_dialog_has_its_page(make_window: Build) -> None:
    window = make_window()
    docks = {dock.objectName() for dock in window.panels.docks.values()}
    dialogs = set()
    for path in Path(next(iter(ecgviewer.app.__path__))).rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                if QDialog.__name__ in bases and not node.name.startswith("_"):
                    dialogs.add(node.name)
    without_own_page = {"AboutDialog", "ManualWindow"}
    assert (docks | dialogs) - set(PAGES) - without_own_page == set()
    for name in PAGES.values():
        manual_page(name)


def test_f1_opens_the_page_of_what_has_the_focus(make_window: Build) -> None:
    window = make_window()
    window.traces.setFocus()
    QTest.keyClick(window.traces, Qt.Key.Key_F1)
    manual = manual_of(window)
    shown = manual.text.source().fileName()
    assert shown == manual_page("reading-a-page").path.name
    assert manual.pages.currentItem().text() == manual_page("reading-a-page").title
    window.panels.docks["flags"].widget().setFocus()
    again = show_manual(window, PAGES["dock.flags"])
    assert again is manual and "judging" in manual.text.source().fileName()
    manual.close()


def test_f1_in_a_dialog_tells_of_the_dialog(make_window: Build) -> None:
    window = make_window()
    window.commands.action("tools.calibrate").trigger()
    QApplication.processEvents()
    dialog = next(d for d in window.findChildren(QDialog) if d.isVisible())
    assert not isinstance(dialog, GoToTime)
    QTest.keyClick(dialog, Qt.Key.Key_F1)
    QApplication.processEvents()
    manual = dialog.findChild(ManualWindow)
    assert manual is not None and "reading-a-page" in manual.text.source().fileName()
    manual.close()
    dialog.close()


def test_searching_leaves_the_pages_that_have_the_words(make_window: Build) -> None:
    window = make_window()
    manual = show_manual(window, FIRST)
    manual.search.setText("robust")
    shown = [
        manual.pages.item(row).text()
        for row in range(manual.pages.count())
        if not manual.pages.item(row).isHidden()
    ]
    assert shown == [manual_page("calibrating-a-site").title]
    manual.pages.setCurrentRow([page.name for page in manual_pages()].index("calibrating-a-site"))
    assert manual.text.textCursor().selectedText() == "robust"
    manual.search.setText("no such words")
    assert manual.none_found.isVisible()
    manual.close()


def test_a_link_goes_to_the_page_and_back(make_window: Build) -> None:
    window = make_window()
    manual = show_manual(window, FIRST)
    manual.text.anchorClicked.emit(QUrl("04-flags.md"))
    manual.text.setSource(QUrl("04-flags.md"))
    assert manual.pages.currentItem().text() == manual_page("flags").title
    manual.text.backward()
    assert manual.pages.currentItem().text() == manual_page(FIRST).title
    manual.close()
