"""Beats that are missing, painted where they should be, and beats that come early.

Both are plain ratios of cycles to those about them, the same for every network and recorder: their
units need no fit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecgviewer.models.score.window_evidence import Window
from ecgviewer.signal.scipy_parts import gaussian_filter1d

DoubleArray = npt.NDArray[np.float64]

UNITS = {"missing_beat": (0.12, 0.30), "early_beat": (0.12, 0.30)}
"""What counts as 1 and 2 on the map: wide enough to leave sinus arrhythmia alone. In 286 normals of
PTB-XL the longest cycle exceeds the usual one by 0.05 in the median and 0.17, 0.28 in the 95th and
99th percentile; the shortest falls short of it by 0.05, 0.19 and 0.40 (some have extrasystoles)."""
PAUSE_S = 2.0
"""A cycle this long is a pause at any rate."""
DUE_S = 1.2
"""At any rate a beat is due by then (50/min)."""
LEAD_IN_S = 0.22
"""P wave and PR segment of a beat."""
EDGE_S = 0.03
NEIGHBOURS = 7
MIN_BEATS = 4


def untimely_beats(window: Window) -> dict[str, DoubleArray]:
    """Return how much a cycle is longer or shorter than those about it, by channel [n].

    ``missing_beat`` lies where a beat was due, up to the beat that comes at last: 1 where a cycle
    is twice as long. A pause that only makes up for an early beat is none: there the two cycles
    together are as long as two usual ones. ``early_beat`` lies on the beat that ends a short
    cycle. Both are 0 elsewhere.
    """
    n, fs = window.signal_mv.shape[1], window.fs_hz
    missing, early = np.zeros(n), np.zeros(n)
    r = np.asarray(window.r_peaks, dtype=np.float64)
    if r.size >= MIN_BEATS:
        rr = np.diff(r)
        recorded = np.asarray(window.judged().any(axis=0))
        for k in range(rr.size):
            near = np.concatenate([rr[max(k - NEIGHBOURS, 0) : k], rr[k + 1 : k + 1 + NEIGHBOURS]])
            usual = float(np.median(near))
            late = rr[k] / usual - 1.0
            if k > 0:
                late = min(late, (rr[k - 1] + rr[k]) / usual - 2.0)
            if rr[k] >= PAUSE_S * fs:
                late = max(late, rr[k] / (PAUSE_S * fs) - 1.0 + UNITS["missing_beat"][1])
            expected = r[k] + min(usual, DUE_S * fs)
            due, stop = (round(at - LEAD_IN_S * fs) for at in (expected, r[k + 1]))
            if late > 0 and stop > due and recorded[due:stop].all():
                missing[due:stop] = late
            start, stop = round(r[k + 1] - LEAD_IN_S * fs), round(r[k + 1] + 0.45 * usual)
            early[max(start, 0) : stop] = max(1.0 - rr[k] / usual, 0.0)
    lines = {"missing_beat": missing, "early_beat": early}
    return {name: gaussian_filter1d(line, EDGE_S * fs) for name, line in lines.items()}
