"""Densities of normal features, robust against a few odd normals and against other hospitals.

Every class is fitted on normals, scores higher for less normal, tolerates NaN (a value that could
not be measured neither accuses nor excuses), and turns into plain arrays and back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.scipy_parts import norm

DoubleArray = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.float32]]

_LEVELS = np.array([0.02, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.98])
_NORMAL = norm.ppf(_LEVELS)
LIMIT = 12.0
"""No single value counts for more than this many standard deviations."""


@dataclass(frozen=True, slots=True, eq=False)
class NormalScores:
    """Each feature's quantiles among normals: values become standard normal scores.

    Between the 2nd and the 98th percentile the quantiles are interpolated; beyond, the score
    grows linearly with the spread of that half.

    Attributes
    ----------
    quantiles : array [9, d]
    """

    quantiles: DoubleArray

    @classmethod
    def fit(cls, values: DoubleArray) -> NormalScores:
        """Fit on ``values`` [n, d]; NaN is left out, a feature without values scores 0."""
        known = np.isfinite(values)
        filled = np.where(known.any(axis=0), values, 0.0)
        quantiles = np.nanquantile(filled, _LEVELS, axis=0)
        # Ties (a feature that is mostly 0) must not make the map jump.
        step = 1e-5 * (np.abs(quantiles).max(axis=0) + 1e-3)
        return cls(np.maximum.accumulate(quantiles, axis=0) + step * np.arange(9)[:, None])

    def __call__(self, values: DoubleArray) -> DoubleArray:
        """Return the normal scores of ``values`` [n, d]; 0 for NaN."""
        q = self.quantiles
        spread = (q[6] - q[2]) / (_NORMAL[6] - _NORMAL[2])
        # A feature that does not vary among normals must not turn rounding into suspicion.
        floor = np.maximum(0.25 * spread, 1e-4 * (np.abs(q).max(axis=0) + 1e-3))
        low = np.maximum((q[4] - q[0]) / (_NORMAL[4] - _NORMAL[0]), floor)
        high = np.maximum((q[8] - q[4]) / (_NORMAL[8] - _NORMAL[4]), floor)
        # np.interp for every column at once.
        at = np.zeros(values.shape, dtype=np.int64)
        for level in q[1:-1]:
            at += values >= level
        slope = np.diff(_NORMAL)[:, None] / np.maximum(np.diff(q, axis=0), 1e-300)
        scores = _NORMAL[at] + np.take_along_axis(slope, at, 0) * (
            values - np.take_along_axis(q, at, 0)
        )
        scores = np.where(values > q[8], _NORMAL[8] + (values - q[8]) / high, scores)
        scores = np.where(values < q[0], _NORMAL[0] + (values - q[0]) / low, scores)
        return np.where(np.isfinite(values), np.clip(scores, -LIMIT, LIMIT), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Directed:
    """Excess of features in their suspicious direction.

    Attributes
    ----------
    scores : NormalScores
    signs : array [d]
        1: high values are suspicious, -1: low ones, 0: both; 2: the value is an excess already.
    """

    scores: NormalScores
    signs: DoubleArray

    @classmethod
    def fit(cls, values: DoubleArray, signs: Sequence[int]) -> Directed:
        """Fit on normals [n, d]."""
        return cls(NormalScores.fit(values), np.asarray(signs, dtype=np.float64))

    def excess(self, values: DoubleArray) -> DoubleArray:
        """Return how suspicious each feature is [n, d], 0 or more."""
        return self.directed(self.scores(values), values)

    def directed(self, z: DoubleArray, values: DoubleArray) -> DoubleArray:
        """Return the excess of ``values`` [n, d] whose normal scores are ``z``."""
        # Either direction: the half of |z| is 0.3 higher than that of one direction's z.
        directed = np.where(self.signs == 0, np.abs(z) - 0.3, z * self.signs)
        directed = np.where(self.signs == 2, np.nan_to_num(values), directed)
        return np.clip(directed, 0.0, LIMIT)

    def __call__(self, values: DoubleArray) -> DoubleArray:
        """Return the score [n]: between the largest excess and the root of their squares."""
        cubes: DoubleArray = (self.excess(values) ** 3).sum(axis=1) ** (1.0 / 3.0)
        return cubes

    def to_arrays(self) -> Arrays:
        """Return plain arrays."""
        return {"quantiles": _f32(self.scores.quantiles), "signs": _f32(self.signs)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Directed:
        """Undo :meth:`to_arrays`."""
        return cls(NormalScores(_f64(arrays["quantiles"])), _f64(arrays["signs"]))


@dataclass(frozen=True, slots=True, eq=False)
class Subspace:
    """Principal components of normal curves: distance within them plus what they leave over.

    Attributes
    ----------
    median, spread, mean : array [d]
        Values are standardised robustly, then limited, then centred.
    axes : array [k, d]
    variance : array [k]
    rest : float
        Mean square that the components leave per value among normals.
    """

    median: DoubleArray
    spread: DoubleArray
    mean: DoubleArray
    axes: DoubleArray
    variance: DoubleArray
    rest: float

    REST_WEIGHT = 10.0
    """How many dimensions the remainder counts for: it is long but highly correlated."""

    @classmethod
    def fit(cls, values: DoubleArray, n_axes: int) -> Subspace:
        """Fit on normals [n, d]; ``n_axes`` is lowered to n / 8 where there are few."""
        median = np.nanmedian(values, axis=0)
        median = np.where(np.isfinite(median), median, 0.0)
        deviation = 1.4826 * np.nanmedian(np.abs(values - median), axis=0)
        deviation = np.where(np.isfinite(deviation), deviation, 0.0)
        # A stretch that hardly varies (the levelled baseline) must not count by its noise.
        spread = deviation + 0.3 * float(np.median(deviation)) + 1e-6
        z = np.clip(np.nan_to_num((values - median) / spread), -5.0, 5.0)
        mean = z.mean(axis=0)
        k = max(min(n_axes, len(values) // 8, 2 * values.shape[1] // 3), 1)
        _, _, axes = np.linalg.svd(z - mean, full_matrices=False)
        axes = axes[:k]
        coordinates = (z - mean) @ axes.T
        rest = float(((z - mean - coordinates @ axes) ** 2).mean())
        return cls(median, spread, mean, axes, coordinates.var(axis=0), rest)

    def deviations(self, values: DoubleArray) -> DoubleArray:
        """Return by how many spreads each value [n, d] is from normal; NaN where missing."""
        limited: DoubleArray = np.clip((values - self.median) / self.spread, -LIMIT, LIMIT)
        return limited

    def __call__(self, values: DoubleArray) -> DoubleArray:
        """Return the distance [n]; missing values are taken as normal and made up for."""
        known = np.isfinite(values)
        z = np.where(known, self.deviations(values) - self.mean, 0.0)
        coordinates = z @ self.axes.T
        within = (coordinates**2 / (self.variance + self.rest)).sum(axis=1)
        left = ((z - coordinates @ self.axes) ** 2).mean(axis=1) / self.rest * self.REST_WEIGHT
        share = np.maximum(known.mean(axis=1), 1e-3)
        distance: DoubleArray = np.sqrt((within + left) / share)
        return distance

    def nearest(
        self, values: DoubleArray, lost: DoubleArray, candidates: DoubleArray, penalty: float
    ) -> tuple[DoubleArray, npt.NDArray[np.intp]]:
        """Return the distance [n] of the most normal of several versions, and which that is.

        Parameters
        ----------
        values : array [n, d]
        lost : array [n, 2, d]
            Version ``c`` is ``values + candidates[c, 0] * lost[:, 0] + candidates[c, 1] *
            lost[:, 1]``.
        candidates : array [c, 2]
            The first is zero: the values as they are.
        penalty : float
            What any other version costs, as a squared distance.
        """
        known = np.isfinite(values)
        curves = [np.where(known, self.deviations(values) - self.mean, 0.0)]
        curves += [np.where(known, lost[:, k] / self.spread, 0.0) for k in (0, 1)]
        # The distance is a quadratic form: of three curves six products tell it of every version.
        inside = [curve @ self.axes.T for curve in curves]
        outside = [c - i @ self.axes for c, i in zip(curves, inside, strict=True)]
        weight = 1.0 / (self.variance + self.rest)
        left = self.REST_WEIGHT / (self.rest * values.shape[1])
        share = np.maximum(known.mean(axis=1), 1e-3)
        gram = np.empty((len(values), 3, 3))
        for i in range(3):
            for j in range(i, 3):
                within = (inside[i] * inside[j] * weight).sum(axis=1)
                product = within + (outside[i] * outside[j]).sum(axis=1) * left
                gram[:, i, j] = gram[:, j, i] = product / share
        mix = np.column_stack([np.ones(len(candidates)), candidates])
        squares = np.einsum("ci,nij,cj->nc", mix, gram, mix)
        squares[:, 1:] += penalty
        choice = squares.argmin(axis=1)
        lowest = squares[np.arange(len(values)), choice]
        return np.sqrt(np.maximum(lowest, 0.0)), choice

    def to_arrays(self) -> Arrays:
        """Return plain arrays."""
        return {
            "median": _f32(self.median),
            "spread": _f32(self.spread),
            "mean": _f32(self.mean),
            "axes": _f32(self.axes),
            "variance": _f32(self.variance),
            "rest": _f32(np.array([self.rest])),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Subspace:
        """Undo :meth:`to_arrays`."""
        parts = {name: _f64(value) for name, value in arrays.items()}
        return cls(
            parts["median"],
            parts["spread"],
            parts["mean"],
            parts["axes"],
            parts["variance"],
            float(parts["rest"][0]),
        )


def _f32(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(values, dtype=np.float32)


def _f64(values: npt.NDArray[np.float32]) -> DoubleArray:
    return np.asarray(values, dtype=np.float64)
