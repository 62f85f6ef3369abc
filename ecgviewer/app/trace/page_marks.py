"""What stands around the traces: names, calibration pulse, time axis, scale, colour legends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from ecgviewer.app.trace.color_scales import color_table
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.paper import LABEL_STEPS_S, time_step_s
from ecgviewer.core.start import Start, clock_offset_s, clock_text

LEGEND_PX = 96.0
PULSE_TO_TRACE_MM = 7.5
PULSE_WIDTH_MM = 5.0
PULSE_GAP_MM = 1.0
NAME_LEFT_PX, NAME_PAD_PX = 6.0, 3.0


@dataclass(frozen=True, slots=True)
class ColorLegend:
    """One colour scale: its title, table, the text of both ends and a marked place on it.

    ``mark`` is a fraction of the scale from 0 to 1, with ``mark_text``; None marks nothing.
    """

    title: str
    table: str
    low_text: str
    high_text: str
    mark: float | None = None
    mark_text: str = ""


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


def paint_lead_names(painter: QPainter, frame: Frame) -> None:
    """Write every lane's name: beside its trace, else under its beginning on a patch of paper.

    Names come before the traces are drawn, so that they hide the grid and never a wave.
    """
    painter.save()
    font = QFont(painter.font())
    font.setBold(True)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    height = metrics.height()
    for lane in frame.page.lanes:
        if not frame.shows(lane):
            continue
        width = metrics.horizontalAdvance(lane.label)
        base = frame.lane_y(lane.baseline)
        if frame.page.names_beside:
            x, y = NAME_LEFT_PX, base - 0.7 * height
        elif lane.x0 <= frame.page.left:
            # Below the foot of the calibration pulse, which leaves no room beside it.
            x, y = 4.0, base + 2.0
        else:
            x = lane.x0 + 6.0
            y = max(frame.lane_y(lane.top) + 2.0, base - 1.1 * frame.px_per_mv - height)
        box = QRectF(x - NAME_PAD_PX, y, width + 2 * NAME_PAD_PX, height)
        painter.fillRect(box, frame.theme.color("paper", 215))
        painter.setPen(frame.theme.color("lead_name"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, lane.label)
    painter.restore()


def among_traces(frame: Frame, font: QFont) -> bool:
    """Return whether anything stands among the traces that does not move with them."""
    page = frame.page
    if not page.names_beside or any(lane.x0 > page.left + 0.5 for lane in page.lanes):
        return True
    bold = QFont(font)
    bold.setBold(True)
    metrics = QFontMetricsF(bold)
    widest = max((metrics.horizontalAdvance(lane.label) for lane in page.lanes), default=0.0)
    return NAME_LEFT_PX + widest + NAME_PAD_PX > page.left


def paint_calibration(painter: QPainter, frame: Frame) -> None:
    """Draw the 1-mV pulse before every row, or before every other one where they would touch."""
    done = set()
    mm = frame.pixels_per_mm
    every = max(ceil((frame.px_per_mv + PULSE_GAP_MM * mm) / max(frame.page.pitch, 1.0)), 1)
    left = frame.page.left - PULSE_TO_TRACE_MM * mm
    painter.setPen(QPen(frame.theme.color("trace"), 1.0))
    for lane in frame.page.lanes:
        if lane.row in done or lane.row % every or not frame.shows(lane):
            continue
        done.add(lane.row)
        base = frame.lane_y(lane.baseline)
        top = base - frame.px_per_mv
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


def paint_columns(painter: QPainter, frame: Frame) -> None:
    """Mark where one lead ends and the next begins in a row."""
    painter.setPen(QPen(frame.theme.color("muted"), 1.0))
    for lane in frame.page.lanes:
        if lane.x0 > frame.page.left + 0.5:
            base = frame.lane_y(lane.baseline)
            half = min(0.5 * frame.px_per_mv, 0.3 * (lane.bottom - lane.top))
            x = round(lane.x0)
            painter.drawLine(QPointF(x, base - half), QPointF(x, base + half))


def paint_time_axis(
    painter: QPainter, frame: Frame, rect: QRectF, duration_s: float, clock: Start | None = None
) -> None:
    """Draw ticks and times along the bottom: from the start, or those of the clock on the wall."""
    theme = frame.theme
    painter.fillRect(rect, theme.color("window"))
    painter.setPen(theme.color("border"))
    painter.drawLine(rect.topLeft(), rect.topRight())
    metrics = QFontMetricsF(painter.font())
    long = duration_s >= 120.0
    widest = "0:00:00.0" if long else "00.00 s"
    if clock is not None:
        widest = clock_text(clock, duration_s, decimals=1)
    step = time_step_s(frame.px_per_s, metrics.horizontalAdvance(widest) + 18.0, LABEL_STEPS_S)
    painter.setPen(theme.color("text_muted"))
    painter.setClipRect(rect.adjusted(0, 0, 0, 0))
    for time_s, words in axis_times(frame.start_s, frame.stop_s, step, long, clock):
        x = frame.x(time_s)
        if x < frame.page.left - 1 or time_s > duration_s + 1e-6:
            continue
        painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.top() + 5))
        painter.drawText(
            QRectF(x + 4, rect.top(), 140, rect.height()),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            words,
        )
    painter.setClipping(False)


def scale_text(
    px_per_s: float, px_per_mv: float, pixels_per_mm: float, fit: bool, unit: str = "mV"
) -> str:
    """Return the scale in words: paper speed and gain, or that there is none."""
    if fit:
        return "Fit: not to scale"
    speed = px_per_s / pixels_per_mm
    gain = px_per_mv / pixels_per_mm
    if speed >= 1.0:
        text = f"{speed:.3g} mm/s"
    elif speed * 60 >= 1.0:
        text = f"{speed * 60:.3g} mm/min"
    else:
        text = f"{speed * 3600:.3g} mm/h"
    return f"{text} · {gain:.3g} mm/{unit}"


def paint_scale_line(
    painter: QPainter,
    frame: Frame,
    rect: QRectF,
    parts: Sequence[tuple[str, str]],
    legends: Sequence[ColorLegend],
) -> None:
    """Draw the line at the bottom: scale and filters on the left, colour scales on the right.

    Parameters
    ----------
    parts : sequence of (words, role)
        ``role`` is a colour of the theme for words that must not be overlooked, or empty.
    """
    theme = frame.theme
    painter.fillRect(rect, theme.color("window"))
    right = rect.right() - 8.0
    for legend in reversed(legends):
        right = _paint_legend(painter, frame, rect, right, legend) - 18.0
    painter.save()
    plain = QFont(painter.font())
    bold = QFont(plain)
    bold.setBold(True)
    x = rect.left() + 8
    for at, (words, role) in enumerate(parts):
        for text, color, font in (
            ("  ·  " if at else "", "text_muted", plain),
            (words, role or "text", bold if role else plain),
        ):
            metrics = QFontMetricsF(font)
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(right - 4 - x, 0))
            width = metrics.horizontalAdvance(text)
            painter.setFont(font)
            painter.setPen(theme.color(color))
            room = QRectF(x, rect.top(), width + 1, rect.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
            x += width
    painter.restore()


def _paint_legend(
    painter: QPainter, frame: Frame, rect: QRectF, right: float, legend: ColorLegend
) -> float:
    """Draw one colour scale that ends at ``right``; return its left edge."""
    theme = frame.theme
    metrics = QFontMetricsF(painter.font())

    def text(words: str, end: float, color: QColor) -> float:
        width = metrics.horizontalAdvance(words)
        painter.setPen(color)
        painter.drawText(
            QRectF(end - width, rect.top(), width + 1, rect.height()),
            Qt.AlignmentFlag.AlignVCenter,
            words,
        )
        return end - width

    left = text(legend.high_text, right, theme.color("text_muted")) - 5.0
    bar = QRectF(left - LEGEND_PX, rect.center().y() - 5.0, LEGEND_PX, 10.0)
    image = QImage(bytes(range(256)), 256, 1, 256, QImage.Format.Format_Indexed8)
    image.setColorTable(list(color_table(legend.table, theme.dark)))
    painter.drawImage(bar, image)
    painter.setPen(theme.color("border"))
    painter.drawRect(bar)
    if legend.mark is not None:
        x = round(bar.left() + min(max(legend.mark, 0.0), 1.0) * bar.width())
        painter.setPen(QPen(theme.color("flag"), 2.0))
        painter.drawLine(QPointF(x, bar.top() - 4), QPointF(x, bar.bottom() + 4))
    left = text(legend.low_text, bar.left() - 5.0, theme.color("text_muted"))
    if legend.mark_text:
        left = text(f"({legend.mark_text}) ", left - 4.0, theme.color("flag"))
    return text(f"{legend.title} ", left - 3.0, theme.color("text"))
