"""Two readers side by side: agreement over the list, and this record's findings to decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.qt.texts import leads_text
from ecgviewer.app.shell.reviewing.review_document import ReviewDocument
from ecgviewer.core.percent import percent_text
from ecgviewer.review.agreement import (
    FindingPair,
    cohen_kappa,
    compare,
    interval_agreement,
)
from ecgviewer.review.annotations import Annotation, Review, new_id
from ecgviewer.review.edits import editing

COLUMNS = ("From", "To", "Leads", "First reader", "Second reader", "Agreement")
Pairs = list[tuple[Review, Review]]


class CompareDialog(QDialog):
    """Shows how far two readers agree; a third takes over what is right.

    Parameters
    ----------
    readers : sequence of str
        Who has reviews of the open record.
    load : callable
        Returns both readers' reviews of every record that both reviewed.
    """

    def __init__(
        self,
        review: ReviewDocument,
        readers: Sequence[str],
        load: Callable[[str, str], Pairs],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compare readers")
        self.resize(720, 460)
        self._review = review
        self._load = load
        self.found: list[FindingPair] = []
        self.first, self.second = QComboBox(), QComboBox()
        self.first.setAccessibleName("First reader")
        self.second.setAccessibleName("Second reader")
        self.first.addItems(list(readers))
        self.second.addItems(list(readers))
        self.second.setCurrentIndex(min(1, len(readers) - 1))
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setAccessibleName("Agreement")
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setAccessibleName("Findings of both readers")
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
        self.take_first = QPushButton("Take the &first reader's")
        self.take_second = QPushButton("Take the &second reader's")
        self.take_first.clicked.connect(lambda: self._take("first"))
        self.take_second.clicked.connect(lambda: self._take("second"))
        form = QFormLayout()
        form.addRow("First reader", self.first)
        form.addRow("Second reader", self.second)
        row = QHBoxLayout()
        row.addWidget(self.take_first)
        row.addWidget(self.take_second)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.summary)
        column.addWidget(self.table, 1)
        column.addLayout(row)
        for box in (self.first, self.second):
            box.currentTextChanged.connect(self.show_readers)
        self.show_readers()

    def show_readers(self) -> None:
        """Compare the two readers chosen."""
        pairs = self._load(self.first.currentText(), self.second.currentText())
        self.summary.setText(agreement_text(pairs))
        review = self._review.review
        here = [pair for pair in pairs if review and pair[0].record.sha256 == review.record.sha256]
        self.found = compare(*here[0]) if here else []
        self.table.setRowCount(len(self.found))
        for number, item in enumerate(self.found):
            for column, text in enumerate(_cells(item)):
                cell = QTableWidgetItem(text)
                if column < 2:
                    cell.setTextAlignment(Qt.AlignmentFlag.AlignRight)
                self.table.setItem(number, column, cell)

    def _take(self, whose: str) -> None:
        rows = {index.row() for index in self.table.selectionModel().selectedRows()}
        chosen = [getattr(self.found[row], whose) for row in sorted(rows)]
        items: list[Annotation] = [item for item in chosen if item is not None]
        review = self._review.review
        if not items or review is None:
            return
        copies = [_copied(item, review.author) for item in items]
        self._review.attempt(lambda current: editing.add(current, copies))


def _copied(item: Annotation, author: str) -> Annotation:
    """Return a reader's annotation as the third reader's own."""
    from dataclasses import replace

    note = "\n".join(part for part in (item.note, f"as {item.author} has it") if part)
    return replace(item, id=new_id(), author=author, note=note)


def _cells(item: FindingPair) -> tuple[str, ...]:
    sides = [side for side in (item.first, item.second) if side is not None]
    leads = dict.fromkeys(lead for side in sides for lead in side.leads)
    agreement = f"{item.kind}, {percent_text(item.overlap)} overlap" if item.overlap else item.kind
    return (
        f"{item.start_s:.2f}",
        f"{max(side.end_s for side in sides):.2f}",
        leads_text(tuple(leads)),
        item.first.label if item.first is not None else "",
        item.second.label if item.second is not None else "",
        agreement,
    )


def agreement_text(pairs: Pairs) -> str:
    """Return kappa and interval F1 over all records that both reviewed, in words."""
    if not pairs:
        return "These two have not both reviewed any record of the list."
    judged = [
        (a.state.conclusion, b.state.conclusion)
        for a, b in pairs
        if a.state.conclusion and b.state.conclusion
    ]
    kappa = cohen_kappa([a for a, _ in judged], [b for _, b in judged])
    found = [item for a, b in pairs for item in compare(a, b)]
    intervals = interval_agreement(found)
    lines = [f"{len(pairs)} records were annotated by both."]
    if kappa.value is not None and kappa.standard_error is not None:
        lines.append(
            f"Conclusions on {kappa.n} records: {percent_text(kappa.observed)} the same, "
            f"Cohen's kappa {kappa.value:.2f} ± {kappa.standard_error:.2f} (standard error)."
        )
    elif kappa.n:
        lines.append(f"Conclusions on {kappa.n} records: all the same, kappa is undefined.")
    if intervals.f1 is not None:
        lines.append(
            f"Intervals: F1 {intervals.f1:.2f} ({intervals.matched} the same, "
            f"{intervals.only_first} only of the first, {intervals.only_second} of the second)."
        )
    return " ".join(lines)
