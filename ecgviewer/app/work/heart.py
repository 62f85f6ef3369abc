"""What the beats of a recording are known to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.core.record.stimuli import NO_MARKS, StimulusMarks


@dataclass(frozen=True, eq=False)
class Heart:
    """R peaks (samples at the recording's rate), the mean rate (None where not measurable), and
    the stimuli of a pacemaker."""

    r_peaks: npt.NDArray[np.int64]
    rate_bpm: float | None
    stimuli: StimulusMarks = NO_MARKS
