"""The time axis under the traces: seconds from the start, or the clock on the wall."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.page.paper import LABEL_STEPS_S, time_step_s
from ecgviewer.core.record.start import Start, clock_offset_s, clock_text


def time_text(time_s: float, step_s: float, long: bool) -> str:
    """Return a time for the axis: seconds for short records, h:mm:ss for long ones."""
    decimals = 2 if step_s < 0.09 else 1 if step_s < 0.99 else 0
    if not long:
        return f"{time_s:.{decimals}f} s"
    whole = round(time_s, decimals)
    hours, rest = divmod(whole, 3600)
    minutes, seconds = divmod(rest, 60)
    width = 3 + decimals if decimals else 2
    text = f"{int(minutes):02d}:{seconds:0{width}.{decimals}f}"
    return f"{int(hours)}:{text}" if hours or step_s >= 60 else text


def axis_times(
    start_s: float, stop_s: float, step_s: float, long: bool, clock: Start | None
) -> Iterator[tuple[float, str]]:
    """Yield times (s from the start) and their texts between two moments, a step apart.

    Parameters
    ----------
    clock : Start, optional
        Its clock is told instead: the marks are where that is a multiple of the step.
    """
    if clock is None or clock.clock is None:
        for index in range(int(start_s / step_s), int(stop_s / step_s) + 2):
            yield index * step_s, time_text(index * step_s, step_s, long)
        return
    offset_s = clock_offset_s(clock)
    decimals = 2 if step_s < 0.09 else 1 if step_s < 0.99 else 0
    for index in range(ceil((offset_s + start_s) / step_s), int((offset_s + stop_s) / step_s) + 2):
        time_s = index * step_s - offset_s
        yield time_s, clock_text(clock, time_s, decimals)


def paint_time_axis(
    painter: QPainter,
    geometry: Geometry,
    rect: QRectF,
    duration_s: float,
    clock: Start | None = None,
) -> None:
    """Draw ticks and times along the bottom: from the start, or those of the clock on the wall."""
    theme = geometry.theme
    painter.fillRect(rect, theme.color("window"))
    painter.setPen(theme.color("border"))
    painter.drawLine(rect.topLeft(), rect.topRight())
    metrics = QFontMetricsF(painter.font())
    long = duration_s >= 120.0
    widest = "0:00:00.0" if long else "00.00 s"
    if clock is not None:
        widest = clock_text(clock, duration_s, decimals=1)
    step = time_step_s(geometry.px_per_s, metrics.horizontalAdvance(widest) + 18.0, LABEL_STEPS_S)
    painter.setPen(theme.color("text_muted"))
    painter.setClipRect(rect.adjusted(0, 0, 0, 0))
    for time_s, words in axis_times(geometry.start_s, geometry.stop_s, step, long, clock):
        x = geometry.x(time_s)
        if x < geometry.page.left - 1 or time_s > duration_s + 1e-6:
            continue
        painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.top() + 5))
        painter.drawText(
            QRectF(x + 4, rect.top(), 140, rect.height()),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            words,
        )
    painter.setClipping(False)
