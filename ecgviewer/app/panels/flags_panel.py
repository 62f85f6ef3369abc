"""The list of flags: where, which leads, how unusual; a click or Enter goes there."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTableView, QVBoxLayout
from PySide6.QtWidgets import QWidget as _Widget

from ecgviewer.app.document import Document
from ecgviewer.app.header import clock_text
from ecgviewer.app.texts import p_text
from ecgviewer.core.analysis import Flag
from ecgviewer.core.leads import STANDARD_LEADS

COLUMNS = ("Start", "Leads", "p", "Verdict", "Score", "Length", "Why")
VERDICT = COLUMNS.index("Verdict")
NUMBERS = tuple(COLUMNS.index(name) for name in ("Start", "p", "Score", "Length"))
LONG_S = 120.0
Index = QModelIndex | QPersistentModelIndex


class FlagsModel(QAbstractTableModel):
    """The document's flags as rows."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._verdicts: list[tuple[str, str]] = []
        document.flagsChanged.connect(self._reset)

    def _reset(self) -> None:
        self.beginResetModel()
        self._verdicts = []
        self.endResetModel()

    def set_verdicts(self, verdicts: list[tuple[str, str]]) -> None:
        """Show the reader's verdicts: for each flag the cell's text and its explanation."""
        self._verdicts = verdicts
        rows = self.rowCount()
        if rows:
            self.dataChanged.emit(self.index(0, VERDICT), self.index(rows - 1, VERDICT))

    def _verdict(self, row: int) -> tuple[str, str]:
        return self._verdicts[row] if row < len(self._verdicts) else ("", "")

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of flags."""
        return 0 if parent.isValid() else len(self._document.flags)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return column titles and their explanations."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in NUMBERS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                "Start, from the beginning of the record, in seconds",
                "Leads that pass the threshold (none: a finding of the rhythm)",
                "Share of normal 10-s windows with a moment at least as suspicious",
                "What the reader said, and how well it fits this flag",
                "Highest calibrated score within the flag",
                "Length in seconds",
                "What stands out",
            )[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell."""
        flag = self._document.flags[index.row()]
        if role == Qt.ItemDataRole.DisplayRole and index.column() == VERDICT:
            return self._verdict(index.row())[0]
        if role == Qt.ItemDataRole.DisplayRole:
            recording = self._document.recording
            return cell(flag, index.column(), bool(recording and recording.duration_s > LONG_S))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{describe_flag(flag)}\n{self._verdict(index.row())[1]}".strip()
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in NUMBERS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


def cell(flag: Flag, column: int, long: bool) -> str:
    """Return one column of a flag as text."""
    return (
        clock_text(flag.start_s, long),
        leads_text(flag.leads),
        p_text(flag.p_value),
        "",
        f"{flag.score:.1f}",
        length_text(flag.stop_s - flag.start_s),
        flag.reason,
    )[column]


def length_text(seconds: float) -> str:
    """Return a length in seconds with three digits."""
    return f"{seconds:.2f}" if seconds < 9.995 else f"{seconds:.1f}"


def leads_text(leads: tuple[str, ...]) -> str:
    """Return lead names, neighbours among the chest leads joined (``V2-V4``)."""
    if not leads:
        return "window"
    if len(leads) == len(STANDARD_LEADS):
        return "all"
    groups: list[list[str]] = []
    for lead in leads:
        at = STANDARD_LEADS.index(lead) if lead in STANDARD_LEADS else -9
        previous = groups[-1][-1] if groups else ""
        follows = previous in STANDARD_LEADS and STANDARD_LEADS.index(previous) == at - 1
        if follows and lead.startswith("V") and previous.startswith("V"):
            groups[-1].append(lead)
        else:
            groups.append([lead])
    return " ".join(
        f"{group[0]}-{group[-1]}" if len(group) > 2 else " ".join(group) for group in groups
    )


def describe_flag(flag: Flag) -> str:
    """Return a flag in one sentence."""
    leads = leads_text(flag.leads)
    return (
        f"{flag.start_s:.2f}-{flag.stop_s:.2f} s, {leads}: score {flag.score:.1f}, "
        f"p {p_text(flag.p_value)} ({flag.reason})"
    )


class FlagsPanel(_Widget):
    """The flags of the active analysis."""

    flagActivated = Signal(int)

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self.model = FlagsModel(document)
        self.table = QTableView()
        self.table.setAccessibleName("Flags")
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setAlternatingRowColors(True)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.table.horizontalHeader()
        header.setMinimumSectionSize(28)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.clicked.connect(lambda index: self.flagActivated.emit(index.row()))
        self.table.activated.connect(lambda index: self.flagActivated.emit(index.row()))
        self.count = QLabel()
        self.count.setAccessibleName("Number of flags")
        self.count.setProperty("quiet", True)
        self.count.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 8)
        column.setSpacing(4)
        column.addWidget(self.count)
        column.addWidget(self.table, 1)
        document.flagsChanged.connect(self._show_count)
        document.analysisChanged.connect(self._show_count)
        document.selectedFlagChanged.connect(self._show_selected)
        document.flagsChanged.connect(self._show_selected)
        document.recordingChanged.connect(self._size_columns)
        self._show_count()
        self._size_columns()

    def _size_columns(self) -> None:
        metrics = self.fontMetrics()
        recording = self._document.recording
        long = recording is not None and recording.duration_s > LONG_S
        start = "0:00:00.0" if long else "Start "
        samples = (start, "window", "<0.0001", "Verdict", "Score", "Length")
        for column, sample in enumerate(samples):
            self.table.setColumnWidth(column, metrics.horizontalAdvance(sample) + 8)

    def _show_count(self) -> None:
        if self._document.analysis is None:
            self.count.setText("Flags appear here after an analysis.")
            return
        count = len(self._document.flags)
        words = "No flag" if count == 0 else "1 flag" if count == 1 else f"{count} flags"
        self.count.setText(f"{words} · N next · Shift+N previous")

    def _show_selected(self) -> None:
        selected = self._document.selected_flag
        if selected is None:
            self.table.clearSelection()
        elif selected < self.model.rowCount():
            self.table.selectRow(selected)
            self.table.scrollTo(self.model.index(selected, 0))
