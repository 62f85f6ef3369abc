"""A moment that another panel points at."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.layers.layer import Layer


class TimeCursorLayer(Layer):
    """A line over all traces where another panel is, or none."""

    def _x(self, geometry: Geometry) -> float | None:
        time_s = self.view.scene.cursor_s
        if time_s is None:
            return None
        x = geometry.snapped_x(time_s)
        return x if geometry.page.left <= x <= geometry.page.right else None

    def extent(self, geometry: Geometry) -> QRectF:
        """Return the line's column of pixels."""
        x, page = self._x(geometry), geometry.page
        return QRectF() if x is None else QRectF(x - 2, page.top, 4, page.bottom - page.top)

    def paint(self, painter: QPainter, geometry: Geometry) -> None:
        """Draw the line."""
        x = self._x(geometry)
        if x is not None:
            painter.setPen(QPen(geometry.theme.color("accent"), 1.0, Qt.PenStyle.DashLine))
            painter.drawLine(
                QPointF(x + 0.5, geometry.page.top), QPointF(x + 0.5, geometry.page.bottom)
            )
