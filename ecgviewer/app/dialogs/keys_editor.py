"""Keys that can be changed: every command with its key, none given twice."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.shell.actions import Command, Commands
from ecgviewer.app.shell.settings import Settings

ID_ROLE = Qt.ItemDataRole.UserRole


class KeysEditor(QWidget):
    """Choose a command, press its new key; what another command has already is refused."""

    def __init__(self, commands: Commands, settings: Settings) -> None:
        super().__init__()
        self._commands = commands
        self._settings = settings
        self.filter_box = QLineEdit()
        self.filter_box.setPlaceholderText("Find a command")
        self.filter_box.setAccessibleName("Find a command")
        self.filter_box.setClearButtonEnabled(True)
        self.filter_box.textChanged.connect(self._fill)
        self.list = QTreeWidget()
        self.list.setAccessibleName("Commands and their keys")
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setHeaderLabels(["Command", "Keys"])
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.currentItemChanged.connect(lambda _now, _before: self._show_chosen())
        self.key = QKeySequenceEdit()
        self.key.setAccessibleName("New key")
        self.key.setMaximumSequenceLength(1)
        self.use = QPushButton("&Use this key")
        self.use.setAutoDefault(False)
        self.use.clicked.connect(self._use)
        self.default = QPushButton("&Default")
        self.default.setAutoDefault(False)
        self.default.clicked.connect(self._reset)
        self.problem = QLabel()
        self.problem.setAccessibleName("What is wrong with the key")
        self.problem.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.key, 1)
        row.addWidget(self.use)
        row.addWidget(self.default)
        column = QVBoxLayout(self)
        column.addWidget(self.filter_box)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        column.addWidget(self.problem)
        self._fill()

    def choose(self, command_id: str) -> None:
        """Select a command in the list."""
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is not None and item.data(0, ID_ROLE) == command_id:
                self.list.setCurrentItem(item)

    def _fill(self) -> None:
        words = self.filter_box.text().lower().split()
        chosen = self._chosen()
        self.list.clear()
        for command in self._commands:
            menu = command.menu.replace("&", "").replace("/", " › ")
            text = f"{menu} › {command.plain_title}"
            if all(word in text.lower() for word in words):
                keys = ", ".join(self._commands.key_texts(command))
                item = QTreeWidgetItem([text, keys])
                item.setData(0, ID_ROLE, command.id)
                self.list.addTopLevelItem(item)
        if chosen is not None:
            self.choose(chosen.id)

    def _chosen(self) -> Command | None:
        item = self.list.currentItem()
        return self._commands.command(item.data(0, ID_ROLE)) if item is not None else None

    def _show_chosen(self) -> None:
        command = self._chosen()
        self.problem.clear()
        for widget in (self.key, self.use, self.default):
            widget.setEnabled(command is not None)
        if command is not None:
            self.key.setKeySequence(self._commands.action(command.id).shortcut())

    def _use(self) -> None:
        command, key = self._chosen(), self.key.keySequence()
        if command is None:
            return
        holder = self._commands.holder_of(key)
        if holder is not None and holder.id != command.id:
            native = key.toString(QKeySequence.SequenceFormat.NativeText)
            self.problem.setText(f"⚠ {native} is the key of “{holder.plain_title}”.")
            return
        self._set(command, [key.toString()] if not key.isEmpty() else [])

    def _reset(self) -> None:
        command = self._chosen()
        if command is None:
            return
        for key in command.keys:
            holder = self._commands.holder_of(QKeySequence(key))
            if holder is not None and holder.id != command.id:
                self.problem.setText(f"⚠ {key} is now the key of “{holder.plain_title}”.")
                return
        self._set(command, None)

    def _set(self, command: Command, keys: list[str] | None) -> None:
        if keys is None or tuple(keys) == command.keys:
            self._settings.keys.pop(command.id, None)
        else:
            self._settings.keys[command.id] = keys
        self._commands.set_keys(command.id, command.keys if keys is None else keys)
        self._fill()
        self._show_chosen()
