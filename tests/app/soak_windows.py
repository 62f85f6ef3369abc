"""What a random user may touch: windows that live, loops that run, drags that are under way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, QThread
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWindow
from PySide6.QtWidgets import QApplication, QWidget


def nested() -> bool:
    """Whether a loop runs within the program's: a dialog's, a menu's, a drag's.

    Not every one begins in a step: a timer of Qt's may begin a drag, whose widget must be alive
    when it ends.
    """
    return QThread.currentThread().loopLevel() > 1


def dragging() -> bool:
    """Whether something is dragged, so that a user could not do anything but drop it."""
    return any(
        window.metaObject().className() == "QShapedPixmapWindow" and window.isVisible()
        for window in QGuiApplication.allWindows()
    )


def handle_of(widget: QWidget) -> QWindow | None:
    """Return a widget's native window, if both are alive.

    Qt deletes them behind Python's back, and whatever is sent to a dead one ends the process.
    """
    if not shiboken6.isValid(widget):
        return None
    if _address(widget) not in map(_address, QApplication.topLevelWidgets()):
        return None
    handle = widget.windowHandle()
    return handle if handle is not None and lives(handle) else None


def lives(window: QWindow) -> bool:
    """Whether a native window is still Qt's."""
    return shiboken6.isValid(window) and _address(window) in map(
        _address, QGuiApplication.allWindows()
    )


def _address(of: QObject) -> int:
    return int(shiboken6.getCppPointer(of)[0])


@contextlib.contextmanager
def held(top: QWidget) -> Iterator[None]:
    """Keep a window that deletes itself when closed until the event sent to it has ended.

    QTest goes on to use the window it was given; a real event would find it gone, and vanish.
    """
    attribute = Qt.WidgetAttribute.WA_DeleteOnClose
    deletes_itself = top.testAttribute(attribute)
    top.setAttribute(attribute, False)
    try:
        yield
    finally:
        if deletes_itself and shiboken6.isValid(top):
            top.setAttribute(attribute)
            if not top.isVisible():
                top.deleteLater()


def press_in(top: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    """Press and release a key in a window that may be gone after it, or before."""
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        if handle_of(top) is not None:
            QApplication.sendEvent(top.focusWidget() or top, QKeyEvent(kind, key, modifier))


def called(widget: QWidget) -> str:
    """Return what the trail calls a window."""
    return f"{type(widget).__name__} {widget.windowTitle()!r}"
