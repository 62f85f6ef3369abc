"""The density of normal beats, whichever high-pass the device had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.models.score.beat_features.highpass import CANDIDATES, PENALTY
from ecgviewer.models.score.densities import Arrays, DoubleArray, Subspace

N_AXES = 30
GAINS = (0.75, 1.0, 1.33)
"""Devices and electrodes differ in gain: amplitudes in mV are normal at each of these."""


@dataclass(frozen=True, slots=True, eq=False)
class Profiled:
    """Distance of a beat from normal ones after the filter that explains most of it.

    Its values [n, 3 * d] are beats, and their first and second integral over time
    (:class:`~ecgviewer.models.score.beat_features.highpass.Integrals`).

    Attributes
    ----------
    beats : Subspace
    """

    beats: Subspace

    @classmethod
    def fit(cls, values: DoubleArray, in_mv: bool) -> Profiled:
        """Fit on the beats [n, 3 * d] of normals as they are."""
        beat = values[:, : values.shape[1] // 3]
        gains = GAINS if in_mv else (1.0,)
        return cls(Subspace.fit(np.concatenate([gain * beat for gain in gains]), N_AXES))

    def nearest(self, values: DoubleArray) -> tuple[DoubleArray, npt.NDArray[np.intp]]:
        """Return the distance [n] and the candidate of ``CANDIDATES`` that gives it."""
        three = values.reshape(len(values), 3, -1)
        return self.beats.nearest(three[:, 0], three[:, 1:], CANDIDATES, PENALTY)

    def __call__(self, values: DoubleArray) -> DoubleArray:
        """Return the distance [n]."""
        return self.nearest(values)[0]

    def deviations(self, values: DoubleArray) -> DoubleArray:
        """Return by how many spreads each value [n, d] is off once the filter is taken out."""
        three = values.reshape(len(values), 3, -1)
        mix = CANDIDATES[self.nearest(values)[1]]
        before = three[:, 0] + mix[:, :1] * three[:, 1] + mix[:, 1:] * three[:, 2]
        return self.beats.deviations(before)

    def to_arrays(self) -> Arrays:
        """Return plain arrays."""
        return self.beats.to_arrays()

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Profiled:
        """Undo :meth:`to_arrays`."""
        return cls(Subspace.from_arrays(arrays))
