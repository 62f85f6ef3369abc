"""The list of flags: where, which leads, how unusual; a click or Enter goes there."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QCheckBox, QLabel, QTableView, QVBoxLayout
from PySide6.QtWidgets import QWidget as _Widget

from ecgviewer.app.panels.groups_table import GroupsTable
from ecgviewer.app.qt.list_rows import ROW_ROLE, ListRow, RowDelegate
from ecgviewer.app.qt.texts import finding_text, p_text, place_text
from ecgviewer.app.qt.time_texts import LONG_S, span_text
from ecgviewer.app.shell.record.document import Document
from ecgviewer.app.shell.record.flag_groups import FlagGroups
from ecgviewer.core.analysis import Flag
from ecgviewer.core.record.start import Start

HELP = (
    "What stands out, the leads that show it, and what the reader said; when, from the beginning "
    "of the record; p: the share of normal 10-s windows that are at least as suspicious"
)
Index = QModelIndex | QPersistentModelIndex


class FlagsModel(QAbstractTableModel):
    """The document's flags as rows."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._verdicts: list[tuple[str, str]] = []
        document.flagsChanged.connect(self._reset)
        document.clockChanged.connect(self._tell_anew)

    def _reset(self) -> None:
        self.beginResetModel()
        self._verdicts = []
        self.endResetModel()

    def _tell_anew(self) -> None:
        if rows := self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(rows - 1, 0))

    def set_verdicts(self, verdicts: list[tuple[str, str]]) -> None:
        """Show the reader's verdicts: for each flag the cell's text and its explanation."""
        self._verdicts = verdicts
        self._tell_anew()

    def _verdict(self, row: int) -> tuple[str, str]:
        return self._verdicts[row] if row < len(self._verdicts) else ("", "")

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of flags."""
        return 0 if parent.isValid() else len(self._document.shown.flags)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return 1: a row says all."""
        return 0 if parent.isValid() else 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a flag's row, or its words."""
        flag = self._document.shown.flags[index.row()]
        mark, explanation = self._verdict(index.row())
        if role in (ROW_ROLE, Qt.ItemDataRole.DisplayRole):
            recording = self._document.recording
            long = bool(recording and recording.duration_s > LONG_S)
            row = flag_row(flag, long, mark, self._document.clock)
            return row if role == ROW_ROLE else row.text()
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{describe_flag(flag)}\n{explanation}".strip()
        return None


def flag_row(flag: Flag, long: bool, mark: str, clock: Start | None = None) -> ListRow:
    """Return a flag in a few lines: what, where and the reader's verdict, then when and p."""
    span = span_text(flag.start_s, flag.stop_s, long, clock)
    return ListRow(finding_text(flag), (span, f"p {p_text(flag.p_value)}"), mark)


def describe_flag(flag: Flag) -> str:
    """Return a flag in one sentence."""
    length_s = flag.stop_s - flag.start_s
    return (
        f"{span_text(flag.start_s, flag.stop_s, long=False)} ({length_s:.2f} s): {flag.reason}, "
        f"{place_text(flag)}; score {flag.score:.1f}, p {p_text(flag.p_value)}"
    )


class FlagsPanel(_Widget):
    """The flags of the active analysis."""

    flagActivated = Signal(int)

    def __init__(self, document: Document, groups: FlagGroups) -> None:
        super().__init__()
        self._document = document
        self._groups = groups
        self.model = FlagsModel(document)
        self.groups = GroupsTable(document, groups)
        self.table = QTableView()
        self.table.setAccessibleName("Flags")
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setAlternatingRowColors(True)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self._rows = RowDelegate(self.table)
        # The highlighted row is the flag that the next key judges, however it came about.
        self.table.selectionModel().selectionChanged.connect(self._on_selection)
        self.table.clicked.connect(lambda index: self.flagActivated.emit(index.row()))
        self.table.activated.connect(lambda index: self.flagActivated.emit(index.row()))
        self.count = QLabel()
        self.count.setAccessibleName("Number of flags")
        self.count.setProperty("quiet", True)
        self.count.setWordWrap(True)
        self.count.setToolTip(HELP)
        self.alike = QCheckBox("Alike together")
        self.alike.setToolTip("One row for all flags that are alike, or a row for each")
        self.alike.setChecked(True)
        self.alike.toggled.connect(self._show_count)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 8)
        column.setSpacing(4)
        column.addWidget(self.count)
        column.addWidget(self.alike)
        column.addWidget(self.groups, 1)
        column.addWidget(self.table, 1)
        document.flagsChanged.connect(self._show_count)
        document.analysisChanged.connect(self._show_count)
        document.selectedFlagChanged.connect(self._show_selected)
        document.flagsChanged.connect(self._show_selected)
        groups.changed.connect(self._show_count)
        self.groups.groupActivated.connect(
            lambda row: self.flagActivated.emit(groups.groups[row].typical)
        )
        self._show_count()

    def set_verdicts(self, verdicts: list[tuple[str, str]]) -> None:
        """Show the reader's verdicts: for each flag the cell's text and its explanation."""
        self.model.set_verdicts(verdicts)
        self.groups.groups_model.set_marks([mark for mark, _ in verdicts])

    def _show_count(self) -> None:
        worth = self._groups.worth_showing
        self.alike.setVisible(worth)
        self.groups.setVisible(worth and self.alike.isChecked())
        self.table.setVisible(not self.groups.isVisibleTo(self))
        if self._document.blind:
            self.count.setText("Reading blind: flags are hidden.")
            return
        if self._document.shown.analysis is None:
            self.count.setText("Flags appear here after an analysis.")
            return
        count = len(self._document.shown.flags)
        words = "No flag" if count == 0 else "1 flag" if count == 1 else f"{count} flags"
        if worth:
            kinds = len(self._groups.groups)
            words += f" of {kinds} kinds · Y next kind" if kinds > 1 else " of 1 kind"
        self.count.setText(f"{words} · N next · Shift+N previous")

    def _on_selection(self) -> None:
        rows = [index.row() for index in self.table.selectionModel().selectedRows()]
        if rows and rows[0] != self._document.selected_flag:
            self.flagActivated.emit(rows[0])

    def _show_selected(self) -> None:
        selected = self._document.selected_flag
        if selected is None:
            self.table.clearSelection()
        elif selected < self.model.rowCount():
            self.table.selectRow(selected)
            self.table.scrollTo(self.model.index(selected, 0))
