"""Makes a millimetre on screen a true one: fit the drawn card to a real bank card."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

CARD_MM = (85.60, 53.98)
"""A bank card by ISO/IEC 7810, ID-1."""
CORNER_MM = 3.18
RANGE_PX_PER_MM = (1.5, 12.0)
STEPS = 2100


class CalibrationDialog(QDialog):
    """A slider that changes the card's size until a real one covers it."""

    def __init__(self, pixels_per_mm: float, reported: float, screen: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._reported = reported
        self.setWindowTitle("Screen calibration")
        low, high = RANGE_PX_PER_MM
        self.card = _Card(min(max(pixels_per_mm, low), high))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Size of the card")
        self.slider.setRange(0, STEPS)
        self.slider.setValue(_step(self.card.pixels_per_mm))
        self.slider.valueChanged.connect(self._resize_card)
        self.value = QLabel()
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.reset = buttons.addButton(
            "As the screen &reports", QDialogButtonBox.ButtonRole.ResetRole
        )
        self.reset.clicked.connect(lambda: self.slider.setValue(_step(self._reported)))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        words = QLabel(
            "Hold a bank card against the screen and move the slider (or use the arrow keys) "
            "until the drawing has its size. This holds for this screen"
            + (f" ({screen})." if screen else ".")
        )
        words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.addWidget(words)
        column.addWidget(self.card, 1, Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.slider)
        column.addWidget(self.value)
        column.addWidget(buttons)
        self._show_value()

    @property
    def pixels_per_mm(self) -> float:
        """Logical pixels per millimetre, as fitted."""
        return self.card.pixels_per_mm

    @property
    def as_reported(self) -> bool:
        """Whether that is what the screen says of itself."""
        return self.slider.value() == _step(self._reported)

    def _resize_card(self, step: int) -> None:
        low, high = RANGE_PX_PER_MM
        self.card.set_pixels_per_mm(low + (high - low) * step / STEPS)
        self._show_value()
        self.adjustSize()

    def _show_value(self) -> None:
        per_mm = self.card.pixels_per_mm
        self.value.setText(f"{per_mm:.2f} pixels per mm ({per_mm * 25.4:.0f} dpi)")


def _step(pixels_per_mm: float) -> int:
    low, high = RANGE_PX_PER_MM
    return round((min(max(pixels_per_mm, low), high) - low) / (high - low) * STEPS)


class _Card(QWidget):
    def __init__(self, pixels_per_mm: float) -> None:
        super().__init__()
        self.pixels_per_mm = pixels_per_mm
        self.setFixedSize(self.sizeHint())
        self.setAccessibleName("Drawing of a bank card, 85.60 x 53.98 mm")

    def set_pixels_per_mm(self, pixels_per_mm: float) -> None:
        self.pixels_per_mm = pixels_per_mm
        self.setFixedSize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        width_mm, height_mm = CARD_MM
        return QSize(
            round(width_mm * self.pixels_per_mm) + 2, round(height_mm * self.pixels_per_mm) + 2
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        per_mm = self.pixels_per_mm
        width_mm, height_mm = CARD_MM
        card = QRectF(1, 1, width_mm * per_mm, height_mm * per_mm)
        painter.setBrush(self.palette().alternateBase())
        painter.setPen(QPen(self.palette().accent().color(), 1))
        painter.drawRoundedRect(card, CORNER_MM * per_mm, CORNER_MM * per_mm)
        painter.setPen(self.palette().text().color())
        painter.drawText(card, Qt.AlignmentFlag.AlignCenter, "85.60 mm × 53.98 mm")
        painter.end()
