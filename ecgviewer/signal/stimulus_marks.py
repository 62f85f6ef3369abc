"""Which chamber each pacing stimulus drives."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecgviewer.core.record.stimuli import ATRIAL, NO_MARKS, VENTRICULAR, StimulusMarks
from ecgviewer.signal.delineation import average_beat
from ecgviewer.signal.heartbeats.pacing import (
    ATRIAL_S,
    CAPTURE_S,
    IntArray,
    find_stimuli,
    pacing_of,
)
from ecgviewer.signal.heartbeats.r_peaks import detect_r_peaks


def find_marks(signal_mv: npt.ArrayLike, fs_hz: float) -> StimulusMarks:
    """Return the stimuli of a short range, unfiltered, with what each of them drives."""
    stimuli = find_stimuli(signal_mv, fs_hz)
    if stimuli.size == 0:
        return NO_MARKS
    return mark_stimuli(signal_mv, fs_hz, stimuli, detect_r_peaks(signal_mv, fs_hz, stimuli))


def mark_stimuli(
    signal_mv: npt.ArrayLike, fs_hz: float, stimuli: IntArray, r_peaks: IntArray
) -> StimulusMarks:
    """Return the stimuli that drive a chamber or keep time, with what each of them drives.

    One at the beginning of a QRS complex drives the ventricles, one within the time of
    atrioventricular conduction before it the atria.

    Parameters
    ----------
    signal_mv : array [L, n]
        Unfiltered, wholly missing leads left out.
    stimuli : int array [S]
        As from :func:`ecgviewer.signal.heartbeats.pacing.find_stimuli`.
    r_peaks : int array [B]
    """
    if stimuli.size == 0:
        return NO_MARKS
    average = average_beat(signal_mv, fs_hz, r_peaks, stimuli) if r_peaks.size >= 2 else None
    qrs_on_s = average.marks.qrs_on_s if average is not None else None
    pacing = pacing_of(stimuli, r_peaks, fs_hz, qrs_on_s)
    samples = pacing.stimuli
    chambers = np.zeros(samples.size, dtype=np.int8)
    if samples.size and r_peaks.size:
        onset_s = r_peaks / fs_hz + (-0.05 if qrs_on_s is None else qrs_on_s)
        before_s = onset_s[:, np.newaxis] - samples / fs_hz
        for drives, (least, most), chamber in (
            (pacing.atrial, ATRIAL_S, ATRIAL), (pacing.ventricular, CAPTURE_S, VENTRICULAR),
        ):  # fmt: skip
            if drives:
                chambers[((before_s >= least) & (before_s < most)).any(axis=0)] = chamber
    return StimulusMarks(samples, chambers)
