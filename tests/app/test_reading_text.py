"""Texts to read: what is selected in them is copied, never dragged away."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt.reading_text import ReadingText

pytestmark = pytest.mark.usefixtures("qt_warnings")


@pytest.fixture
def text(qt_app: QApplication) -> ReadingText:
    text = ReadingText()
    text.setPlainText("\n".join(f"line {k} of a long text" for k in range(200)))
    text.resize(400, 300)
    text.show()
    QTest.qWaitForWindowExposed(text)
    return text


def drag(text: ReadingText, start: QPoint, end: QPoint) -> None:
    """Press in the viewport, move, and let go; ends a drag that should begin of it, too."""
    handle, button = text.windowHandle(), Qt.MouseButton.LeftButton
    start, end = (text.viewport().mapTo(text, point) for point in (start, end))
    rescue = QTimer(singleShot=True, interval=300)
    rescue.timeout.connect(lambda: QTest.mouseRelease(handle, button, pos=end))
    rescue.start()
    QTest.mousePress(handle, button, pos=start)
    QTest.mouseMove(handle, end)
    QTest.mouseRelease(handle, button, pos=end)
    rescue.stop()  # the window is gone when it would fire


def test_a_press_on_selected_text_begins_another_selection(text: ReadingText) -> None:
    text.selectAll()
    text.verticalScrollBar().setValue(text.verticalScrollBar().maximum() // 2)
    QApplication.processEvents()
    shown, start, end = text.verticalScrollBar().value(), QPoint(20, 100), QPoint(110, 140)
    drag(text, start, end)
    assert text.verticalScrollBar().value() == shown
    assert text.textCursor().selectionStart() == text.cursorForPosition(start).position()
    assert text.textCursor().selectionEnd() == text.cursorForPosition(end).position()


def test_a_press_with_shift_extends_what_is_selected(text: ReadingText) -> None:
    cursor = text.textCursor()
    cursor.movePosition(QTextCursor.MoveOperation.Right, QTextCursor.MoveMode.KeepAnchor, 4)
    text.setTextCursor(cursor)
    at = QPoint(20, 100)
    QTest.mouseClick(
        text.windowHandle(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.ShiftModifier,
        text.viewport().mapTo(text, at),
    )
    assert text.textCursor().selectedText().startswith("line 0")
    assert text.textCursor().selectionEnd() == text.cursorForPosition(at).position()
