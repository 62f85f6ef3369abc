"""The work list as table rows, sorted and filtered by :mod:`ecgviewer.review.ranking`."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from ecgviewer.app.qt.texts import p_text
from ecgviewer.app.review.worklist.thumbnails import Thumbnails
from ecgviewer.review.queue import QueueRow
from ecgviewer.review.ranking import QueueFilter, arrange

Index = QModelIndex | QPersistentModelIndex
COLUMNS = (
    ("Record", "record"), ("p", "p_value"), ("Score", "score"), ("Quality", "quality"),
    ("Status", "status"), ("Conclusion", "conclusion"), ("Verdicts", "verdicts"),
    ("Labels", "labels"),
)  # fmt: skip
MODEL_COLUMNS = (1, 2, 6)
"""What blind readers must not see."""


class WorklistModel(QAbstractTableModel):
    """The rows to show, in order."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._thumbnails = thumbnails
        thumbnails.made.connect(self._show_picture)
        self.rows: list[QueueRow] = []
        self.current = ""
        self.blind = False
        self._all: list[QueueRow] = []
        self._sort, self._descending = "p_value", False
        self._filter = QueueFilter()

    def set_rows(self, rows: list[QueueRow]) -> None:
        """Show these records."""
        self._all = rows
        self._arrange()

    def update_row(self, row: QueueRow) -> None:
        """Take over one changed record where it stands; the order follows with the next sort."""
        self._all = [row if item.key == row.key else item for item in self._all]
        for number, item in enumerate(self.rows):
            if item.key == row.key:
                self.rows[number] = row
                last = self.index(number, len(COLUMNS) - 1)
                self.dataChanged.emit(self.index(number, 0), last)

    def set_filter(self, only: QueueFilter) -> None:
        """Show only what passes."""
        self._filter = only
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        self._sort = COLUMNS[column][1]
        self._descending = order == Qt.SortOrder.DescendingOrder
        self._arrange()

    def rearrange(self) -> None:
        """Sort again after rows changed."""
        self._arrange()

    def _arrange(self) -> None:
        self.beginResetModel()
        self.rows = arrange(self._all, self._sort, self._descending, self._filter)
        self.endResetModel()

    def row_of(self, key: str) -> int | None:
        """Return the row of a record."""
        return next((i for i, row in enumerate(self.rows) if row.key == key), None)

    def redraw_pictures(self) -> None:
        """Use the colours of another theme."""
        self._thumbnails.forget()
        if self.rows:
            last = self.index(len(self.rows) - 1, 0)
            self.dataChanged.emit(self.index(0, 0), last, [Qt.ItemDataRole.DecorationRole])

    def _show_picture(self, key: str) -> None:
        number = self.row_of(key)
        if number is not None:
            cell = self.index(number, 0)
            self.dataChanged.emit(cell, cell, [Qt.ItemDataRole.DecorationRole])

    def set_current(self, key: str) -> None:
        """Emphasise the open record."""
        self.current = key
        if self.rows:
            last = self.index(len(self.rows) - 1, 0)
            self.dataChanged.emit(self.index(0, 0), last)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of records shown."""
        return 0 if parent.isValid() else len(self.rows)

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
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            text = cell(row, index.column())
            return f"▸ {text}" if index.column() == 0 and row.key == self.current else text
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return self._thumbnails.picture(row.key, row.ref)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(
                [str(row.ref.path), *([] if self.blind else _model_lines(row)), row.error]
            ).strip()
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in (1, 2):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


def cell(row: QueueRow, column: int) -> str:
    """Return one column of a record as text."""
    verdicts = row.verdicts
    marks = (("accepted", "✓"), ("rejected", "✗"), ("unsure", "?"))
    return (
        row.key,
        p_text(row.p_value) if row.scores else "",
        f"{row.score:.1f}" if row.scores else "",
        row.error or row.quality,
        row.status,
        row.conclusion,
        " ".join(f"{sign}{verdicts[name]}" for name, sign in marks if verdicts.get(name)),
        ", ".join(row.labels),
    )[column]


def _model_lines(row: QueueRow) -> list[str]:
    return [
        f"{model}: score {item.score:.1f}, p {p_text(item.p_value)}"
        for model, item in sorted(row.scores.items())
    ]
