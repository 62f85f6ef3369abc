"""A signal in blocks of 0.1 s, and what is rolled over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgviewer.signal.gaps import BoolArray, DoubleArray
from ecgviewer.signal.scipy_parts import maximum_filter1d, minimum_filter1d

BLOCK_S = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Minimum, maximum and mean of 0.1-s blocks [L, blocks], and samples per block."""

    low: DoubleArray
    high: DoubleArray
    mean: DoubleArray
    size: int

    @classmethod
    def of(cls, x: DoubleArray, fs_hz: float) -> Blocks:
        """Cut a signal [L, n]; what is left after the last whole block is in none."""
        size = max(round(BLOCK_S * fs_hz), 1)
        count = x.shape[1] // size
        cut = x[:, : count * size].reshape(x.shape[0], count, size)
        return cls(cut.min(axis=2), cut.max(axis=2), cut.mean(axis=2), size)

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.low.shape[1])

    def part(self, start: int, stop: int) -> Blocks:
        """Return some of the blocks."""
        at = np.s_[:, start:stop]
        return Blocks(self.low[at], self.high[at], self.mean[at], self.size)

    def any_of(self, mask: BoolArray) -> BoolArray:
        """Return which blocks [L, blocks] hold a sample of a mask [L, n]."""
        cut = mask[:, : self.count * self.size]
        return np.asarray(cut.reshape(mask.shape[0], self.count, self.size).any(axis=2))

    def rolling_range(self, width: int) -> DoubleArray:
        """Return the peak to peak of every run of ``width`` blocks [L, blocks - width + 1]."""
        inner = slice(width // 2, self.count - (width - 1) // 2)
        high = maximum_filter1d(self.high, width, axis=1)
        ranges = high - minimum_filter1d(self.low, width, axis=1)
        return np.asarray(ranges[:, inner])


def cover(bad: BoolArray, width: int) -> BoolArray:
    """Return the blocks [L, k + width - 1] in any of the runs of ``width`` blocks [L, k]."""
    count = np.zeros((bad.shape[0], bad.shape[1] + width), dtype=np.int64)
    count[:, : bad.shape[1]] += bad
    count[:, width:] -= bad
    return np.asarray(np.cumsum(count, axis=1)[:, :-1] > 0)


def rolling_any(mask: BoolArray, width: int) -> BoolArray:
    """Return which runs of ``width`` blocks hold one of a mask [L, blocks - width + 1]."""
    count = np.cumsum(np.pad(mask, ((0, 0), (1, 0))), axis=1)
    return np.asarray(count[:, width:] > count[:, :-width])


def to_samples(bad: BoolArray, size: int, n: int) -> BoolArray:
    """Return a mask of blocks as one of ``n`` samples."""
    mask = np.repeat(bad, size, axis=1)
    # The samples after the last whole block share its fate.
    return np.pad(mask, ((0, 0), (0, n - mask.shape[1])), mode="edge")
