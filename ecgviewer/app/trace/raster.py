"""Draws traces straight into the picture: one vertical run of pixels per device column.

A column covers exactly what the line through the samples covers there, its two ends blended by
the share of the pixel they cover. The cost depends on the size of the picture alone, not on the
length of the view, and no spike is ever lost between two pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from ecgviewer.app.trace.data.levels import Columns

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
TALL_PX = 9.0
"""Mean height of columns above which comparing rows beats addressing pixels."""


class Picture:
    """A QImage whose pixels numpy can write.

    Attributes
    ----------
    pixels : array [height, width] of uint32
        ``0xffRRGGBB``.
    image : QImage
        The same memory, with its device pixel ratio.
    """

    def __init__(self, width: int, height: int, ratio: float) -> None:
        self.pixels = np.zeros((max(height, 1), max(width, 1)), dtype=np.uint32)
        height, width = self.pixels.shape
        self.image = QImage(self.pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
        self.image.setDevicePixelRatio(ratio)
        self.ratio = ratio


@dataclass(frozen=True, slots=True)
class Run:
    """Device columns of one lane, ready to fill.

    ``first`` is the picture's column of the first entry; ``top`` and ``bottom`` are in device
    pixels, NaN leaves a gap; ``clip`` bounds the rows.
    """

    first: int
    top: FloatArray
    bottom: FloatArray
    clip: tuple[int, int]


def to_pixels(
    columns: Columns, x: npt.NDArray[np.float64], width: int
) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and highest value ``[L, width]`` that a line covers in each pixel column.

    Parameters
    ----------
    x : array [m]
        Where the middle of each bin is, in device pixels from the first column; evenly spaced.
    width : int
        Columns wanted. NaN where there is no signal.
    """
    n_leads, m = columns.lo.shape
    if m < 2 or width < 1:
        empty = np.full((n_leads, max(width, 0)), np.nan, dtype=np.float32)
        return empty, empty
    spacing = (x[-1] - x[0]) / (m - 1)
    if spacing >= 1.0:
        return _stretch(columns, x, spacing, width)
    return _squeeze(columns, x, width)


def _stretch(
    columns: Columns, x: npt.NDArray[np.float64], spacing: float, width: int
) -> tuple[FloatArray, FloatArray]:
    """Fewer samples than pixels: follow the straight line from sample to sample."""
    position = (np.arange(width + 1) - x[0]) / spacing
    left = np.clip(np.floor(position).astype(np.int64), 0, x.size - 2)
    share = (position - left).astype(np.float32)
    outside = (position < 0.0) | (position > x.size - 1)
    results = []
    for values, pick in ((columns.lo, np.fmin), (columns.hi, np.fmax)):
        before = values[:, left]
        borders = before + (values[:, left + 1] - before) * share
        borders[:, outside] = np.nan
        result = pick(borders[:, :-1], borders[:, 1:])
        column = np.floor(x).astype(np.int64)
        inside = (column >= 0) & (column < width)
        result[:, column[inside]] = pick(result[:, column[inside]], values[:, inside])
        results.append(result)
    return results[0], results[1]


def _squeeze(
    columns: Columns, x: npt.NDArray[np.float64], width: int
) -> tuple[FloatArray, FloatArray]:
    """More bins than pixels: the extremes of each column, joined to those of its neighbour."""
    lo = np.full((columns.lo.shape[0], width), np.nan, dtype=np.float32)
    hi = lo.copy()
    column = np.floor(x).astype(np.int64)
    inside = slice(int(np.searchsorted(column, 0)), int(np.searchsorted(column, width)))
    column = column[inside]
    if column.size:
        starts = np.flatnonzero(np.diff(column, prepend=-1))
        at = column[starts]
        lo[:, at] = np.fmin.reduceat(columns.lo[:, inside], starts, axis=1)
        hi[:, at] = np.fmax.reduceat(columns.hi[:, inside], starts, axis=1)
    joined_lo, joined_hi = lo.copy(), hi.copy()
    # A gap stays a gap: NaN compares to nothing, and fmin would bridge only the joint.
    known = np.isfinite(hi[:, 1:])
    np.fmin(lo[:, 1:], hi[:, :-1], out=joined_lo[:, 1:], where=known)
    np.fmax(hi[:, 1:], lo[:, :-1], out=joined_hi[:, 1:], where=known)
    return joined_lo, joined_hi


