"""ECG paper: 1-mm and 5-mm lines true to scale, or a plain time grid where no paper fits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.raster.picture import Picture

Kinds = npt.NDArray[np.intp]
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
class PaperLines:
    """Distances between lines, in logical pixels; a minor distance of 0 draws none."""

    minor_x: float
    major_x: float
    minor_y: float
    major_y: float


def paper_lines(geometry: Geometry) -> PaperLines:
    """Return the lines for a scale: millimetres while they mean something, then nice times."""
    px_per_s, px_per_mv, mm = geometry.px_per_s, geometry.px_per_mv, geometry.pixels_per_mm
    if geometry.fit:
        minor_y, major_y = 0.1 * px_per_mv, 0.5 * px_per_mv
        minor_x, major_x = 0.04 * px_per_s, 0.2 * px_per_s
    else:
        minor_y = minor_x = mm
        major_y = major_x = 5.0 * mm
    if px_per_s / mm < SLOWEST_PAPER_MM_S:
        major_x = time_step_s(px_per_s) * px_per_s
        minor_x = 0.0
    if major_y < 3 * LEAST_MINOR_PX:
        major_y = 0.0
    return PaperLines(
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
    """Draws the grid: every line at the device pixel nearest to its true place.

    Vertical lines are counted from the start of the record, so that they move with the traces.
    """

    def __init__(self, geometry: Geometry) -> None:
        theme, ratio = geometry.theme, geometry.ratio
        self._lines_apart = lines = paper_lines(geometry)
        self._ratio = ratio
        colors = (theme.color(role).rgb() for role in ("paper", "grid_minor", "grid_major"))
        self._colors = np.array(list(colors), dtype=np.uint32)
        self._top, self._bottom = (
            round(geometry.page.top * ratio),
            round(geometry.page.bottom * ratio),
        )
        # Lines are counted from one beyond the widget's left edge when the record's start is in
        # view, and from one above the page.
        before = geometry.page.left % lines.major_x - lines.major_x
        self._first_x = round(before * ratio) - geometry.left_column
        period_y = lines.major_y or 1.0
        above = -geometry.scroll_y % period_y - period_y
        first_y = round((geometry.page.top + above) * ratio)
        self._rows = self._lines(
            self._top, self._bottom, first_y, lines.minor_y * ratio, lines.major_y * ratio
        )

    @property
    def colors(self) -> npt.NDArray[np.uint32]:
        """Between lines, of thin and of thick lines."""
        return self._colors

    def row_kinds(self, rows: npt.NDArray[np.intp]) -> Kinds:
        """Return for rows of the view whether a thin (1) or thick (2) line is there."""
        return self._rows[np.clip(rows - self._top, 0, self._rows.size - 1)]

    def columns(self, first: int, width: int) -> Kinds:
        """Return for columns of the time axis whether a thin (1) or thick (2) line is there."""
        ratio, lines = self._ratio, self._lines_apart
        return self._lines(
            first, first + width, self._first_x, lines.minor_x * ratio, lines.major_x * ratio
        )

    def fill(self, picture: Picture, at: int, columns: Kinds) -> None:
        """Write columns of paper into a picture, from its column ``at`` on."""
        # Rows between lines, on thin and on thick ones: every row of the paper is one of three.
        kinds = self._colors[np.maximum(columns, np.arange(3)[:, np.newaxis])]
        target = picture.pixels[self._top : self._bottom, at : at + columns.size]
        rows = self._rows[: target.shape[0]]
        if columns.size == picture.pixels.shape[1]:
            np.take(kinds, rows, axis=0, out=target, mode="clip")
        else:
            target[:] = kinds[rows]

    @staticmethod
    def _lines(first: int, stop: int, origin: int, minor: float, major: float) -> Kinds:
        """Return for each pixel whether a thin (1) or thick (2) line is there."""
        kinds = np.zeros(max(stop - first, 0), dtype=np.intp)
        for kind, distance in ((1, minor), (2, major)):
            if distance > 0.0:
                index = np.arange(
                    math.floor((first - origin) / distance) - 1,
                    math.ceil((stop - origin) / distance) + 2,
                )
                at = np.rint(index * distance).astype(np.intp) + origin - first
                kinds[at[(at >= 0) & (at < kinds.size)]] = kind
        return kinds
