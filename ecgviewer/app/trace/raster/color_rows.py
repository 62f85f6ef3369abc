"""Rows of colour: maps of an analysis per lead, and shaded spans of flags and annotations.

Each row is one line of pixels repeated over its height, so that its cost depends neither on the
number of spans nor on the length of the record.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from ecgviewer.app.trace.data.levels import Columns
from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.raster.color_scales import ColorWords, to_index
from ecgviewer.app.trace.raster.picture import Picture
from ecgviewer.app.trace.raster.pixel_columns import FloatArray, Stretch, highest


def strip_values(
    columns: Columns, fs_hz: float, geometry: Geometry, left: float, right: float
) -> FloatArray:
    """Return the highest value ``[L, width]`` per logical pixel between two places; NaN: none."""
    first = round(left)
    wanted = Stretch(0, round(right) - first, geometry.px_per_s, geometry.x(0.0) - first)
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
    striped: bool = False,
) -> None:
    """Shade spans within a rectangle, at least a pixel wide each.

    Parameters
    ----------
    starts_px, stops_px : array
        From the left edge of the rectangle, in device pixels.
    ratio : float
        Device pixels per logical pixel.
    striped : bool
        Leave every other two pixels out.
    """
    width = round(rect.width() * ratio)
    if starts_px.size == 0 or width <= 0:
        return
    first, last = np.floor(starts_px), np.ceil(stops_px)
    last = np.maximum(last, first + 1)
    first, last = (np.minimum(np.maximum(edge, 0), width).astype(np.intp) for edge in (first, last))
    change = np.bincount(first, minlength=width + 1) - np.bincount(last, minlength=width + 1)
    covered = np.cumsum(change[:-1]) > 0
    if striped:
        covered &= np.arange(width) // max(round(2 * ratio), 1) % 2 == 0
    argb = covered * np.uint32(premultiplied(fill))
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
