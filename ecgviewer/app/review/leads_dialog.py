"""Choosing the leads of an annotation."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QVBoxLayout,
    QWidget,
)

COLUMNS = 2


class LeadsDialog(QDialog):
    """A box per lead; all or none ticked means the whole record."""

    def __init__(self, leads: Sequence[str], chosen: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Leads of the annotation")
        self.boxes = {lead: QCheckBox(lead) for lead in leads}
        grid = QGridLayout()
        rows = (len(leads) + COLUMNS - 1) // COLUMNS
        for number, (lead, box) in enumerate(self.boxes.items()):
            box.setChecked(not chosen or lead in chosen)
            grid.addWidget(box, number % rows, number // rows)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        none = buttons.addButton("&None", QDialogButtonBox.ButtonRole.ResetRole)
        every = buttons.addButton("&All", QDialogButtonBox.ButtonRole.ResetRole)
        none.clicked.connect(lambda: self._set_all(False))
        every.clicked.connect(lambda: self._set_all(True))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(grid)
        column.addWidget(buttons)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setDefault(True)

    def _set_all(self, on: bool) -> None:
        for box in self.boxes.values():
            box.setChecked(on)

    def leads(self) -> tuple[str, ...]:
        """Return the leads chosen; none when all are."""
        chosen = tuple(lead for lead, box in self.boxes.items() if box.isChecked())
        return () if len(chosen) == len(self.boxes) else chosen
