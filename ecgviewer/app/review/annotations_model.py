"""The annotations of the open review as table rows."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from ecgviewer.app.qt.list_rows import ROW_ROLE, ListRow
from ecgviewer.app.qt.texts import leads_text
from ecgviewer.app.qt.time_texts import LONG_S, span_text
from ecgviewer.app.shell.reviewing.review_document import ReviewDocument
from ecgviewer.core.record.start import Start
from ecgviewer.review.annotations import Annotation

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
        review.document.clockChanged.connect(self._tell_anew)

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
            self.dataChanged.emit(self.index(0, 0), self.index(len(annotations) - 1, 0))
            return
        self.beginResetModel()
        self.annotations = annotations
        self.endResetModel()

    def _tell_anew(self) -> None:
        if self.annotations:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.annotations) - 1, 0))

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
        """Return 1: a row says all."""
        return 0 if parent.isValid() else 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return an annotation's row, or its words."""
        annotation = self.annotations[index.row()]
        if role in (ROW_ROLE, Qt.ItemDataRole.DisplayRole):
            row = annotation_row(annotation, self._long, self._review.document.clock)
            return row if role == ROW_ROLE else row.text()
        if role == Qt.ItemDataRole.ToolTipRole:
            return describe_annotation(annotation, self._review.document.blind)
        return None


def annotation_row(annotation: Annotation, long: bool, clock: Start | None = None) -> ListRow:
    """Return an annotation in a few lines: label and leads, when and how long, then the note."""
    span = span_text(annotation.start_s, annotation.end_s, long, clock)
    return ListRow(
        f"{annotation.label} · {leads_text(annotation.leads)}",
        (span, f"{annotation.duration_s:.2f} s"),
        remark=annotation.note.replace("\n", " ⏎ "),
    )


def describe_annotation(annotation: Annotation, blind: bool = False) -> str:
    """Return everything about an annotation, a line each; not, to the blind, what a model said."""
    lines = [
        annotation.label,
        f"{annotation.start_s:.3f} to {annotation.end_s:.3f} s, {leads_text(annotation.leads)}",
        *(f"{code.system} {code.value}" for code in annotation.codes),
    ]
    if annotation.origin is not None and not blind:
        lines.append(f"from a flag of {annotation.origin.model}")
    if annotation.author:
        lines.append(f"by {annotation.author}, {annotation.modified[:16].replace('T', ' ')} UTC")
    if annotation.note:
        lines.append(annotation.note)
    return "\n".join(lines)
