"""What the user should know, without a modal: a strip of notes on the record, and messages."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from ecgviewer.core.record.recording import Note

LEVEL_MARKS = {"warning": "⚠", "assumed": "≈", "info": "ℹ"}
ORDER = {"warning": 0, "assumed": 1, "info": 2}
MESSAGE_LIMIT = 3
INFO_MS = 8000
WIDEST_PX = 640


class NoteStrip(QFrame):
    """Assumptions and warnings about the record, above the traces; folds to one line.

    Parameters
    ----------
    answer : QAction
        Asks anew what the file leaves open; offered beside a note on such a question.
    """

    def __init__(self, answer: QAction) -> None:
        super().__init__()
        self.setObjectName("noteStrip")
        self.setAccessibleName("Notes on this record")
        self._notes: list[Note] = []
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.fold = QToolButton()
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setAccessibleName("Show all notes")
        self.fold.toggled.connect(lambda _on: self._show())
        self.answer = QToolButton()
        self.answer.setAutoRaise(True)
        self.answer.setText("Answer…")
        self.answer.setToolTip(answer.toolTip())
        self.answer.clicked.connect(answer.trigger)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 3, 6, 3)
        row.addWidget(self.text, 1)
        row.addWidget(self.answer, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.fold, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def set_notes(self, notes: Sequence[Note]) -> None:
        """Show these, the gravest first; plain information stays in the Record panel."""
        self._notes = sorted(
            (note for note in notes if note.level != "info"),
            key=lambda note: ORDER.get(note.level, 9),
        )
        self.setProperty("grave", any(note.level == "warning" for note in self._notes))
        self.style().unpolish(self)
        self.style().polish(self)
        self.answer.setVisible(any(note.question for note in self._notes))
        self.fold.setChecked(False)
        self.setVisible(bool(self._notes))
        self._show()

    def _show(self) -> None:
        lines = [f"{LEVEL_MARKS.get(note.level, '')} {note.text}" for note in self._notes]
        unfolded = self.fold.isChecked()
        more = len(lines) - 1
        self.fold.setVisible(more > 0)
        self.fold.setText("▴ less" if unfolded else f"▾ {more} more")
        self.text.setText("\n".join(lines if unfolded else lines[:1]))


class Messages(QWidget):
    """Non-modal messages: errors stay until closed, information goes by itself.

    What went wrong with the open record goes with it. They lie over the lower edge of their
    parent, so that nothing moves when they come and go.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._around = parent
        parent.installEventFilter(self)
        self.setAccessibleName("Messages")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 0, 8, 6)
        self._column.setSpacing(4)
        self._shown: list[_Message] = []
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the lower edge when the parent changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        self.setVisible(bool(self._shown))
        around = self._around.rect()
        width = min(around.width(), WIDEST_PX)
        self._column.activate()
        height = min(self._column.totalHeightForWidth(width), around.height())
        self.setGeometry(around.width() - width, around.height() - height, width, height)
        self.raise_()

    def error(self, text: str) -> None:
        """Show something that went wrong, until the user closes it."""
        self._add(text, grave=True)

    def record_error(self, text: str) -> None:
        """Show something that went wrong with the open record, until another one is open."""
        self._add(text, grave=True, of_record=True)

    def record_changed(self) -> None:
        """Close what was said of the record that was open."""
        for message in list(self._shown):
            if message.of_record:
                self._remove(message)

    def forget_info(self) -> None:
        """Close what was merely worth knowing."""
        for message in list(self._shown):
            if not message.grave:
                self._remove(message)

    def info(self, text: str) -> None:
        """Show something worth knowing, for a few seconds."""
        self._add(text, grave=False)

    def texts(self) -> list[str]:
        """Return the messages on show, oldest first."""
        return [message.full_text for message in self._shown]

    def clear(self) -> None:
        """Close every message."""
        for message in list(self._shown):
            self._remove(message)

    def _add(self, text: str, grave: bool, of_record: bool = False) -> None:
        if any(message.full_text == text for message in self._shown):
            return
        message = _Message(text, grave, of_record)
        message.closed.connect(lambda: self._remove(message))
        self._shown.append(message)
        self._column.addWidget(message)
        message.show()
        while len(self._shown) > MESSAGE_LIMIT:
            self._remove(self._shown[0])
        self._place()
        if not grave:
            QTimer.singleShot(INFO_MS, message, message.closed.emit)

    def _remove(self, message: _Message) -> None:
        if message in self._shown:
            self._shown.remove(message)
            self._column.removeWidget(message)
            message.hide()
            message.deleteLater()
            self._place()


class _Message(QFrame):
    closed = Signal()

    def __init__(self, text: str, grave: bool, of_record: bool) -> None:
        super().__init__()
        self.full_text = text
        self.grave = grave
        self.of_record = of_record
        self.setObjectName("message")
        self.setProperty("grave", grave)
        label = QLabel(f"{LEVEL_MARKS['warning' if grave else 'info']}  {text}")
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QToolButton()
        close.setText("✕")
        close.setAutoRaise(True)
        close.setAccessibleName("Close this message")
        close.clicked.connect(self.closed)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 4, 4)
        row.addWidget(label, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
