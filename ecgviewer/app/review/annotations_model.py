"""The annotations of the open review as table rows."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from ecgviewer.app.header import clock_text
from ecgviewer.app.panels.flags_panel import LONG_S
from ecgviewer.app.review.review_document import ReviewDocument
from ecgviewer.app.texts import leads_text
from ecgviewer.review.annotations import Annotation

COLUMNS = ("Time", "Length", "Leads", "Label", "Note")
Index = QModelIndex | QPersistentModelIndex


class AnnotationsModel(QAbstractTableModel):
    """Rows in order of time; refreshed whole, without losing the place where nothing moved."""

    def __init__(self, review: ReviewDocument) -> None:
        super().__init__()
        self._review = review
        self.annotations: tuple[Annotation, ...] = ()
        self._long = False
        review.changed.connect(self.refresh)
        review.opened.connect(self.refresh)

    def refresh(self) -> None:
        """Take over the review's annotations."""
        review = self._review.review
        annotations = review.annotations if review is not None else ()
        self._long = review is not None and review.record.duration_s > LONG_S
        if annotations is self.annotations:
            return
        same_rows = [a.id for a in annotations] == [a.id for a in self.annotations]
        if same_rows and annotations:
            self.annotations = annotations
            corner = self.index(len(annotations) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), corner)
            return
        self.beginResetModel()
        self.annotations = annotations
        self.endResetModel()

    def row_of(self, annotation_id: str | None) -> int | None:
        """Return the row of an annotation."""
        for row, annotation in enumerate(self.annotations):
            if annotation.id == annotation_id:
                return row
        return None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of annotations."""
        return 0 if parent.isValid() else len(self.annotations)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return column titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell."""
        annotation = self.annotations[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                clock_text(annotation.start_s, self._long),
                f"{annotation.duration_s:.2f}",
                leads_text(annotation.leads),
                annotation.label,
                annotation.note.replace("\n", " ⏎ "),
            )[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return describe_annotation(annotation)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() < 2:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


def describe_annotation(annotation: Annotation) -> str:
    """Return everything about an annotation, a line each."""
    lines = [
        annotation.label,
        f"{annotation.start_s:.3f} to {annotation.end_s:.3f} s, {leads_text(annotation.leads)}",
        *(f"{code.system} {code.value}" for code in annotation.codes),
    ]
    if annotation.origin is not None:
        lines.append(f"from a flag of {annotation.origin.model}")
    if annotation.author:
        lines.append(f"by {annotation.author}, {annotation.modified[:16].replace('T', ' ')} UTC")
    if annotation.note:
        lines.append(annotation.note)
    return "\n".join(lines)
