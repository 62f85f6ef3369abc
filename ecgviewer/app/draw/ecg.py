"""Draws paper, calibration pulse, traces and their names with one pen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PySide6.QtCore import Qt

from ecgviewer.app.draw.pen import Pen
from ecgviewer.app.draw.strip import Strip, outline
from ecgviewer.app.qt.theme import Theme
from ecgviewer.app.trace.polyline import polygon

PULSE_S, PULSE_MV = 0.2, 1.0
NAME_LINES = 1.5
"""Height of a line of text, in heights of its letters."""
NAME_GAP = 0.4
"""Left and right of a name, in heights of its letters."""


def name_room(pen: Pen, lead: str, letters: float) -> tuple[float, float]:
    """Return width and height of the room that a lead's name of this letter height needs."""
    return pen.width(lead, letters, True) + 2 * NAME_GAP * letters, NAME_LINES * letters


def draw_paper(
    pen: Pen, color: str, x: float, y: float, width: float, height: float,
    square: tuple[float, float], stroke: float,
) -> None:  # fmt: skip
    """Draw the lines of squares of this width and height, from the upper left corner (x, y) on."""
    pen.stroke(color, stroke)
    for k in range(int(width / square[0] + 1e-6) + 1):
        pen.line(x + k * square[0], y, x + k * square[0], y + height)
    for k in range(int(height / square[1] + 1e-6) + 1):
        pen.line(x, y + k * square[1], x + width, y + k * square[1])


def draw_pulse(
    pen: Pen, theme: Theme, x: float, baseline: float, per_s: float, per_mv: float, stroke: float
) -> None:
    """Draw a calibration pulse: 1 mV high, 0.2 s wide, with its feet."""
    foot, wide, top = 0.04 * per_s, PULSE_S * per_s, baseline - PULSE_MV * per_mv
    right = x + foot + wide
    pen.stroke(theme.trace, stroke)
    pen.corners(
        (
            (x, baseline), (x + foot, baseline), (x + foot, top), (right, top),
            (right, baseline), (right + foot, baseline),
        )
    )  # fmt: skip


def draw_trace(pen: Pen, theme: Theme, strip: Strip, stroke: float) -> None:
    """Draw a trace within its room, with gaps where samples are missing or cut."""
    x, y = outline(*strip.points, pen.pixels_per_unit)
    x, y = x * pen.per_unit, y * pen.per_unit
    pen.stroke(theme.trace, stroke)
    pen.painter.setBrush(Qt.BrushStyle.NoBrush)
    valid = np.isfinite(y)
    edges = [0, *(np.flatnonzero(np.diff(valid)) + 1).tolist(), valid.size]
    for start, stop in pairwise(edges):
        if stop - start > 1 and valid[start]:
            pen.painter.drawPolyline(polygon(x[start:stop], y[start:stop]))


def draw_name(pen: Pen, theme: Theme, strip: Strip, letters: float) -> None:
    """Write a lead's name above its trace, in the room that the strip keeps for it."""
    left, bottom = strip.name_place
    pen.text(
        left + NAME_GAP * letters, bottom - NAME_LINES * letters, strip.width, strip.lead, letters,
        bold=True, color=theme.lead_name,
    )  # fmt: skip
