"""The distribution of a score among normal records: p-values and thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class NormalReference:
    """Scores of held-out normal records; every p-value and threshold derives from them.

    Beyond the largest tenth of the sample the tail is exponential with that tenth's mean
    excess (the shape-0 generalised Pareto of peaks over threshold), so that scores above every
    normal seen keep distinct p-values.

    Parameters
    ----------
    scores : array [n], float
        Higher means less normal. Sorted on construction by :meth:`from_scores`.
    """

    scores: npt.NDArray[np.float64]

    @classmethod
    def from_scores(cls, scores: npt.ArrayLike) -> NormalReference:
        """Build from unsorted scores; raises ValueError when fewer than 8 are finite."""
        values = np.asarray(scores, dtype=np.float64)
        values = np.sort(values[np.isfinite(values)])
        if values.size < 8:
            raise ValueError(f"{values.size} normal scores are too few for a reference (8 needed)")
        return cls(values)

    @cached_property
    def _tail(self) -> tuple[float, float, float]:
        """Return (start of the tail, probability above it, mean excess)."""
        n = self.scores.size
        k = max(n // 10, min(8, n // 2))
        start = float(self.scores[n - k - 1]) if n > k else float(self.scores[0])
        excess = float(np.mean(self.scores[n - k :] - start))
        return start, k / (n + 1), max(excess, 1e-9)

    def p_value(self, score: float) -> float:
        """Return the share of normal records expected to score at least this high (0 to 1)."""
        if not np.isfinite(score):
            return float("nan")
        start, above, excess = self._tail
        if score > start:
            return float(above * np.exp(-(score - start) / excess))
        n = self.scores.size
        higher = n - int(np.searchsorted(self.scores, score, side="left"))
        return max((higher + 1) / (n + 1), above)

    def threshold(self, specificity: float) -> float:
        """Return the score that a share ``specificity`` of normal records stays below."""
        if not 0.0 < specificity < 1.0:
            raise ValueError(f"specificity must lie between 0 and 1, not {specificity}")
        p = 1.0 - specificity
        start, above, excess = self._tail
        if p < above:
            return float(start + excess * np.log(above / p))
        return float(np.quantile(self.scores, specificity))
