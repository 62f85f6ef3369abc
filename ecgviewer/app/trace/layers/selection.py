"""The span being selected: time and leads between two ends of a drag."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QMouseEvent, QPainter

from ecgviewer.app.qt.texts import leads_text
from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.layers.labels import paint_label
from ecgviewer.app.trace.layers.layer import Layer, PageView


class SelectionLayer(Layer):
    """Shows the span between where a drag began and where the pointer is, or none."""

    def __init__(self, view: PageView) -> None:
        super().__init__(view)
        self.ends: tuple[QPointF, QPointF] | None = None

    def set_ends(self, ends: tuple[QPointF, QPointF] | None) -> None:
        """Show the span between two places, or none."""
        self.ends = ends
        self.changed()

    def extent(self, geometry: Geometry) -> QRectF:
        """Return the whole view while something is selected."""
        return QRectF(0, 0, geometry.width, geometry.height) if self.ends is not None else QRectF()

    def span(self, geometry: Geometry) -> tuple[float, float, tuple[str, ...]]:
        """Return start, stop and the leads between the ends; none named above the lanes."""
        assert self.ends is not None
        first, second = self.ends
        times = sorted((geometry.time(first.x()), geometry.time(second.x())))
        start_s, stop_s = max(times[0], 0.0), min(times[1], self.view.scene.duration_s)
        if first.y() < geometry.page.top:
            return start_s, stop_s, ()
        top, bottom = sorted((first.y(), second.y()))
        left, right = sorted((first.x(), second.x()))
        found = dict.fromkeys(
            lane.lead
            for lane in geometry.page.lanes
            if geometry.lane_y(lane.top) < bottom
            and geometry.lane_y(lane.bottom) > top
            and lane.x0 < right
            and lane.x1 > left
        )
        return start_s, stop_s, tuple(found)

    def paint(self, painter: QPainter, geometry: Geometry) -> None:
        """Tint the span and tell its length and leads."""
        if self.ends is None:
            return
        start_s, stop_s, leads = self.span(geometry)
        painter.setPen(geometry.theme.color("accent"))
        for lane in geometry.page.lanes:
            if leads and lane.lead not in leads:
                continue
            left, right = max(geometry.x(start_s), lane.x0), min(geometry.x(stop_s), lane.x1)
            if right > left and geometry.shows(lane):
                rect = QRectF(left, geometry.lane_y(lane.top), right - left, lane.bottom - lane.top)
                painter.fillRect(rect, geometry.theme.color("accent", 50))
        words = f"{(stop_s - start_s) * 1000:.0f} ms · {leads_text(leads)}"
        at = self.ends[1] + QPointF(12, 14)
        paint_label(painter, geometry, at, words, geometry.theme.color("accent"))


class SpanDrag:
    """A span grows from where the button was pressed to the pointer."""

    covers_pointer = True

    def __init__(self, layer: SelectionLayer, origin: QPointF) -> None:
        self._layer, self._origin = layer, origin

    def move(self, at: QPointF, event: QMouseEvent) -> None:
        """Reach to the pointer."""
        self._layer.set_ends((self._origin, at))

    def finish(self, at: QPointF) -> None:
        """Tell the span that was selected."""
        layer = self._layer
        start_s, stop_s, leads = layer.span(layer.view.moment().geometry)
        layer.set_ends(None)
        if stop_s > start_s:
            layer.view.spanSelected.emit(start_s, stop_s, leads)
