"""Editing the label set: names, groups, number keys and codes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.shell.ask import ask
from ecgviewer.core.errors import ReviewError
from ecgviewer.review.annotations import Code
from ecgviewer.review.labels import (
    DEFAULT_LABELS,
    Label,
    LabelSet,
    labels_from_json,
    load_labels,
    user_labels_path,
)

COLUMNS = ("Key", "Label", "Group", "SNOMED CT", "SCP-ECG")
SYSTEMS = COLUMNS[3:]


class LabelsDialog(QDialog):
    """A table of labels; ``saved`` says that the user's set has changed on disk."""

    saved = Signal()

    def __init__(self, labels: LabelSet, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Labels")
        self.resize(640, 520)
        self._name = labels.name
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setAccessibleName("Labels")
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.setColumnWidth(0, 40)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setAccessibleName("What is wrong with the labels")
        row = QHBoxLayout()
        for title, act in (
            ("&Add", self._add), ("&Remove", self._remove), ("&Up", lambda: self._move(-1)),
            ("&Down", lambda: self._move(1)),
            ("De&faults", lambda: self.show_labels(DEFAULT_LABELS)),
            ("&Import…", self._ask_import), ("&Export…", self._ask_export),
        ):  # fmt: skip
            button = QPushButton(title)
            button.setAutoDefault(False)
            button.clicked.connect(act)
            row.addWidget(button)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.table, 1)
        column.addLayout(row)
        column.addWidget(self.problem)
        column.addWidget(buttons)
        self.show_labels(labels)

    def show_labels(self, labels: LabelSet) -> None:
        """Fill the table."""
        self._name = labels.name
        self.table.setRowCount(0)
        for label in labels.labels:
            self._put(self.table.rowCount(), _texts(label))

    def labels(self) -> LabelSet:
        """Return the set in the table.

        Raises
        ------
        ReviewError
            When a label has no name, or a name or key occurs twice.
        """
        labels = []
        for row in range(self.table.rowCount()):
            key, name, group, *codes = self._texts_of(row)
            found = zip(SYSTEMS, codes, strict=True)
            labels.append(
                Label(name, group, tuple(Code(system, code) for system, code in found if code), key)
            )
        return labels_from_json(LabelSet(self._name, tuple(labels)).to_json())

    def accept(self) -> None:
        """Save the set as the user's own, unless something is wrong with it."""
        if self._save(user_labels_path()):
            super().accept()
            self.saved.emit()

    def _save(self, path: Path) -> bool:
        try:
            self.labels().save(path)
        except (ReviewError, OSError) as error:
            self.problem.setText(f"⚠ {error}")
            return False
        self.problem.clear()
        return True

    def _put(self, row: int, texts: list[str]) -> None:
        self.table.insertRow(row)
        for column, text in enumerate(texts):
            self.table.setItem(row, column, QTableWidgetItem(text))

    def _texts_of(self, row: int) -> list[str]:
        cells = [self.table.item(row, column) for column in range(len(COLUMNS))]
        return [cell.text().strip() if cell is not None else "" for cell in cells]

    def _add(self) -> None:
        row = self.table.currentRow() + 1 if self.table.currentRow() >= 0 else 0
        self._put(row, ["", "New label", "other", "", ""])
        self.table.setCurrentCell(row, 1)
        self.table.edit(self.table.currentIndex())

    def _remove(self) -> None:
        self.table.removeRow(self.table.currentRow())

    def _move(self, step: int) -> None:
        row = self.table.currentRow()
        if row >= 0 and 0 <= row + step < self.table.rowCount():
            texts = self._texts_of(row)
            self.table.removeRow(row)
            self._put(row + step, texts)
            self.table.setCurrentCell(row + step, 1)

    def _ask_import(self) -> None:
        dialog = QFileDialog(self, "Import a label set", "", "Label set (*.json)")
        dialog.fileSelected.connect(lambda name: self.import_from(Path(name)))
        ask(dialog)

    def import_from(self, path: Path) -> None:
        """Show the set in a file."""
        try:
            self.show_labels(load_labels(path))
        except ReviewError as error:
            self.problem.setText(f"⚠ {error}")

    def _ask_export(self) -> None:
        dialog = QFileDialog(self, "Export the label set", "labels.json", "Label set (*.json)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.fileSelected.connect(lambda name: self._save(Path(name)))
        ask(dialog)


def _texts(label: Label) -> list[str]:
    codes = {code.system: code.value for code in label.codes}
    return [label.key, label.name, label.group, *(codes.get(system, "") for system in SYSTEMS)]
