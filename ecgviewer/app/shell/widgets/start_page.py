"""What the window shows before a record is open: ways in."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ecgviewer.app.shell.actions import Commands
from ecgviewer.core.system.resources import resource_dir

SHOWN = 6


class StartPage(QWidget):
    """Open a file, a folder, a sample, or something recent; or drop it here."""

    pathChosen = Signal(object)

    def __init__(self, commands: Commands) -> None:
        super().__init__()
        title = QLabel("ECG Viewer")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.9)
        font.setBold(True)
        title.setFont(font)
        words = QLabel(
            "Open a 12-lead ECG, analyse it, and be led to the seconds and leads where it stops "
            "looking normal."
        )
        words.setWordWrap(True)
        drop = QLabel("Drop files or a folder here (WFDB, HDF5, MATLAB v7.3), or:")
        drop.setProperty("quiet", True)
        buttons = QHBoxLayout()
        for text, command in (("Open file…", "file.open"), ("Open folder…", "file.open_folder")):
            button = QPushButton(text)
            button.clicked.connect(commands.action(command).trigger)
            buttons.addWidget(button)
        samples = QPushButton("Look at the samples")
        samples.clicked.connect(lambda: self.pathChosen.emit(resource_dir() / "samples"))
        buttons.addWidget(samples)
        buttons.addStretch(1)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        keys = ", ".join(
            f"{key} {name}"
            for key, name in (
                (_key(commands, "help.keys"), "the keyboard map"),
                (_key(commands, "help.palette"), "every command by name"),
            )
        )
        help_line = QLabel(f"{keys}.")
        help_line.setProperty("quiet", True)
        aid = QLabel("A research aid, not a medical device and not a diagnosis.")
        aid.setProperty("quiet", True)
        block = QVBoxLayout()
        block.setSpacing(12)
        for widget in (title, words, drop):
            block.addWidget(widget)
        block.addLayout(buttons)
        block.addLayout(self._recent)
        block.addWidget(help_line)
        block.addWidget(aid)
        middle = QHBoxLayout(self)
        holder = QVBoxLayout()
        holder.addStretch(2)
        holder.addLayout(block)
        holder.addStretch(3)
        middle.addStretch(1)
        middle.addLayout(holder)
        middle.addStretch(1)

    def set_recent(self, recent: list[str]) -> None:
        """List the recent files."""
        while self._recent.count():
            item = self._recent.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        if not recent:
            return
        heading = QLabel("Recent")
        heading.setProperty("quiet", True)
        self._recent.addWidget(heading)
        for text in recent[:SHOWN]:
            path = Path(text)
            button = QPushButton(f"{path.name}  –  {path.parent}")
            button.setFlat(True)
            button.setStyleSheet("text-align: left; padding: 3px 6px")
            button.clicked.connect(lambda _checked=False, path=path: self.pathChosen.emit(path))
            self._recent.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)


def _key(commands: Commands, command: str) -> str:
    return commands.action(command).shortcut().toString(QKeySequence.SequenceFormat.NativeText)
