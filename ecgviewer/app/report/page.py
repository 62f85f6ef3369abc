"""Draws the report's page on any paint device, in millimetres."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from ecgviewer.app.qt.theme import LIGHT
from ecgviewer.app.trace.polyline import polygon

if TYPE_CHECKING:
    from ecgviewer.app.report.page_content import ReportPage

WIDTH_MM, HEIGHT_MM = 297.0, 210.0
MARGIN_MM = 10.0
PAPER_LEFT_MM, PAPER_TOP_MM = 13.0, 33.0
PULSE_MM = 15.0
"""Paper left of the traces, for the calibration pulse."""
ROW_MM = 30.0
MM_PER_S, MM_PER_MV = 25.0, 10.0
COLUMN_S = 2.5
COLUMNS = (("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6"))
RHYTHM = ("II", "V1", "I")
PAPER_WIDTH_MM = PULSE_MM + 4 * COLUMN_S * MM_PER_S + 5.0
DISCLAIMER = "Research aid, not a diagnosis."
NAME_MM = 3.3
QUALITY_MM = 2.5
PRINT_FLAG = QColor("#d9480f")
Place = tuple[str, int, float, float]
"""A stretch of a lead on the page: lead, row, from when to when, in seconds of the page."""


def paint_page(painter: QPainter, page: ReportPage, per_mm: float) -> None:
    """Draw the page.

    Parameters
    ----------
    per_mm : float
        Device units per millimetre of paper.
    """
    pen = _Pen(painter, per_mm)
    _header(pen, page)
    _grid(pen)
    _lanes(pen, page)
    _lists(pen, page)
    _footer(pen, page)


class _Pen:
    """Draws in millimetres: fonts and hairlines keep their size on every device."""

    def __init__(self, painter: QPainter, per_mm: float) -> None:
        self.painter = painter
        self.per_mm = per_mm

    def stroke(self, color: QColor | str, width_mm: float) -> None:
        pen = QPen(QColor(color), width_mm * self.per_mm)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        self.painter.setPen(pen)

    def rect(self, x: float, y: float, width: float, height: float) -> QRectF:
        u = self.per_mm
        return QRectF(x * u, y * u, width * u, height * u)

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        u = self.per_mm
        self.painter.drawLine(QLineF(x0 * u, y0 * u, x1 * u, y1 * u))

    def _font(self, height_mm: float, bold: bool) -> QFont:
        font = QFont(self.painter.font())
        font.setPixelSize(max(round(height_mm * self.per_mm), 1))
        font.setBold(bold)
        return font

    def width(self, words: str, height_mm: float, bold: bool) -> float:
        """Return how wide a text is, in millimetres."""
        metrics = QFontMetricsF(self._font(height_mm, bold), self.painter.device())
        return metrics.horizontalAdvance(words) / self.per_mm

    def text(
        self,
        x: float,
        y: float,
        width: float,
        words: str,
        height_mm: float = 2.9,
        bold: bool = False,
        color: QColor | str = "#1b1f24",
        right: bool = False,
    ) -> None:
        """Write one line whose upper left corner is (x, y), shortened to the width."""
        font = self._font(height_mm, bold)
        self.painter.setFont(font)
        self.painter.setPen(QColor(color))
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        room = self.rect(x, y, width, height_mm * 1.5)
        words = QFontMetricsF(font, self.painter.device()).elidedText(
            words, Qt.TextElideMode.ElideRight, room.width()
        )
        self.painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, words)

    def lines(self, words: str, width: float, height_mm: float, most: int) -> list[str]:
        """Break a text between words into lines of a width; the last takes what is left."""
        lines: list[str] = []
        for word in words.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and (len(lines) == most or self.width(longer, height_mm, False) <= width):
                lines[-1] = longer
            else:
                lines.append(word)
        return lines


def _header(pen: _Pen, page: ReportPage) -> None:
    width = WIDTH_MM - 2 * MARGIN_MM
    pen.text(MARGIN_MM, 7.0, width - 70, page.title, 4.6, bold=True)
    pen.text(MARGIN_MM, 7.5, width, DISCLAIMER, 3.4, bold=True, color="#b5260a", right=True)
    pen.text(MARGIN_MM, 14.2, width, page.subtitle, 2.9, color="#444b55")
    mark = {True: "#d9480f", False: "#2b7a3d", None: "#868e96"}[page.abnormal]
    pen.painter.fillRect(pen.rect(MARGIN_MM, 19.6, 1.2, 4.6), QColor(mark))
    pen.text(MARGIN_MM + 2.5, 19.6, width - 3, page.verdict, 3.1, bold=True)
    step = width / len(page.measures)
    for index, (name, words) in enumerate(page.measures):
        x = MARGIN_MM + index * step
        pen.text(x, 25.3, step - 1, name, 2.3, color="#5a6370")
        pen.text(x, 28.2, step - 1, words, 2.8)


def _grid(pen: _Pen) -> None:
    height = 4 * ROW_MM
    left, top = PAPER_LEFT_MM, PAPER_TOP_MM
    for every, color, width in ((1, LIGHT.grid_minor, 0.08), (5, LIGHT.grid_major, 0.16)):
        pen.stroke(color, width)
        for mm in range(0, round(PAPER_WIDTH_MM) + 1, every):
            pen.line(left + mm, top, left + mm, top + height)
        for mm in range(0, round(height) + 1, every):
            pen.line(left, top + mm, left + PAPER_WIDTH_MM, top + mm)


def _lanes(pen: _Pen, page: ReportPage) -> None:
    present = dict(zip(page.leads, page.signal_mv, strict=True))
    places = [
        (lead, row, column * COLUMN_S, (column + 1) * COLUMN_S)
        for column, leads in enumerate(COLUMNS)
        for row, lead in enumerate(leads)
    ]
    rhythm = next((lead for lead in RHYTHM if lead in present), None)
    if rhythm is not None:
        places.append((rhythm, 3, 0.0, 4 * COLUMN_S))
    for row in range(4):
        _pulse(pen, _baseline(row))
    # Shades below names, and names below traces: nothing may hide a wave.
    for place in places:
        _shades(pen, page, *place)
    for lead, row, from_s, _to_s in places:
        _lead_name(pen, page, present, places, lead, row, from_s)
    for place in places:
        _lane(pen, page, present, *place)
    left = PAPER_LEFT_MM + PULSE_MM
    bottom = PAPER_TOP_MM + 4 * ROW_MM
    for flag in page.flags:
        if not flag.placed:
            _bar(pen, page, flag.start_s, flag.stop_s, bottom - 2.0, PRINT_FLAG)
    for annotation in page.annotations:
        color = QColor(LIGHT.annotation)
        _bar(pen, page, annotation.start_s, annotation.end_s, PAPER_TOP_MM + 0.3, color)
    for second in range(0, 11):
        pen.stroke("#5a6370", 0.15)
        x = left + second * MM_PER_S
        pen.line(x, bottom, x, bottom + 1.2)
        if page.start_s + second <= page.duration_s + 1e-6:
            words = f"{page.start_s + second:.4g} s" if second else f"{page.start_s:.5g} s"
            pen.text(x + 0.6, bottom + 0.1, 20, words, 2.1, color="#5a6370")
    scale = page.scale if page.units_known else "25 mm/s   amplitude unknown   unfiltered"
    pen.text(
        PAPER_LEFT_MM, bottom + 3.0, PAPER_WIDTH_MM, scale, 2.7, bold=True, right=True
    )  # fmt: skip
    width = PAPER_LEFT_MM + PAPER_WIDTH_MM - MARGIN_MM - pen.width(scale, 2.7, True) - 5.0
    y = bottom + 3.0
    for text, tint in (("  ·  ".join(page.statements), "#14161a"), (page.quality, "#9c2c00")):
        for words in pen.lines(text, width, QUALITY_MM, 2):
            pen.text(MARGIN_MM, y, width, words, QUALITY_MM, color=tint)
            y += 3.1


def _baseline(row: int) -> float:
    return PAPER_TOP_MM + row * ROW_MM + 15.0


def _pulse(pen: _Pen, base: float) -> None:
    """Draw the calibration pulse: 5 mm wide, 1 mV high."""
    u = pen.per_mm
    x = PAPER_LEFT_MM + 8.0
    corners = ((0, 0), (1, 0), (1, -MM_PER_MV), (6, -MM_PER_MV), (6, 0), (7, 0))
    pen.stroke("#14161a", 0.25)
    pen.painter.drawPolyline(
        QPolygonF([QPointF((x + dx) * u, (base + dy) * u) for dx, dy in corners])
    )


def _shades(pen: _Pen, page: ReportPage, lead: str, row: int, from_s: float, to_s: float) -> None:
    """Shade the flags that name a lead in its stretch."""
    left = PAPER_LEFT_MM + PULSE_MM
    x0, x1 = left + from_s * MM_PER_S, left + to_s * MM_PER_S
    shade = QColor(PRINT_FLAG)
    shade.setAlpha(26)
    for flag in page.flags:
        if flag.placed and lead in flag.leads:
            a = max(left + (flag.start_s - page.start_s) * MM_PER_S, x0)
            b = min(left + (flag.stop_s - page.start_s) * MM_PER_S, x1)
            if b > a:
                top = PAPER_TOP_MM + row * ROW_MM
                pen.painter.fillRect(pen.rect(a, top + 1.0, b - a, ROW_MM - 2.0), shade)


def _trace_y_mm(
    page: ReportPage, signal_mv: np.ndarray, row: int, from_s: float, to_s: float
) -> np.ndarray:
    """Return the heights on the page of a lead's samples in a stretch; NaN where missing."""
    first, last = round(from_s * page.fs_hz), round(to_s * page.fs_hz) + 1
    finite = signal_mv[np.isfinite(signal_mv)]
    level = float(np.median(finite)) if finite.size else 0.0
    heights: np.ndarray = (
        _baseline(row) - (signal_mv[first:last].astype(np.float64) - level) * MM_PER_MV
    )
    return heights


