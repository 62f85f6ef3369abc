"""The traces of the report's page: 3 x 4 and a rhythm strip on paper at exact scale.

A trace stays in its strip. Where one would leave it, its group (limb or chest leads) is drawn at
half the gain or a quarter, as cardiographs do: the calibration pulses show it and the scale's line
says so. What even then lies outside is not drawn, and the line names those leads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QColor

from ecgviewer.app.draw.ecg import draw_name, draw_paper, draw_pulse, draw_trace, name_room
from ecgviewer.app.draw.pen import Pen
from ecgviewer.app.draw.strip import Strip, at_gain, filling_gain, highest_gain
from ecgviewer.app.qt.theme import LIGHT
from ecgviewer.core.record.stimuli import CHAMBER_LETTERS

if TYPE_CHECKING:
    from ecgviewer.app.report.page_content import ReportPage

PAPER_LEFT_MM, PAPER_TOP_MM = 13.0, 33.0
PULSE_MM = 15.0
"""Paper left of the traces, for the calibration pulses."""
ROW_MM = 30.0
MM_PER_S = 25.0
GAINS_MM_MV = (10.0, 5.0, 2.5)
COLUMN_S = 2.5
COLUMNS = (("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6"))
RHYTHM = ("II", "V1", "I")
CHEST = {"V1", "V2", "V3", "V4", "V5", "V6"}
PAPER_WIDTH_MM = PULSE_MM + 4 * COLUMN_S * MM_PER_S + 5.0
PAPER_BOTTOM_MM = PAPER_TOP_MM + 4 * ROW_MM
SCALE_MM = 2.7
NAME_MM = 3.3
STROKE_MM = 0.25
STRIP_GAP_MM = 0.5
TICK_MM = 3.0
PRINT_FLAG = QColor("#d9480f")


@dataclass(frozen=True, eq=False)
class PlacedStrip:
    """A strip on the page: its row, and from when to when, in seconds of the page."""

    lead: str
    row: int
    from_s: float
    to_s: float
    strip: Strip


def draw_traces(pen: Pen, page: ReportPage) -> float:
    """Draw paper, traces and scale; return where the scale's line begins, in mm."""
    placed, gains = lay_out(pen, page)
    for side, color, stroke in ((1.0, LIGHT.grid_minor, 0.08), (5.0, LIGHT.grid_major, 0.16)):
        draw_paper(
            pen, color, PAPER_LEFT_MM, PAPER_TOP_MM, PAPER_WIDTH_MM, 4 * ROW_MM, (side, side),
            stroke,
        )  # fmt: skip
    # Shades below names, and names below traces: nothing may hide a wave.
    for one in placed:
        _shade(pen, page, one)
    for one in placed:
        draw_name(pen, LIGHT, one.strip, NAME_MM)
    if page.units_known:
        _pulses(pen, placed, gains)
    for one in placed:
        _stimuli(pen, page, one)
        _draw(pen, one)
    _bars(pen, page)
    _seconds(pen, page)
    words = scale_words(page, placed, gains)
    right = PAPER_LEFT_MM + PAPER_WIDTH_MM
    pen.text(
        PAPER_LEFT_MM, PAPER_BOTTOM_MM + 3.0, PAPER_WIDTH_MM, words, SCALE_MM, bold=True, right=True
    )
    return right - pen.width(words, SCALE_MM, True) - 5.0


def lay_out(pen: Pen, page: ReportPage) -> tuple[list[PlacedStrip], dict[bool, float]]:
    """Return the strips and the gain of limb (False) and chest (True) leads, in mm/mV."""
    present = dict(zip(page.leads, page.signal_mv, strict=True))
    places = [
        (lead, row, column * COLUMN_S, (column + 1) * COLUMN_S)
        for column, leads in enumerate(COLUMNS)
        for row, lead in enumerate(leads)
    ]
    rhythm = next((lead for lead in RHYTHM if lead in present), None)
    if rhythm is not None:
        places.append((rhythm, 3, 0.0, 4 * COLUMN_S))
    strips = [_strip(pen, page, present.get(place[0]), *place) for place in places]
    chest = [place[0] in CHEST for place in places]
    gains = {}
    for group in (False, True):
        own = [strip for strip, is_chest in zip(strips, chest, strict=True) if is_chest == group]
        gains[group] = highest_gain(own, GAINS_MM_MV)
    if not page.units_known:
        gains = dict.fromkeys(gains, filling_gain(strips, least_mv=1e-6))
    found = []
    for place, strip, is_chest in zip(places, strips, chest, strict=True):
        (scaled,) = at_gain([strip], gains[is_chest])
        found.append(PlacedStrip(*place, scaled))
    return found, gains


def _strip(
    pen: Pen, page: ReportPage, signal: np.ndarray | None, lead: str, row: int, from_s: float,
    to_s: float,
) -> Strip:  # fmt: skip
    if signal is None:
        signal = np.zeros(0, dtype=np.float32)
    first, last = round(from_s * page.fs_hz), round(to_s * page.fs_hz) + 1
    width, height = name_room(pen, lead, NAME_MM)
    return Strip(
        lead, signal[first:last], page.fs_hz, PAPER_LEFT_MM + PULSE_MM + from_s * MM_PER_S,
        PAPER_TOP_MM + row * ROW_MM + STRIP_GAP_MM, (to_s - from_s) * MM_PER_S,
        ROW_MM - 2 * STRIP_GAP_MM, MM_PER_S, name_width=width, name_height=height,
    )  # fmt: skip


