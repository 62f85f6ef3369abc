"""Minima and maxima of a signal at several resolutions, aligned so that panning never shimmers.

Every bin starts at a multiple of its width counted from the start of the record, so the same
samples always share a bin and a one-sample spike is in exactly one bin at every zoom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
STEP = 4
"""Each level holds one bin per this many bins of the level below."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Minimum and maximum of consecutive bins, ready to be drawn.

    Attributes
    ----------
    first : int
        First sample of the first bin.
    step : int
        Samples per bin; with 1, ``lo`` and ``hi`` are the samples themselves.
    lo, hi : array [L, m]
        NaN where a bin holds no valid sample, or is not read yet.
    pending : array [m] of bool, or None
        Bins that are still to be read; None when there are none.
    """

    first: int
    step: int
    lo: FloatArray
    hi: FloatArray
    pending: npt.NDArray[np.bool_] | None = None

    def centres(self) -> npt.NDArray[np.float64]:
        """Return the middle of every bin, in samples."""
        m = self.lo.shape[1]
        return np.float64(self.first + (self.step - 1) / 2) + np.arange(m) * np.float64(self.step)


class Levels(Protocol):
    """A signal that can be asked for any of its levels."""

    @property
    def factors(self) -> tuple[int, ...]:
        """Samples per bin of each level, ascending."""
        ...

    def slice(self, factor: int, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        """Return minima and maxima of bins ``[start, stop)`` of a level, NaN where unknown."""
        ...


def reduce_level(lo: FloatArray, hi: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the next coarser level of ``[L, n]`` arrays; ``n`` is padded to a multiple of 4."""
    return _reduce(lo, np.fmin), _reduce(hi, np.fmax)


def _reduce(values: FloatArray, pick: np.ufunc) -> FloatArray:
    spare = -values.shape[1] % STEP
    if spare:
        values = np.pad(values, ((0, 0), (0, spare)), constant_values=np.nan)
    reduced: FloatArray = pick(
        pick(values[:, 0::STEP], values[:, 1::STEP]), pick(values[:, 2::STEP], values[:, 3::STEP])
    )
    return reduced


def choose_level(factors: tuple[int, ...], samples_per_pixel: float) -> tuple[int, int]:
    """Return (level factor, bins of it to merge) that give about one bin per pixel.

    Never more than one pixel per bin: detail is not lost to save work.
    """
    wanted = max(int(samples_per_pixel), 1)
    factor = max(candidate for candidate in factors if candidate <= max(wanted, factors[0]))
    return factor, max(wanted // factor, 1)


def query(levels: Levels, start: int, stop: int, samples_per_pixel: float) -> Columns:
    """Return samples ``[start, stop)`` as columns for this zoom, a bin wider on both sides."""
    factor, merge = choose_level(levels.factors, samples_per_pixel)
    step = factor * merge
    first = (max(start, 0) // step - 1) * merge
    first = max(first, 0)
    last = (-(-stop // step) + 1) * merge
    lo, hi = levels.slice(factor, first, last)
    if merge > 1:
        lo, hi = _merge(lo, merge, np.fmin), _merge(hi, merge, np.fmax)
    return Columns(first * factor, step, lo, hi)


def _merge(values: FloatArray, merge: int, pick: np.ufunc) -> FloatArray:
    spare = -values.shape[1] % merge
    if spare:
        values = np.pad(values, ((0, 0), (0, spare)), constant_values=np.nan)
    result = values[:, ::merge].copy()
    for offset in range(1, merge):
        pick(result, values[:, offset::merge], out=result)
    return result
