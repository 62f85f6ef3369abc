"""The crosshair: where the pointer is in time, and what the trace measures there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.layers.labels import paint_label
from ecgviewer.app.trace.layers.layer import Layer, PageView
from ecgviewer.app.trace.pointing import value_at, y_of

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

    def _place(self, frame: Frame) -> QPointF | None:
        """Return the pointer, where a trace of the recording can be read."""
        at, scene = self.view.pointer, self.view.scene
        if at is None or self._hidden or scene.recording is None or at.x() < frame.page.left:
            return None
        lane = frame.lane_at(at.x(), at.y())
        return at if lane is not None and frame.time(at.x()) <= scene.duration_s else None

    def extent(self, frame: Frame) -> QRectF:
        """Return the line over all traces and the label beside the pointer."""
        at = self._place(frame)
        if at is None:
            return QRectF()
        page = frame.page
        line = QRectF(at.x() - 6, page.top, 12, page.bottom - page.top)
        around = QRectF(at - LABEL_ROOM, at + LABEL_ROOM)
        return line.united(around & QRectF(0, page.top, frame.width, page.bottom - page.top))

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw the line, a ring around the sample, and what it is."""
        at, scene = self._place(frame), self.view.scene
        lane = frame.lane_at(at.x(), at.y()) if at is not None else None
        if at is None or lane is None or scene.recording is None:
            return
        time_s = frame.time(at.x())
        color = frame.theme.color("muted")
        painter.setPen(QPen(frame.theme.color("muted", 150), 1.0))
        x = round(at.x()) + 0.5
        painter.drawLine(QPointF(x, frame.page.top), QPointF(x, frame.page.bottom))
        mv = value_at(scene, lane.lead, time_s)
        words = f"{lane.label}  {time_s:.3f} s"
        if mv == mv:
            y = y_of(scene, frame, lane, mv)
            painter.drawEllipse(QPointF(x, y), 3.0, 3.0)
            words += f"  {lane.sign * mv:+.2f} {scene.recording.unit}"
        paint_label(painter, frame, at + QPointF(12, 14), words, color)
