"""Onsets and ends of P, QRS and T on the median beat of all leads.

The constants were chosen on the odd-numbered records of LUDB's first hundred, by the median of
the leads' manual marks; the even-numbered ones were kept to check them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.gaps import (
    DoubleArray,
    FloatArray,
    bridge_gaps,
    median_of,
    quantile_of,
)
from ecgviewer.signal.heartbeats.beats import (
    beat_windows,
    nan_median,
    prevailing,
    shape_correlation,
)
from ecgviewer.signal.heartbeats.pacing import find_stimuli, without_stimuli
from ecgviewer.signal.heartbeats.r_peaks import IntArray
from ecgviewer.signal.resample import resample_bridged
from ecgviewer.signal.scipy_parts import butter, sosfiltfilt, uniform_filter1d

FS_HZ = 500
"""Rate at which beats are delineated, whatever the rate of the recording."""
PRE_S, POST_S = 0.45, 0.75
R_AT = round(PRE_S * FS_HZ)
MOST_BEATS = 60
P_CONSISTENCY = 0.6
"""Correlation of each beat's P window with that of the others: above it there is a P wave
(85 of 85 LUDB records with marked P waves, and 4 of the 15 without)."""
P_CONSISTENCY_IRREGULAR = 0.85
"""The same where the rhythm is irregular. In atrial fibrillation the end of a T wave or a few f
waves may seem to repeat: PTB-XL's and LUDB's records in mV with an irregular sinus rhythm have 0.91
and more, those in fibrillation 0.82 and less."""
IRREGULAR = 0.1
"""Median change from one RR interval to the next, relative to the median RR, of such rhythms."""


T_END_RANK = 0.55
T_ROOM = 10
"""Samples before the next beat within which a T wave cannot be seen to end."""
CAPTURE_S = 0.016
"""From a ventricular stimulus to the beginning of QRS, at least (LUDB's readers: 12 to 37 ms)."""
P_ROOM_S = 0.17
"""Between T and QRS, below which a P wave cannot be told from the T wave (nor from flutter with
2:1 conduction): records with marked P waves have 0.18 s and more."""
P_RISE = 0.3
"""Of the height of a P wave that must stand above both its sides (LUDB: 0.56 and more)."""
TERMINAL_BEND_S = 0.020
TERMINAL_SHARE = 0.035
"""Of the sharpest bend of QRS: late waves have more, ST and T less."""
TERMINAL_GAP, TERMINAL_LEAST, TERMINAL_LONGEST = 14, 10, 65
"""Samples: calm that ends QRS; shortest late wave that counts; longest there is."""


@dataclass(frozen=True, eq=False, slots=True)
class Marks:
    """Where the waves begin and end, in seconds from the R peak; None where not found."""

    p_on_s: float | None
    p_peak_s: float | None
    qrs_on_s: float | None
    qrs_off_s: float | None
    t_peak_s: float | None
    t_off_s: float | None


@dataclass(frozen=True, eq=False, slots=True)
class AverageBeat:
    """The prevailing beat of a recording.

    Attributes
    ----------
    beats_mv : float32 array [B, L, m]
        Dominant beats at 500 Hz, filtered 0.4-40 Hz; R at sample ``R_AT``.
    median_mv : float64 array [L, m]
        Their median, gapless.
    rr_s : float
        Median RR interval of the whole recording.
    before_s, after_s : float
        Median RR interval before and after the beats used: in bigeminy they are others.
    marks : Marks
    p_consistency : float
        Median over beats of the correlation of a beat's P window with that of the other beats,
        all leads together (-1 to 1); NaN when it cannot be judged.
    p_height : float
        Root mean square over leads of the P wave at its peak, in the recording's unit.
    correlation : float64 array [beats of the recording]
        :func:`ecgviewer.signal.heartbeats.beats.shape_correlation` of every R peak given.
    capture_s : float or None
        Where ventricular pacing stimuli were, in seconds from the R peak.
    """

    beats_mv: FloatArray
    median_mv: DoubleArray
    rr_s: float
    before_s: float
    after_s: float
    marks: Marks
    p_consistency: float
    p_height: float
    correlation: DoubleArray
    capture_s: float | None = None


def _capture_s(stimuli: IntArray, r_peaks: IntArray, fs_hz: float) -> float | None:
    """Return where ventricular stimuli lie before the R peak (negative); None without any."""
    if stimuli.size == 0 or r_peaks.size == 0:
        return None
    from_r_s = (stimuli[:, np.newaxis] - r_peaks) / fs_hz
    near = from_r_s[(from_r_s > -0.20) & (from_r_s < -0.02)]
    return float(np.median(near)) if near.size >= max(3, 0.3 * r_peaks.size) else None


@lru_cache(maxsize=16)
def _beat_filter(fs_hz: float) -> DoubleArray:
    high_pass = butter(1, 0.4, "highpass", fs=fs_hz, output="sos")
    if fs_hz <= 90.0:
        return np.asarray(high_pass)
    return np.vstack([high_pass, butter(2, 40.0, fs=fs_hz, output="sos")])


def average_beat(
    signal_mv: npt.ArrayLike, fs_hz: float, r_peaks: IntArray, stimuli: IntArray | None = None
) -> AverageBeat | None:
    """Return the prevailing beat with its marks, or None with fewer than 2 R peaks.

    Parameters
    ----------
    signal_mv : array [L, n]
        Unfiltered; NaN allowed. Wholly missing leads should be left out.
    r_peaks : int array [B]
        Beats on which to base it; of more than 60, evenly spaced ones are used.
    stimuli : int array, optional
        Pacing stimuli that were taken out of the signal already; looked for when omitted.
    """
    r = np.asarray(r_peaks, dtype=np.int64)
    if r.size < 2:
        return None
    x, missing = bridge_gaps(signal_mv)
    if stimuli is None:
        stimuli = find_stimuli(x, fs_hz)
        x = without_stimuli(x, fs_hz, stimuli)
    rr_s = float(np.median(np.diff(r))) / fs_hz
    changes = np.abs(np.diff(r, 2)) / fs_hz / rr_s
    pad = min(round(2.0 * fs_hz), x.shape[1] - 1)
    y = sosfiltfilt(_beat_filter(fs_hz), x, axis=1, padlen=pad)
    y[missing] = np.nan
    correlation = shape_correlation(x, r, fs_hz)
    chosen = np.flatnonzero(prevailing(correlation, r))
    chosen = chosen[:: -(-chosen.size // MOST_BEATS)]
    rr = np.diff(r) / fs_hz
    before_s = float(np.median(rr[np.maximum(chosen - 1, 0)]))
    after_s = float(np.median(rr[np.minimum(chosen, rr.size - 1)]))
    r = r[chosen]
    beats = beat_windows(y, r, fs_hz, PRE_S, POST_S)
    if fs_hz != FS_HZ:
        beats = _at_working_rate(beats, fs_hz)
    median, _ = bridge_gaps(nan_median(beats))
    capture_s = _capture_s(stimuli, r, fs_hz)
    marks, p_height = _delineated(median, after_s, before_s, capture_s)
    consistency = float("nan")
    if marks.qrs_on_s is not None:
        on = round(marks.qrs_on_s * FS_HZ) + R_AT
        t_off = None if marks.t_off_s is None else round(marks.t_off_s * FS_HZ) + R_AT
        consistency = _p_consistency(beats, on, before_s, t_off)
    irregular = bool(np.median(changes) > IRREGULAR) if changes.size else False
    if not consistency >= (P_CONSISTENCY_IRREGULAR if irregular else P_CONSISTENCY):
        marks = replace(marks, p_on_s=None, p_peak_s=None)
    return AverageBeat(
        beats_mv=beats,
        median_mv=median,
        rr_s=rr_s,
        before_s=before_s,
        after_s=after_s,
        marks=marks,
        p_consistency=consistency,
        p_height=p_height,
        correlation=correlation,
        capture_s=capture_s,
    )


def _at_working_rate(beats: FloatArray, fs_hz: float) -> FloatArray:
    """Return beat windows at 500 Hz, R exactly at ``R_AT``."""
    n_beats, n_leads, m = beats.shape
    filled, missing = bridge_gaps(beats.reshape(-1, m))
    dense = resample_bridged(filled, fs_hz, FS_HZ)
    # R sits at round(PRE_S * fs) of the window: move it by the fraction that rounding took.
    shift = R_AT - round(PRE_S * fs_hz) * FS_HZ / fs_hz
    wanted = np.arange(round(PRE_S * FS_HZ) + round(POST_S * FS_HZ)) - shift
    at = np.clip(np.rint(wanted), 0, dense.shape[1] - 1).astype(np.int64)
    out = dense[:, at].astype(np.float32)
    source = np.clip(np.rint(wanted * fs_hz / FS_HZ), 0, m - 1).astype(np.int64)
    out[missing[:, source]] = np.nan
    return out.reshape(n_beats, n_leads, -1)


def _delineated(
    median: DoubleArray, after_s: float, before_s: float, capture_s: float | None
) -> tuple[Marks, float]:
    """Return the marks of a median beat, P waves unproven, and the P wave's height."""
    bounds = qrs_bounds(median)
    if bounds is None:
        return Marks(None, None, None, None, None, None), 0.0
    on, off = bounds
    if capture_s is not None:
        # What is left where a stimulus was taken out is no QRS yet.
        stimulus = R_AT + round(capture_s * FS_HZ)
        if on >= stimulus - round(0.008 * FS_HZ):
            on = min(max(on, stimulus + round(CAPTURE_S * FS_HZ)), R_AT - 5)
    t_peak, t_off = t_wave(median, on, off, after_s)
    p_on, p_peak, p_height = p_wave(median, on, before_s, t_off)

    def seconds(sample: int | None) -> float | None:
        return None if sample is None else (sample - R_AT) / FS_HZ

    found = (p_on, p_peak, on, off, t_peak, t_off)
    return Marks(*(seconds(sample) for sample in found)), p_height


def marks_of(median_mv: DoubleArray, like: AverageBeat) -> Marks:
    """Return the marks of the median [L, m] of some of an average beat's beats or leads.

    P waves are taken for granted.
    """
    return _delineated(median_mv, like.after_s, like.before_s, like.capture_s)[0]


def p_room_s(marks: Marks, rr_s: float) -> float:
    """Return the time between the end of T and the QRS complex of the next beat."""
    if marks.qrs_on_s is None:
        return float("nan")
    on = round(marks.qrs_on_s * FS_HZ) + R_AT
    t_off = None if marks.t_off_s is None else round(marks.t_off_s * FS_HZ) + R_AT
    return (on - 6 - after_t(on, rr_s, t_off)) / FS_HZ


def qrs_bounds(beat: DoubleArray) -> tuple[int, int] | None:
    """Return first and last sample of the QRS complex of a beat [L, m], or None.

    The root mean square over leads of the slope (over 12 ms) exceeds 3 % of its maximum from the
    onset and 8.5 % up to the end, judged by 14 ms below it on either side, and never less than
    three times its quiet level.
    """
    slope = np.zeros_like(beat)
    slope[:, 3:-3] = beat[:, 6:] - beat[:, :-6]
    speed = uniform_filter1d(np.sqrt(np.square(slope).mean(axis=0)), 3)
    low, high = R_AT - round(0.09 * FS_HZ), R_AT + round(0.09 * FS_HZ)
    peak = low + int(np.argmax(speed[low:high]))
    around = speed[R_AT - round(0.30 * FS_HZ) : R_AT + round(0.40 * FS_HZ)]
    quiet = 3.0 * quantile_of(around, 0.15)
    if speed[peak] <= quiet:
        return None
    width = round(0.014 * FS_HZ)
    before = _calm(speed < max(0.03 * speed[peak], quiet), width)[: peak - width + 1]
    after = _calm(speed < max(0.085 * speed[peak], quiet), width)[peak:]
    if not before.any() or not after.any():
        return None
    on, off = int(np.flatnonzero(before)[-1]) + width, peak + int(np.argmax(after)) - 1
    return on, _with_terminal_forces(beat, off)


def _with_terminal_forces(beat: DoubleArray, off: int) -> int:
    """Return the end of QRS with the slow forces that follow its fast part in some leads.

    In right bundle branch block, and where QRS is slurred or notched at its end, the trace all but
    stands still at the peak of a late wave and returns slowly. That wave still bends sharply,
    which neither ST nor T does: the curvature over 40 ms, root mean square over leads, tells.
    """
    reach = round(TERMINAL_BEND_S * FS_HZ)
    bend = np.zeros_like(beat)
    bend[:, reach:-reach] = beat[:, 2 * reach :] + beat[:, : -2 * reach] - 2 * beat[:, reach:-reach]
    sharpness = uniform_filter1d(np.sqrt(np.square(bend).mean(axis=0)), 3)
    quiet = 3.0 * quantile_of(sharpness[R_AT - 150 : R_AT + 200], 0.15)
    most = float(sharpness[R_AT - 45 : R_AT + 45].max())
    bent = sharpness[off : off + TERMINAL_LONGEST] >= max(TERMINAL_SHARE * most, quiet)
    at = np.concatenate([[0], np.flatnonzero(bent)])
    gaps = np.flatnonzero(np.diff(at) > TERMINAL_GAP)
    last = int(at[gaps[0]] if gaps.size else at[-1]) - 1
    return off + last if last >= TERMINAL_LEAST else off


def _calm(below: npt.NDArray[np.bool_], width: int) -> npt.NDArray[np.bool_]:
    """Return whether ``width`` samples from here on are all below."""
    count = np.concatenate([[0], np.cumsum(below)])
    return np.asarray(count[width:] - count[:-width] == width)


def t_wave(beat: DoubleArray, on: int, off: int, rr_s: float) -> tuple[int | None, int | None]:
    """Return the samples of the T wave's peak and end, or None for each.

    The end maximises the area of a trapezium between the steepest descent and a point 100 ms
    after it (Vazquez-Seisdedos et al. 2011): once on the root mean square over leads and once in
    each lead, of which the median is taken, weighted by height. The mean of the two is the end;
    either alone is led astray by a lead with a U wave, or by a T wave that turns over.
    """
    start = off + round(0.06 * FS_HZ)
    reach = 0.72 if rr_s >= 0.9 else 0.95 * rr_s - 0.12
    stop = min(R_AT + round(reach * FS_HZ), beat.shape[1] - 1)
    if stop - start < round(0.12 * FS_HZ):
        return None, None
    level = median_of(beat[:, max(on - 10, 0) : max(on - 3, 1)])[:, np.newaxis]
    wave = uniform_filter1d(beat[:, start:stop] - level, round(0.03 * FS_HZ), axis=1)
    curve = np.sqrt(np.square(wave).mean(axis=0))
    within = round(min(0.52 * np.sqrt(rr_s), 0.60) * FS_HZ) - (start - on)
    within = within if within >= 20 else curve.size
    peak = int(np.argmax(curve[:within]))
    qrs = float(np.sqrt(np.square(beat[:, on : off + 1] - level).mean(axis=0)).max())
    if curve[peak] < 0.02 * qrs:
        return None, None
    whole = int(_trapezium_ends(curve[np.newaxis], np.asarray([peak]))[0])
    if whole >= curve.size - T_ROOM:
        return start + peak, None
    return start + peak, start + round((whole + _end_in_leads(wave, peak, within)) / 2)


def _trapezium_ends(wave: DoubleArray, peaks: IntArray) -> IntArray:
    """Return where waves [L, n], which fall from their peaks, end."""
    last_one = wave.shape[1] - 1
    rows = np.arange(len(wave))[:, np.newaxis]
    falling = np.minimum(peaks[:, np.newaxis] + np.arange(round(0.16 * FS_HZ)), last_one)
    steepest = peaks + np.argmin(_steepness(wave)[rows, falling], axis=1)
    steepest = np.minimum(steepest, last_one)[:, np.newaxis]
    last = np.minimum(steepest + round(0.10 * FS_HZ), last_one)
    at = np.minimum(steepest + np.arange(round(0.10 * FS_HZ) + 1), last_one)
    area = (wave[rows, steepest] - wave[rows, at]) * (2 * last - at - steepest)
    ends: IntArray = at[rows[:, 0], np.argmax(area, axis=1)]
    return ends


def _steepness(wave: DoubleArray) -> DoubleArray:
    """Return the slope per sample of rows [L, n], from both neighbours."""
    slope = np.empty_like(wave)
    slope[:, 1:-1] = (wave[:, 2:] - wave[:, :-2]) / 2
    slope[:, 0], slope[:, -1] = wave[:, 1] - wave[:, 0], wave[:, -1] - wave[:, -2]
    return slope


def _end_in_leads(wave: DoubleArray, peak: int, within: int) -> int:
    """Return the median over leads of the ends of their own T waves, weighted by their heights."""
    low = max(peak - round(0.10 * FS_HZ), 0)
    high = max(min(peak + round(0.08 * FS_HZ), wave.shape[1] - 2, within), low + 1)
    level = median_of(wave[:, -10:])[:, np.newaxis]
    own = low + np.argmax(np.abs(wave[:, low:high] - level), axis=1)
    rows = np.arange(len(wave))
    sign = np.sign(wave[rows, own] - level[:, 0])[:, np.newaxis]
    ends = _trapezium_ends(wave * sign, own)
    after = np.minimum(own + round(0.18 * FS_HZ), wave.shape[1] - 1)
    weight = np.abs(wave[rows, own] - wave[rows, after])
    order = np.argsort(ends, kind="stable")
    share = np.cumsum(weight[order])
    return int(ends[order][np.searchsorted(share, T_END_RANK * share[-1])])


def p_wave(
    beat: DoubleArray, on: int, rr_s: float, t_off: int | None
) -> tuple[int | None, int | None, float]:
    """Return the samples of the P wave's onset and peak, and its height over the leads.

    As the T wave's end, mirrored: a trapezium from the steepest rise to 50 ms before it. Nothing
    is looked for before the end of the T wave before. That there is a P wave at all is decided
    elsewhere.
    """
    stop = on - 6
    start = max(R_AT - round(min(0.42, 0.62 * rr_s) * FS_HZ), on - round(0.30 * FS_HZ), 0)
    start = max(start, after_t(on, rr_s, t_off))
    if stop - start < round(P_ROOM_S * FS_HZ):
        return None, None, 0.0
    wave = _levelled(uniform_filter1d(beat[:, start:stop], 10, axis=1), 15, 8)
    curve = np.sqrt(np.square(wave).mean(axis=0))
    peak = int(np.argmax(curve))
    if not _rises(beat[:, start:stop], wave[:, peak], peak):
        return None, None, float(curve[peak])
    first = max(0, peak - round(0.09 * FS_HZ))
    if peak - first < 3:
        return None, None, float(curve[peak])
    steepest = first + int(np.argmax(np.gradient(curve)[first : peak + 1]))
    far = max(0, steepest - round(0.05 * FS_HZ))
    at = np.arange(far, steepest + 1)
    area = (curve[steepest] - curve[at]) * (at + steepest - 2 * far)
    return start + int(at[np.argmax(area)]), start + peak, float(curve[peak])


def _rises(part: DoubleArray, wave: DoubleArray, peak: int) -> bool:
    """Return whether a wave [L] at ``peak`` rises above both sides: the tail of a T does not."""
    smooth = uniform_filter1d(wave @ part, 10)
    size = float(np.square(wave).sum())
    near = slice(max(peak - 15, 0), peak + 16)
    top = near.start + int(np.argmax(smooth[near]))
    sides = max(float(smooth[: top + 1].min()), float(smooth[top:].min()))
    return float(smooth[top]) - sides >= P_RISE * size


def after_t(on: int, rr_s: float, t_off: int | None) -> int:
    """Return the sample at which the T wave of the beat before ends.

    Where its end was not found it is taken for an ordinary one of that rate (QT 0.40 s at 60/min,
    by the square root of RR).
    """
    end_s = (on - R_AT) / FS_HZ + 0.40 * np.sqrt(rr_s) if t_off is None else (t_off - R_AT) / FS_HZ
    return R_AT + round((end_s - rr_s) * FS_HZ)


def _levelled(wave: DoubleArray, head: int, tail: int) -> DoubleArray:
    """Return rows (last axis) with the line between their ends removed."""
    left = median_of(wave[..., :head])[..., np.newaxis]
    right = median_of(wave[..., -tail:])[..., np.newaxis]
    level: DoubleArray = wave - left - (right - left) * np.linspace(0, 1, wave.shape[-1])
    return level


def _p_consistency(beats: FloatArray, on: int, rr_s: float, t_off: int | None) -> float:
    start = max(0, on - round(min(0.24, 0.5 * rr_s) * FS_HZ), after_t(on, rr_s, t_off))
    window = beats[:, :, start : max(on - 5, start)].astype(np.float64)
    if window.shape[2] < 16:
        return float("nan")
    window = window[:, np.isfinite(window).all(axis=(0, 2))]
    if window.shape[0] < 3 or window.shape[1] == 0:
        window = beats[:, :, start : on - 5].astype(np.float64)
        window = window[np.isfinite(window).all(axis=(1, 2))]
    if window.shape[0] < 3:
        return float("nan")
    edge = window.shape[2] // 8
    rows = _levelled(window, edge, edge).reshape(window.shape[0], -1)
    others = rows.sum(axis=0) - rows
    length = np.linalg.norm(rows, axis=1) * np.linalg.norm(others, axis=1)
    return float(np.median((rows * others).sum(axis=1) / np.maximum(length, 1e-12)))
