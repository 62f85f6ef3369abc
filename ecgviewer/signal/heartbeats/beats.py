"""R peaks, heart rate, the median beat and the phase of every sample within its beat."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.gaps import DoubleArray, FloatArray, bridge_gaps
from ecgviewer.signal.heartbeats.r_peaks import IntArray, detect_r_peaks

__all__ = [
    "PHASE_RANGE_S",
    "beat_phase",
    "beat_windows",
    "detect_r_peaks",
    "dominant_beats",
    "heart_rate_bpm",
    "median_beats",
    "nan_median",
    "prevailing",
    "shape_correlation",
]


SAME_SHAPE = 0.85
"""Correlation of two QRS complexes over all leads above which they have the same origin."""


def heart_rate_bpm(r_peaks: npt.ArrayLike, fs_hz: float) -> float:
    """Return beats per minute from the mean RR interval; NaN with fewer than 2 beats.

    Intervals above 3 s and 2.5 times the median are gaps of the recording, not of the heart's.
    """
    r = np.asarray(r_peaks)
    if r.size < 2:
        return float("nan")
    rr = np.diff(r) / fs_hz
    kept = rr[(rr <= 3.0) | (rr <= 2.5 * np.median(rr))]
    return 60.0 / float(kept.mean())


def dominant_beats(
    signal_mv: npt.ArrayLike, r_peaks: npt.ArrayLike, fs_hz: float
) -> npt.NDArray[np.bool_]:
    """Return which beats belong to the prevailing shape and are neither premature nor cut off.

    Parameters
    ----------
    signal_mv : array [L, n]
    r_peaks : int array [B]

    Returns
    -------
    bool array [B]
        Beats whose QRS correlates (over all leads) with the largest group of beats, without
        those that come before 80 % of the usual RR interval or would reach over the ends of the
        record. Prematurity is forgiven where fewer than 3 beats would remain.
    """
    r = np.asarray(r_peaks, dtype=np.int64)
    if r.size < 3:
        return np.ones(r.size, dtype=np.bool_)
    x, _ = bridge_gaps(signal_mv)
    return prevailing(shape_correlation(x, r, fs_hz), r)


def prevailing(correlation: DoubleArray, r_peaks: IntArray) -> npt.NDArray[np.bool_]:
    """Return :func:`dominant_beats` from the beats' :func:`shape_correlation`."""
    same = correlation >= SAME_SHAPE
    rr = np.diff(r_peaks).astype(np.float64)
    usual = float(np.median(rr)) if rr.size else 0.0
    if rr.size and rr.mean() > 1.15 * usual:  # two kinds of intervals take turns
        usual = float(rr.mean())
    premature = np.concatenate([[False], rr < 0.8 * usual])
    on_time = same & ~premature
    return on_time if on_time.sum() >= 3 else same


