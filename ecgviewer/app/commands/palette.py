"""The command palette: type part of a command's name, press Enter."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from ecgviewer.app.shell.actions import Commands, MenuEntry

WIDTH = 640
ROWS = 12


def match(query: str, entry: MenuEntry) -> int | None:
    """Return how well a query fits an entry of the menus (smaller is better), or None.

    Every word of the query must occur in title, menu or tip; words at the start of the title
    come first.
    """
    title = entry.title.lower()
    text = f"{title} {entry.menu.lower()} {entry.action.statusTip().lower()}"
    rank = 0
    for word in query.lower().split():
        if title.startswith(word):
            continue
        if word in title:
            rank += 1
        elif word in text:
            rank += 4
        else:
            return None
    return rank


class Palette(QDialog):
    """A search box over all commands that can be run now."""

    def __init__(self, commands: Commands, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._commands = commands
        self._shown: list[MenuEntry] = []
        self.setWindowTitle("Commands")
        self.setFixedWidth(min(WIDTH, parent.width() - 40))
        self.box = QLineEdit()
        self.box.setPlaceholderText("Find a command")
        self.box.setAccessibleName("Find a command")
        self.box.textChanged.connect(self._fill)
        self.box.returnPressed.connect(self._run)
        self.box.installEventFilter(self)
        self.list = QTreeWidget()
        self.list.setAccessibleName("Matching commands")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformRowHeights(True)
        self.list.setRootIsDecorated(False)
        self.list.setColumnCount(3)
        self.list.header().hide()
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            mode = QHeaderView.ResizeMode.ResizeToContents
            self.list.header().setSectionResizeMode(column, mode)
        self.list.itemClicked.connect(lambda _item: self._run())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.box)
        layout.addWidget(self.list)
        self.refresh()
        self.list.setFixedHeight((self.fontMetrics().height() + 8) * ROWS)

    def refresh(self) -> None:
        """Look at the menus again: a record came, and the leads are others."""
        self._fill(self.box.text())
        self.box.setFocus()

    def found(self) -> Sequence[str]:
        """Return the ids of the commands on show, best first."""
        return [entry.action.objectName() for entry in self._shown]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys move through the list while the box keeps the focus."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {
                Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1,
                Qt.Key.Key_PageDown: ROWS - 1, Qt.Key.Key_PageUp: 1 - ROWS,
            }.get(Qt.Key(event.key()))  # fmt: skip
            if step is not None:
                last = self.list.topLevelItemCount() - 1
                row = min(max(self.list.currentIndex().row() + step, 0), last)
                self._select(row)
                return True
        return super().eventFilter(watched, event)

    def _fill(self, query: str) -> None:
        ranked = []
        # Read from the menus each time: leads, recent files and models are made anew meanwhile.
        for order, entry in enumerate(self._commands.entries()):
            if not entry.action.isEnabled():
                continue
            rank = match(query, entry)
            if rank is not None:
                ranked.append((rank, order, entry))
        self._shown = [entry for *_, entry in sorted(ranked, key=lambda found: found[:2])]
        self.list.clear()
        quiet = self.palette().brush(QPalette.ColorRole.PlaceholderText)
        for entry in self._shown:
            title = f"✓ {entry.title}" if entry.action.isChecked() else entry.title
            item = QTreeWidgetItem([title, entry.menu, ", ".join(entry.keys)])
            item.setToolTip(0, entry.action.statusTip())
            item.setForeground(1, quiet)
            self.list.addTopLevelItem(item)
        if not self._shown:
            none = QTreeWidgetItem(["No command matches"])
            none.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addTopLevelItem(none)
        self._select(0)

    def _select(self, row: int) -> None:
        item = self.list.topLevelItem(row)
        if item is not None:
            self.list.setCurrentItem(item)

    def _run(self) -> None:
        row = self.list.currentIndex().row()
        self.accept()
        if 0 <= row < len(self._shown) and isValid(self._shown[row].action):
            self._shown[row].action.trigger()
