"""The whole program without a mouse: everything has a name, and Tab comes to everything."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QGraphicsView, QWidget

from tests.app.driving import Build, open_and_wait, spin

DIALOGS = (
    "tools.evidence", "tools.calibrate", "help.keys", "help.about", "go.time", "file.print",
    "file.export_review", "review.labels", "review.reader",
)  # fmt: skip


def focusable(root: QWidget) -> list[QWidget]:
    """Return what can have the keyboard focus now."""
    return [
        widget
        for widget in root.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.window() is root
        and not isinstance(widget.parent(), QGraphicsView)  # its viewport, never alone
        and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
    ]


def spoken_name(widget: QWidget) -> str:
    """Return what a screen reader calls a widget."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name).strip() if interface is not None else ""


def unnamed(root: QWidget) -> list[str]:
    return [f"{type(w).__name__} in {w.parent()}" for w in focusable(root) if not spoken_name(w)]


def unreached(root: QWidget) -> list[str]:
    """Press Tab until it comes round; return what had the focus never."""
    wanted = {w for w in focusable(root) if w.focusPolicy() & Qt.FocusPolicy.TabFocus}
    left = set(wanted)
    for _ in range(2 * len(wanted) + 4):
        left.discard(QApplication.focusWidget())
        QTest.keyClick(QApplication.focusWidget() or root, Qt.Key.Key_Tab)
    return sorted(spoken_name(widget) or type(widget).__name__ for widget in left)


def test_everything_speaks_and_is_reached(make_window: Build, samples: Path) -> None:
    window = make_window(size=(1600, 1000))
    assert unnamed(window) == [] and unreached(window) == [], "the start page"
    open_and_wait(window, samples / "00338_hr.hea")
    for panels in (("analysis", "flags"), ("consensus", "review"), ("record", "worklist")):
        for panel in panels:
            window.docks[panel].show()
            window.docks[panel].raise_()
        QApplication.processEvents()
        assert unnamed(window) == [] and unreached(window) == [], panels


def test_every_dialog_speaks_and_is_reached(make_window: Build, samples: Path) -> None:
    window = make_window(size=(1600, 1000))
    open_and_wait(window, samples / "00338_hr.hea")

    def dialogs() -> list[QDialog]:
        return [dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()]

    for command in DIALOGS:
        window.commands.action(command).trigger()
        spin(lambda: bool(dialogs()) and dialogs()[-1].isActiveWindow())
        dialog = dialogs()[-1]
        assert unnamed(dialog) == [] and unreached(dialog) == [], command
        dialog.close()
        spin(lambda: not dialogs())
