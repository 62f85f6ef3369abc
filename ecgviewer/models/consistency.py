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
    errors = np.empty((len(_PAIRS), *limb.shape))
    for k, pair in enumerate(_PAIRS):
        errors[k] = np.abs(limb - _FROM_PAIR[k] @ limb[list(pair)])
    doubt = gaussian_filter1d(np.median(errors, axis=1), 0.05 * fs_hz, axis=1)
    believed = np.argmin(doubt, axis=0)
    error = np.take_along_axis(errors, believed[None, None, :], axis=0)[0]
    smooth = np.sqrt(gaussian_filter1d(error**2, SMOOTH_S * fs_hz, axis=1))
    out[:6] = np.minimum(smooth / VISIBLE_MV, LIMIT)
    return out