def shape_correlation(signal_mv: DoubleArray, r_peaks: IntArray, fs_hz: float) -> DoubleArray:
    """Return each beat's QRS correlation with the prevailing QRS, over all leads at once [B]."""
    half = max(round(0.10 * fs_hz), 2)
    shifts = np.arange(-1, 2) * max(round(0.012 * fs_hz), 1)
    offsets = np.arange(-half, half + 1)
    n = signal_mv.shape[1]

    def unit(at: IntArray) -> DoubleArray:
        """Beats [B, L * m], each with its baseline removed per lead and unit length."""
        beats = signal_mv[:, np.clip(at, 0, n - 1)]
        beats = beats - beats.mean(axis=2, keepdims=True)
        flat = beats.transpose(1, 0, 2).reshape(at.shape[0], -1)
        length = np.linalg.norm(flat, axis=1, keepdims=True)
        unit_length: DoubleArray = flat / np.maximum(length, 1e-9)
        return unit_length

    aligned = unit(r_peaks[:, np.newaxis] + offsets)
    # The member of the largest group is the one with most lookalikes (a sample of beats is
    # enough for a long record). Where two groups take turns, the one that comes early counts half.
    every = max(aligned.shape[0] // 300, 1)
    some = aligned[::every]
    alike = some @ some.T
    rr = np.diff(r_peaks, prepend=r_peaks[:1] - np.iinfo(np.int32).max)
    early = rr[::every] < 0.8 * np.diff(r_peaks).mean() if r_peaks.size > 1 else rr < 0
    group = alike[np.argmax((alike >= SAME_SHAPE) @ np.where(early, 0.5, 1.0))] >= SAME_SHAPE
    template = some[group].mean(axis=0)
    template /= max(float(np.linalg.norm(template)), 1e-9)
    best = aligned @ template
    for shift in shifts[shifts != 0]:
        best = np.maximum(best, unit(r_peaks[:, np.newaxis] + offsets + shift) @ template)
    correlation: DoubleArray = best
    return correlation


def beat_windows(
    signal_mv: npt.ArrayLike, r_peaks: npt.ArrayLike, fs_hz: float, pre_s: float, post_s: float
) -> FloatArray:
    """Return the samples around each R peak, NaN beyond the ends of the record.

    Returns
    -------
    float32 array [B, L, m]
        ``m = round(pre_s * fs) + round(post_s * fs)``; the R peak is at ``round(pre_s * fs)``.
    """
    x = np.asarray(signal_mv, dtype=np.float32)
    r = np.asarray(r_peaks, dtype=np.int64)
    at = r[:, np.newaxis] + np.arange(-round(pre_s * fs_hz), round(post_s * fs_hz))
    out = x[:, np.clip(at, 0, max(x.shape[1] - 1, 0))].transpose(1, 0, 2)
    out[np.isinf(out)] = np.nan
    outside = (at < 0) | (at >= x.shape[1])
    if outside.any():
        out[np.broadcast_to(outside[:, np.newaxis, :], out.shape)] = np.nan
    return out


def median_beats(
    signal_mv: npt.ArrayLike,
    r_peaks: npt.ArrayLike,
    fs_hz: float,
    pre_s: float = 0.3,
    post_s: float = 0.5,
    dominant_only: bool = True,
) -> FloatArray:
    """Return the median beat of every lead, aligned at the R peak.

    Parameters
    ----------
    signal_mv : array [L, n]
    r_peaks : int array [B]
    dominant_only : bool
        Leave out ectopic and differently shaped beats (:func:`dominant_beats`).

    Returns
    -------
    float32 array [L, m]
        As in :func:`beat_windows`; NaN where no beat has a valid sample.
    """
    x = np.asarray(signal_mv, dtype=np.float32)
    r = np.asarray(r_peaks, dtype=np.int64)
    m = round(pre_s * fs_hz) + round(post_s * fs_hz)
    if r.size == 0 or x.shape[1] == 0:
        return np.full((x.shape[0], m), np.nan, dtype=np.float32)
    if dominant_only:
        r = r[dominant_beats(x, r, fs_hz)]
    return nan_median(beat_windows(x, r, fs_hz, pre_s, post_s))


def nan_median(values: FloatArray) -> FloatArray:
    """Return the median over axis 0, ignoring NaN, and NaN where nothing is left."""
    ordered = np.sort(values, axis=0)  # NaN sorts last
    count = np.isfinite(values).sum(axis=0)
    low = np.maximum(count - 1, 0) // 2
    high = np.minimum(count // 2, values.shape[0] - 1)
    pair = np.take_along_axis(ordered, np.stack([low, high]), axis=0)
    return np.asarray(np.where(count > 0, pair.mean(axis=0), np.nan), dtype=np.float32)


PHASE_BEFORE_S = 0.25
PHASE_AFTER_S = 0.10
PHASE_RANGE_S = (-PHASE_BEFORE_S, 1.0 - PHASE_BEFORE_S)


def beat_phase(r_peaks: npt.ArrayLike, fs_hz: float, n: int) -> FloatArray:
    """Return where in a nominal beat of 1 s every sample lies.

    The 0.25 s before an R peak (P, PR) and the 0.10 s after it (QRS) keep their own time; what
    lies between (ST, T, TP) is stretched to fill the nominal beat, so that T waves meet at any
    heart rate. In beats under 0.875 s the fixed parts shrink to 2/7 and 4/35 of RR.

    Parameters
    ----------
    r_peaks : int array [B]
        Ascending samples.
    n : int
        Number of samples of the signal.

    Returns
    -------
    float32 array [n]
        Nominal seconds in ``PHASE_RANGE_S``; NaN throughout without any R peak. Before the first
        and after the last beat the median RR (1 s with a single beat) is assumed.
    """
    r = np.asarray(r_peaks, dtype=np.float64)
    if r.size == 0:
        return np.full(n, np.nan, dtype=np.float32)
    usual = float(np.median(np.diff(r))) if r.size > 1 else fs_hz
    before = np.arange(r[0], -usual, -usual)[:0:-1]
    after = np.arange(r[-1], n + usual, usual)[1:]
    knots = np.concatenate([before, r, after])
    rr = np.diff(knots)
    shrink = np.minimum(rr / (0.875 * fs_hz), 1.0)
    early = PHASE_AFTER_S * fs_hz * shrink
    late = PHASE_BEFORE_S * fs_hz * shrink
    # Per beat: R, end of the QRS part, start of the P part; cycles counted in whole seconds.
    cycle = np.arange(rr.size, dtype=np.float64)
    at = np.stack([knots[:-1], knots[:-1] + early, knots[1:] - late], axis=1).ravel()
    to = np.stack([cycle, cycle + PHASE_AFTER_S, cycle + 1 - PHASE_BEFORE_S], axis=1).ravel()
    nominal = np.interp(np.arange(n), np.append(at, knots[-1]), np.append(to, cycle[-1] + 1))
    phase = np.mod(nominal + PHASE_BEFORE_S, 1.0) - PHASE_BEFORE_S
    return np.asarray(phase, dtype=np.float32)
