"""How high a beat is in each lead at each time, so that leads and times compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ecgviewer.signal.gaps import DoubleArray
from ecgviewer.signal.scipy_parts import maximum_filter1d

PIECE_S = 1.5
AROUND = 5
"""Pieces on either side whose beats are one height (7.5 s)."""
FAR = 20
"""And those (30 s) of which a beat has a quarter at least: a pause makes no beats of its noise."""
LEAST_SHARE = 0.25
BEATING = (2.2, 2.2, 2.0, 2.0, 2.0, 2.0, 1.8)
"""Maximum over mean of a piece with a beat, leads averaged, by number of leads; noise has less."""
CLEAR = 2.6
"""Beats of ordinary rates reach 4; noise that begins or ends hardly 2.5."""
LIMIT = 1.6
EDGE_S = 0.2
"""Left out at both ends: the filter's own start is no beat."""


@dataclass(frozen=True, slots=True, eq=False)
class BeatHeights:
    """The usual height of a beat per lead and piece of 1.5 s.

    Attributes
    ----------
    height : float64 array [L, pieces]
        Infinite where a lead has nothing.
    size : int
        Samples per piece; the last one reaches to the end.
    """

    height: DoubleArray
    size: int

    @classmethod
    def of(cls, slope: DoubleArray, fs_hz: float) -> BeatHeights | None:
        """Return the heights of a steepness [L, n], 0 where missing; None where nothing moves."""
        n = slope.shape[1]
        edge = round(EDGE_S * fs_hz) if n > 2.0 * PIECE_S * fs_hz else 0
        inner = slope[:, edge : n - edge]
        size = min(round(PIECE_S * fs_hz), n)
        count = inner.shape[1] // size
        cut = inner[:, : count * size].reshape(slope.shape[0], count, size)
        most, mean = cut.max(axis=2), cut.mean(axis=2)
        there = most > 1e-9
        if not there.any():
            return None
        share = np.einsum("lks,lk->ks", cut, np.where(there, 1.0 / np.maximum(mean, 1e-12), 0.0))
        n_leads = there.sum(axis=0)
        limit = np.asarray(BEATING)[np.minimum(n_leads, 6)]
        evidence = share.max(axis=1) / np.maximum(n_leads, 1)
        # Where noise begins or ends a piece looks a little like a beat, but less than beats do.
        best = maximum_filter1d(evidence, 2 * AROUND + 1, mode="nearest")
        beating = there & (evidence > np.maximum(limit, np.minimum(0.6 * best, CLEAR)))
        with_beats = np.where(beating, most, np.nan)
        near = _running_median(with_beats, AROUND)
        far = _running_median(with_beats, FAR)
        height = np.where(
            np.isfinite(near), near, _running_median(np.where(there, most, np.nan), AROUND)
        )
        height = np.fmax(height, LEAST_SHARE * far)
        return cls(np.where(there & (height > 1e-9), height, np.inf), size)

    def _spread(self, per_piece: npt.NDArray[np.floating], n: int) -> DoubleArray:
        """Return values per piece [..., pieces] for every sample [..., n]."""
        repeated = np.repeat(per_piece, self.size, axis=-1)
        rest = n - repeated.shape[-1]
        if rest > 0:
            repeated = np.concatenate([repeated, np.repeat(per_piece[..., -1:], rest, axis=-1)], -1)
        return repeated

    def relative(self, values: DoubleArray) -> DoubleArray:
        """Return rows [L, n] divided by the height of a beat there; 0 where a lead has nothing."""
        if (self.height == self.height[:, :1]).all():
            return values / self.height[:, :1]
        return values * self._spread(1.0 / self.height, values.shape[1])

    def curve(self, slope: DoubleArray) -> DoubleArray:
        """Return the mean over the leads that live [n], each limited to 1.6 beats."""
        live = np.isfinite(self.height).sum(axis=0)
        total = np.minimum(self.relative(slope), LIMIT).sum(axis=0)
        return np.asarray(total / self._spread(np.maximum(live, 1), slope.shape[1]))


def _running_median(values: DoubleArray, reach: int) -> DoubleArray:
    """Return the median of the neighbours [L, k] within ``reach``, NaN left out."""
    if values.shape[1] <= reach + 1:
        return np.broadcast_to(_nan_median(values)[:, np.newaxis], values.shape)
    padded = np.pad(values, ((0, 0), (reach, reach)), constant_values=np.nan)
    return _nan_median(sliding_window_view(padded, 2 * reach + 1, axis=1))


def _nan_median(values: DoubleArray) -> DoubleArray:
    """Return the median over the last axis without NaN; NaN where nothing is left."""
    ordered = np.sort(values, axis=-1)  # NaN sorts last
    count = np.isfinite(values).sum(axis=-1)
    low = np.maximum(count - 1, 0)[..., np.newaxis] // 2
    high = np.minimum(count // 2, values.shape[-1] - 1)[..., np.newaxis]
    pair = np.take_along_axis(ordered, np.concatenate([low, high], axis=-1), axis=-1)
    return np.asarray(np.where(count > 0, pair.mean(axis=-1), np.nan))
