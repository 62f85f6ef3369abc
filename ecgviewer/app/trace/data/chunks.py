"""A recording at every zoom: samples of the chunks in use, and a pyramid of all that was read."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np

from ecgviewer.app.trace.data.levels import Columns, FloatArray, query, reduce_level
from ecgviewer.signal.pyramid.pyramid import FINEST, MinMaxPyramid, bin_size, level_lengths

CHUNK = 1 << 15
"""Samples per chunk: about a minute at 500 Hz, a few milliseconds to read."""
FINE = (1, 4, 16)
CLOSE = 64.0
"""Samples per pixel up to which chunks can be shown."""
KEPT_CHUNKS = 20
"""Chunks whose samples stay in memory (about 2.6 MB each for 12 leads)."""


class ChunkStore:
    """Filled by the loader's threads, read by the window's thread."""

    def __init__(
        self,
        n_leads: int,
        n_samples: int,
        n_known: int | None = None,
        kept_chunks: int = KEPT_CHUNKS,
    ) -> None:
        self.n_leads = n_leads
        self.n_samples = n_samples
        self.n_known = n_samples if n_known is None else n_known
        self.n_read = 0
        self._kept_chunks = kept_chunks
        self.pyramid: MinMaxPyramid | None = None
        # All of them from the beginning: a far view of what is not read yet costs no more.
        n_levels = len(level_lengths(n_samples)) if n_samples else 1
        self._factors = FINE[:-1] + tuple(bin_size(level) for level in range(n_levels))
        self.filtered = False
        self._fine: OrderedDict[int, dict[int, tuple[FloatArray, FloatArray]]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, index: int, signal_mv: FloatArray) -> None:
        """Keep the samples of a chunk ``[L, n]`` for close views."""
        lo = hi = signal_mv
        fine = {1: (lo, hi)}
        for factor in FINE[1:]:
            lo, hi = reduce_level(lo, hi)
            fine[factor] = (lo, hi)
        with self._lock:
            self._fine[index] = fine
            self._fine.move_to_end(index)
            while len(self._fine) > self._kept_chunks:
                self._fine.popitem(last=False)

    def extend(self, n_known: int) -> None:
        """Take note that more samples can be read."""
        self.n_known = n_known

    @property
    def n_chunks(self) -> int:
        """Chunks that can be read."""
        return max(-(-self.n_known // CHUNK), 1)

    def has(self, index: int) -> bool:
        """Return whether the samples of a chunk are in memory, as far as they are known."""
        samples = self.samples(index)
        return samples is not None and samples.shape[1] >= min(CHUNK, self.n_known - index * CHUNK)

    def samples(self, index: int) -> FloatArray | None:
        """Return the samples of a chunk as kept, if they are in memory."""
        with self._lock:
            fine = self._fine.get(index)
        return fine[1][0] if fine is not None else None

    def start_over(self, filtered: bool) -> None:
        """Drop all samples: those to come are filtered, or no longer are."""
        with self._lock:
            self._fine.clear()
            self.filtered = filtered

    @property
    def n_swept(self) -> int:
        """Samples that the pyramid covers."""
        return self.pyramid.n_done if self.pyramid is not None else 0

    @property
    def complete(self) -> bool:
        """Whether the pyramid covers the whole recording."""
        return self.n_swept >= self.n_samples

    @property
    def factors(self) -> tuple[int, ...]:
        """Samples per bin of each level."""
        return self._factors

    def slice(self, factor: int, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        """Return minima and maxima of bins ``[start, stop)`` of a level, NaN where not read."""
        stop = max(min(stop, -(-self.n_samples // factor)), start)
        if factor < FINEST:
            return self._from_chunks(factor, start, stop)
        return self._from_pyramid(factor, start, stop)

    def _from_pyramid(self, factor: int, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        lo = np.full((self.n_leads, stop - start), np.nan, dtype=np.float32)
        hi = lo.copy()
        pyramid = self.pyramid
        if pyramid is None:
            return lo, hi
        level = pyramid.levels[(factor // FINEST).bit_length() // 2]
        known = min(stop, -(-pyramid.n_done // factor)) - start
        if known > 0:
            part = np.asarray(level[start : start + known])
            lo[:, :known] = part[:, 0].T
            hi[:, :known] = -part[:, 1].T
            missing = lo > hi
            if missing.any():
                lo[missing] = hi[missing] = np.nan
        return lo, hi

    def _from_chunks(self, factor: int, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        per_chunk = CHUNK // factor
        first, last = start // per_chunk, max(stop - 1, start) // per_chunk
        parts = {}
        with self._lock:
            for index in range(first, last + 1):
                if index in self._fine:
                    self._fine.move_to_end(index)
                    parts[index] = self._fine[index][factor]
        if first == last and first in parts:
            lo, hi = parts[first]
            offset = first * per_chunk
            return lo[:, start - offset : stop - offset], hi[:, start - offset : stop - offset]
        lo = np.full((self.n_leads, stop - start), np.nan, dtype=np.float32)
        hi = lo if factor == 1 else lo.copy()
        for index, (part_lo, part_hi) in parts.items():
            offset = index * per_chunk
            begin, end = max(start, offset), min(stop, offset + part_lo.shape[1])
            lo[:, begin - start : end - start] = part_lo[:, begin - offset : end - offset]
            if hi is not lo:
                hi[:, begin - start : end - start] = part_hi[:, begin - offset : end - offset]
        return lo, hi

    def chunks_for(self, start: int, stop: int, samples_per_pixel: float) -> list[int]:
        """Return the chunks whose samples this view needs; none when the pyramid does."""
        start, stop = max(start, 0), min(stop, self.n_known)
        far = samples_per_pixel >= FINEST and self.n_swept >= stop and not self.filtered
        if stop <= start or samples_per_pixel >= CLOSE or far:
            return []
        return list(range(start // CHUNK, (stop - 1) // CHUNK + 1))

    def with_neighbours(self, chunks: list[int]) -> list[int]:
        """Return chunks that a view needs, and then those that it would need next."""
        beside = [chunks[-1] + 1, chunks[0] - 1] if chunks else []
        return chunks + [index for index in beside if 0 <= index < self.n_chunks]

    def ready(self, start: int, stop: int, samples_per_pixel: float) -> bool:
        """Return whether all is there that :meth:`columns` can show for this view."""
        wanted = self.chunks_for(start, stop, samples_per_pixel)
        if wanted:
            return all(map(self.has, wanted))
        return max(self.n_read, self.n_swept) >= min(stop, self.n_known)

    def columns(self, start: int, stop: int, samples_per_pixel: float) -> Columns:
        """Return samples ``[start, stop)`` for this zoom.

        What is not in memory comes from the pyramid, coarser, or is marked as pending.
        """
        wanted = self.chunks_for(start, stop, samples_per_pixel)
        ready = [index for index in wanted if self.has(index)]
        if not ready:
            return self._with_pending(
                query(self, start, stop, max(samples_per_pixel, FINEST)), None
            )
        return self._with_pending(query(_Chunks(self), start, stop, samples_per_pixel), ready)

    def _with_pending(self, columns: Columns, ready: list[int] | None) -> Columns:
        """Mark the bins that neither the pyramid nor (where given) a chunk has covered."""
        n_bins = columns.lo.shape[1]
        last = min(columns.first + max(n_bins - 1, 0) * columns.step, self.n_samples - 1)
        if ready is None:
            complete = last < self.n_swept
        else:
            complete = set(range(columns.first // CHUNK, last // CHUNK + 1)) <= set(ready)
        if complete:
            return columns
        at = columns.first + np.arange(n_bins) * columns.step
        pending = at >= self.n_swept if ready is None else ~np.isin(at // CHUNK, ready)
        pending &= at < self.n_samples
        if not pending.any():
            return columns
        return Columns(columns.first, columns.step, columns.lo, columns.hi, pending)


class _Chunks:
    """The levels that the chunks alone provide, up to 16 samples per bin."""

    def __init__(self, store: ChunkStore) -> None:
        self._store = store
        self.factors = FINE

    def slice(self, factor: int, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        stop = max(min(stop, -(-self._store.n_samples // factor)), start)
        return self._store._from_chunks(factor, start, stop)
