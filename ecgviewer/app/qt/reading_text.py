"""Text to read, select and copy."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QTextBrowser


class ReadingText(QTextBrowser):
    """A text browser in which a press on selected text selects anew instead of dragging it away.

    Qt's drag of a text that leaves it at the first move does not end: nothing tells the text that
    the button was let go, its timer for scrolling goes on, and each tick begins another drag.
    """

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Let go of what was selected, except to extend it."""
        extends = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        if event.button() == Qt.MouseButton.LeftButton and not extends:
            self._let_go()
        super().mousePressEvent(event)

    def _let_go(self) -> None:
        cursor, bar = self.textCursor(), self.verticalScrollBar()
        if cursor.hasSelection():
            at = bar.value()
            cursor.clearSelection()
            self.setTextCursor(cursor)
            bar.setValue(at)  # a cursor that is set is also brought into view
