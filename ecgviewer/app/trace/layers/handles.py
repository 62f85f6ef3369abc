"""The annotation being edited: its leads tinted, its edges with handles to drag."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPen

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.layers.layer import GRIP_PX, Layer, PageView
from ecgviewer.review.annotations import Annotation

HANDLE_WIDTH_PX, HANDLE_HEIGHT_PX = 6.0, 28.0


class HandleLayer(Layer):
    """Shows one annotation's edges, or none."""

    def __init__(self, view: PageView) -> None:
        super().__init__(view)
        self._dragged_s: tuple[float, float] | None = None

    @property
    def annotation(self) -> Annotation | None:
        """The annotation that is edited."""
        return self.view.scene.edited_annotation

    @property
    def span_s(self) -> tuple[float, float]:
        """Its edges, as they are being dragged."""
        if self._dragged_s is not None:
            return self._dragged_s
        annotation = self.annotation
        return (annotation.start_s, annotation.end_s) if annotation is not None else (0.0, 0.0)

    def drag_to(self, span_s: tuple[float, float] | None) -> None:
        """Show edges that are being dragged, or where they are."""
        self._dragged_s = span_s
        self.changed()

    def extent(self, geometry: Geometry) -> QRectF:
        """Return the whole page while an annotation is edited."""
        if self.annotation is None:
            return QRectF()
        return QRectF(
            0, geometry.page.top, geometry.width, geometry.page.bottom - geometry.page.top
        )

    def paint(self, painter: QPainter, geometry: Geometry) -> None:
        """Tint the annotation's leads and give the middle one in view its handles."""
        if self.annotation is None:
            return
        color = geometry.theme.color("annotation")
        left, right = (geometry.x(time_s) for time_s in self.span_s)
        painter.setClipRect(self.extent(geometry))
        for rect in self._lanes(geometry):
            tint = QRectF(left, rect.top(), right - left, rect.height()).intersected(rect)
            painter.fillRect(tint, geometry.theme.color("annotation", 25))
        for x in (left, right):
            rects = self._lanes_at(geometry, x)
            painter.setPen(QPen(color, 1.0))
            for rect in rects:
                painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
            if rects:
                handle = QRectF(0, 0, HANDLE_WIDTH_PX, HANDLE_HEIGHT_PX)
                handle.moveCenter(QPointF(x, rects[len(rects) // 2].center().y()))
                painter.fillRect(handle, color)

    def cursor(self, at: QPointF) -> Qt.CursorShape | None:
        """Return arrows where an edge can be grasped."""
        return Qt.CursorShape.SizeHorCursor if self._edge_at(at) is not None else None

    def drag(self, at: QPointF) -> EdgeDrag | None:
        """Return the edge under the pointer, if any."""
        edge = self._edge_at(at)
        return None if edge is None else EdgeDrag(self, edge)

    def _edge_at(self, at: QPointF) -> int | None:
        """Return which edge (0 or 1) can be grasped at a place, if any.

        Edges are in the lanes of the annotation's leads (all when empty), and above the lanes,
        where its bar ends.
        """
        if self.annotation is None:
            return None
        geometry = self.view.moment().geometry
        for edge, time_s in enumerate(self.span_s):
            x = geometry.x(time_s)
            if abs(x - at.x()) > GRIP_PX:
                continue
            rects = self._lanes_at(geometry, x)
            if at.y() < geometry.page.top or any(r.top() <= at.y() <= r.bottom() for r in rects):
                return edge
        return None

    def _lanes(self, geometry: Geometry) -> list[QRectF]:
        """Return the lanes in view of the annotation's leads, or all."""
        leads = self.annotation.leads if self.annotation is not None else ()
        return [
            QRectF(lane.x0, geometry.lane_y(lane.top), lane.x1 - lane.x0, lane.bottom - lane.top)
            for lane in geometry.page.lanes
            if (not leads or lane.lead in leads) and geometry.shows(lane)
        ]

    def _lanes_at(self, geometry: Geometry, x: float) -> list[QRectF]:
        return [rect for rect in self._lanes(geometry) if rect.left() <= x <= rect.right()]


class EdgeDrag:
    """An edge of the edited annotation follows the pointer."""

    covers_pointer = False

    def __init__(self, layer: HandleLayer, edge: int) -> None:
        self._layer, self._edge = layer, edge

    def move(self, at: QPointF, event: QMouseEvent) -> None:
        """Move the edge, not beyond the other one nor the record."""
        layer = self._layer
        time_s = min(
            max(layer.view.moment().geometry.time(at.x()), 0.0), layer.view.scene.duration_s
        )
        start, stop = layer.span_s
        layer.drag_to((min(time_s, stop), stop) if self._edge == 0 else (start, max(time_s, start)))

    def finish(self, at: QPointF) -> None:
        """Tell the new edges."""
        layer = self._layer
        annotation, span_s = layer.annotation, layer.span_s
        if annotation is not None:
            layer.view.annotationEdited.emit(annotation.id, *span_s)
        layer.drag_to(None)
