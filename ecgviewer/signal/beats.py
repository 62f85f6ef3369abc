"""R peaks, heart rate, the median beat and the phase of every sample within its beat."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, median_filter, uniform_filter1d
from scipy.signal import butter, find_peaks, sosfiltfilt

from ecgviewer.signal.gaps import DoubleArray, FloatArray, bridge_gaps

IntArray = npt.NDArray[np.int64]

QRS_BAND_HZ = (5.0, 25.0)
"""Where QRS energy exceeds that of P, T, wander and muscle (Pan & Tompkins 1985: 5-15 Hz;
wider here because bundle branch blocks and children share one setting)."""
REFRACTORY_S = 0.22
T_WAVE_REACH_S = 0.40
"""A second peak within this time of an R peak may be its T wave."""


def detect_r_peaks(signal_mv: npt.ArrayLike, fs_hz: float) -> IntArray:
    """Return the samples of the R peaks (main QRS deflection), ascending.

    The steepness of each lead in the QRS band, divided by the lead's own beat height and
    limited, is averaged over the leads, so that neither amplitude units nor one bad lead decide.
    Peaks of that curve are kept above a share of the local beat height; T waves are recognised by
    their slower slope; gaps of more than 1.6 RR are searched again with a lower threshold.

    Parameters
    ----------
    signal_mv : array [L, n]
        Any number of leads in any unit; NaN allowed.
    fs_hz : float

    Returns
    -------
    int64 array [number of beats]
        Empty when there is none, or when the record is shorter than 0.3 s.
    """
    x, missing = bridge_gaps(signal_mv)
    n = x.shape[1]
    if n < 0.3 * fs_hz or fs_hz < 40.0:
        return np.zeros(0, dtype=np.int64)
    band = _qrs_band(x, fs_hz)
    slope = np.abs(np.gradient(band, axis=1))
    slope[missing] = 0.0
    slope = uniform_filter1d(slope, max(round(0.10 * fs_hz), 3), axis=1, mode="nearest")
    height = _beat_height(slope, fs_hz)
    live = height > 1e-9
    if not live.any():
        return np.zeros(0, dtype=np.int64)
    curve = np.minimum(slope[live] / height[live, np.newaxis], 1.6).mean(axis=0)
    candidates, _ = find_peaks(curve, distance=max(round(REFRACTORY_S * fs_hz), 1))
    # find_peaks leaves out a maximum at the very border: a beat cut there has no R peak.
    if candidates.size == 0:
        return np.zeros(0, dtype=np.int64)
    beats = _select(curve, candidates, fs_hz)
    return _refine(band[live] / height[live, np.newaxis], beats, fs_hz)


def _qrs_band(x: DoubleArray, fs_hz: float) -> DoubleArray:
    pad = min(round(0.2 * fs_hz), x.shape[1] - 1)
    filtered: DoubleArray = sosfiltfilt(_qrs_filter(fs_hz), x, axis=1, padlen=pad)
    return filtered


@lru_cache(maxsize=16)
def _qrs_filter(fs_hz: float) -> DoubleArray:
    high = min(QRS_BAND_HZ[1], 0.45 * fs_hz)
    sos: DoubleArray = butter(2, [QRS_BAND_HZ[0], high], "bandpass", fs=fs_hz, output="sos")
    return sos


def _beat_height(slope: DoubleArray, fs_hz: float) -> DoubleArray:
    """Return the usual height of a beat per lead: the median of the maxima of 1.5-s pieces."""
    n = slope.shape[1]
    piece = min(round(1.5 * fs_hz), n)
    count = n // piece
    maxima = slope[:, : count * piece].reshape(slope.shape[0], count, piece).max(axis=2)
    height: DoubleArray = np.median(maxima, axis=1)
    return height


def _select(curve: DoubleArray, candidates: IntArray, fs_hz: float) -> IntArray:
    value = curve[candidates]
    # Local beat height: the largest value within 1.5 s, then its median over some seconds, not
    # too far from that of the whole record so that a pause does not make beats of noise.
    local = maximum_filter1d(curve, max(round(3.0 * fs_hz), 1), mode="nearest")[candidates]
    reference = median_filter(local, size=min(15, local.size), mode="nearest")
    usual_height = float(np.median(local))
    reference = np.clip(reference, 0.6 * usual_height, 1.5 * usual_height)
    strong = value > 0.42 * reference
    kept = _without_t_waves(candidates[strong], curve, fs_hz)
    if kept.size < 3:
        return kept
    rr = np.diff(kept)
    usual = median_filter(rr.astype(np.float64), size=min(9, rr.size), mode="nearest")
    found: list[int] = []
    for i in np.flatnonzero(rr > 1.6 * usual):
        low, high = kept[i] + 0.30 * fs_hz, kept[i + 1] - 0.30 * fs_hz
        inside = (candidates > low) & (candidates < high) & (value > 0.22 * reference)
        weak = candidates[inside]
        if weak.size:
            # What is searched for must rise above what lies between beats.
            best = weak[np.argmax(curve[weak])]
            floor = np.median(curve[kept[i] : kept[i + 1]])
            if curve[best] > 3.0 * floor:
                found.append(int(best))
    return np.sort(np.concatenate([kept, np.asarray(found, dtype=np.int64)]))


def _without_t_waves(peaks: IntArray, curve: DoubleArray, fs_hz: float) -> IntArray:
    kept: list[int] = []
    reach = T_WAVE_REACH_S * fs_hz
    for peak in peaks.tolist():
        if kept and peak - kept[-1] < reach and curve[peak] < 0.5 * curve[kept[-1]]:
            continue
        if len(kept) > 1 and peak - kept[-1] < reach and curve[kept[-1]] < 0.5 * curve[peak]:
            # A P or an artefact just before a real beat.
            kept[-1] = peak
            continue
        kept.append(peak)
    return np.asarray(kept, dtype=np.int64)


def _refine(band: DoubleArray, beats: IntArray, fs_hz: float) -> IntArray:
    """Move each beat to the largest deflection over the leads within 80 ms."""
    if beats.size == 0:
        return beats
    magnitude = np.sqrt(np.mean(np.minimum(np.abs(band), 50.0) ** 2, axis=0))
    reach = max(round(0.08 * fs_hz), 1)
    offsets = np.arange(-reach, reach + 1)
    at = np.clip(beats[:, np.newaxis] + offsets, 0, magnitude.size - 1)
    weight = 1.0 - 0.4 * (offsets / reach) ** 2
    moved = at[np.arange(beats.size), np.argmax(magnitude[at] * weight, axis=1)]
    unique: IntArray = np.unique(moved)
    return unique


def heart_rate_bpm(r_peaks: npt.ArrayLike, fs_hz: float) -> float:
    """Return beats per minute from the median RR interval; NaN with fewer than 2 beats."""
    r = np.asarray(r_peaks)
    if r.size < 2:
        return float("nan")
    return 60.0 * fs_hz / float(np.median(np.diff(r)))


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
    same = shape_correlation(x, r, fs_hz) >= SAME_SHAPE
    rr = np.diff(r).astype(np.float64)
    premature = np.concatenate([[False], rr < 0.8 * np.median(rr)])
    on_time = same & ~premature
    return on_time if on_time.sum() >= 3 else same


SAME_SHAPE = 0.85
"""Correlation of two QRS complexes over all leads above which they have the same origin."""


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
    # enough for a long record).
    some = aligned[:: max(aligned.shape[0] // 300, 1)]
    alike = some @ some.T
    group = alike[np.argmax((alike >= SAME_SHAPE).sum(axis=1))] >= SAME_SHAPE
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
    return phase.astype(np.float32)
