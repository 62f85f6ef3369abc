"""Calipers over the traces: two legs that can be dragged, marched out over the following beats."""

from __future__ import annotations

from math import ceil, isfinite

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPen

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.pointing import Point, lane_of, point_at
from ecgviewer.app.trace.layers.labels import paint_label, traces_rect
from ecgviewer.app.trace.layers.layer import GRIP_PX, Layer, PageView
from ecgviewer.app.trace.tools.measurement import Caliper

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

    def extent(self, geometry: Geometry) -> QRectF:
        """Return the traces while something is measured."""
        return traces_rect(geometry) if self.caliper is not None else QRectF()

    def paint(self, painter: QPainter, geometry: Geometry) -> None:
        """Draw the two legs, the measures between them and, if asked, the marched-out beats."""
        caliper, scene = self.caliper, self.view.scene
        lane = lane_of(geometry, caliper.first) if caliper is not None else None
        if caliper is None or lane is None:
            return
        color = geometry.theme.color("caliper")
        a, b = sorted((caliper.first, caliper.second), key=lambda point: point.time_s)
        xa, xb = geometry.x(a.time_s), geometry.x(b.time_s)
        ya, yb = (
            geometry.y(lane, leg.mv) if isfinite(leg.mv) else geometry.lane_y(lane.baseline)
            for leg in (a, b)
        )
        page = geometry.page
        painter.setClipRect(traces_rect(geometry))
        if self.march and caliper.seconds * geometry.px_per_s > LEAST_MARCH_PX:
            painter.setPen(QPen(geometry.theme.color("caliper", 130), 1.0, Qt.PenStyle.DashLine))
            first = ceil((max(geometry.start_s, 0.0) - a.time_s) / caliper.seconds)
            end = min(page.right, geometry.x(scene.duration_s))
            for step in range(first, first + MAX_MARCHES):
                x = geometry.x(a.time_s + step * caliper.seconds)
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
        paint_label(painter, geometry, QPointF(max(xa, xb) + 8, min(ya, yb) - 24), words, color)

    def cursor(self, at: QPointF) -> Qt.CursorShape | None:
        """Return arrows where a leg can be grasped."""
        on_leg = self.measuring and self._other_leg(at) is not None
        return Qt.CursorShape.SizeHorCursor if on_leg else None

    def measure_from(self, at: QPointF, event: QMouseEvent) -> LegDrag:
        """Return a measurement from here: by the leg under the pointer, or a new one."""
        anchor = self._other_leg(at) or point_at(
            self.view.moment(), at.x(), at.y(), self._snaps(event)
        )
        return LegDrag(self, anchor)

    def measure(self, anchor: Point, at: QPointF, event: QMouseEvent) -> None:
        """Put the second leg under the pointer, on the lead of the first."""
        scene, geometry = self.view.scene, self.view.moment().geometry
        lane = lane_of(geometry, anchor)
        if lane is None or scene.recording is None:
            return
        point = point_at(self.view.moment(), at.x(), at.y(), self._snaps(event), lane)
        if point is not None:
            self.set_caliper(Caliper(anchor, point, scene.recording.unit))

    def _snaps(self, event: QMouseEvent) -> bool:
        return self.snap and not event.modifiers() & Qt.KeyboardModifier.AltModifier

    def _other_leg(self, at: QPointF) -> Point | None:
        """Return the leg that stays where it is when a drag begins on the other one."""
        if self.caliper is None:
            return None
        legs = (self.caliper.first, self.caliper.second)
        geometry = self.view.moment().geometry
        away = [abs(geometry.x(leg.time_s) - at.x()) for leg in legs]
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
