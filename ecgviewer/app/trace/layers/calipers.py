"""Calipers over the traces: two legs that can be dragged, marched out over the following beats."""

from __future__ import annotations

from math import ceil, isfinite

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPen

from ecgviewer.app.trace.calipers import Caliper
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.layers.labels import paint_label, traces_rect
from ecgviewer.app.trace.layers.layer import GRIP_PX, Layer, PageView
from ecgviewer.app.trace.pointing import Point, lane_of, point_at, y_of

MAX_MARCHES = 400
LEAST_MARCH_PX = 4.0


class CaliperLayer(Layer):
    """Shows a measurement, or none.

    Attributes
    ----------
    caliper : Caliper or None
    march : bool
        Its interval is repeated over the whole view.
    snap : bool
        Legs snap to R peaks and extrema.
    measuring : bool
        Legs can be grasped.
    """

    def __init__(self, view: PageView) -> None:
        super().__init__(view)
        self.caliper: Caliper | None = None
        self.march = False
        self.snap = True
        self.measuring = False

    def set_caliper(self, caliper: Caliper | None) -> None:
        """Show a measurement, or none, and tell it."""
        self.caliper = caliper
        self.view.calipersChanged.emit(caliper.text() if caliper is not None else "")
        self.changed()

    def set_march(self, on: bool) -> None:
        """Repeat the interval over the whole view, or not."""
        self.march = on
        self.changed()

    def extent(self, frame: Frame) -> QRectF:
        """Return the traces while something is measured."""
        return traces_rect(frame) if self.caliper is not None else QRectF()

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw the two legs, the measures between them and, if asked, the marched-out beats."""
        caliper, scene = self.caliper, self.view.scene
        lane = lane_of(frame, caliper.first) if caliper is not None else None
        if caliper is None or lane is None:
            return
        color = frame.theme.color("caliper")
        a, b = sorted((caliper.first, caliper.second), key=lambda point: point.time_s)
        xa, xb = frame.x(a.time_s), frame.x(b.time_s)
        ya, yb = (
            y_of(scene, frame, lane, leg.mv) if isfinite(leg.mv) else frame.lane_y(lane.baseline)
            for leg in (a, b)
        )
        page = frame.page
        painter.setClipRect(traces_rect(frame))
        if self.march and caliper.seconds * frame.px_per_s > LEAST_MARCH_PX:
            painter.setPen(QPen(frame.theme.color("caliper", 130), 1.0, Qt.PenStyle.DashLine))
            first = ceil((max(frame.start_s, 0.0) - a.time_s) / caliper.seconds)
            end = min(page.right, frame.x(scene.duration_s))
            for step in range(first, first + MAX_MARCHES):
                x = frame.x(a.time_s + step * caliper.seconds)
                if x > end:
                    break
                painter.drawLine(QPointF(x, page.top), QPointF(x, page.bottom))
        painter.setPen(QPen(color, 1.0))
        for x in (xa, xb):
            painter.drawLine(QPointF(x, page.top), QPointF(x, page.bottom))
        for y in (ya, yb):
            painter.drawLine(QPointF(min(xa, xb) - 10, y), QPointF(max(xa, xb) + 10, y))
        middle = (ya + yb) / 2
        painter.drawLine(QPointF(xa, middle), QPointF(xb, middle))
        words = f"{caliper.time_text()} · {caliper.level_text()}"
        paint_label(painter, frame, QPointF(max(xa, xb) + 8, min(ya, yb) - 24), words, color)

    def cursor(self, at: QPointF) -> Qt.CursorShape | None:
        """Return arrows where a leg can be grasped."""
        on_leg = self.measuring and self._other_leg(at) is not None
        return Qt.CursorShape.SizeHorCursor if on_leg else None

    def measure_from(self, at: QPointF, event: QMouseEvent) -> LegDrag:
        """Return a measurement from here: by the leg under the pointer, or a new one."""
        anchor = self._other_leg(at) or point_at(
            self.view.scene, self.view.frame(), at.x(), at.y(), self._snaps(event)
        )
        return LegDrag(self, anchor)

    def measure(self, anchor: Point, at: QPointF, event: QMouseEvent) -> None:
        """Put the second leg under the pointer, on the lead of the first."""
        scene, frame = self.view.scene, self.view.frame()
        lane = lane_of(frame, anchor)
        if lane is None or scene.recording is None:
            return
        point = point_at(scene, frame, at.x(), at.y(), self._snaps(event), lane)
        if point is not None:
            self.set_caliper(Caliper(anchor, point, scene.recording.unit))

    def _snaps(self, event: QMouseEvent) -> bool:
        return self.snap and not event.modifiers() & Qt.KeyboardModifier.AltModifier

    def _other_leg(self, at: QPointF) -> Point | None:
        """Return the leg that stays where it is when a drag begins on the other one."""
        if self.caliper is None:
            return None
        legs = (self.caliper.first, self.caliper.second)
        frame = self.view.frame()
        away = [abs(frame.x(leg.time_s) - at.x()) for leg in legs]
        if min(away) > GRIP_PX:
            return None
        return legs[0] if away[1] <= away[0] else legs[1]


class LegDrag:
    """A leg of the calipers follows the pointer."""

    covers_pointer = False

    def __init__(self, layer: CaliperLayer, anchor: Point | None) -> None:
        self._layer, self._anchor = layer, anchor

    def move(self, at: QPointF, event: QMouseEvent) -> None:
        """Measure from the anchor to the pointer."""
        if self._anchor is not None:
            self._layer.measure(self._anchor, at, event)

    def finish(self, at: QPointF) -> None:
        """Leave the measurement where it is."""
