"""The edges of the annotation being edited: where they are drawn and where they can be grasped."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from ecgviewer.app.trace.frame import Frame

HANDLE_WIDTH_PX, HANDLE_HEIGHT_PX = 6.0, 28.0
Span = tuple[float, float]


def handle_at(
    frame: Frame, leads: tuple[str, ...], span_s: Span, at: QPointF, within_px: float
) -> str | None:
    """Return which edge (``start`` or ``stop``) can be grasped at a place, if any.

    Edges are in the lanes of the annotation's leads (all when empty), and above the lanes, where
    its bar ends.
    """
    for name, time_s in zip(("start", "stop"), span_s, strict=True):
        x = frame.x(time_s)
        if abs(x - at.x()) > within_px:
            continue
        rects = _rects_at(frame, leads, x)
        if at.y() < frame.page.top or any(r.top() <= at.y() <= r.bottom() for r in rects):
            return name
    return None


def paint_handles(painter: QPainter, frame: Frame, leads: tuple[str, ...], span_s: Span) -> None:
    """Tint the annotation's leads and give the middle one in view its handles."""
    color = frame.theme.color("annotation")
    left, right = (frame.x(time_s) for time_s in span_s)
    page = frame.page
    painter.save()
    painter.setClipRect(QRectF(0, page.top, frame.width, page.bottom - page.top))
    for rect in _rects(frame, leads):
        tint = QRectF(left, rect.top(), right - left, rect.height()).intersected(rect)
        painter.fillRect(tint, frame.theme.color("annotation", 25))
    for x in (left, right):
        rects = _rects_at(frame, leads, x)
        painter.setPen(QPen(color, 1.0))
        for rect in rects:
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
        if rects:
            handle = QRectF(0, 0, HANDLE_WIDTH_PX, HANDLE_HEIGHT_PX)
            handle.moveCenter(QPointF(x, rects[len(rects) // 2].center().y()))
            painter.fillRect(handle, color)
    painter.restore()


def _rects(frame: Frame, leads: tuple[str, ...]) -> list[QRectF]:
    """Return the lanes in view of these leads, or all."""
    return [
        QRectF(lane.x0, frame.lane_y(lane.top), lane.x1 - lane.x0, lane.bottom - lane.top)
        for lane in frame.page.lanes
        if (not leads or lane.lead in leads) and frame.shows(lane)
    ]


def _rects_at(frame: Frame, leads: tuple[str, ...], x: float) -> list[QRectF]:
    return [rect for rect in _rects(frame, leads) if rect.left() <= x <= rect.right()]
