"""Whether ten seconds can be read at all, as the people who record ECGs decide it.

The limits were chosen by cross-validation on the 370 labelled records of the PhysioNet/CinC
Challenge 2011, set A (Silva 2011, Comput Cardiol 38:273), where 23 people gave every record a
mark; each limit is one that can be pointed at in the trace.
"""

from __future__ import annotations

import numpy as np

from ecgviewer.core.quality import (
    BAD_LEAD_SHARE,
    BAD_TOTAL_SHARE,
    GROSS_LEAD_SHARE,
    LEAST_RECORDED_S,
    NOTHING_SHARE,
)
from ecgviewer.signal.gaps import BoolArray, DoubleArray
from ecgviewer.signal.heartbeats.r_peaks import detect_r_peaks
from ecgviewer.signal.quality.blocks import BLOCK_S
from ecgviewer.signal.scipy_parts import butter, sosfiltfilt

AGREEING = 0.9
"""Correlation of a beat with its lead's median beat; in the median over the beats of every lead
above this, the beats can be read through whatever disturbs them."""
MIN_BEATS = 3
BEAT_S = (0.2, 0.3)
"""Before and after the R peak."""


def acceptable(
    x: DoubleArray, fs_hz: float, dead: BoolArray, noisy: BoolArray, gross: BoolArray
) -> bool:
    """Return whether a stretch of about ten seconds can be read.

    Parameters
    ----------
    x : array [L, n]
        Finite; leads that the recording lacks are left out.
    dead, noisy, gross : bool arrays [L, blocks]
        Blocks of 0.1 s. Time in which three quarters of the leads are dead does not count: nothing
        was recorded yet, or no more.
    """
    recorded = dead.mean(axis=0) < NOTHING_SHARE
    time_s = BLOCK_S * float(recorded.sum())
    if time_s < LEAST_RECORDED_S:
        return False
    bad_s = BLOCK_S * (dead | noisy)[:, recorded].sum(axis=1)
    gross_s = BLOCK_S * gross[:, recorded].sum(axis=1)
    unreadable = (
        (bad_s >= BAD_LEAD_SHARE * time_s).any()
        or bad_s.sum() >= BAD_TOTAL_SHARE * time_s * len(bad_s)
        or (gross_s >= GROSS_LEAD_SHARE * time_s).any()
    )
    return not unreadable or bool((beat_agreement(x, fs_hz) >= AGREEING).all())


def beat_agreement(x: DoubleArray, fs_hz: float) -> DoubleArray:
    """Return how alike the beats of each lead are [L]: 1 the same, 0 no beats."""
    none = np.zeros(x.shape[0])
    before, after = (round(s * fs_hz) for s in BEAT_S)
    r = detect_r_peaks(x, fs_hz)
    r = r[(r >= 1.5 * before) & (r < x.shape[1] - 1.5 * after)]
    if r.size < MIN_BEATS:
        return none
    sos = butter(2, [1.0, min(40.0, 0.45 * fs_hz)], "bandpass", fs=fs_hz, output="sos")
    band = sosfiltfilt(sos, x, axis=1)
    beats = band[:, r[:, np.newaxis] + np.arange(-before, after)]
    beats = beats - beats.mean(axis=2, keepdims=True)
    median = np.median(beats, axis=1, keepdims=True)
    length = np.linalg.norm(beats, axis=2) * np.linalg.norm(median, axis=2)
    alike = np.divide((beats * median).sum(axis=2), length, out=np.zeros_like(length),
                      where=length > 1e-9)  # fmt: skip
    return np.asarray(np.median(alike, axis=1))
