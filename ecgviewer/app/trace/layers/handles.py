"""The annotation being edited: its leads tinted, its edges with handles to drag."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPen

from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.layers.layer import GRIP_PX, Layer, PageView

HANDLE_WIDTH_PX, HANDLE_HEIGHT_PX = 6.0, 28.0


class HandleLayer(Layer):
    """Shows one annotation's edges, or none.

    Attributes
    ----------
    annotation_id : str or None
    span_s : tuple of float
        Its edges as they are being dragged.
    """

    def __init__(self, view: PageView) -> None:
        super().__init__(view)
        self.annotation_id: str | None = None
        self.span_s = (0.0, 0.0)

    def edit(self, annotation_id: str | None) -> None:
        """Show handles on one annotation's edges, or on none."""
        self.annotation_id = None
        for annotation in self.view.scene.annotations:
            if annotation.id == annotation_id:
                self.annotation_id = annotation.id
                self.span_s = (annotation.start_s, annotation.end_s)
        self.changed()

    def extent(self, frame: Frame) -> QRectF:
        """Return the whole page while an annotation is edited."""
        if self.annotation_id is None:
            return QRectF()
        return QRectF(0, frame.page.top, frame.width, frame.page.bottom - frame.page.top)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Tint the annotation's leads and give the middle one in view its handles."""
        if self.annotation_id is None:
            return
        color = frame.theme.color("annotation")
        left, right = (frame.x(time_s) for time_s in self.span_s)
        painter.setClipRect(self.extent(frame))
        for rect in self._lanes(frame):
            tint = QRectF(left, rect.top(), right - left, rect.height()).intersected(rect)
            painter.fillRect(tint, frame.theme.color("annotation", 25))
        for x in (left, right):
            rects = self._lanes_at(frame, x)
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
        if self.annotation_id is None:
            return None
        frame = self.view.frame()
        for edge, time_s in enumerate(self.span_s):
            x = frame.x(time_s)
            if abs(x - at.x()) > GRIP_PX:
                continue
            rects = self._lanes_at(frame, x)
            if at.y() < frame.page.top or any(r.top() <= at.y() <= r.bottom() for r in rects):
                return edge
        return None

    def _lanes(self, frame: Frame) -> list[QRectF]:
        """Return the lanes in view of the annotation's leads, or all."""
        annotations = self.view.scene.annotations
        leads = next((a.leads for a in annotations if a.id == self.annotation_id), ())
        return [
            QRectF(lane.x0, frame.lane_y(lane.top), lane.x1 - lane.x0, lane.bottom - lane.top)
            for lane in frame.page.lanes
            if (not leads or lane.lead in leads) and frame.shows(lane)
        ]

    def _lanes_at(self, frame: Frame, x: float) -> list[QRectF]:
        return [rect for rect in self._lanes(frame) if rect.left() <= x <= rect.right()]


class EdgeDrag:
    """An edge of the edited annotation follows the pointer."""

    covers_pointer = False

    def __init__(self, layer: HandleLayer, edge: int) -> None:
        self._layer, self._edge = layer, edge

    def move(self, at: QPointF, event: QMouseEvent) -> None:
        """Move the edge, not beyond the other one nor the record."""
        layer = self._layer
        time_s = min(max(layer.view.frame().time(at.x()), 0.0), layer.view.scene.duration_s)
        start, stop = layer.span_s
        layer.span_s = (min(time_s, stop), stop) if self._edge == 0 else (start, max(time_s, start))
        layer.changed()

    def finish(self, at: QPointF) -> None:
        """Tell the new edges."""
        layer = self._layer
        if layer.annotation_id is not None:
            layer.view.annotationEdited.emit(layer.annotation_id, *layer.span_s)
