"""Levels of an array that is in memory: the maps and the reconstruction of an analysis."""

from __future__ import annotations

import mmap
import threading

import numpy as np

from ecgviewer.app.trace.data.levels import STEP, FloatArray, reduce_level

FIRST_FACTOR = 16
"""Finer levels would cost memory and save nothing: a screen's worth of samples reduces quickly."""
AT_ONCE = 400_000
"""Up to this many samples per lead the levels are made on the spot (some milliseconds)."""


class ArrayLevels:
    """Minima and maxima of ``values [L, T]``; long arrays are reduced in the background.

    Parameters
    ----------
    values : array [L, T]
    known : ArrayLevels, optional
        Of the beginning of ``values``, whose bins need not be made again.
    """

    def __init__(self, values: FloatArray, known: ArrayLevels | None = None) -> None:
        self.values = values
        self._levels: dict[int, tuple[FloatArray, FloatArray]] = {}
        self._ready = threading.Event()
        if known is None and values.shape[1] <= AT_ONCE:
            self._build(None)
            return
        if known is not None:
            self._levels = known._levels  # until the new part is there as well
        threading.Thread(target=self._build, args=(known,), name="map levels", daemon=True).start()

    @property
    def ready(self) -> bool:
        """Whether every level is made."""
        return self._ready.is_set()

    def _build(self, known: ArrayLevels | None) -> None:
        if known is not None:
            known._ready.wait()
        n_leads, length = self.values.shape
        # Where the finest level starts to differ from what is known.
        start = 0 if known is None else known.values.shape[1] // FIRST_FACTOR * FIRST_FACTOR
        new_lo, new_hi = [], []
        block = FIRST_FACTOR * 4096
        for at in range(start, length, block):
            part = np.asarray(self.values[:, at : at + block])
            part_lo, part_hi = reduce_level(*reduce_level(part, part))
            new_lo.append(part_lo)
            new_hi.append(part_hi)
            _let_go(self.values)
        empty = np.empty((n_leads, 0), dtype=np.float32)
        lo, hi = np.hstack([empty, *new_lo]), np.hstack([empty, *new_hi])
        levels: dict[int, tuple[FloatArray, FloatArray]] = {}
        factor, first = FIRST_FACTOR, start // FIRST_FACTOR
        while True:
            if known is not None and first:
                old_lo, old_hi = known._levels[factor]
                lo, hi = np.hstack([old_lo[:, :first], lo]), np.hstack([old_hi[:, :first], hi])
            levels[factor] = (lo, hi)
            if lo.shape[1] <= 2048:
                break
            factor *= STEP
            first = first // STEP if known is not None and factor in known._levels else 0
            lo, hi = reduce_level(lo[:, first * STEP :], hi[:, first * STEP :])
        self._levels = levels
        self._ready.set()

    @property
    def factors(self) -> tuple[int, ...]:
        """Samples per bin of each level that is ready, ascending."""
        return (1, *sorted(self._levels))

    def slice(self, factor: int, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        """Return minima and maxima of bins ``[start, stop)`` of a level."""
        if factor == 1:
            part = self.values[:, start:stop]
            return part, part
        lo, hi = self._levels[factor]
        return lo[:, start:stop], hi[:, start:stop]


def _let_go(values: FloatArray) -> None:
    """Give back the memory of a mapped file: a day of maps read once would fill gigabytes."""
    base: object = values
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