def fill(picture: Picture, runs: Sequence[Run], color: QColor) -> None:
    """Fill the runs of many lanes at once."""
    parts = [part for run in runs if (part := _pixels_of(picture, run)) is not None]
    if not parts:
        return
    short = []
    for column, top, bottom in parts:
        if float(np.mean(bottom - top)) > TALL_PX:
            first, stop = top.astype(np.int64) + 1, bottom.astype(np.int64)
            _fill_tall(picture, column, first, stop, color.rgb())
        else:
            short.append((column, top, bottom))
    if short:
        column, top, bottom = (np.concatenate(part) for part in zip(*short, strict=True))
        first, stop = top.astype(np.int64) + 1, bottom.astype(np.int64)
        _fill_short(picture, column, first, stop, color.rgb())
    column, top, bottom = (np.concatenate(part) for part in zip(*parts, strict=True))
    _blend_ends(picture, column, top, bottom, color)


def _pixels_of(picture: Picture, run: Run) -> tuple[IntArray, FloatArray, FloatArray] | None:
    """Return the columns of a run that are seen, and their ends within the clip."""
    height, width = picture.pixels.shape
    upper, lower = max(run.clip[0], 0), min(run.clip[1], height)
    column = run.first + np.arange(run.top.size)
    with np.errstate(invalid="ignore"):
        seen = (run.bottom > upper) & (run.top < lower) & (column >= 0) & (column < width)
    if lower <= upper or not seen.any():
        return None
    top = np.clip(run.top[seen], upper, lower - 0.01)
    bottom = np.clip(run.bottom[seen], upper + 0.01, lower - 0.001)
    return column[seen], top, bottom


def _fill_short(
    picture: Picture, column: IntArray, first: IntArray, stop: IntArray, color: int
) -> None:
    """Set rows ``[first, stop)`` of each column, pixel by pixel: cost by their number."""
    length = np.maximum(stop - first, 0).astype(np.int32)
    total = int(length.sum())
    if total == 0:
        return
    width = picture.pixels.shape[1]
    # Index of run r, row k: (first + k) * width + column, with k counted by one long ramp.
    before = np.cumsum(length) - length
    origin = (first * width + column - before * width).astype(np.int32)
    index = np.arange(0, total * width, width, dtype=np.int32)
    index += np.repeat(origin, length)
    picture.pixels.reshape(-1)[index] = color


def _fill_tall(
    picture: Picture, column: IntArray, first: IntArray, stop: IntArray, color: int
) -> None:
    """Set rows ``[first, stop)`` of each column, row by row: cost by the area they span."""
    left, right = int(column[0]), int(column[-1]) + 1
    upper, lower = int(first.min()), int(stop.max())
    if lower <= upper:
        return
    begin = np.zeros(right - left, dtype=np.int16)
    end = begin.copy()
    begin[column - left] = first
    end[column - left] = stop
    row = np.arange(upper, lower, dtype=np.int16)[:, np.newaxis]
    inside = row >= begin
    np.logical_and(inside, row < end, out=inside)
    np.copyto(picture.pixels[upper:lower, left:right], np.uint32(color), where=inside)


def _blend_ends(
    picture: Picture, column: IntArray, top: FloatArray, bottom: FloatArray, color: QColor
) -> None:
    """Mix the colour into the first and last pixel of each column by the share covered."""
    width = picture.pixels.shape[1]
    flat = picture.pixels.reshape(-1)
    first, last = top.astype(np.int64), bottom.astype(np.int64)
    alone = first == last
    share = np.where(alone, bottom - top, first + 1 - top)
    ends = np.flatnonzero(~alone)
    index = np.concatenate((first * width + column, last[ends] * width + column[ends]))
    weight = (np.concatenate((share, bottom[ends] - last[ends])) * 256.0).astype(np.int32)
    under = flat[index].astype(np.int32)
    result = np.full(under.shape, -0x1000000, dtype=np.int32)
    for shift, part in ((16, color.red()), (8, color.green()), (0, color.blue())):
        old = (under >> shift) & 0xFF
        result |= (old + ((part - old) * weight >> 8)) << shift
    flat[index] = result.view(np.uint32)
