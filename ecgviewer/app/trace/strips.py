"""Rows of colour: maps of an analysis per lead, and shaded spans of flags and annotations.

Each row is one line of pixels repeated over its height, so that its cost depends neither on the
number of spans nor on the length of the record.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from ecgviewer.app.trace.color_scales import ColorWords, to_index
from ecgviewer.app.trace.data.levels import Columns
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.pixel_columns import FloatArray, Stretch, highest
from ecgviewer.app.trace.raster import Picture


def strip_values(
    columns: Columns, fs_hz: float, frame: Frame, left: float, right: float
) -> FloatArray:
    """Return the highest value ``[L, width]`` per logical pixel between two places; NaN: none."""
    first = round(left)
    wanted = Stretch(0, round(right) - first, frame.px_per_s, frame.x(0.0) - first)
    return highest(columns, fs_hz, wanted)


def colors_of(values: FloatArray, levels: tuple[float, float], table: ColorWords) -> ColorWords:
    """Return the colours of values, 0 where there is none."""
    index, missing = to_index(values, *levels)
    colors: ColorWords = table.take(index)
    if missing.any():
        colors[missing] = 0
    return colors


def draw_colors(picture: Picture, colors: ColorWords, rect: QRectF) -> None:
    """Write a line of colours, one per logical pixel, over the height of a rectangle; 0 leaves
    a pixel alone."""
    ratio = picture.ratio
    if ratio != 1.0:
        wide = np.arange(round(colors.size * ratio)) + 0.5
        colors = colors[np.minimum((wide / ratio).astype(np.intp), colors.size - 1)]
    left, top, bottom = (round(edge * ratio) for edge in (rect.left(), rect.top(), rect.bottom()))
    write_colors(picture, colors, left, top, bottom)


def write_colors(picture: Picture, colors: ColorWords, left: int, top: int, bottom: int) -> None:
    """Write a line of colours over rows of device pixels; 0 leaves a pixel alone."""
    block = picture.pixels[max(top, 0) : max(bottom, 0), left : left + colors.size]
    colors = colors[: block.shape[1]]
    np.copyto(block, colors, where=colors != 0)


def paint_spans(
    painter: QPainter,
    starts_px: npt.NDArray[np.float64],
    stops_px: npt.NDArray[np.float64],
    rect: QRectF,
    fill: QColor,
    ratio: float = 1.0,
) -> None:
    """Shade spans within a rectangle, at least a pixel wide each.

    Parameters
    ----------
    starts_px, stops_px : array
        From the left edge of the rectangle, in device pixels.
    ratio : float
        Device pixels per logical pixel.
    """
    width = round(rect.width() * ratio)
    if starts_px.size == 0 or width <= 0:
        return
    first, last = np.floor(starts_px), np.ceil(stops_px)
    last = np.maximum(last, first + 1)
    first, last = (np.minimum(np.maximum(edge, 0), width).astype(np.intp) for edge in (first, last))
    change = np.bincount(first, minlength=width + 1) - np.bincount(last, minlength=width + 1)
    argb = (np.cumsum(change[:-1]) > 0) * np.uint32(premultiplied(fill))
    image = QImage(argb.data, width, 1, width * 4, QImage.Format.Format_ARGB32_Premultiplied)
    left = round(rect.left() * ratio) / ratio
    painter.drawImage(QRectF(left, rect.top(), width / ratio, rect.height()), image)


def premultiplied(color: QColor) -> int:
    """Return a colour as one premultiplied ARGB word."""
    alpha = color.alpha()
    red, green, blue = (
        round(part * alpha / 255) for part in (color.red(), color.green(), color.blue())
    )
    return alpha << 24 | red << 16 | green << 8 | blue


class Spans:
    """Spans in time with the leads they belong to, found quickly among many.

    Parameters
    ----------
    starts_s, stops_s : sequence of float
        In order of start.
    leads : sequence of tuple of str
        Per span; empty means it belongs to no lead in particular.
    """

    def __init__(
        self,
        starts_s: Sequence[float],
        stops_s: Sequence[float],
        leads: Sequence[tuple[str, ...]],
    ) -> None:
        self.starts = np.asarray(starts_s, dtype=np.float64)
        self.stops = np.asarray(stops_s, dtype=np.float64)
        # A span may outlast later ones; the latest stop so far only ever grows.
        self._latest_stop = np.maximum.accumulate(self.stops) if len(leads) else self.stops
        self.leads = tuple(leads)
        names = {lead for entry in leads for lead in entry}
        self._on = {
            name: np.array([name in entry for entry in leads], dtype=bool) for name in names
        }
        self.everywhere = np.array([not entry for entry in leads], dtype=bool)

    def __len__(self) -> int:
        return len(self.leads)

    def within(self, start_s: float, stop_s: float) -> npt.NDArray[np.int64]:
        """Return the indices of the spans that touch a range."""
        first = int(np.searchsorted(self._latest_stop, start_s))
        stop = int(np.searchsorted(self.starts, stop_s))
        return first + np.flatnonzero(self.stops[first:stop] >= start_s)

    def names(self, lead: str, among: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return which of ``among`` name a lead."""
        mask = self._on.get(lead)
        return np.zeros(among.size, dtype=bool) if mask is None else mask[among]