def scale_words(page: ReportPage, placed: Sequence[PlacedStrip], gains: dict[bool, float]) -> str:
    """Return speed, gain and what is cut, such as ``25 mm/s   10 mm/mV, chest leads 5 mm/mV``."""
    if page.units_known:
        words = f"{gains[False]:g} mm/mV"
        if gains[True] != gains[False]:
            words += f", chest leads {gains[True]:g} mm/mV"
    else:
        words = "amplitude unknown, not to scale"
    cut = dict.fromkeys(one.lead for one in placed if one.strip.is_cut)
    parts = [f"{MM_PER_S:g} mm/s", words, "unfiltered"]
    if cut:
        parts.append(f"{' '.join(cut)} cut at the edge of the strip")
    return "   ".join(parts)


def _pulses(pen: Pen, placed: Sequence[PlacedStrip], gains: dict[bool, float]) -> None:
    """Draw the calibration pulses of each row: one for each gain that its leads have."""
    for row in range(4):
        groups = {one.lead in CHEST for one in placed if one.row == row}
        heights = sorted({gains[group] for group in groups}, reverse=True)
        middle = PAPER_TOP_MM + (row + 0.5) * ROW_MM
        for k, gain in enumerate(reversed(heights)):
            x = PAPER_LEFT_MM + PULSE_MM - 7.0 * (k + 1)
            draw_pulse(pen, LIGHT, x, middle, MM_PER_S, gain, STROKE_MM)


def _draw(pen: Pen, one: PlacedStrip) -> None:
    middle = PAPER_TOP_MM + (one.row + 0.5) * ROW_MM
    if one.from_s > 0.0:
        pen.stroke("#5a6370", 0.2)
        pen.line(one.strip.x, middle - 5.0, one.strip.x, middle + 5.0)
    if one.strip.missing:
        words = "not recorded" if one.strip.samples_mv.size == 0 else "no signal"
        pen.text(one.strip.x + 1.0, middle - 1.5, 40.0, words, 2.6, color="#868e96")
        return
    draw_trace(pen, LIGHT, one.strip, STROKE_MM)


def _stimuli(pen: Pen, page: ReportPage, one: PlacedStrip) -> None:
    """Draw a tick under the trace for every stimulus; the rhythm strip names the chambers."""
    # Above the bars of windows that are flagged.
    bottom = PAPER_TOP_MM + (one.row + 1) * ROW_MM - (2.5 if one.row == 3 else STRIP_GAP_MM)
    for sample, chamber in zip(
        page.stimuli.samples.tolist(), page.stimuli.chambers.tolist(), strict=True
    ):
        at_s = sample / page.fs_hz
        if one.from_s <= at_s < one.to_s:
            x = one.strip.x + (at_s - one.from_s) * MM_PER_S
            pen.stroke(LIGHT.stimulus, 0.4)
            pen.line(x, bottom - TICK_MM, x, bottom)
            if one.row == 3:
                letter = CHAMBER_LETTERS[chamber]
                pen.text(x + 0.5, bottom - TICK_MM, 4.0, letter, 2.2, True, LIGHT.stimulus)


def _shade(pen: Pen, page: ReportPage, one: PlacedStrip) -> None:
    """Shade the flags that name a lead in its stretch."""
    left = PAPER_LEFT_MM + PULSE_MM
    x0, x1 = left + one.from_s * MM_PER_S, left + one.to_s * MM_PER_S
    shade = QColor(PRINT_FLAG)
    shade.setAlpha(26)
    for flag in page.flags:
        if flag.placed and one.lead in flag.leads:
            a = max(left + (flag.start_s - page.start_s) * MM_PER_S, x0)
            b = min(left + (flag.stop_s - page.start_s) * MM_PER_S, x1)
            if b > a:
                top = PAPER_TOP_MM + one.row * ROW_MM
                pen.painter.fillRect(pen.rect(a, top + 1.0, b - a, ROW_MM - 2.0), shade)


def _bars(pen: Pen, page: ReportPage) -> None:
    """Mark the windows that are flagged below the traces, the annotations above them."""
    spans = [
        (flag.start_s, flag.stop_s, PAPER_BOTTOM_MM - 2.0, PRINT_FLAG)
        for flag in page.flags if not flag.placed
    ]  # fmt: skip
    color = QColor(LIGHT.annotation)
    spans += [(one.start_s, one.end_s, PAPER_TOP_MM + 0.3, color) for one in page.annotations]
    for start_s, stop_s, y, tint in spans:
        a = max((start_s - page.start_s) * MM_PER_S, 0.0)
        b = min((stop_s - page.start_s) * MM_PER_S, 4 * COLUMN_S * MM_PER_S)
        if b > a:
            left = PAPER_LEFT_MM + PULSE_MM
            pen.painter.fillRect(pen.rect(left + a, y, b - a, 1.2), tint)


def _seconds(pen: Pen, page: ReportPage) -> None:
    for second in range(0, 11):
        pen.stroke("#5a6370", 0.15)
        x = PAPER_LEFT_MM + PULSE_MM + second * MM_PER_S
        pen.line(x, PAPER_BOTTOM_MM, x, PAPER_BOTTOM_MM + 1.2)
        if page.start_s + second <= page.duration_s + 1e-6:
            words = f"{page.start_s + second:.4g} s" if second else f"{page.start_s:.5g} s"
            pen.text(x + 0.6, PAPER_BOTTOM_MM + 0.1, 20, words, 2.1, color="#5a6370")
