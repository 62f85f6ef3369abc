"""Calipers: time and voltage between two points, marched out over the following beats."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.pointing import Point, y_of
from ecgviewer.app.trace.scene import Scene

MAX_MARCHES = 400


@dataclass(frozen=True, slots=True)
class Caliper:
    """A measurement between two points of one lead."""

    first: Point
    second: Point

    @property
    def seconds(self) -> float:
        """Time between the points, never negative."""
        return abs(self.second.time_s - self.first.time_s)

    @property
    def mv(self) -> float:
        """Voltage from the earlier to the later point."""
        a, b = sorted((self.first, self.second), key=lambda point: point.time_s)
        return b.mv - a.mv

    def time_text(self) -> str:
        """Return the interval in ms, with the rate it would be as an RR interval."""
        if self.seconds <= 0.0:
            return "0 ms"
        text = f"{self.seconds * 1000:.0f} ms"
        rate = 60.0 / self.seconds
        return f"{text} · {rate:.0f} bpm" if 10.0 <= rate <= 400.0 else text

    def text(self) -> str:
        """Return the whole measurement, for the clipboard."""
        start = min(self.first.time_s, self.second.time_s)
        return f"{self.first.lead} at {start:.3f} s: {self.time_text()}, {self.mv:+.2f} mV"


def paint_caliper(
    painter: QPainter, scene: Scene, frame: Frame, caliper: Caliper, march: bool
) -> None:
    """Draw the two legs, the measures between them and, if asked, the marched-out beats."""
    theme = frame.theme
    lane = next(
        (
            candidate
            for candidate in frame.page.lanes
            if candidate.lead == caliper.first.lead
            and candidate.x0 - 1 <= frame.x(caliper.first.time_s) <= candidate.x1 + 1
        ),
        None,
    )
    if lane is None:
        return
    color = theme.color("caliper")
    a, b = sorted((caliper.first, caliper.second), key=lambda point: point.time_s)
    xa, xb = frame.x(a.time_s), frame.x(b.time_s)
    ya, yb = y_of(scene, frame, lane, a.mv), y_of(scene, frame, lane, b.mv)
    page = frame.page
    painter.setClipRect(QRectF(page.left, page.top, page.right - page.left, page.bottom - page.top))
    if march and caliper.seconds * frame.px_per_s > 4.0:
        painter.setPen(QPen(theme.color("caliper", 130), 1.0, Qt.PenStyle.DashLine))
        first = int((frame.start_s - a.time_s) / caliper.seconds) - 1
        for step in range(first, first + MAX_MARCHES):
            x = frame.x(a.time_s + step * caliper.seconds)
            if x > page.right:
                break
            painter.drawLine(QPointF(x, page.top), QPointF(x, page.bottom))
    painter.setPen(QPen(color, 1.0))
    for x in (xa, xb):
        painter.drawLine(QPointF(x, page.top), QPointF(x, page.bottom))
    for y in (ya, yb):
        painter.drawLine(QPointF(min(xa, xb) - 10, y), QPointF(max(xa, xb) + 10, y))
    middle = (ya + yb) / 2
    painter.drawLine(QPointF(xa, middle), QPointF(xb, middle))
    words = f"{caliper.time_text()} · {caliper.mv:+.2f} mV"
    paint_label(painter, frame, QPointF(max(xa, xb) + 8, min(ya, yb) - 24), words, color)
    painter.setClipping(False)


def paint_label(painter: QPainter, frame: Frame, at: QPointF, words: str, color: QColor) -> None:
    """Draw a small label on paper, kept inside the view."""
    metrics = QFontMetricsF(painter.font())
    width, height = metrics.horizontalAdvance(words) + 12, metrics.height() + 4
    x = min(max(at.x(), frame.page.left + 2), frame.page.right - width - 2)
    y = min(max(at.y(), frame.page.top + 2), frame.page.bottom - height - 2)
    box = QRectF(round(x) + 0.5, round(y) + 0.5, width, height)
    painter.setPen(QPen(color, 1.0))
    painter.setBrush(frame.theme.color("paper", 240))
    painter.drawRoundedRect(box, 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
