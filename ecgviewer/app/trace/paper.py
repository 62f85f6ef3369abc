"""ECG paper: 1-mm and 5-mm lines true to scale, or a plain time grid where no paper fits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from ecgviewer.app.qt.theme import Theme
from ecgviewer.app.trace.state import ViewState

LEAST_MINOR_PX = 2.6
SLOWEST_PAPER_MM_S = 4.0
"""Below this paper speed a 1-mm line is over a quarter of a second: a grid of times says more."""
TIME_STEPS_S = (
    0.04, 0.2, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 43200.0,
)  # fmt: skip
LABEL_STEPS_S = (
    0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0,
    1800.0, 3600.0, 7200.0, 14400.0, 21600.0, 43200.0,
)  # fmt: skip
LEAST_TIME_PX = 36.0


@dataclass(frozen=True, slots=True)
class Grid:
    """Distances between lines, in logical pixels; a minor distance of 0 draws none."""

    minor_x: float
    major_x: float
    minor_y: float
    major_y: float


def grid_for(state: ViewState) -> Grid:
    """Return the lines for a scale: millimetres while they mean something, then nice times."""
    if state.fit:
        minor_y, major_y = 0.1 * state.px_per_mv, 0.5 * state.px_per_mv
        minor_x, major_x = 0.04 * state.px_per_s, 0.2 * state.px_per_s
    else:
        minor_y = minor_x = state.pixels_per_mm
        major_y = major_x = 5.0 * state.pixels_per_mm
    speed = state.px_per_s / state.pixels_per_mm
    if speed < SLOWEST_PAPER_MM_S:
        major_x = time_step_s(state.px_per_s) * state.px_per_s
        minor_x = 0.0
    if major_y < 3 * LEAST_MINOR_PX:
        major_y = 0.0
    return Grid(
        minor_x if minor_x >= LEAST_MINOR_PX else 0.0,
        major_x,
        minor_y if minor_y >= LEAST_MINOR_PX else 0.0,
        major_y,
    )


def time_step_s(
    px_per_s: float, least_px: float = LEAST_TIME_PX, steps_s: tuple[float, ...] = TIME_STEPS_S
) -> float:
    """Return the shortest nice time that spans at least this many pixels."""
    for step in steps_s:
        if step * px_per_s >= least_px:
            return step
    return math.ceil(least_px / px_per_s / 86400.0) * 86400.0


class Paper:
    """Draws the grid from a cached picture that is one major square larger than the view."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] | None = None
        self._pixmap = QPixmap()

    def paint(
        self, painter: QPainter, area: QRectF, grid: Grid, theme: Theme, x: float, y: float
    ) -> None:
        """Fill ``area`` with paper whose lines pass through the point (x, y)."""
        ratio = painter.device().devicePixelRatioF()
        key = (area.width(), area.height(), grid, theme.name, ratio)
        if key != self._key:
            self._pixmap = _draw(area, grid, theme, ratio)
            self._key = key
        offset_x = (x - area.left()) % grid.major_x - grid.major_x
        period_y = grid.major_y or 1.0
        offset_y = (y - area.top()) % period_y - period_y

        def snap(value: float) -> float:
            return round(value * ratio) / ratio

        painter.save()
        painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
        corner = QPointF(snap(area.left() + offset_x), snap(area.top() + offset_y))
        painter.drawPixmap(corner, self._pixmap)
        painter.restore()


def _draw(area: QRectF, grid: Grid, theme: Theme, ratio: float) -> QPixmap:
    width = math.ceil((area.width() + grid.major_x + 2) * ratio)
    height = math.ceil((area.height() + grid.major_y + 2) * ratio)
    pixmap = QPixmap(width, height)
    pixmap.fill(theme.color("paper"))
    painter = QPainter(pixmap)
    for minor, distance_x, distance_y in (
        (True, grid.minor_x, grid.minor_y),
        (False, grid.major_x, grid.major_y),
    ):
        color = theme.color("grid_minor" if minor else "grid_major")
        _lines(painter, distance_x * ratio, width, height, color, vertical=True)
        _lines(painter, distance_y * ratio, width, height, color, vertical=False)
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _lines(
    painter: QPainter, distance: float, width: int, height: int, color: QColor, vertical: bool
) -> None:
    """Draw lines of one device pixel, each at the pixel nearest to its true place."""
    if distance <= 0.0:
        return
    for index in range(int((width if vertical else height) / distance) + 1):
        at = round(index * distance)
        if vertical:
            painter.fillRect(at, 0, 1, height, color)
        else:
            painter.fillRect(0, at, width, 1, color)
