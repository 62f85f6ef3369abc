"""From bins of samples to columns of pixels, losing no extreme on the way."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecgviewer.app.trace.data.levels import Columns

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
Positions = npt.NDArray[np.float64]


def to_pixels(columns: Columns, x: Positions, width: int) -> tuple[FloatArray, FloatArray]:
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


def highest(hi: FloatArray, x: Positions, width: int) -> FloatArray:
    """Return the highest value ``[L, width]`` of the bins within each pixel column.

    Parameters
    ----------
    x : array [m]
        As in :func:`to_pixels`. Bins wider than a pixel fill all the pixels they cover.
    """
    result = np.full((hi.shape[0], width), np.nan, dtype=np.float32)
    if hi.shape[1] == 0 or width == 0:
        return result
    spacing = (x[-1] - x[0]) / (x.size - 1) if x.size > 1 else np.inf
    if spacing >= 1.0:
        half = 0.5 * spacing if np.isfinite(spacing) else 0.5
        start = x[0] - half
        at = np.floor((np.arange(width) + 0.5 - start) / (2 * half)).astype(np.int64)
        inside = (at >= 0) & (at < hi.shape[1])
        result[:, inside] = hi[:, at[inside]]
        return result
    bins, pixel = _bins_within(x, width)
    if pixel.size:
        starts = np.flatnonzero(np.diff(pixel, prepend=-1))
        values = _reduced(hi[:, bins], starts, np.fmax)
        if starts.size == width:
            return values
        result[:, pixel[starts]] = values
    return result


def _stretch(
    columns: Columns, x: Positions, spacing: float, width: int
) -> tuple[FloatArray, FloatArray]:
    """Fewer samples than pixels: follow the straight line from sample to sample."""
    position = (np.arange(width + 1) - x[0]) / spacing
    left = np.clip(np.floor(position).astype(np.int64), 0, x.size - 2)
    share = (position - left).astype(np.float32)
    outside = (position < 0.0) | (position > x.size - 1)
    column = np.floor(x).astype(np.int64)
    inside = (column >= 0) & (column < width)
    column = column[inside]

    def borders_of(values: FloatArray) -> FloatArray:
        before = values.take(left, axis=1)
        borders: FloatArray = values.take(left + 1, axis=1)
        borders -= before
        borders *= share
        borders += before
        if outside.any():
            borders[:, outside] = np.nan
        return borders

    low = borders_of(columns.lo)
    high = low if columns.hi is columns.lo else borders_of(columns.hi)
    lo = np.fmin(low[:, :-1], low[:, 1:])
    hi = np.fmax(high[:, :-1], high[:, 1:])
    lo[:, column] = np.fmin(lo.take(column, axis=1), columns.lo[:, inside])
    hi[:, column] = np.fmax(hi.take(column, axis=1), columns.hi[:, inside])
    return lo, hi


def _squeeze(columns: Columns, x: Positions, width: int) -> tuple[FloatArray, FloatArray]:
    """More bins than pixels: the extremes of each column, joined to those of its neighbour."""
    bins, pixel = _bins_within(x, width)
    if pixel.size == 0:
        empty = np.full((columns.lo.shape[0], width), np.nan, dtype=np.float32)
        return empty, empty
    starts = np.flatnonzero(np.diff(pixel, prepend=-1))
    lo = _reduced(columns.lo[:, bins], starts, np.fmin)
    hi = _reduced(columns.hi[:, bins], starts, np.fmax)
    if starts.size != width:
        at = pixel[starts]
        full_lo = np.full((lo.shape[0], width), np.nan, dtype=np.float32)
        full_hi = full_lo.copy()
        full_lo[:, at], full_hi[:, at] = lo, hi
        lo, hi = full_lo, full_hi
    joined_lo, joined_hi = lo.copy(), hi.copy()
    np.fmin(lo[:, 1:], hi[:, :-1], out=joined_lo[:, 1:])
    np.fmax(hi[:, 1:], lo[:, :-1], out=joined_hi[:, 1:])
    # A gap stays a gap: fmin takes the neighbour's value there.
    gap = np.isnan(hi)
    if gap.any():
        joined_lo[gap] = joined_hi[gap] = np.nan
    return joined_lo, joined_hi


def _bins_within(x: Positions, width: int) -> tuple[slice, IntArray]:
    """Return the bins whose middle lies within the columns, and the column of each."""
    column = np.floor(x).astype(np.int64)
    bins = slice(int(np.searchsorted(column, 0)), int(np.searchsorted(column, width)))
    return bins, column[bins]


def _reduced(values: FloatArray, starts: IntArray, pick: np.ufunc) -> FloatArray:
    """Return the extremes of the groups that begin at ``starts``."""
    sizes = np.diff(starts, append=values.shape[1])
    most = int(sizes.max(initial=0))
    if most > 4:
        reduced: FloatArray = pick.reduceat(values, starts, axis=1)
        return reduced
    # Small groups: a few passes over whole arrays are faster than many short reductions.
    result: FloatArray = values.take(starts, axis=1)
    for k in range(1, most):
        pick(result, values.take(starts + np.minimum(k, sizes - 1), axis=1), out=result)
    return result
