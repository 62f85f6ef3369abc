"""Where a recording begins to show something: electrodes may come on late."""

from __future__ import annotations

import numpy as np

from ecgviewer.core.leads import is_ecg_channel
from ecgviewer.core.record.recording import Recording
from ecgviewer.signal.measures.rate import unseen_samples

PIECE_S = 10.0
FAR_S = 3600.0
"""What shows nothing for so long is shown from its beginning."""
BEFORE_S = 1.0
LEAST_SHARE = 0.5
"""Of the leads that must show something."""


def first_signal_s(recording: Recording) -> float:
    """Return a second from which half of the leads show something; 0 where they do at once.

    A second before it is given too, so that one sees where it begins. Reads ten seconds at a time
    and no more than it needs.

    Raises
    ------
    RecordError
        When the recording cannot be read.
    """
    leads = [lead for lead in recording.leads if is_ecg_channel(lead)]
    if not leads:
        return 0.0
    start_s, far_s = 0.0, min(recording.duration_s, FAR_S)
    while start_s < far_s:
        signal = recording.read(start_s, start_s + PIECE_S, leads)
        seen = np.mean(
            [~unseen_samples(row[np.newaxis], recording.fs_hz) for row in signal], axis=0
        )
        at = np.flatnonzero(seen >= LEAST_SHARE)
        if at.size:
            found_s = start_s + float(at[0]) / recording.fs_hz
            return max(found_s - BEFORE_S, 0.0) if found_s > BEFORE_S else 0.0
        start_s += PIECE_S
    return 0.0
