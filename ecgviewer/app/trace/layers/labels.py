"""Small labels on paper beside what they describe."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from ecgviewer.app.trace.geometry.geometry import Geometry


def paint_label(
    painter: QPainter, geometry: Geometry, at: QPointF, words: str, color: QColor
) -> None:
    """Draw a small label on paper, kept inside the view."""
    metrics = QFontMetricsF(painter.font())
    width, height = metrics.horizontalAdvance(words) + 12, metrics.height() + 4
    x = min(max(at.x(), geometry.page.left + 2), geometry.page.right - width - 2)
    y = min(max(at.y(), geometry.page.top + 2), geometry.page.bottom - height - 2)
    box = QRectF(round(x) + 0.5, round(y) + 0.5, width, height)
    painter.setPen(QPen(color, 1.0))
    painter.setBrush(geometry.theme.color("paper", 240))
    painter.drawRoundedRect(box, 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


def traces_rect(geometry: Geometry) -> QRectF:
    """Return where the traces are."""
    page = geometry.page
    return QRectF(page.left, page.top, page.right - page.left, page.bottom - page.top)
