"""Marks where a wave is taller than the page can show: its amplitude must not be misread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from ecgviewer.app.trace.frame import Frame

CUT_TEXT = "▲▼ cut here: less gain (-) shows the whole wave"
HALF_WIDTH_PX, HEIGHT_PX = 4.0, 6.0
APART_PX = 2 * HALF_WIDTH_PX
"""Marks closer than this are one."""


@dataclass(frozen=True, slots=True)
class CutWave:
    """A place where a trace ends at a border; ``upward`` where it would go on above."""

    x: float
    y: float
    upward: bool


def cut_places(beyond: npt.NDArray[np.bool_]) -> list[float]:
    """Return the middle of every run of columns whose wave goes on beyond the border."""
    edges = np.flatnonzero(np.diff(beyond.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    places: list[float] = []
    for middle in edges.mean(axis=1).tolist():
        if not places or middle - places[-1] > APART_PX:
            places.append(middle)
    return places


def paint_cut_waves(painter: QPainter, frame: Frame, cuts: Sequence[CutWave]) -> None:
    """Draw an arrowhead at every border that cuts a wave, pointing to where it goes on."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(frame.theme.color("danger"))
    for cut in cuts:
        foot = cut.y + (HEIGHT_PX if cut.upward else -HEIGHT_PX)
        left, right = cut.x - HALF_WIDTH_PX, cut.x + HALF_WIDTH_PX
        painter.drawPolygon(
            QPolygonF([QPointF(cut.x, cut.y), QPointF(left, foot), QPointF(right, foot)])
        )
    painter.restore()
