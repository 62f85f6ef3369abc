"""Flags that are alike as one row each: what, in which leads, how many, what was decided."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QTableView

from ecgviewer.app.qt.list_rows import ROW_ROLE, ListRow, RowDelegate
from ecgviewer.app.qt.texts import finding_text
from ecgviewer.app.qt.time_texts import span_text
from ecgviewer.app.shell.record.document import Document
from ecgviewer.app.shell.record.flag_groups import FlagGroups
from ecgviewer.core.analysis import Flag
from ecgviewer.review.groups import FlagGroup

RATE_FROM_S = 60.0
"""A rate per hour means little of a shorter record."""
LEAST_HEIGHT = 32
"""Less than Qt asks for a table: with the choice above it, it must not make the window taller."""
Index = QModelIndex | QPersistentModelIndex


class GroupsModel(QAbstractTableModel):
    """The groups as rows."""

    def __init__(self, document: Document, groups: FlagGroups) -> None:
        super().__init__()
        self._document = document
        self._groups = groups
        self._marks: list[str] = []
        groups.changed.connect(self._reset)

    def _reset(self) -> None:
        self.beginResetModel()
        self.endResetModel()

    def set_marks(self, marks: list[str]) -> None:
        """Take each flag's verdict, as one sign."""
        self._marks = marks
        rows = self.rowCount()
        if rows:
            self.dataChanged.emit(self.index(0, 0), self.index(rows - 1, 0))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of groups."""
        return 0 if parent.isValid() else len(self._groups.groups)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return 1: a row says all."""
        return 0 if parent.isValid() else 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a group's row, or its words."""
        if role not in (ROW_ROLE, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        row = self._row(self._groups.groups[index.row()])
        return row if role == ROW_ROLE else row.text()

    def _row(self, group: FlagGroup) -> ListRow:
        recording = self._document.recording
        duration_s = recording.duration_s if recording is not None else 0.0
        typical = self._groups.flags[group.typical]
        words = finding_text(
            Flag(
                group.start_s, group.stop_s, group.leads, typical.score, group.p_value,
                group.reason, typical.parts,
            )
        )  # fmt: skip
        count = "1 flag" if group.count == 1 else f"{group.count} flags"
        facts = [count, span_text(group.start_s, group.stop_s, duration_s > RATE_FROM_S)]
        if group.count > 2 and duration_s >= RATE_FROM_S:
            facts.append(f"{group.rate_per_hour(duration_s):.0f}/h")
        return ListRow(words, tuple(facts), self._decided(group))

    def _decided(self, group: FlagGroup) -> str:
        """Return the verdict that all have, else how many of which; empty where none has one."""
        signs = Counter(
            self._marks[at][:1] for at in group.members if at < len(self._marks) and self._marks[at]
        )
        if not signs:
            return ""
        if len(signs) == 1 and signs.total() == group.count:
            return next(iter(signs))
        return " ".join(f"{sign}{count}" for sign, count in signs.items())


class GroupsTable(QTableView):
    """One row per group; a click or Enter goes to the flag that is most like all of its group."""

    groupActivated = Signal(int)

    def __init__(self, document: Document, groups: FlagGroups) -> None:
        super().__init__()
        self._document = document
        self._groups = groups
        self.groups_model = GroupsModel(document, groups)
        self.setAccessibleName("Groups of flags that are alike")
        self.setModel(self.groups_model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMinimumHeight(LEAST_HEIGHT)
        self._rows = RowDelegate(self)
        self.clicked.connect(lambda index: self.groupActivated.emit(index.row()))
        self.activated.connect(lambda index: self.groupActivated.emit(index.row()))
        groups.changed.connect(self.show_current)
        document.selectedFlagChanged.connect(self.show_current)

    def show_current(self) -> None:
        """Highlight the group of the selected flag."""
        current = self._groups.current
        if current is None:
            self.clearSelection()
        else:
            self.selectRow(current)
            self.scrollTo(self.groups_model.index(current, 0))
