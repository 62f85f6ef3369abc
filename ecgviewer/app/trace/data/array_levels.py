"""Levels of a short array in memory: maps of a record of some minutes."""

from __future__ import annotations

import numpy as np

from ecgviewer.app.trace.data.levels import FloatArray, reduce_level

FIRST_FACTOR = 16
"""Finer levels would cost memory and save nothing: a screen's worth of samples reduces quickly."""


class ArrayLevels:
    """Minima and maxima of ``values [L, T]``, made at once: some milliseconds for ten minutes."""

    def __init__(self, values: FloatArray) -> None:
        self.values = values
        self._levels: dict[int, tuple[FloatArray, FloatArray]] = {}
        n_leads, length = self.values.shape
        size = -(-length // FIRST_FACTOR)
        lo = np.empty((n_leads, size), dtype=np.float32)
        hi = np.empty_like(lo)
        block = FIRST_FACTOR * 4096
        for start in range(0, length, block):
            part = self.values[:, start : start + block]
            part_lo, part_hi = reduce_level(*reduce_level(part, part))
            at = start // FIRST_FACTOR
            lo[:, at : at + part_lo.shape[1]] = part_lo
            hi[:, at : at + part_hi.shape[1]] = part_hi
        levels = {FIRST_FACTOR: (lo, hi)}
        factor = FIRST_FACTOR
        while lo.shape[1] > 2048:
            lo, hi = reduce_level(lo, hi)
            factor *= 4
            levels[factor] = (lo, hi)
        self._levels = levels

    @property
    def factors(self) -> tuple[int, ...]:
        """Samples per bin of each level, ascending."""
        return (1, *sorted(self._levels))

    def slice(self, factor: int, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        """Return minima and maxima of bins ``[start, stop)`` of a level."""
        if factor == 1:
            part = self.values[:, start:stop]
            return part, part
        lo, hi = self._levels[factor]
        return lo[:, start:stop], hi[:, start:stop]
