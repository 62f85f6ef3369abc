"""A moment that another panel points at."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.layers.layer import Layer, PageView


class TimeCursorLayer(Layer):
    """A line over all traces where another panel is, or none."""

    def __init__(self, view: PageView) -> None:
        super().__init__(view)
        self._time_s: float | None = None

    def show_time(self, time_s: float | None) -> None:
        """Mark a moment, or none."""
        if time_s != self._time_s:
            self._time_s = time_s
            self.changed()

    def _x(self, frame: Frame) -> float | None:
        if self._time_s is None:
            return None
        x = frame.snapped_x(self._time_s)
        return x if frame.page.left <= x <= frame.page.right else None

    def extent(self, frame: Frame) -> QRectF:
        """Return the line's column of pixels."""
        x, page = self._x(frame), frame.page
        return QRectF() if x is None else QRectF(x - 2, page.top, 4, page.bottom - page.top)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw the line."""
        x = self._x(frame)
        if x is not None:
            painter.setPen(QPen(frame.theme.color("accent"), 1.0, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x + 0.5, frame.page.top), QPointF(x + 0.5, frame.page.bottom))
