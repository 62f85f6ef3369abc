"""Beats aligned to a fraction of a sample, their median, and where its waves begin and end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ecgviewer.models.score.window_evidence import LONGEST_GAP_S
from ecgviewer.signal.scipy_parts import firwin, gaussian_filter1d, resample_poly

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

FINE_HZ = 400.0
"""Rate at which beats are aligned and waves are measured: 2.5 ms."""
PRE_S, POST_S = 0.45, 0.60
"""What a beat window covers around the QRS."""
MIN_BEATS = 3
SAME_ORIGIN = 0.8
"""Correlation of two QRS complexes over all leads above which they count as the same shape."""


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """The beats of one window at ``fs_hz``.

    Attributes
    ----------
    fs_hz : float
    centre : array [B] of int64
        Centre of the QRS energy of every beat, samples.
    segments : array [B, 12, m]
        Each beat from ``PRE_S`` before its centre to ``POST_S`` after it.
    inside : array [B, m] of bool
        False beyond the window's ends and in gaps.
    similarity : array [B]
        Correlation of each QRS with the prevailing one.
    dominant : array [B] of bool
        Which beats have the prevailing shape.
    size : array [B]
        Strength of each QRS relative to the prevailing one.
    rr_s : array [B - 1]
        RR intervals in seconds; NaN across a gap.
    median : array [12, m]
        Median of the dominant beats.
    """

    fs_hz: float
    centre: IntArray
    segments: DoubleArray
    inside: BoolArray
    similarity: DoubleArray
    dominant: BoolArray
    size: DoubleArray
    rr_s: DoubleArray
    median: DoubleArray

    @property
    def middle(self) -> int:
        """Position of the QRS centre within a beat window."""
        return round(PRE_S * self.fs_hz)

    @property
    def usual_rr_s(self) -> float:
        """Median RR interval in seconds."""
        return float(np.median(self.rr_s[np.isfinite(self.rr_s)]))


def align_beats(
    signal: npt.ArrayLike, r_peaks: IntArray, fs_hz: float, seen: BoolArray | None = None
) -> Beats | None:
    """Return the beats of a window, or None with fewer than ``MIN_BEATS`` or no RR interval.

    Parameters
    ----------
    signal : array [12, n]
        Any unit; all finite. Rows of zeros are ignored.
    r_peaks : array [B]
        Samples at ``fs_hz``.
    seen : array [n] of bool, optional
        False in gaps, where no lead shows anything.
    """
    x = np.asarray(signal, dtype=np.float64)
    r = np.asarray(r_peaks, dtype=np.int64)
    if r.size < MIN_BEATS:
        return None
    factor = max(round(FINE_HZ / fs_hz), 1)
    fine_hz = fs_hz * factor
    y = x
    if factor > 1:
        taps = _low_pass(factor)  # the stubs do not know that a window may be the filter itself
        y = resample_poly(x, factor, 1, axis=1, window=taps)  # type: ignore[call-overload]
    speed = gaussian_filter1d(np.sqrt((np.gradient(y, axis=1) ** 2).sum(axis=0)), 0.005 * fine_hz)
    centre = _align(speed, r * factor, fine_hz)
    shown = np.ones(y.shape[1], dtype=bool) if seen is None else np.repeat(seen, factor)
    rr_s = _rr_s(centre, shown, fine_hz)
    if not np.isfinite(rr_s).any():
        return None
    half = round(0.07 * fine_hz)
    qrs, qrs_inside = _gather(y, centre, half, half, shown)
    flat = qrs.reshape(len(centre), -1)
    length = np.sqrt((flat**2).sum(axis=1)) + 1e-9
    alike = flat @ flat.T / length[:, None] / length[None]
    seed = int(np.argmax((alike > SAME_ORIGIN).sum(axis=1) + 0.01 * alike.mean(axis=1)))
    dominant: BoolArray = alike[seed] > SAME_ORIGIN
    template = _median(flat[dominant])
    template_length = float(np.linalg.norm(template)) + 1e-9
    similarity = flat @ template / length / template_length
    # A QRS cut by the window's end or a gap is no evidence of another shape.
    similarity[~qrs_inside.all(axis=1)] = 1.0
    size = np.where(qrs_inside.all(axis=1), length / template_length, 1.0)
    pre, post = round(PRE_S * fine_hz), round(POST_S * fine_hz)
    segments, inside = _gather(y, centre, pre, post, shown)
    whole = dominant & inside.all(axis=1)
    chosen = whole if whole.sum() >= MIN_BEATS else dominant
    return Beats(
        fs_hz=fine_hz,
        centre=centre,
        segments=segments,
        inside=inside,
        similarity=similarity,
        dominant=dominant,
        size=size,
        rr_s=rr_s,
        median=_median(segments[chosen]),
    )


@lru_cache(maxsize=8)
def _low_pass(factor: int) -> DoubleArray:
    """Return the filter that ``resample_poly`` would design anew for every window."""
    taps: DoubleArray = firwin(20 * factor + 1, 1.0 / factor, window=("kaiser", 5.0))
    return taps


def _median(values: DoubleArray) -> DoubleArray:
    """Return the median over the first axis; sorting few rows is far faster than np.median."""
    ordered, n = np.sort(values, axis=0), len(values)
    median: DoubleArray = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    return median


def _align(speed: DoubleArray, at: IntArray, fs_hz: float) -> IntArray:
    """Shift beats so that their slopes coincide, then to the centre of the QRS energy."""
    n = speed.size
    half, reach = round(0.08 * fs_hz), round(0.04 * fs_hz)
    for _ in range(2):
        wide = speed[np.clip(at[:, None] + np.arange(-half - reach, half + reach + 1), 0, n - 1)]
        template = np.median(wide[:, reach : reach + 2 * half + 1], axis=0)
        views = np.lib.stride_tricks.sliding_window_view(wide, template.size, axis=1)
        at = at + np.argmax(views @ (template - template.mean()), axis=1) - reach
    span = np.arange(-round(0.12 * fs_hz), round(0.12 * fs_hz) + 1)
    energy = np.median(speed[np.clip(at[:, None] + span, 0, n - 1)], axis=0) ** 2
    return at + round(float((energy * span).sum() / max(float(energy.sum()), 1e-12)))


def _rr_s(centre: IntArray, shown: BoolArray, fs_hz: float) -> DoubleArray:
    """Return RR intervals [B - 1] in seconds, NaN where a gap may hide a beat."""
    rr_s: DoubleArray = np.diff(centre) / fs_hz
    if not shown.all():
        hidden = np.concatenate([[0], np.cumsum(~shown)])
        n = shown.size
        gap = hidden[np.clip(centre[1:], 0, n)] - hidden[np.clip(centre[:-1], 0, n)]
        rr_s[gap > LONGEST_GAP_S * fs_hz] = np.nan
    return rr_s


def _gather(
    y: DoubleArray, at: IntArray, before: int, after: int, shown: BoolArray
) -> tuple[DoubleArray, BoolArray]:
    """Return samples around each position [B, L, m], edge values beyond the ends, and inside."""
    index = at[:, None] + np.arange(-before, after)
    n = y.shape[1]
    nearest = np.clip(index, 0, n - 1)
    segments: DoubleArray = y[:, nearest].transpose(1, 0, 2)
    return segments, (index >= 0) & (index < n) & shown[nearest]


@dataclass(frozen=True, slots=True)
class Fiducials:
    """Positions within the median beat, in samples from its start (``Beats.fs_hz``)."""

    qrs_on: int
    qrs_off: int
    p_peak: int | None
    t_peak: int
    t_end: int


def measure_waves(beats: Beats) -> Fiducials:
    """Return the waves of the median beat, from the speed and size of the 12-lead vector."""
    fs, k0, median = beats.fs_hz, beats.middle, beats.median
    speed = gaussian_filter1d(np.sqrt((np.gradient(median, axis=1) ** 2).sum(axis=0)), 1.5)
    near = slice(k0 - round(0.06 * fs), k0 + round(0.06 * fs))
    peak = near.start + int(np.argmax(speed[near]))
    level = 0.1 * float(speed[peak])
    on = _last_above(speed, peak, k0 - round(0.14 * fs), level, fs)
    off = _last_above(speed, peak, k0 + round(0.20 * fs), level, fs)
    rr = beats.usual_rr_s
    baseline = median[:, max(on - round(0.02 * fs), 0) : max(on - round(0.004 * fs), 0) + 1]
    levelled = median - baseline.mean(axis=1, keepdims=True)
    t_from = off + round(0.08 * fs)
    t_to = min(k0 + round(min(0.55, 0.62 * rr + 0.1) * fs), median.shape[1])
    if t_to - t_from < round(0.06 * fs):
        t_to = min(t_from + round(0.08 * fs), median.shape[1])
    size = np.sqrt((levelled**2).sum(axis=0))
    t_peak = t_from + int(np.argmax(size[t_from:t_to]))
    return Fiducials(
        qrs_on=on,
        qrs_off=off,
        p_peak=_p_peak(median, on, k0, rr, fs),
        t_peak=t_peak,
        t_end=_t_end(size, t_peak, fs),
    )


def _last_above(speed: DoubleArray, start: int, limit: int, level: float, fs: float) -> int:
    """Walk from ``start`` towards ``limit``; return the last sample before 12 ms of calm."""
    step = 1 if limit > start else -1
    last, calm = start, 0
    for k in range(start, limit, step):
        if speed[k] >= level:
            last, calm = k, 0
        else:
            calm += 1
            if calm > round(0.012 * fs):
                break
    return last


def p_window(on: int, k0: int, rr_s: float, fs: float) -> tuple[int, int]:
    """Return where a P wave is looked for: after the previous T wave, before the QRS."""
    start = max(k0 - round(0.42 * fs), on - round(max(0.16, rr_s - 0.40) * fs), 0)
    return start, on - round(0.03 * fs)


def _p_peak(median: DoubleArray, on: int, k0: int, rr_s: float, fs: float) -> int | None:
    start, stop = p_window(on, k0, rr_s, fs)
    if stop - start <= round(0.06 * fs):
        return None
    size = np.sqrt((without_line(median[:, start:stop]) ** 2).sum(axis=0))
    return start + int(np.argmax(gaussian_filter1d(size, 0.0075 * fs)))


def without_line(x: DoubleArray) -> DoubleArray:
    """Return ``x`` [..., m] less the straight line between its first and last sample."""
    ramp = np.linspace(0.0, 1.0, x.shape[-1])
    line: DoubleArray = x - (x[..., :1] * (1.0 - ramp) + x[..., -1:] * ramp)
    return line


def _t_end(size: DoubleArray, t_peak: int, fs: float) -> int:
    """Return where the tangent at the steepest descent after the T peak meets the baseline."""
    after = size[t_peak : t_peak + round(0.2 * fs)]
    if after.size < 6:
        return t_peak
    slope = np.gradient(gaussian_filter1d(after, 0.01 * fs))
    steepest = int(np.argmin(slope))
    drop = float(after[steepest] - after[steepest:].min())
    reach = steepest + drop / max(-float(slope[steepest]), 1e-9)
    return t_peak + round(min(reach, 0.2 * fs))
