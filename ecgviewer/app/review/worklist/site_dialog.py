"""Shows what a calibration for this site changes, before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from ecgviewer.models.bundle.site import SiteCalibration

COLUMNS = (
    "Specificity", "Threshold before", "after", "Records above it before", "after",
    "Normals needed",
)  # fmt: skip


class SiteDialog(QDialog):
    """The thresholds before and after, and the share of the list's records above each."""

    def __init__(self, title: str, found: SiteCalibration, n_records: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Calibrate for this site")
        site = found.bundle.training["site"]
        n_normals = int(found.bundle.training["site_normals"])
        self.words = QLabel(
            f"{title}, from the least suspicious of the {n_records} screened records of {site}. "
            f"About {found.stretch.normal_share:.0%} of them look normal, and normals score "
            f"{found.stretch.factor:.2f} times as high here as those of the model. No label is "
            "used: with records known to be normal, 'trainer calibrate --normals' is surer."
        )
        self.words.setWordWrap(True)
        self.table = QTableWidget(len(found.thresholds), len(COLUMNS))
        self.table.setAccessibleName("Thresholds before and after")
        self.table.setHorizontalHeaderLabels(list(COLUMNS))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.verticalHeader().hide()
        for row, one in enumerate(found.thresholds):
            few = " (too few here)" if one.needed > n_normals else ""
            cells = (
                f"{one.specificity:.0%}", f"{one.before:.2f}", f"{one.after:.2f}",
                f"{one.passed_before:.0%}", f"{one.passed_after:.0%}", f"{one.needed}{few}",
            )  # fmt: skip
            for column, text in enumerate(cells):
                self.table.setItem(row, column, QTableWidgetItem(text))
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.resizeColumnsToContents()
        width = sum(self.table.columnWidth(k) for k in range(len(COLUMNS)))
        self.table.setMinimumWidth(width + 8)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column_layout = QVBoxLayout(self)
        column_layout.addWidget(self.words)
        column_layout.addWidget(self.table)
        column_layout.addWidget(buttons)
