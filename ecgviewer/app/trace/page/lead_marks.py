"""What belongs to single leads: names, calibration pulse, where one ends in a row."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from ecgviewer.app.trace.geometry.geometry import Geometry

PULSE_TO_TRACE_MM = 7.5
PULSE_WIDTH_MM = 5.0
PULSE_GAP_MM = 1.0
NAME_LEFT_PX, NAME_PAD_PX = 6.0, 3.0


def paint_lead_names(painter: QPainter, geometry: Geometry) -> None:
    """Write every lane's name: beside its trace, else under its beginning on a patch of paper.

    Names come before the traces are drawn, so that they hide the grid and never a wave.
    """
    painter.save()
    font = QFont(painter.font())
    font.setBold(True)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    height = metrics.height()
    for lane in geometry.page.lanes:
        if not geometry.shows(lane):
            continue
        width = metrics.horizontalAdvance(lane.label)
        base = geometry.lane_y(lane.baseline)
        if geometry.page.names_beside:
            x, y = NAME_LEFT_PX, base - 0.7 * height
        elif lane.x0 <= geometry.page.left:
            # Below the foot of the calibration pulse, which leaves no room beside it.
            x, y = 4.0, base + 2.0
        else:
            x = lane.x0 + 6.0
            y = max(geometry.lane_y(lane.top) + 2.0, base - 1.1 * geometry.px_per_mv - height)
        box = QRectF(x - NAME_PAD_PX, y, width + 2 * NAME_PAD_PX, height)
        painter.fillRect(box, geometry.theme.color("paper", 215))
        painter.setPen(geometry.theme.color("lead_name"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, lane.label)
    painter.restore()


def among_traces(geometry: Geometry, font: QFont) -> bool:
    """Return whether anything stands among the traces that does not move with them."""
    page = geometry.page
    if not page.names_beside or any(lane.x0 > page.left + 0.5 for lane in page.lanes):
        return True
    bold = QFont(font)
    bold.setBold(True)
    metrics = QFontMetricsF(bold)
    widest = max((metrics.horizontalAdvance(lane.label) for lane in page.lanes), default=0.0)
    return NAME_LEFT_PX + widest + NAME_PAD_PX > page.left


def paint_calibration(painter: QPainter, geometry: Geometry) -> None:
    """Draw the 1-mV pulse before every row, or before every other one where they would touch."""
    done = set()
    mm = geometry.pixels_per_mm
    every = max(ceil((geometry.px_per_mv + PULSE_GAP_MM * mm) / max(geometry.page.pitch, 1.0)), 1)
    left = geometry.page.left - PULSE_TO_TRACE_MM * mm
    painter.setPen(QPen(geometry.theme.color("trace"), 1.0))
    for lane in geometry.page.lanes:
        if lane.row in done or lane.row % every or not geometry.shows(lane):
            continue
        done.add(lane.row)
        base = geometry.lane_y(lane.baseline)
        top = base - geometry.px_per_mv
        foot = 1.0 * mm
        painter.drawPolyline(
            QPolygonF(
                [
                    QPointF(left, base),
                    QPointF(left + foot, base),
                    QPointF(left + foot, top),
                    QPointF(left + foot + PULSE_WIDTH_MM * mm, top),
                    QPointF(left + foot + PULSE_WIDTH_MM * mm, base),
                    QPointF(left + 2 * foot + PULSE_WIDTH_MM * mm, base),
                ]
            )
        )


def paint_columns(painter: QPainter, geometry: Geometry) -> None:
    """Mark where one lead ends and the next begins in a row."""
    painter.setPen(QPen(geometry.theme.color("muted"), 1.0))
    for lane in geometry.page.lanes:
        if lane.x0 > geometry.page.left + 0.5:
            base = geometry.lane_y(lane.baseline)
            half = min(0.5 * geometry.px_per_mv, 0.3 * (lane.bottom - lane.top))
            x = round(lane.x0)
            painter.drawLine(QPointF(x, base - half), QPointF(x, base + half))
