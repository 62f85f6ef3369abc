"""Exporting reviews: which formats, whose reviews, with or without names, and where to."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from ecgviewer.app.shell.ask import ask
from ecgviewer.review.privacy.anonymize import Privacy

FORMATS = (
    ("wfdb", "&WFDB annotation file"), ("csv", "&CSV table"), ("json", "&JSON (everything)"),
    ("fhir", "FHI&R R5 (report and observations)"),
)  # fmt: skip


class ExportDialog(QDialog):
    """Asks how to export; ``chosen`` gives (formats, folder, privacy, all readers)."""

    chosen = Signal(list, object, object, bool)

    def __init__(self, folder: Path, readers: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export review")
        self.formats = {name: QCheckBox(title) for name, title in FORMATS}
        self.formats["json"].setChecked(True)
        self.identified = QCheckBox("With the patient's name, id and birth date")
        self.identified.setToolTip("Left out by default, in file names and notes too")
        self.anonymous = QCheckBox("Anonymous: no file name and no comments of the file either")
        for box, other in (
            (self.identified, self.anonymous),
            (self.anonymous, self.identified),
        ):
            box.clicked.connect(partial(other.setChecked, False))
        self.everybody = QCheckBox(f"Reviews of all {readers} readers")
        self.everybody.setVisible(readers > 1)
        self.folder = QLineEdit(str(folder))
        self.folder.setAccessibleName("Folder")
        self.folder.setMinimumWidth(380)
        browse = QPushButton("&Browse…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(browse)
        note = QLabel("Files that exist already are never overwritten.")
        note.setProperty("quiet", True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Cancel).setAutoDefault(False)
        self.button = buttons.addButton("&Export", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout(self)
        for box in self.formats.values():
            form.addRow(box)
            box.toggled.connect(self._enable)
        form.addRow(self.identified)
        form.addRow(self.anonymous)
        form.addRow(self.everybody)
        form.addRow("Folder", row)
        form.addRow(note)
        form.addRow(buttons)
        self.button.setDefault(True)  # counts only once the button is inside the dialog

    def privacy(self) -> Privacy:
        """Return what may tell who the patient is."""
        if self.anonymous.isChecked():
            return Privacy.ANONYMOUS
        return Privacy.IDENTIFIED if self.identified.isChecked() else Privacy.HEADER

    def _enable(self) -> None:
        self.button.setEnabled(any(box.isChecked() for box in self.formats.values()))

    def _browse(self) -> None:
        dialog = QFileDialog(self, "Export into a folder", self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.folder.setText)
        ask(dialog)

    def accept(self) -> None:
        """Say what was chosen."""
        super().accept()
        formats = [name for name, box in self.formats.items() if box.isChecked()]
        self.chosen.emit(
            formats,
            Path(self.folder.text()).expanduser(),
            self.privacy(),
            self.everybody.isChecked(),
        )
