"""Minimum and maximum of many ranges at once; the arithmetic of the min/max pyramid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.gaps import FloatArray

FINEST = 16
IntArray = npt.NDArray[np.int64]


def from_samples(samples: FloatArray, edges: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the extremes [L, columns] of samples [L, n] between successive edges."""
    if samples.shape[1] == edges.size - 1:
        exact = np.where(np.isfinite(samples), samples, np.float32(np.nan))
        return exact, exact.copy()
    low, high = _for_extremes(samples)
    return finished(
        reduce_ranges(np.minimum, low, edges[:-1], edges[1:], 1),
        reduce_ranges(np.maximum, high, edges[:-1], edges[1:], 1),
    )


def reduce_ranges(
    extreme: np.ufunc, values: FloatArray, first: IntArray, last: IntArray, axis: int
) -> FloatArray:
    """Return the extreme of ``values[first:last]`` for many overlapping, similar ranges.

    A table of the extremes of every ``2**k`` neighbours is made once; each range is then covered
    by two or three entries of it.
    """
    width = last - first
    reach = 1
    table = values.swapaxes(0, axis)
    while 2 * reach <= width.min():
        table = extreme(table[:-reach], table[reach:])
        reach *= 2
    out = extreme(table[first], table[last - reach])
    for offset in range(reach, int(width.max()) - reach, reach):
        out = extreme(out, table[np.minimum(first + offset, last - reach)])
    return np.asarray(out.swapaxes(0, axis))


def finished(lo: FloatArray, hi: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return both C-ordered, NaN where nothing is known."""
    missing = lo > hi
    lo, hi = np.ascontiguousarray(lo), np.ascontiguousarray(hi)
    if missing.any():
        lo[missing] = hi[missing] = np.nan
    return lo, hi


def _for_extremes(samples: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the samples for a minimum and for a maximum: missing ones never win."""
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(samples.sum()):
            return samples, samples
    finite = np.isfinite(samples)
    return (
        np.where(finite, samples, np.float32(np.inf)),
        np.where(finite, samples, np.float32(-np.inf)),
    )


def bins_of(samples: FloatArray) -> FloatArray:
    """Return the bins of every 16 samples (or of all, when fewer) [bins, 2, L]."""
    n_leads, n = samples.shape
    width = min(FINEST, n) or 1
    low, high = _for_extremes(samples)
    out = np.empty((n // width, 2, n_leads), dtype=np.float32)
    out[:, 0] = low.reshape(n_leads, -1, width).min(axis=2).T
    out[:, 1] = -high.reshape(n_leads, -1, width).max(axis=2).T
    return out
