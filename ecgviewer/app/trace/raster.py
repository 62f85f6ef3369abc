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
    if not runs:
        return
    column = np.concatenate([run.first + np.arange(run.top.size) for run in runs])
    top = np.concatenate([run.top for run in runs])
    bottom = np.concatenate([run.bottom for run in runs])
    upper = np.concatenate([np.full(run.top.size, run.clip[0]) for run in runs])
    lower = np.concatenate([np.full(run.top.size, run.clip[1]) for run in runs])
    height, width = picture.pixels.shape
    with np.errstate(invalid="ignore"):
        seen = (bottom > upper) & (top < lower) & (column >= 0) & (column < width)
    column, upper, lower = column[seen], upper[seen], np.minimum(lower[seen], height)
    top = np.clip(top[seen], upper, lower - 0.01)
    bottom = np.clip(bottom[seen], upper + 0.01, lower - 0.001)
    first, last = top.astype(np.int64), bottom.astype(np.int64)
    flat = picture.pixels.reshape(-1)
    _fill_inner(flat, column, first + 1, last, width, color.rgb())
    alone = first == last
    share = np.where(alone, bottom - top, first + 1 - top)
    _blend(flat, first * width + column, share, color)
    ends = ~alone
    _blend(flat, last[ends] * width + column[ends], (bottom - last)[ends], color)


def _fill_inner(
    flat: npt.NDArray[np.uint32],
    column: IntArray,
    first: IntArray,
    stop: IntArray,
    width: int,
    color: int,
) -> None:
    """Set rows ``[first, stop)`` of each column."""
    length = np.maximum(stop - first, 0).astype(np.int32)
    total = int(length.sum())
    if total == 0:
        return
    # Index of run r, row k: (first + k) * width + column, with k counted by one long ramp.
    before = np.cumsum(length) - length
    origin = (first * width + column - before * width).astype(np.int32)
    index = np.arange(0, total * width, width, dtype=np.int32)
    index += np.repeat(origin, length)
    flat[index] = color


def _blend(
    flat: npt.NDArray[np.uint32],
    index: IntArray,
    share: npt.NDArray[np.floating],
    color: QColor,
) -> None:
    under = flat[index]
    weight = np.clip(share * 256.0, 0, 256).astype(np.int32)
    result = np.full(under.shape, 0xFF000000, dtype=np.uint32)
    for shift, part in ((16, color.red()), (8, color.green()), (0, color.blue())):
        old = ((under >> shift) & 0xFF).astype(np.int32)
        new = old + ((part - old) * weight >> 8)
        result |= new.astype(np.uint32) << shift
    flat[index] = result
