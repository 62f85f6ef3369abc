"""The list of records of a folder or a file of many: filled while it is searched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractItemView, QLabel, QLineEdit, QListView, QVBoxLayout, QWidget

from ecgviewer.core.errors import RecordError, UnansweredError
from ecgviewer.core.record.record_ref import RecordRef

if TYPE_CHECKING:
    from ecgviewer.io import RecordFailure

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class RecordRow:
    """One entry: a record, or a file that could not be read with its reason.

    ``asks`` says that it only lacks answers: choosing it asks for them.
    """

    name: str
    path: Path
    ref: RecordRef | None
    reason: str = ""
    asks: bool = False


class RecordsModel(QAbstractListModel):
    """Records as rows; failures keep their place, with the reason."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[RecordRow] = []
        self._at: dict[tuple[Path, int | None], int] = {}
        self._failed: dict[Path, int] = {}

    def clear(self) -> None:
        """Forget every row."""
        self.beginResetModel()
        self.rows, self._at, self._failed = [], {}, {}
        self.endResetModel()

    def append(self, entries: list[RecordRef | RecordFailure]) -> None:
        """Add what a search found; a file that could not be read before keeps its place."""
        entries = [entry for entry in entries if not self._mended(entry)]
        if not entries:
            return
        first = len(self.rows)
        self.beginInsertRows(QModelIndex(), first, first + len(entries) - 1)
        for entry in entries:
            if isinstance(entry, RecordRef):
                self._at[entry.path, entry.index] = len(self.rows)
                self.rows.append(RecordRow(entry.name, entry.path, entry))
            else:
                self._failed[entry.path] = len(self.rows)
                self.rows.append(_failure_row(entry))
        self.endInsertRows()

    def _mended(self, entry: RecordRef | RecordFailure) -> bool:
        """Put an entry in the place of the failure that its file was; return whether it was one."""
        row = self._failed.get(entry.path)
        if row is None:
            return False
        if isinstance(entry, RecordRef):
            del self._failed[entry.path]
            self._at[entry.path, entry.index] = row
            self.rows[row] = RecordRow(entry.name, entry.path, entry)
        else:
            self.rows[row] = _failure_row(entry)
        self.dataChanged.emit(self.index(row), self.index(row))
        return True

    def row_of(self, ref: RecordRef) -> int | None:
        """Return the row of a record."""
        return self._at.get((ref.path, ref.index))

    def set_failure(self, ref: RecordRef, error: RecordError | None) -> None:
        """Say on its row why a record could not be opened, or that it could after all."""
        row = self.row_of(ref)
        reason = error.reason if error is not None else ""
        if row is not None and self.rows[row].reason != reason:
            asks = isinstance(error, UnansweredError)
            self.rows[row] = RecordRow(ref.name, ref.path, ref, reason, asks)
            self.dataChanged.emit(self.index(row), self.index(row))

    def set_answered(self, path: Path) -> None:
        """Take back what the records of a file left open."""
        for entry in list(self.rows):
            if entry.path == path and entry.asks and entry.ref is not None:
                self.set_failure(entry.ref, None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a row's text, tooltip or colour."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"⚠ {row.name} – {row.reason}" if row.reason else row.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.path}\n{row.reason}" if row.reason else str(row.path)
        if role == Qt.ItemDataRole.ForegroundRole and row.reason:
            return QPalette().brush(QPalette.ColorRole.BrightText)
        return None


def _failure_row(failure: RecordFailure) -> RecordRow:
    asks = isinstance(failure.error, UnansweredError)
    ref = RecordRef(failure.path) if asks else None
    return RecordRow(failure.name, failure.path, ref, failure.error.reason, asks)


class RecordsPanel(QWidget):
    """The list, its filter box and how many there are."""

    recordChosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.model = RecordsModel()
        self.shown = QSortFilterProxyModel()
        self.shown.setSourceModel(self.model)
        self.shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.filter_box = QLineEdit()
        self.filter_box.setPlaceholderText("Filter by name")
        self.filter_box.setAccessibleName("Filter records")
        self.filter_box.setClearButtonEnabled(True)
        self.filter_box.textChanged.connect(self._filter)
        self.list = QListView()
        self.list.setAccessibleName("Records")
        self.list.setModel(self.shown)
        self.list.setUniformItemSizes(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._choose)
        self.list.activated.connect(self._choose)
        self.count = QLabel()
        self.count.setProperty("quiet", True)
        self.count.setAccessibleName("Number of records")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.filter_box)
        column.addWidget(self.list, 1)
        column.addWidget(self.count)
        self.model.rowsInserted.connect(self._show_count)
        self.model.modelReset.connect(self._show_count)
        self.model.dataChanged.connect(self._show_count)
        self._show_count()

    def select(self, ref: RecordRef) -> None:
        """Mark the open record in the list, without opening it again."""
        row = self.model.row_of(ref)
        if row is None:
            self.list.clearSelection()
            return
        self.model.set_failure(ref, None)
        index = self.shown.mapFromSource(self.model.index(row))
        self.list.setCurrentIndex(index)
        self.list.scrollTo(index)

    def step(self, step: int) -> RecordRef | None:
        """Return the next (+1) or previous (-1) readable record of the list as shown."""
        at = self.list.currentIndex()
        row = at.row() if at.isValid() else (-1 if step > 0 else self.shown.rowCount())
        while 0 <= (row := row + step) < self.shown.rowCount():
            ref = self._row(self.shown.index(row, 0)).ref
            if ref is not None:
                return ref
        return None

    def _row(self, index: QModelIndex) -> RecordRow:
        return self.model.rows[self.shown.mapToSource(index).row()]

    def _choose(self, index: QModelIndex) -> None:
        ref = self._row(index).ref
        if ref is not None:
            self.recordChosen.emit(ref)

    def _filter(self, text: str) -> None:
        self.shown.setFilterFixedString(text)
        self._show_count()

    def _show_count(self) -> None:
        total = self.model.rowCount()
        asking = sum(1 for row in self.model.rows if row.asks)
        bad = sum(1 for row in self.model.rows if row.reason) - asking
        shown = self.shown.rowCount()
        words = f"{total} records" if shown == total else f"{shown} of {total} records"
        words += f", {bad} unreadable" if bad else ""
        self.count.setText(words + (f", {asking} with open questions" if asking else ""))