def _lane(
    pen: _Pen,
    page: ReportPage,
    present: dict[str, np.ndarray],
    lead: str,
    row: int,
    from_s: float,
    to_s: float,
) -> None:
    """Draw one stretch of one lead."""
    u = pen.per_mm
    base = _baseline(row)
    x0 = PAPER_LEFT_MM + PULSE_MM + from_s * MM_PER_S
    if from_s > 0.0:
        pen.stroke("#5a6370", 0.2)
        pen.line(x0, base - 5.0, x0, base + 5.0)
    signal = present.get(lead)
    if signal is None:
        pen.text(x0 + 1.0, base - 1.5, 40.0, "not recorded", 2.6, color="#868e96")
        return
    y = _trace_y_mm(page, signal, row, from_s, to_s) * u
    x = (x0 + np.arange(y.size) / page.fs_hz * MM_PER_S) * u
    pen.stroke("#14161a", 0.25)
    pen.painter.setBrush(Qt.BrushStyle.NoBrush)
    valid = np.isfinite(y)
    edges = [0, *(np.flatnonzero(np.diff(valid)) + 1).tolist(), valid.size]
    for start, stop in pairwise(edges):
        if stop - start > 1 and valid[start]:
            pen.painter.drawPolyline(polygon(x[start:stop], y[start:stop]))


