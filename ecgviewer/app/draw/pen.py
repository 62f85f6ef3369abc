"""Draws in units of its own (millimetres of paper, pixels) on any paint device."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF


class Pen:
    """A painter whose lines and letters keep their size on every device.

    Parameters
    ----------
    painter : QPainter
    per_unit : float
        What the painter calls one, per unit.
    """

    def __init__(self, painter: QPainter, per_unit: float) -> None:
        self.painter = painter
        self.per_unit = per_unit

    @property
    def pixels_per_unit(self) -> float:
        """Pixels of the device per unit."""
        return self.per_unit * self.painter.device().devicePixelRatioF()

    def stroke(self, color: QColor | str, width: float) -> None:
        """Draw the next lines so."""
        pen = QPen(QColor(color), width * self.per_unit)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        self.painter.setPen(pen)

    def rect(self, x: float, y: float, width: float, height: float) -> QRectF:
        """Return a rectangle of the painter."""
        u = self.per_unit
        return QRectF(x * u, y * u, width * u, height * u)

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a line."""
        u = self.per_unit
        self.painter.drawLine(QLineF(x0 * u, y0 * u, x1 * u, y1 * u))

    def corners(self, points: Iterable[tuple[float, float]]) -> None:
        """Draw a line through some points."""
        u = self.per_unit
        self.painter.drawPolyline(QPolygonF([QPointF(x * u, y * u) for x, y in points]))

    def _font(self, height: float, bold: bool) -> QFont:
        font = QFont(self.painter.font())
        font.setPixelSize(max(round(height * self.per_unit), 1))
        font.setBold(bold)
        return font

    def width(self, words: str, height: float, bold: bool) -> float:
        """Return how wide a text is."""
        metrics = QFontMetricsF(self._font(height, bold), self.painter.device())
        return metrics.horizontalAdvance(words) / self.per_unit

    def text(
        self,
        x: float,
        y: float,
        width: float,
        words: str,
        height: float = 2.9,
        bold: bool = False,
        color: QColor | str = "#1b1f24",
        right: bool = False,
    ) -> None:
        """Write one line whose upper left corner is (x, y), shortened to the width."""
        font = self._font(height, bold)
        self.painter.setFont(font)
        self.painter.setPen(QColor(color))
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        room = self.rect(x, y, width, height * 1.5)
        words = QFontMetricsF(font, self.painter.device()).elidedText(
            words, Qt.TextElideMode.ElideRight, room.width()
        )
        self.painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, words)

    def lines(self, words: str, width: float, height: float, most: int) -> list[str]:
        """Break a text between words into lines of a width; the last takes what is left."""
        lines: list[str] = []
        for word in words.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and (len(lines) == most or self.width(longer, height, False) <= width):
                lines[-1] = longer
            else:
                lines.append(word)
        return lines
