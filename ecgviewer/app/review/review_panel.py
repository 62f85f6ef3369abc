"""The Review panel: the reader's conclusion, the label to come, the annotations, their notes."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.qt.eliding import ElidingComboBox
from ecgviewer.app.qt.list_rows import RowDelegate
from ecgviewer.app.review.annotations_model import AnnotationsModel
from ecgviewer.app.shell.reviewing.flag_verdicts import FlagVerdicts
from ecgviewer.app.shell.reviewing.review_document import ReviewDocument
from ecgviewer.review.edits import editing
from ecgviewer.review.labels import Label

STATUS_WORDS = {"new": "not reviewed", "in progress": "in progress", "reviewed": "reviewed"}


class ReviewPanel(QWidget):
    """Shows the open review and edits it through its document."""

    labelChosen = Signal(object)
    annotationActivated = Signal(str)
    finished = Signal()
    """The keyboard can go back to the traces."""

    def __init__(self, review: ReviewDocument, verdicts: FlagVerdicts) -> None:
        super().__init__()
        self._review = review
        self._verdicts = verdicts
        self.state = QLabel()
        self.state.setAccessibleName("State of the review")
        self.state.setWordWrap(True)
        self.labels = ElidingComboBox()
        self.labels.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.labels.setMinimumContentsLength(12)
        self.labels.setAccessibleName("Label")
        self.labels.setMaxVisibleItems(40)
        self.labels.activated.connect(self._on_label)
        self.note = QLineEdit()
        self.note.setAccessibleName("Note")
        self.note.setPlaceholderText("Note on the selected annotation")
        self.note.editingFinished.connect(self._on_note)
        self.note.returnPressed.connect(self.finished)
        self.model = AnnotationsModel(review)
        self.table = self._build_table()
        self.hint = QLabel()
        self.hint.setProperty("quiet", True)
        self.hint.setWordWrap(True)
        self.hint.setTextFormat(Qt.TextFormat.PlainText)  # labels are the user's words
        self.hint.setAccessibleName("What a key does now")
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Label", self.labels)
        form.addRow("Note", self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.state)
        column.addLayout(form)
        column.addWidget(self.table, 1)
        column.addWidget(self.hint)
        review.opened.connect(self.show_review)
        review.changed.connect(self.show_review)
        review.document.selectedFlagChanged.connect(self._show_next)
        review.document.flagsChanged.connect(self._show_next)  # another may be selected with them
        self.fill_labels()
        self.show_review()

    def _build_table(self) -> QTableView:
        table = QTableView()
        table.setAccessibleName("Annotations")
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        self._rows = RowDelegate(table)
        table.clicked.connect(lambda index: self._on_row(index.row()))
        table.activated.connect(lambda index: self._on_row(index.row()))
        return table

    def fill_labels(self) -> None:
        """Offer the label set, the number keys first."""
        self.labels.clear()
        ordered = sorted(self._review.labels.labels, key=lambda label: label.key or "~")
        for label in ordered:
            number = f"{label.key}  " if label.key else "    "
            self.labels.addItem(f"{number}{label.name}  ({label.group})", label)
            codes = ", ".join(f"{code.system} {code.value}" for code in label.codes)
            self.labels.setItemData(
                self.labels.count() - 1, codes or "no code", Qt.ItemDataRole.ToolTipRole
            )

    def selected_ids(self) -> list[str]:
        """Return the annotations selected in the table."""
        rows = self.table.selectionModel().selectedRows()
        return [self.model.annotations[index.row()].id for index in rows]

    def edit_note(self) -> None:
        """Let the reader type the note."""
        self.note.setFocus()
        self.note.selectAll()

    def show_review(self) -> None:
        """Bring everything up to date."""
        review = self._review.review
        self.setEnabled(self._review.document.recording is not None)
        if review is None:
            self.state.setText("No review is open.")
        else:
            state = review.state
            words = [STATUS_WORDS[state.status], state.conclusion and f"record {state.conclusion}"]
            reader = review.author or "nobody"
            self.state.setText(f"{reader}: {', '.join(word for word in words if word)}")
        selected = self._review.selected_annotation
        if not (self.note.hasFocus() and self.note.isModified()):
            self.note.setText(selected.note.replace("\n", " ⏎ ") if selected is not None else "")
            self.note.setModified(False)
        self.note.setEnabled(selected is not None)
        self._show_row()
        self._show_next()

    def _show_row(self) -> None:
        row = self.model.row_of(self._review.selected)
        selection = self.table.selectionModel()
        if row is None:
            selection.clearSelection()
        elif len(selection.selectedRows()) <= 1:
            flags = QItemSelectionModel.SelectionFlag
            selection.setCurrentIndex(self.model.index(row, 0), flags.ClearAndSelect | flags.Rows)

    def _show_next(self) -> None:
        """Show the label that comes next, and what a key does now."""
        review = self._review
        label = review.label
        if review.marked is not None:
            text = "Span marked: 1-9 or Enter labels it, L chooses leads, Esc drops it"
        elif review.selected_annotation is not None:
            text = "1-9 relabels · L leads · O note · Shift+S splits · J joins · Del deletes"
        elif (flag := review.document.current_flag) is not None:
            label = self._verdicts.label_for(flag)
            text = (
                f"A accepts as “{label.name}” · X rejects · U unsure · 1-9 accepts with that label"
            )
        else:
            text = "N goes to the next flag · B begins an annotation · Shift+drag marks a span"
        self.hint.setText(text)
        index = self.labels.findText(f"{label.name}  (", Qt.MatchFlag.MatchContains)
        self.labels.setCurrentIndex(index)

    def _on_row(self, row: int) -> None:
        annotation = self.model.annotations[row]
        self._review.select(annotation.id)
        self.annotationActivated.emit(annotation.id)

    def _on_label(self, index: int) -> None:
        label = self.labels.itemData(index)
        if isinstance(label, Label):
            self.labelChosen.emit(label)

    def _on_note(self) -> None:
        selected = self._review.selected_annotation
        if selected is None or not self.note.isModified():
            return
        self.note.setModified(False)
        text = self.note.text().replace(" ⏎ ", "\n")
        self._review.attempt(lambda review: editing.set_note(review, selected.id, text))
