"""The window of a result table: rows on the left, histograms on the right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.qt.theme import Theme
from ecgviewer.app.review.results.histogram import ResultHistograms
from ecgviewer.app.review.results.rows_model import COLUMNS, ResultRows, cell
from ecgviewer.app.work.workers import Workers
from ecgviewer.review.results import ResultFilter, ResultTable, open_results

WIDTHS = {
    **{"record": 15, "model": 16, "p_value": 12, "score": 9, "abnormal": 13, "worst_lead": 11},
    **{"worst_start_s": 10, "quality": 12, "site": 18, "site_shift": 18, "error": 14},
}
"""Of the columns, in average letters."""
TYPING_MS = 250
EVERY = "All"


class ResultsWindow(QDialog):
    """Sorts, filters and counts the rows of a table; a row opens its record.

    Parameters
    ----------
    path : Path
    workers : Workers
        Reads the table.
    """

    chosen = Signal(dict)
    """The values of a row whose record is to be opened."""
    troubled = Signal(Exception)

    def __init__(self, path: Path, workers: Workers, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle(f"Results: {path.name}")
        self.resize(min(1280, parent.width()), min(760, parent.height()))
        self.rows = ResultRows()
        self.view = QTableView()
        self.view.setAccessibleName("Results")
        self.view.setModel(self.rows)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setTabKeyNavigation(False)
        self.view.setWordWrap(False)
        self.view.setShowGrid(False)
        self.view.verticalHeader().hide()
        line = self.view.fontMetrics()
        self.view.verticalHeader().setDefaultSectionSize(line.height() + 6)
        header = self.view.horizontalHeader()
        for number, (_, name) in enumerate(COLUMNS):
            header.resizeSection(number, WIDTHS[name] * line.averageCharWidth())
        header.setSortIndicator(2, Qt.SortOrder.AscendingOrder)
        self.view.setSortingEnabled(True)
        header.setStretchLastSection(True)
        self.view.activated.connect(self._activated)
        self.text, self.model, self.site = QLineEdit(), QComboBox(), QComboBox()
        self.text.setPlaceholderText("Part of a name or path")
        self.text.setAccessibleName("Part of a name or path")
        self.text.setClearButtonEnabled(True)
        self.model.setAccessibleName("Model")
        self.site.setAccessibleName("Site")
        self.site.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.site.setMinimumContentsLength(18)
        self.abnormal, self.errors = QCheckBox("&Abnormal only"), QCheckBox("&Errors only")
        self.summary, self.legend = QLabel("Reading…"), QLabel()
        self.summary.setAccessibleName("How many rows")
        self.legend.setWordWrap(True)
        self.histograms = ResultHistograms()
        self.histograms.set_theme(theme)
        self._lay_out()
        self._later = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._later.timeout.connect(self._filter)
        self.text.textEdited.connect(lambda _text: self._later.start())
        for box in (self.model, self.site):
            box.activated.connect(lambda _index: self._filter())
        for check in (self.abnormal, self.errors):
            check.toggled.connect(lambda _on: self._filter())
        self._task = workers.start(
            lambda progress, _cancel: open_results(path, progress.partial),
            self._show, self._fail, on_partial=self._show_first,
        )  # fmt: skip

    def _lay_out(self) -> None:
        choices = QHBoxLayout()
        choices.addWidget(self.text, 1)
        for title, box in (("&Model", self.model), ("&Site", self.site)):
            label = QLabel(title)
            label.setBuddy(box)
            choices.addWidget(label)
            choices.addWidget(box)
        choices.addWidget(self.abnormal)
        choices.addWidget(self.errors)
        left, right = QWidget(), QWidget()
        rows, plots = QVBoxLayout(left), QVBoxLayout(right)
        rows.setContentsMargins(0, 0, 0, 0)
        plots.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.view)
        rows.addWidget(self.summary)
        plots.addWidget(self.histograms)
        plots.addWidget(self.legend)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        split.setSizes([900, 360])
        layout = QVBoxLayout(self)
        layout.addLayout(choices)
        layout.addWidget(split, 1)

    def closeEvent(self, event: Any) -> None:
        """Let the table go."""
        self._task.drop()
        self.rows.set_results(None)
        super().closeEvent(event)

    def _show_first(self, results: ResultTable) -> None:
        self.rows.set_results(results)
        self.summary.setText(f"The first {len(results):,} rows; reading on…")

    def _show(self, results: ResultTable) -> None:
        self.rows.set_results(results)
        for box, values in ((self.model, results.models()), (self.site, results.sites())):
            box.clear()
            box.addItem(EVERY, "")
            for value in values:
                box.addItem(cell("model", value) if box is self.model else value, value)
        self._filter()

    def _fail(self, error: Exception) -> None:
        self.troubled.emit(error)
        self.close()

    def _filter(self) -> None:
        results = self.rows.results
        if results is None:
            return
        site = self.site.currentData() or ""
        only = ResultFilter(
            self.text.text().strip(), self.model.currentData() or "", site,
            self.abnormal.isChecked(), self.errors.isChecked(),
        )  # fmt: skip
        self.rows.set_filter(only)
        shown = self.rows.rowCount()
        of = "" if shown == len(results) else f" of {len(results):,}"
        self.summary.setText(f"{shown:,}{of} rows. Enter or a double click opens the record.")
        self.legend.setText(self.histograms.show_results(results, site))

    def _activated(self, index: QModelIndex) -> None:
        self.chosen.emit(self.rows.row(index.row()))
