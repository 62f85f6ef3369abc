"""Edges of a span put on R peaks, or on the bounds of the QRS complexes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecgviewer.core.record.recording import Recording
from ecgviewer.signal.delineation import average_beat

AROUND_S = 15.0
"""So much of the recording on either side decides what the prevailing QRS is."""


def snap_to_peaks(
    start_s: float, end_s: float, r_peaks_s: npt.NDArray[np.float64]
) -> tuple[float, float]:
    """Return the span with each edge on the nearest R peak.

    Raises
    ------
    ValueError
        When there is no R peak.
    """
    return _nearest(start_s, r_peaks_s), _nearest(end_s, r_peaks_s)


def snap_to_qrs(
    recording: Recording, start_s: float, end_s: float, r_peaks: npt.NDArray[np.int64]
) -> tuple[float, float] | None:
    """Return the span from the nearest QRS onset to the nearest QRS end.

    The bounds are those of the prevailing beat around the span, placed at each R peak.

    Parameters
    ----------
    r_peaks : int array
        Samples at the recording's rate.

    Returns
    -------
    tuple of float, or None
        None when the QRS cannot be delineated there.

    Raises
    ------
    RecordError
        When the samples cannot be read.
    """
    fs_hz = recording.fs_hz
    first = max(round((start_s - AROUND_S) * fs_hz), 0)
    last = min(round((end_s + AROUND_S) * fs_hz), recording.n_samples)
    inside = r_peaks[(r_peaks >= first) & (r_peaks < last)]
    beat = average_beat(recording.read_samples(first, last), fs_hz, inside - first)
    if beat is None or beat.marks.qrs_on_s is None or beat.marks.qrs_off_s is None:
        return None
    times_s = inside / fs_hz
    onset_s = _nearest(start_s, times_s + beat.marks.qrs_on_s)
    offset_s = _nearest(end_s, times_s + beat.marks.qrs_off_s)
    return (onset_s, offset_s) if onset_s < offset_s else None


def _nearest(at_s: float, times_s: npt.NDArray[np.float64]) -> float:
    return float(times_s[np.abs(times_s - at_s).argmin()])
