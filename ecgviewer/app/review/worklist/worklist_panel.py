"""The Work list panel: records ranked, filtered, with what was done and how far the reader is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QProgressBar,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.review.worklist.thumbnails import SIZE, Thumbnails
from ecgviewer.app.review.worklist.worklist_model import MODEL_COLUMNS, WorklistModel
from ecgviewer.app.shell.actions import Commands
from ecgviewer.app.work.workers import Workers
from ecgviewer.review.ranking import QueueFilter

STATUSES = (
    ("all records", ""), ("not reviewed", "new"), ("in progress", "in progress"),
    ("reviewed", "reviewed"),
)  # fmt: skip
WATCHED_LETTERS = 24
P_LIMITS = (("any p", 1.0), ("p ≤ 0.05", 0.05), ("p ≤ 0.01", 0.01), ("p ≤ 0.001", 0.001))


class WorklistPanel(QWidget):
    """Table, filters, progress and the screening button."""

    recordChosen = Signal(object)

    def __init__(self, commands: Commands, workers: Workers) -> None:
        super().__init__()
        self.model = WorklistModel(Thumbnails(workers))
        self.text = QLineEdit()
        self.text.setPlaceholderText("Filter by name, label or quality")
        self.text.setAccessibleName("Filter the work list")
        self.text.setClearButtonEnabled(True)
        self.text.textChanged.connect(self._filter)
        self.status = QComboBox()
        self.status.setAccessibleName("Status")
        for title, value in STATUSES:
            self.status.addItem(title, value)
        self.status.currentIndexChanged.connect(self._filter)
        self.limit = QComboBox()
        self.limit.setAccessibleName("Highest p-value")
        for title, number in P_LIMITS:
            self.limit.addItem(title, number)
        self.limit.currentIndexChanged.connect(self._filter)
        self._watched = ""
        self.progress = QLabel()
        self.progress.setAccessibleName("Progress of the reader")
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress of the screening")
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(120)
        self.bar.hide()
        screen = QToolButton()
        screen.setDefaultAction(commands.action("review.screen"))
        done = QToolButton()
        done.setDefaultAction(commands.action("review.done"))
        self.table = self._build_table()
        self.abroad = QLabel()
        self.abroad.setAccessibleName("How these records compare with the model's normals")
        calibrate = QToolButton()
        calibrate.setDefaultAction(commands.action("tools.calibrate_site"))
        self._abroad_row = QWidget()
        abroad = QHBoxLayout(self._abroad_row)
        abroad.setContentsMargins(0, 0, 0, 0)
        abroad.addWidget(self.abroad)
        abroad.addWidget(calibrate)
        abroad.addStretch(1)
        self._abroad_row.hide()
        row = QHBoxLayout()
        row.setSpacing(6)
        filters: tuple[QWidget, ...] = (self.text, self.status, self.limit)
        for widget in filters:
            row.addWidget(widget)
        row.addStretch(1)
        state: tuple[QWidget, ...] = (self.bar, self.progress, screen, done)
        for widget in state:
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 8)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._abroad_row)
        column.addWidget(self.table, 1)

    def _build_table(self) -> QTableView:
        table = QTableView()
        table.setAccessibleName("Work list")
        table.setModel(self.model)
        table.setSortingEnabled(True)
        table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.setIconSize(SIZE)
        row_height = max(self.fontMetrics().height() + 8, SIZE.height() + 4)
        table.verticalHeader().setDefaultSectionSize(row_height)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        samples = (
            "georgia_chapman/JS20004.hea", "<0.0001 ", "Score 0", "noisy V1 V2", "in progress",
            "Conclusion", "✓10 ✗10 ?1",
        )  # fmt: skip
        for column, sample in enumerate(samples):
            picture = SIZE.width() + 6 if column == 0 else 0
            width = self.fontMetrics().horizontalAdvance(sample) + 14
            table.setColumnWidth(column, width + picture)
        table.clicked.connect(lambda index: self._choose(index.row()))
        table.activated.connect(lambda index: self._choose(index.row()))
        return table

    def set_current(self, key: str) -> None:
        """Mark the open record and bring it into view."""
        moved = key != self.model.current
        self.model.set_current(key)
        row = self.model.row_of(key)
        if row is None:
            self.table.clearSelection()
            return
        self.table.selectRow(row)
        if moved:  # records may come while the reader looks elsewhere in the list
            self.table.scrollTo(self.model.index(row, 0))

    def set_progress(self, reviewed: int, total: int) -> None:
        """Say how far the reader is."""
        text = f"{reviewed} of {total} reviewed" if total else "no records"
        self.progress.setText(f"{text} · {self._watched}" if self._watched else text)

    def set_shift(self, model: str, parts: Sequence[str]) -> None:
        """Say which scores of a model lie higher here than among its normals, if any do."""
        if parts:
            self.abroad.setText(
                f"{model}: {', '.join(parts)} scores lie higher here than among its normals."
            )
            self.abroad.setToolTip(
                "Either most of these records are abnormal, or devices and people differ here and "
                "the thresholds do not hold."
            )
        self._abroad_row.setVisible(bool(parts))

    def set_watched(self, folder: str) -> None:
        """Say which folder is watched; empty where none is."""
        short = folder if len(folder) <= WATCHED_LETTERS else f"{folder[: WATCHED_LETTERS - 1]}…"
        self._watched = f"watching {short}" if folder else ""

    def set_screening(self, done: int, total: int) -> None:
        """Show how far the screening is; ``total`` 0 hides it."""
        self.bar.setVisible(total > 0)
        self.bar.setRange(0, max(total, 1))
        self.bar.setValue(done)
        self.bar.setToolTip(f"{done} of {total} records screened")

    def set_blind(self, blind: bool) -> None:
        """Hide what the models say; the order is then that of the folder."""
        self.model.blind = blind
        for column in MODEL_COLUMNS:
            self.table.setColumnHidden(column, blind)
        self.limit.setVisible(not blind)
        if blind:
            self.limit.setCurrentIndex(0)
            self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        else:
            self.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)

    def _choose(self, row: int) -> None:
        self.recordChosen.emit(self.model.rows[row].ref)

    def _filter(self) -> None:
        self.model.set_filter(
            QueueFilter(
                self.text.text(),
                self.status.currentData(),
                max_p_value=self.limit.currentData(),
            )
        )
