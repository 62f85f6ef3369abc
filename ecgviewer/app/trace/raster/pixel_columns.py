"""From bins of samples to columns of pixels, losing no extreme on the way.

Columns are counted from the start of the record, so that what a column holds depends neither on
where the view begins nor on how much of it is computed at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.app.trace.data.levels import Columns

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
Positions = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Pixel columns ``[first, stop)`` of the time axis.

    Attributes
    ----------
    first, stop : int
        Counted from the column that holds the start of the record.
    px_per_s : float
        Columns per second.
    offset : float
        Where in its column the start of the record is: a fraction of a column, may be negative.
    """

    first: int
    stop: int
    px_per_s: float
    offset: float = 0.0

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.stop - self.first

    def samples(self, fs_hz: float) -> tuple[int, int]:
        """Return the samples ``[start, stop)`` that touch these columns."""
        per_column = fs_hz / self.px_per_s
        start = int(np.floor((self.first - self.offset) * per_column)) - 1
        return start, int(np.ceil((self.stop - self.offset) * per_column)) + 2

    def widened(self, left: int) -> Stretch:
        """Return the stretch with more columns on its left."""
        return Stretch(self.first - left, self.stop, self.px_per_s, self.offset)

    def positions(self, columns: Columns, fs_hz: float) -> Positions:
        """Return where the middle of each bin is, in columns from the start of the record."""
        return self.offset + columns.centres() * (self.px_per_s / fs_hz)


def to_pixels(columns: Columns, fs_hz: float, stretch: Stretch) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and highest value ``[L, width]`` that a line covers in each pixel column.

    NaN where there is no signal.
    """
    n_leads, m = columns.lo.shape
    if m < 2 or stretch.width < 1:
        empty = np.full((n_leads, max(stretch.width, 0)), np.nan, dtype=np.float32)
        return empty, empty
    spacing = columns.step * (stretch.px_per_s / fs_hz)
    if spacing >= 1.0:
        return _stretch(columns, fs_hz, spacing, stretch)
    # A column is joined to the one before it, also to that before the first.
    lo, hi = _squeeze(columns, fs_hz, stretch.widened(1))
    return lo[:, 1:], hi[:, 1:]


def highest(columns: Columns, fs_hz: float, stretch: Stretch) -> FloatArray:
    """Return the highest value ``[L, width]`` of the bins within each pixel column.

    A sample lasts until the next one. Bins wider than a pixel fill all the pixels they cover.
    """
    hi, width = columns.hi, stretch.width
    result = np.full((hi.shape[0], width), np.nan, dtype=np.float32)
    if hi.shape[1] == 0 or width == 0:
        return result
    spacing = columns.step * (stretch.px_per_s / fs_hz)
    if spacing >= 1.0:
        middle = np.arange(stretch.first, stretch.stop) + 0.5 - stretch.offset
        at = np.floor(middle / spacing).astype(np.int64) - columns.first // columns.step
        inside = (at >= 0) & (at < hi.shape[1])
        result[:, inside] = hi[:, at[inside]]
        return result
    x = stretch.offset + (columns.centres() + 0.5) * (stretch.px_per_s / fs_hz)
    bins, pixel = _bins_within(x, stretch)
    if pixel.size:
        starts = np.flatnonzero(np.diff(pixel, prepend=-1))
        values = _reduced(hi[:, bins], starts, np.fmax)
        if starts.size == width:
            return values
        result[:, pixel[starts]] = values
    return result


def _stretch(
    columns: Columns, fs_hz: float, spacing: float, stretch: Stretch
) -> tuple[FloatArray, FloatArray]:
    """Fewer samples than pixels: follow the straight line from sample to sample."""
    first_bin, m = columns.first // columns.step, columns.lo.shape[1]
    border = np.arange(stretch.first, stretch.stop + 1) - stretch.offset
    middle_of_bin = (columns.step - 1) / (2 * columns.step)
    position = border / spacing - middle_of_bin
    whole = np.floor(position)
    share = (position - whole).astype(np.float32)
    left = whole.astype(np.int64) - first_bin
    outside = (position < first_bin) | (position > first_bin + m - 1)
    left = np.clip(left, 0, m - 2)
    share[position == first_bin + m - 1] = 1.0
    column = np.floor(stretch.positions(columns, fs_hz)).astype(np.int64) - stretch.first
    inside = (column >= 0) & (column < stretch.width)
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


def _squeeze(columns: Columns, fs_hz: float, stretch: Stretch) -> tuple[FloatArray, FloatArray]:
    """More bins than pixels: the extremes of each column, joined to those of its neighbour."""
    width = stretch.width
    bins, pixel = _bins_within(stretch.positions(columns, fs_hz), stretch)
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


def _bins_within(x: Positions, stretch: Stretch) -> tuple[slice, IntArray]:
    """Return the bins whose middle lies within the columns, and the column of each."""
    column = np.floor(x).astype(np.int64) - stretch.first
    bins = slice(int(np.searchsorted(column, 0)), int(np.searchsorted(column, stretch.width)))
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
