"""What the beats of a recording are known to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Heart:
    """R peaks (samples at the recording's rate) and the mean rate; None where not measurable."""

    r_peaks: npt.NDArray[np.int64]
    rate_bpm: float | None
