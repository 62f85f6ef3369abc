"""A result table as rows of a view; only the rows in sight are ever made into texts."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from ecgviewer.app.qt.texts import p_text
from ecgviewer.models.networks.architectures import model_ids, model_title
from ecgviewer.review.results import ResultFilter, ResultTable, RowNumbers

Index = QModelIndex | QPersistentModelIndex
COLUMNS = (
    ("Record", "record"), ("Model", "model"), ("p", "p_value"), ("Score", "score"),
    ("Abnormal", "abnormal"), ("Most in", "worst_lead"), ("At (s)", "worst_start_s"),
    ("Quality", "quality"), ("Site", "site"), ("Site shift", "site_shift"), ("Error", "error"),
)  # fmt: skip
RIGHT = ("p_value", "score", "worst_start_s")
PAGE = 128
KEPT_PAGES = 16


class ResultRows(QAbstractTableModel):
    """The rows that pass the filter, in the order chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.results: ResultTable | None = None
        self.only = ResultFilter()
        self._sort, self._descending = "p_value", False
        self._numbers: RowNumbers = np.empty(0, dtype=np.int64)
        self._pages: dict[int, list[dict[str, Any]]] = {}

    def set_results(self, results: ResultTable | None) -> None:
        """Show another table."""
        self.results = results
        self._arrange()

    def set_filter(self, only: ResultFilter) -> None:
        """Show only what passes."""
        self.only = only
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        self._sort = COLUMNS[column][1]
        self._descending = order == Qt.SortOrder.DescendingOrder
        self._arrange()

    def _arrange(self) -> None:
        self.beginResetModel()
        self._pages.clear()
        self._numbers = (
            np.empty(0, dtype=np.int64)
            if self.results is None
            else self.results.arrange(self._sort, self._descending, self.only)
        )
        self.endResetModel()

    def row(self, number: int) -> dict[str, Any]:
        """Return a row's values by column."""
        assert self.results is not None
        page, at = divmod(number, PAGE)
        if page not in self._pages:
            if len(self._pages) >= KEPT_PAGES:
                self._pages.pop(next(iter(self._pages)))
            numbers = self._numbers[page * PAGE : (page + 1) * PAGE]
            self._pages[page] = self.results.rows(numbers)
        return self._pages[page][at]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of rows that pass."""
        return 0 if parent.isValid() else len(self._numbers)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return column titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section][0]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell."""
        name = COLUMNS[index.column()][1]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell(name, self.row(index.row())[name])
        if role == Qt.ItemDataRole.ToolTipRole:
            row = self.row(index.row())
            return "\n".join(text for text in (row["path"], row["quality"], row["error"]) if text)
        if role == Qt.ItemDataRole.TextAlignmentRole and name in RIGHT:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


def cell(name: str, value: object) -> str:
    """Return a value of a column as text."""
    if value is None:
        return ""
    if name == "p_value":
        return p_text(float(str(value)))
    if isinstance(value, float):
        return f"{value:.2f}"
    if name == "abnormal":
        return "yes" if value else "no"
    if name == "model" and value in model_ids():
        return model_title(str(value))
    return str(value)
