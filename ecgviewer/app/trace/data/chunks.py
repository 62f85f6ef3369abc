"""A recording in chunks: fine levels of the chunks in use, coarse levels of all that was read."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from ecgviewer.app.trace.data.levels import Columns, FloatArray, query, reduce_level

CHUNK = 1 << 15
"""Samples per chunk: about a minute at 500 Hz, a few milliseconds to read."""
FINE = (1, 4, 16)
COARSE = (64, 256, 1024, 4096, 16384)
KEPT_CHUNKS = 20
"""Chunks whose samples stay in memory (about 2.3 MB each for 12 leads)."""


class ChunkStore:
    """Levels of one recording, filled by the loader thread and read by the window's thread."""

    def __init__(self, n_leads: int, n_samples: int) -> None:
        self.n_leads = n_leads
        self.n_samples = n_samples
        self.n_chunks = max(-(-n_samples // CHUNK), 1)
        self.swept = np.zeros(self.n_chunks, dtype=bool)
        self._fine: OrderedDict[int, dict[int, tuple[FloatArray, FloatArray]]] = OrderedDict()
        self._lock = threading.Lock()
        size = n_samples if self.n_chunks == 1 else self.n_chunks * CHUNK
        self._coarse = {
            factor: tuple(
                np.full((n_leads, -(-size // factor)), np.nan, dtype=np.float32) for _ in range(2)
            )
            for factor in COARSE
        }

    def put(self, index: int, signal_mv: FloatArray, keep: bool, sweep: bool = True) -> None:
        """Store a chunk ``[L, n]`` as read.

        Parameters
        ----------
        keep : bool
            Keep its samples for close views; otherwise only the coarse levels.
        sweep : bool
            Enter it into the coarse levels (False for a filtered chunk).
        """
        lo = hi = signal_mv
        fine = {1: (lo, hi)}
        for factor in FINE[1:]:
            lo, hi = reduce_level(lo, hi)
            fine[factor] = (lo, hi)
        if sweep and not self.swept[index]:
            for factor in COARSE:
                lo, hi = reduce_level(lo, hi)
                at = index * CHUNK // factor
                for target, values in zip(self._coarse[factor], (lo, hi), strict=True):
                    target[:, at : at + values.shape[1]] = values[:, : target.shape[1] - at]
            self.swept[index] = True
        if keep:
            with self._lock:
                self._fine[index] = fine
                self._fine.move_to_end(index)
                while len(self._fine) > KEPT_CHUNKS:
                    self._fine.popitem(last=False)

    def has(self, index: int) -> bool:
        """Return whether the samples of a chunk are in memory."""
        return index in self._fine

    def forget_samples(self) -> None:
        """Drop all samples (the display filter changed); the coarse levels stay."""
        with self._lock:
            self._fine.clear()

    def coarse(self, factor: int) -> tuple[FloatArray, FloatArray]:
        """Return a whole coarse level: minima and maxima ``[L, ceil(n / factor)]``."""
        lo, hi = self._coarse[factor]
        return lo, hi

    def set_coarse(self, base_lo: FloatArray, base_hi: FloatArray) -> None:
        """Take the level of factor 64 from a cache; every chunk then counts as swept."""
        lo, hi = base_lo, base_hi
        for factor in COARSE:
            if factor > COARSE[0]:
                lo, hi = reduce_level(lo, hi)
            for target, values in zip(self._coarse[factor], (lo, hi), strict=True):
                n = min(target.shape[1], values.shape[1])
                target[:, :n] = values[:, :n]
        self.swept[:] = True

    @property
    def factors(self) -> tuple[int, ...]:
        """Samples per bin of each level."""
        return FINE + COARSE

    def slice(self, factor: int, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        """Return minima and maxima of bins ``[start, stop)`` of a level, NaN where not read."""
        stop = min(stop, -(-self.n_samples // factor))
        if factor in self._coarse:
            lo, hi = self._coarse[factor]
            return lo[:, start:stop], hi[:, start:stop]
        per_chunk = CHUNK // factor
        first, last = start // per_chunk, max(stop - 1, start) // per_chunk
        with self._lock:
            parts = {}
            for index in range(first, last + 1):
                if index in self._fine:
                    self._fine.move_to_end(index)
                    parts[index] = self._fine[index][factor]
        if first == last and first in parts:
            lo, hi = parts[first]
            offset = first * per_chunk
            return lo[:, start - offset : stop - offset], hi[:, start - offset : stop - offset]
        lo = np.full((self.n_leads, max(stop - start, 0)), np.nan, dtype=np.float32)
        hi = lo if factor == 1 else lo.copy()
        for index, (part_lo, part_hi) in parts.items():
            offset = index * per_chunk
            begin, end = max(start, offset), min(stop, offset + part_lo.shape[1])
            lo[:, begin - start : end - start] = part_lo[:, begin - offset : end - offset]
            if hi is not lo:
                hi[:, begin - start : end - start] = part_hi[:, begin - offset : end - offset]
        return lo, hi

    def columns(self, start: int, stop: int, samples_per_pixel: float) -> Columns:
        """Return ``[start, stop)`` for this zoom; coarser while the samples are on their way."""
        result = query(self, start, stop, samples_per_pixel)
        wanted = self.chunks_for(start, stop, samples_per_pixel)
        if wanted and not all(self.has(index) for index in wanted):
            fallback = query(self, start, stop, max(samples_per_pixel, COARSE[0]))
            if not any(self.has(index) for index in wanted):
                result = fallback
        return self._mark_pending(result, bool(wanted))

    def chunks_for(self, start: int, stop: int, samples_per_pixel: float) -> list[int]:
        """Return the chunks whose samples this view needs; none when coarse levels do."""
        if samples_per_pixel >= COARSE[0]:
            return []
        last = min(max(stop - 1, 0) // CHUNK, self.n_chunks - 1)
        return list(range(max(start, 0) // CHUNK, last + 1))

    def _mark_pending(self, columns: Columns, fine: bool) -> Columns:
        m = columns.lo.shape[1]
        chunk_of = np.minimum(
            (columns.first + np.arange(m) * columns.step) // CHUNK, self.n_chunks - 1
        )
        ready = self.swept.copy()
        if fine and columns.step < COARSE[0]:
            for index in range(int(chunk_of[0]), int(chunk_of[-1]) + 1) if m else ():
                ready[index] = self.has(index)
        pending: npt.NDArray[np.bool_] = ~ready[chunk_of]
        if not pending.any():
            return columns
        return Columns(columns.first, columns.step, columns.lo, columns.hi, pending)
