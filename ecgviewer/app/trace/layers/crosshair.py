"""The crosshair: where the pointer is in time, and what the trace measures there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.layers.labels import paint_label
from ecgviewer.app.trace.layers.layer import Layer, PageView

LABEL_ROOM = QPointF(260.0, 60.0)
"""Room around the pointer that the label stays within."""


class CrosshairLayer(Layer):
    """Follows the pointer, unless it is hidden."""

    def __init__(self, view: PageView) -> None:
        super().__init__(view)
        self._hidden = False

    def show(self, on: bool) -> None:
        """Show it where the pointer is now, or hide it."""
        self._hidden = not on
        self.changed()

    def _place(self, geometry: Geometry) -> QPointF | None:
        """Return the pointer, where a trace of the recording can be read."""
        at, scene = self.view.pointer, self.view.scene
        if at is None or self._hidden or scene.recording is None or at.x() < geometry.page.left:
            return None
        lane = geometry.lane_at(at.x(), at.y())
        return at if lane is not None and geometry.time(at.x()) <= scene.duration_s else None

    def extent(self, geometry: Geometry) -> QRectF:
        """Return the line over all traces and the label beside the pointer."""
        at = self._place(geometry)
        if at is None:
            return QRectF()
        page = geometry.page
        line = QRectF(at.x() - 6, page.top, 12, page.bottom - page.top)
        around = QRectF(at - LABEL_ROOM, at + LABEL_ROOM)
        return line.united(around & QRectF(0, page.top, geometry.width, page.bottom - page.top))

    def paint(self, painter: QPainter, geometry: Geometry) -> None:
        """Draw the line, a ring around the sample, and what it is."""
        at, scene = self._place(geometry), self.view.scene
        lane = geometry.lane_at(at.x(), at.y()) if at is not None else None
        if at is None or lane is None or scene.recording is None:
            return
        time_s = geometry.time(at.x())
        color = geometry.theme.color("muted")
        painter.setPen(QPen(geometry.theme.color("muted", 150), 1.0))
        x = round(at.x()) + 0.5
        painter.drawLine(QPointF(x, geometry.page.top), QPointF(x, geometry.page.bottom))
        mv = self.view.moment().data.value_at(lane.lead, time_s)
        words = f"{lane.label}  {time_s:.3f} s"
        if mv == mv:
            y = geometry.y(lane, mv)
            painter.drawEllipse(QPointF(x, y), 3.0, 3.0)
            words += f"  {lane.sign * mv:+.2f} {scene.recording.unit}"
        paint_label(painter, geometry, at + QPointF(12, 14), words, color)
