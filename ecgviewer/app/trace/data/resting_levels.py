"""Where each lead rests, and how far its waves reach from there: found in the samples that came."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ecgviewer.app.trace.data.chunks import ChunkStore
from ecgviewer.core.record.recording import Recording

FloatArray = npt.NDArray[np.float32]
RARE_WAVE_MV = 1.0
"""By how much the tallest waves may exceed the usual ones and still be given room for."""
LOOK_SHARE = 1 / 8
"""Share of the view's width by which it must move before its baselines are looked at again."""
LOOK_PX = 4
"""Of so many pixels one tells where the baseline of what is in view is."""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """How far the leads reach from their resting levels; empty while that is unknown.

    Attributes
    ----------
    above_mv, below_mv : dict of str to float
        Of each lead; both positive.
    lane_mv : float
        What a lane of a fitted page holds.
    """

    above_mv: dict[str, float] = field(default_factory=dict)
    below_mv: dict[str, float] = field(default_factory=dict)
    lane_mv: float = 2.2


UNKNOWN_REACH = Reach()


class RestingLevels:
    """The leads' levels, which follow a baseline that wanders out of its lane."""

    def __init__(self, recording: Recording, store: ChunkStore) -> None:
        self._recording, self._store = recording, store
        self._levels_mv: FloatArray | None = None
        self._reach = UNKNOWN_REACH
        self._looked = (0, 0)

    def reach(self) -> Reach:
        """Return how far the leads reach from their resting levels, found with these."""
        self._measure()
        return self._reach

    def levels_mv(self) -> FloatArray:
        """Return each lead's level ``[L]``; 0 until the first samples came."""
        self._measure()
        if self._levels_mv is None:
            return np.zeros(len(self._recording.leads), dtype=np.float32)
        return self._levels_mv

    def follow(self, view: tuple[int, int, float], room_mv: float) -> FloatArray:
        """Return the levels for a view, in which no lead rests further than ``room_mv`` from its.

        Parameters
        ----------
        view : (int, int, float)
            First sample in view, the one after the last, and samples per pixel.
        """
        levels = self.levels_mv()
        if self._levels_mv is None:
            return levels
        start, stop, per_pixel = view
        first, last = self._looked
        moved = max(abs(start - first), abs(stop - last))
        if moved < LOOK_SHARE * (stop - start) and last > first:
            return levels
        columns = self._store.columns(start, stop, per_pixel * LOOK_PX)
        middle = columns.lo + columns.hi
        middle *= np.float32(0.5)
        gaps = np.isnan(middle)
        known = ~gaps.all(axis=1)
        if not known.any():
            return levels
        self._looked = (start, stop) if known.all() and columns.pending is None else (0, 0)
        # Telling apart is worth it: the median that minds gaps is ten times slower.
        now = (np.nanmedian if gaps.any() else np.median)(middle[known], axis=1)
        rows = np.flatnonzero(known)
        far = np.abs(now - levels[rows]) > room_mv
        if far.any():
            levels = self._levels_mv = levels.copy()
            levels[rows[far]] = now[far]
        return levels

    def _measure(self) -> None:
        if self._levels_mv is not None:
            return
        samples = self._store.samples(0)
        if self._store.filtered or samples is None:
            size = self._store.factors[-1]
            lo, hi = self._store.slice(size, 0, self._store.n_swept // size)
            thin = slice(None)
        else:
            size = 1
            lo = hi = samples
            thin = slice(None, None, max(samples.shape[1] // 8192, 1))
        has = np.isfinite(hi[:, thin]).any(axis=1)
        if not has.any():
            return
        middle = np.zeros(lo.shape[0], dtype=np.float32)
        middle[has] = np.nanmedian((lo[has, thin] + hi[has, thin]) / 2, axis=1)
        self._levels_mv = middle
        level = middle[:, np.newaxis]
        away = np.fmax(hi[:, thin] - level, level - lo[:, thin])
        # The extremes of every sample: an R peak lasts no longer than a few.
        per_second = max(round(self._recording.fs_hz / size), 1)
        leads = self._recording.leads
        self._reach = Reach(
            dict(zip(leads, _tallest(hi - level, per_second), strict=True)),
            dict(zip(leads, _tallest(level - lo, per_second), strict=True)),
            float(np.clip(2.2 * np.nanquantile(away, 0.995), 0.1, 50.0)),
        )


def _tallest(height_mv: FloatArray, per_second: int) -> list[float]:
    """Return how high each lead's waves reach; of artefacts far above those of other seconds only
    a part."""
    starts = np.arange(0, height_mv.shape[1], per_second)
    peaks = np.fmax.reduceat(height_mv, starts, axis=1)
    peaks[np.isnan(peaks).all(axis=1)] = 0.0
    tallest = np.minimum(np.nanmax(peaks, axis=1), np.nanmedian(peaks, axis=1) + RARE_WAVE_MV)
    return [float(height) for height in tallest]
