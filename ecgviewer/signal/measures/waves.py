"""Heights of the waves in each lead, on the median of the unfiltered beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecgviewer.signal.delineation import POST_S, PRE_S, Marks
from ecgviewer.signal.gaps import DoubleArray, FloatArray
from ecgviewer.signal.heartbeats.beats import median_beats
from ecgviewer.signal.heartbeats.r_peaks import IntArray

LEAST_Q_S = 0.012
"""A downward beginning of QRS shorter than this is noise, not a Q wave."""


@dataclass(frozen=True, slots=True)
class LeadWaves:
    """Heights of one lead's waves above the level before QRS, in the recording's unit.

    None where there is no such wave. ``q`` and ``s`` are negative; ``t`` is the larger of both
    directions. ``st_j``, ``st_60``, ``st_80``: at the J point, 60 and 80 ms after it.
    """

    p: float | None = None
    q: float | None = None
    r: float | None = None
    s: float | None = None
    t: float | None = None
    st_j: float | None = None
    st_60: float | None = None
    st_80: float | None = None


def lead_waves(
    signal_mv: FloatArray,
    fs_hz: float,
    leads: Sequence[str],
    r_peaks: IntArray,
    marks: Marks,
    st_levels: bool = True,
) -> dict[str, LeadWaves]:
    """Return the waves of every lead.

    Parameters
    ----------
    signal_mv : array [L, n]
        Unfiltered, pacing stimuli taken out.
    r_peaks : int array [B]
        Of the dominant beats.
    st_levels : bool
        Whether the levels after QRS are true (no high-pass moved them).
    """
    if marks.qrs_on_s is None or marks.qrs_off_s is None or r_peaks.size == 0:
        return {lead: LeadWaves() for lead in leads}
    median = median_beats(signal_mv, r_peaks, fs_hz, PRE_S, POST_S, dominant_only=False)
    beat: DoubleArray = median.astype(np.float64)
    zero = round(PRE_S * fs_hz)

    def at(seconds: float) -> int:
        return int(np.clip(zero + round(seconds * fs_hz), 0, beat.shape[1] - 1))

    on, off = at(marks.qrs_on_s), at(marks.qrs_off_s)
    level = np.median(beat[:, at(marks.qrs_on_s - 0.020) : on], axis=1, keepdims=True)
    beat = beat - level
    qrs = beat[:, on : off + 1]
    around = {name: beat[:, max(at(s) - 1, 0) : at(s) + 2].mean(axis=1) for name, s in (
        ("st_j", marks.qrs_off_s), ("st_60", marks.qrs_off_s + 0.06),
        ("st_80", marks.qrs_off_s + 0.08),
    )}  # fmt: skip
    p = t = None
    if marks.p_on_s is not None:
        p = _largest(beat[:, at(marks.p_on_s) : on] - beat[:, at(marks.p_on_s)][:, np.newaxis])
    if marks.t_off_s is not None:
        t = _largest(beat[:, at(marks.qrs_off_s + 0.06) : at(marks.t_off_s) + 1])
    waves = {}
    for row, lead in enumerate(leads):
        if not np.isfinite(beat[row]).all():
            waves[lead] = LeadWaves()
            continue
        q, r, s = _qrs_waves(qrs[row], max(round(LEAST_Q_S * fs_hz), 2))
        waves[lead] = LeadWaves(
            p=None if p is None else float(p[row]),
            q=q,
            r=r,
            s=s,
            t=None if t is None else float(t[row]),
            st_j=float(around["st_j"][row]) if st_levels else None,
            st_60=float(around["st_60"][row]) if st_levels else None,
            st_80=float(around["st_80"][row]) if st_levels else None,
        )
    return waves


def _largest(part: DoubleArray) -> DoubleArray | None:
    """Return the value of largest size of each row; None without samples."""
    if part.shape[1] == 0:
        return None
    at = np.nan_to_num(np.abs(part)).argmax(axis=1)
    largest: DoubleArray = part[np.arange(len(part)), at]
    return largest


def _qrs_waves(qrs: DoubleArray, shortest: int) -> tuple[float | None, float | None, float | None]:
    """Return Q, R and S of one lead's QRS complex."""
    top = int(np.argmax(qrs))
    least = 0.02 * float(np.ptp(qrs))
    r = float(qrs[top]) if qrs[top] > least else None
    if r is None:  # QS
        return float(qrs.min()), None, None
    before, after = qrs[:top], qrs[top + 1 :]
    q = float(before.min()) if (before < -least).sum() >= shortest else None
    s = float(after.min()) if (after < -least).sum() >= shortest else None
    return q, r, s
