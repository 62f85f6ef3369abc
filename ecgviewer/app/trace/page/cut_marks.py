"""Marks where a wave is taller than the page can show: its amplitude must not be misread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.lanes import Lane

CUT_TEXT = "▲▼ cut here: less gain (-) shows the whole wave"
OVERLAP = 2.0
"""Share of a row's height by which a trace may reach beyond its lane."""
HALF_WIDTH_PX, HEIGHT_PX = 4.0, 6.0
APART_PX = 2 * HALF_WIDTH_PX
"""Marks closer than this are one."""


@dataclass(frozen=True, slots=True)
class CutMark:
    """A place where a trace ends at a border; ``upward`` where it would go on above."""

    x: float
    y: float
    upward: bool


@dataclass(frozen=True, slots=True)
class Beyond:
    """Which columns of each lane of a page go on beyond the borders that cut them.

    Attributes
    ----------
    above, below : bool array [n_lanes, width]
    """

    above: npt.NDArray[np.bool_]
    below: npt.NDArray[np.bool_]

    @classmethod
    def nowhere(cls, n_lanes: int, width: int) -> Beyond:
        """Return that no column of so many lanes is cut."""
        return cls(*np.zeros((2, n_lanes, width), dtype=bool))

    def rolled(self, first: int) -> Beyond:
        """Return the same with another column as the first one."""
        return Beyond(*(np.roll(part, -first, axis=1) for part in (self.above, self.below)))

    def any(self) -> bool:
        """Return whether any wave is cut."""
        return bool(self.above.any() or self.below.any())


def cut_borders(geometry: Geometry, lane: Lane) -> tuple[float | None, float | None]:
    """Return the heights in view that cut a lane's trace for good, above and below."""
    page = geometry.page
    rect, over = geometry.trace_rect(lane), OVERLAP * page.pitch
    upper = max(rect.top() - over, geometry.lane_y(0.0))
    lower = min(rect.bottom() + over, max(geometry.lane_y(page.page_height), page.bottom))
    return (
        upper if page.top <= upper <= page.bottom else None,
        lower if page.top <= lower <= page.bottom else None,
    )


def cut_marks(geometry: Geometry, beyond: Beyond) -> list[CutMark]:
    """Return the marks of a view whose columns these are."""
    marks: list[CutMark] = []
    if not beyond.any():
        return marks
    for at, lane in enumerate(geometry.page.lanes):
        for y, columns, upward in zip(
            cut_borders(geometry, lane), (beyond.above[at], beyond.below[at]), (True, False),
            strict=True,
        ):  # fmt: skip
            if y is not None and columns.any():
                marks += [
                    CutMark((geometry.left_column + x) / geometry.ratio, y, upward)
                    for x in cut_places(columns)
                ]
    return marks


def cut_places(beyond: npt.NDArray[np.bool_]) -> list[float]:
    """Return the middle of every run of columns whose wave goes on beyond the border."""
    edges = np.flatnonzero(np.diff(beyond.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    places: list[float] = []
    for middle in edges.mean(axis=1).tolist():
        if not places or middle - places[-1] > APART_PX:
            places.append(middle)
    return places


def paint_cut_marks(painter: QPainter, geometry: Geometry, cuts: Sequence[CutMark]) -> None:
    """Draw an arrowhead at every border that cuts a wave, pointing to where it goes on."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(geometry.theme.color("danger"))
    for cut in cuts:
        foot = cut.y + (HEIGHT_PX if cut.upward else -HEIGHT_PX)
        left, right = cut.x - HALF_WIDTH_PX, cut.x + HALF_WIDTH_PX
        painter.drawPolygon(
            QPolygonF([QPointF(cut.x, cut.y), QPointF(left, foot), QPointF(right, foot)])
        )
    painter.restore()
