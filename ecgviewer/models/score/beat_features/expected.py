"""What a part of the score shows among normals of the same noise, voltage and filter.

The network's residual grows with the noise of a record and with the height of its R waves against
the rest, which say nothing of the heart. What normals alike in these show is taken from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.models.score.densities import DoubleArray
from ecgviewer.models.score.window_evidence import Window

N_CONTEXT = 3
NOISE = 0
"""Place of the noise in a context."""
CALM_SHARE = 0.35
"""Of the samples, those that change least: between the waves, where change is noise."""
PEAK_SHARE = 0.985
"""The R wave takes the highest samples."""
RIDGE = 1e-4


def context(window: Window, strength: float) -> DoubleArray:
    """Return noise, peakedness and strength of the device's high-pass [3] of a window.

    Noise and peakedness are logarithms of ratios to each lead's standard deviation, the median
    over the judged leads, so that they need no unit.
    """
    x = np.asarray(window.signal_mv, dtype=np.float64)[window.lead_mask]
    spread = x.std(axis=1) + 1e-6
    m = x.shape[1]
    change = np.partition(np.abs(np.diff(x, n=2, axis=1)), round(CALM_SHARE * m), axis=1)
    height = np.partition(np.abs(x), round(PEAK_SHARE * m), axis=1)
    noise = np.median(change[:, round(CALM_SHARE * m)] / spread)
    peak = np.median(height[:, round(PEAK_SHARE * m)] / spread)
    return np.array([np.log(noise + 1e-3), np.log(peak + 1e-3), strength])


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """A quadratic in each value of the context.

    Attributes
    ----------
    weights : array [1 + 2 * N_CONTEXT]
    low, high : array [N_CONTEXT]
        The context is limited to what normals showed: no extrapolation.
    """

    weights: DoubleArray
    low: DoubleArray
    high: DoubleArray

    @classmethod
    def fit(
        cls,
        contexts: DoubleArray,
        values: DoubleArray,
        weights: DoubleArray,
        among: Sequence[int] = range(N_CONTEXT),
    ) -> Expected:
        """Fit on normals.

        Parameters
        ----------
        contexts : array [n, 3]
        values : array [n]
            Finite.
        weights : array [n]
            Of the normals.
        among : sequence of int
            Which values of the context count.
        """
        low, high = np.quantile(contexts, [0.01, 0.99], axis=0)
        unused = [k for k in range(N_CONTEXT) if k not in among]
        low[unused] = high[unused] = 0.0
        inputs = cls._inputs(np.clip(contexts, low, high))
        gram = inputs.T @ (inputs * weights[:, None]) / weights.sum()
        gram += RIDGE * np.eye(inputs.shape[1])
        return cls(np.linalg.solve(gram, inputs.T @ (values * weights) / weights.sum()), low, high)

    @staticmethod
    def _inputs(contexts: DoubleArray) -> DoubleArray:
        return np.column_stack([np.ones(len(contexts)), contexts, contexts**2])

    def __call__(self, contexts: DoubleArray) -> DoubleArray:
        """Return what is expected [n] at these contexts [n, 3]."""
        inputs = self._inputs(np.clip(contexts, self.low, self.high))
        expected: DoubleArray = inputs @ self.weights
        return expected

    def to_array(self) -> npt.NDArray[np.float32]:
        """Return everything as one array."""
        return np.concatenate([self.weights, self.low, self.high]).astype(np.float32)

    @classmethod
    def from_array(cls, array: npt.NDArray[np.float32]) -> Expected:
        """Undo :meth:`to_array`; raises ValueError for another size."""
        if array.shape != (1 + 4 * N_CONTEXT,):
            raise ValueError(f"{array.shape} are not the weights of what is expected")
        weights, low, high = np.split(
            array.astype(np.float64), [1 + 2 * N_CONTEXT, 1 + 3 * N_CONTEXT]
        )
        return cls(weights, low, high)
