"""The heart vector of a beat in three dimensions, from the eight independent leads.

Regression of Kors et al. (Reconstruction of the Frank vectorcardiogram from standard
electrocardiographic leads, Eur Heart J 1990, 11:1083-1092).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ecgviewer.core.leads import standard_indices

LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
KORS = np.array(
    [
        [0.38, -0.07, -0.13, 0.05, -0.01, 0.14, 0.06, 0.54],
        [-0.07, 0.93, 0.06, -0.02, -0.05, 0.06, -0.17, 0.13],
        [0.11, -0.23, -0.43, -0.06, -0.14, -0.20, -0.11, 0.31],
    ]
)
"""X (to the left), Y (down), Z (to the back) from ``LEADS``."""


def heart_vector(
    beat_mv: npt.NDArray[np.floating], leads: Sequence[str]
) -> npt.NDArray[np.float64] | None:
    """Return X, Y and Z [3, m] of a beat [L, m], in its unit; None without the eight leads."""
    at = standard_indices(leads)
    if any(lead not in at for lead in LEADS):
        return None
    vector: npt.NDArray[np.float64] = KORS @ beat_mv[[at[lead] for lead in LEADS]].astype(float)
    return vector
