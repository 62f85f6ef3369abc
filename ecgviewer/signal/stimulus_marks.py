"""Pacing stimuli with the chamber that each of them drives: what an ECG is marked with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.delineation import average_beat
from ecgviewer.signal.pacing import ATRIAL_S, CAPTURE_S, NO_STIMULI, IntArray, pacing_of

UNKNOWN, ATRIAL, VENTRICULAR = range(3)
CHAMBER_LETTERS = ("", "A", "V")


@dataclass(frozen=True, slots=True, eq=False)
class StimulusMarks:
    """Stimuli of a recording.

    Attributes
    ----------
    samples : int array [S]
        Ascending.
    chambers : int8 array [S]
        Index of ``CHAMBER_LETTERS``: what each drives, as far as that can be told.
    """

    samples: IntArray
    chambers: npt.NDArray[np.int8]

    @classmethod
    def joined(cls, parts: Iterable[StimulusMarks], shifts: Iterable[int]) -> StimulusMarks:
        """Return the marks of consecutive ranges that begin at these samples as one."""
        found = [(part.samples + shift, part.chambers) for part, shift in zip(parts, shifts)]
        if not found:
            return NO_MARKS
        return cls(*(np.concatenate(column) for column in zip(*found, strict=True)))

    def within(self, start: int, stop: int) -> StimulusMarks:
        """Return the marks of samples ``[start, stop)``."""
        part = slice(*np.searchsorted(self.samples, (start, stop)))
        return StimulusMarks(self.samples[part], self.chambers[part])


NO_MARKS = StimulusMarks(NO_STIMULI, np.zeros(0, dtype=np.int8))


def mark_stimuli(
    signal_mv: npt.ArrayLike, fs_hz: float, stimuli: IntArray, r_peaks: IntArray
) -> StimulusMarks:
    """Return the stimuli that drive a chamber or keep time, with what each of them drives.

    The last stimulus within the time of capture before a QRS complex is ventricular, one within
    the time of atrioventricular conduction before it is atrial.

    Parameters
    ----------
    signal_mv : array [L, n]
        Unfiltered, wholly missing leads left out.
    stimuli : int array [S]
        As from :func:`ecgviewer.signal.pacing.find_stimuli`.
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