def _lead_name(
    pen: _Pen,
    page: ReportPage,
    present: dict[str, np.ndarray],
    places: list[Place],
    lead: str,
    row: int,
    from_s: float,
) -> None:
    """Write a lead's name: before its calibration pulse, else where no trace passes."""
    if from_s == 0.0:
        pen.text(PAPER_LEFT_MM + 1.0, _baseline(row) - 2.5, 7.0, lead, NAME_MM, bold=True)
        return
    width = pen.width(lead, NAME_MM, bold=True)
    start, stop = from_s, from_s + (width + 2.5) / MM_PER_S
    crossing = [
        _trace_y_mm(page, present[other], at, start, stop)
        for other, at, begin, end in places
        if other in present and begin <= start < end
    ]
    usual = _baseline(row) - 13.5
    # From the usual place outwards, within the row.
    for y in sorted(usual + np.arange(0.0, 26.0, 0.5), key=lambda y: abs(y - usual)):
        clear = y + 0.3, y + NAME_MM * 1.5 - 0.3
        if not any(_passes(trace, *clear) for trace in crossing):
            break
    else:
        y = usual
    x = PAPER_LEFT_MM + PULSE_MM + from_s * MM_PER_S + 1.0
    pen.painter.fillRect(pen.rect(x - 0.5, y + 0.6, width + 1.0, 3.8), QColor(255, 255, 255, 190))
    pen.text(x, y, 20.0, lead, NAME_MM, bold=True)


def _passes(trace_mm: np.ndarray, top: float, bottom: float) -> bool:
    """Return whether the line through some heights touches a band."""
    upper = np.fmin(trace_mm[:-1], trace_mm[1:])
    lower = np.fmax(trace_mm[:-1], trace_mm[1:])
    return bool(((upper <= bottom) & (lower >= top)).any())


def _bar(
    pen: _Pen, page: ReportPage, start_s: float, stop_s: float, y: float, color: QColor
) -> None:
    left = PAPER_LEFT_MM + PULSE_MM
    a = max((start_s - page.start_s) * MM_PER_S, 0.0)
    b = min((stop_s - page.start_s) * MM_PER_S, 4 * COLUMN_S * MM_PER_S)
    if b > a:
        pen.painter.fillRect(pen.rect(left + a, y, b - a, 1.2), color)


def _lists(pen: _Pen, page: ReportPage) -> None:
    top = PAPER_TOP_MM + 4 * ROW_MM + 9.3
    half = (WIDTH_MM - 2 * MARGIN_MM) / 2
    for x, title, lines, color in (
        (MARGIN_MM, f"Flags of the model ({page.flag_count})", page.flag_lines, PRINT_FLAG),
        (
            MARGIN_MM + half,
            f"Annotations of the reviewer ({len(page.annotations)})",
            page.annotation_lines,
            QColor(LIGHT.annotation),
        ),
    ):
        pen.painter.fillRect(pen.rect(x, top + 0.8, 2.4, 2.4), color)
        pen.text(x + 3.6, top, half - 6, title, 2.7, bold=True)
        for index, words in enumerate(lines or ("none",)):
            pen.text(x + 3.6, top + 4.0 + index * 3.4, half - 6, words, 2.4)


def _footer(pen: _Pen, page: ReportPage) -> None:
    width = WIDTH_MM - 2 * MARGIN_MM
    top = HEIGHT_MM - 7.0 - 2.9 * len(page.seal)
    pen.stroke("#d4d8de", 0.2)
    pen.line(MARGIN_MM, top - 1.0, WIDTH_MM - MARGIN_MM, top - 1.0)
    for index, words in enumerate(page.seal):
        pen.text(MARGIN_MM, top + index * 2.9, width, words, 1.9, color="#5a6370")
