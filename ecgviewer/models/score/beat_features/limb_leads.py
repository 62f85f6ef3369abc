"""Limb leads that contradict each other: six leads of one moment hold only two numbers.

Einthoven's and Goldberger's laws hold for whatever the heart does, so a lead that breaks them at
some moment shows an artefact (or was recorded, filtered or labelled wrongly).
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.scipy_parts import gaussian_filter1d

DoubleArray = npt.NDArray[np.float64]

VISIBLE_MV = 0.1
"""A disagreement of one small square of ECG paper counts 1."""
LIMIT = 5.0
SMOOTH_S = 0.03

_FROM_I_II = np.array([[1, 0], [0, 1], [-1, 1], [-0.5, -0.5], [1, -0.5], [-0.5, 1]])
_PAIRS = list(combinations(range(6), 2))
_FROM_PAIR = np.stack([_FROM_I_II @ np.linalg.inv(_FROM_I_II[list(pair)]) for pair in _PAIRS])
"""[15, 6, 2]: all limb leads from any two."""


_SORTING_SIX = (
    (0, 5), (1, 3), (2, 4), (1, 2), (3, 4), (0, 3), (2, 5), (0, 1), (2, 3), (4, 5), (1, 2), (3, 4),
)  # fmt: skip
"""Comparisons that sort six values, whatever they are: whole rows at once, unlike np.median."""


def lead_disagreement(signal_mv: DoubleArray, fs_hz: float) -> DoubleArray:
    """Return by how much each limb lead departs from what the others agree on [12, n].

    The pair of leads from which the other four are best predicted (median of the absolute
    errors, over 0.1 s) is believed; chest leads have no such law and get 0.

    Parameters
    ----------
    signal_mv : array [12, n]
        Standard leads, filtered alike.
    """
    out = np.zeros(signal_mv.shape)
    limb = signal_mv[:6]
    errors = np.abs(limb - _FROM_PAIR @ limb[np.array(_PAIRS)])
    doubt = gaussian_filter1d(_median_of_six(errors), 0.05 * fs_hz, axis=1)
    believed = np.argmin(doubt, axis=0)
    error = np.take_along_axis(errors, believed[None, None, :], axis=0)[0]
    smooth = np.sqrt(gaussian_filter1d(error**2, SMOOTH_S * fs_hz, axis=1))
    out[:6] = np.minimum(smooth / VISIBLE_MV, LIMIT)
    return out


def _median_of_six(errors: DoubleArray) -> DoubleArray:
    """Return the median over the second axis of [15, 6, n]."""
    rows = list(errors.transpose(1, 0, 2))
    for i, j in _SORTING_SIX:
        rows[i], rows[j] = np.minimum(rows[i], rows[j]), np.maximum(rows[i], rows[j])
    median: DoubleArray = (rows[2] + rows[3]) / 2
    return median
