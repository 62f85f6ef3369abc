"""What can be said of a window without a network: rhythm, intervals, beat shape, ST and T.

Amplitudes appear twice: in mV, where the file gives a unit, and as shapes that survive any gain
per lead (precordial leads by their own spread; limb leads by one common factor, which the
identities III = II − I ... recover even from leads that were scaled apart).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ecgviewer.models.score.beat_features.fiducials import (
    Beats,
    DoubleArray,
    Fiducials,
    align_beats,
    measure_waves,
    p_window,
    without_line,
)
from ecgviewer.models.score.beat_features.highpass import (
    CANDIDATES,
    ST_LOST,
    STRENGTH,
    Integrals,
    integrals,
    put_back,
)
from ecgviewer.models.score.window_evidence import Window

RHYTHM: Final = (
    ("rate_high", 2), ("rate_low", 2), ("rr_jitter", 1), ("rr_rmssd", 1), ("rr_spread", 1),
    ("rr_shortest", -1), ("rr_longest", 1), ("rr_jumps", 1), ("p_evidence", -1),
    ("p_constancy", -1), ("p_size", -1), ("odd_beat", 1), ("early_odd_beat", 1),
    ("other_beats", 1), ("size_jump", 1),
)  # fmt: skip
"""Name and suspicious direction of each rhythm feature (1: high, -1: low, 0: both, 2: an excess
over a clinical limit)."""

INTERVALS: Final = (
    ("qrs_ms", 1), ("qrs_width_ms", 1), ("pr_ms", 0), ("rp_ms", 1), ("qtc_ms", 1),
    ("rt_corrected_ms", 0), ("axis_deg", 0), ("qrs_t_angle_deg", 1), ("t_axis_deg", 0),
)  # fmt: skip
"""Name and suspicious direction of each interval feature."""

_OF_LEVELS = np.array([name in ("qrs_t_angle_deg", "t_axis_deg") for name, _ in INTERVALS])
"""What the height of T in two leads tells."""

AXIS_DEG, T_AXIS_DEG = 30.0, 40.0
"""Usual axes: deviations from them are features."""
NORMAL_RATE_BPM = (60.0, 100.0)
BEAT_S = (-0.25, 0.51)
"""The part of the median beat that is compared with normal ones, around the QRS centre."""
BEAT_HZ = 100.0
"""Rate at which it is compared."""

LIMB_IDENTITIES = np.array(
    [[-1, 1, -1, 0, 0, 0], [0.5, 0.5, 0, 1, 0, 0], [-1, 0.5, 0, 0, 1, 0], [0.5, -1, 0, 0, 0, 1]]
)


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """Features of one window; NaN where a lead is masked or a value cannot be measured.

    Attributes
    ----------
    rhythm, intervals : array
        In the order of ``RHYTHM`` and ``INTERVALS``.
    beat_shape, beat_mv : array [12 * m]
        Median beat, lead after lead; ``beat_mv`` is None without a known amplitude.
    st_shape, st_mv : array [60]
        ST level at J+60 and J+10 ms, T, R and S amplitude, each for 12 leads.
    centre_s : array [B]
        Centre of every QRS, seconds from the window's start.
    rr_s : float
        Median RR interval in seconds.
    qrs_on_s, qrs_off_s : float
        Of the median beat, relative to the centre.
    oddness : array [B]
        How unlike the prevailing QRS each beat is, more so when it comes early.
    shape_scale : array [12]
        What turns mV into shapes.
    lost : Integrals
        What a high-pass would have taken of the beat, in mV.
    """

    rhythm: DoubleArray
    intervals: DoubleArray
    beat_shape: DoubleArray
    st_shape: DoubleArray
    beat_mv: DoubleArray | None
    st_mv: DoubleArray | None
    centre_s: DoubleArray
    rr_s: float
    qrs_on_s: float
    qrs_off_s: float
    oddness: DoubleArray
    shape_scale: DoubleArray
    lost: Integrals

    def without_highpass(self, candidate: int) -> Description:
        """Return what can be said once this filter of ``highpass.CANDIDATES`` is taken out.

        ST, T, R and S levels, T axis and QRS-T angle follow; where the filter is so strong that
        ST depends on the guess, the levels are left unknown.
        """
        if not CANDIDATES[candidate].any():
            return self
        scale = np.tile(self.shape_scale, len(self.lost.levels[0]))
        lost = self.lost.levels.reshape(2, -1)
        shape = put_back(self.st_shape, lost * scale, candidate)
        in_mv = None if self.st_mv is None else put_back(self.st_mv, lost, candidate)
        intervals = self.intervals.copy()
        names = [name for name, _ in INTERVALS]
        axis, t_axis, angle = (names.index(f"{n}_deg") for n in ("axis", "t_axis", "qrs_t_angle"))
        turned = _frontal_deg(shape.reshape(5, 12)[2])
        intervals[t_axis] = _turn(turned - T_AXIS_DEG)
        intervals[angle] = abs(_turn(turned - (intervals[axis] + AXIS_DEG)))
        before = replace(self, st_shape=shape, st_mv=in_mv, intervals=intervals)
        return before.without_levels() if STRENGTH[candidate] >= ST_LOST else before

    def without_levels(self) -> Description:
        """Return what can be said where the device left nothing of the levels to judge."""
        in_mv = None if self.st_mv is None else np.full_like(self.st_mv, np.nan)
        intervals = np.where(_OF_LEVELS, np.nan, self.intervals)
        bare = np.full_like(self.st_shape, np.nan)
        return replace(self, st_shape=bare, st_mv=in_mv, intervals=intervals)


def describe(window: Window) -> Description | None:
    """Return the features of a window, or None when it shows fewer than three beats."""
    lead_mask = window.lead_mask
    signal = np.where(lead_mask[:, None], np.nan_to_num(window.signal_mv), 0.0)
    beats = align_beats(signal, window.r_peaks, window.fs_hz, window.seen())
    if beats is None:
        return None
    waves = measure_waves(beats)
    baseline = beats.median[
        :, max(waves.qrs_on - round(0.02 * beats.fs_hz), 0) : waves.qrs_on
    ].mean(axis=1, keepdims=True)
    levelled = beats.median - baseline
    shape_scale = shape_scales(levelled, lead_mask, window.amplitude_known, beats)
    st = _st_levels(levelled, waves, beats)
    beat = _sampled_beat(levelled, beats)
    lost = integrals(
        signal,
        window.fs_hz,
        beats,
        waves,
        _beat_at(window.fs_hz),
        _level_at(levelled, waves, beats),
    )
    unknown = ~lead_mask
    beat[unknown], st[:, unknown] = np.nan, np.nan
    known = window.amplitude_known
    relative, earliness = _earliness(beats)
    return Description(
        rhythm=_rhythm(beats, waves, levelled, relative, earliness),
        intervals=_intervals(beats, waves, levelled * shape_scale[:, None], lead_mask),
        beat_shape=(beat * shape_scale[:, None]).ravel(),
        st_shape=(st * shape_scale).ravel(),
        beat_mv=beat.ravel() if known else None,
        st_mv=st.ravel() if known else None,
        centre_s=beats.centre / beats.fs_hz,
        rr_s=beats.usual_rr_s,
        qrs_on_s=(waves.qrs_on - beats.middle) / beats.fs_hz,
        qrs_off_s=(waves.qrs_off - beats.middle) / beats.fs_hz,
        oddness=np.sqrt(np.maximum(1.0 - beats.similarity, 0.0) * (0.3 + earliness)),
        shape_scale=shape_scale,
        lost=lost,
    )


def limb_scales(limb: DoubleArray) -> DoubleArray:
    """Return one factor per limb lead [6] with which Einthoven's and Goldberger's laws hold best.

    ``limb`` [6, m] holds leads that were each divided by an unknown number (z-scored).
    """
    gram = limb @ limb.T
    gram = gram / max(float(np.trace(gram)), 1e-12)
    values = np.linalg.eigh((LIMB_IDENTITIES.T @ LIMB_IDENTITIES) * gram)[1][:, 0]
    scales: DoubleArray = values * np.sign(values.sum() or 1.0)
    # A lead of pure noise could come out near zero or negative; it keeps a small weight.
    return np.maximum(scales, 0.02 * float(np.abs(scales).max()))


def shape_scales(
    levelled: DoubleArray, lead_mask: npt.NDArray[np.bool_], amplitude_known: bool, beats: Beats
) -> DoubleArray:
    """Return the factor per lead [12] that turns a median beat into gain-free units."""
    span = slice(beats.middle - round(0.27 * beats.fs_hz), beats.middle + round(0.55 * beats.fs_hz))
    beat = levelled[:, span]
    centred = beat - beat.mean(axis=1, keepdims=True)
    limb = np.ones(6)
    if not amplitude_known and lead_mask[:6].all():
        limb = limb_scales(centred[:6])
    shown = lead_mask[:6]
    spread = np.sqrt(((centred[:6] * limb[:, None])[shown] ** 2).mean()) if shown.any() else 1.0
    chest = centred[6:].std(axis=1)
    return np.concatenate([limb / (spread + 1e-6), 1.0 / (chest + 1e-6)])


def _earliness(beats: Beats) -> tuple[DoubleArray, DoubleArray]:
    """Return each RR interval relative to its neighbours, and how early each beat comes.

    Across a gap there is no interval (NaN), and a beat after it is not early.
    """
    rr = beats.rr_s
    # Against its neighbours, so that a slow drift of the rate does not count.
    near = sliding_window_view(np.pad(rr, 3, constant_values=np.nan), 7)[:, [0, 1, 2, 4, 5, 6]]
    count = np.isfinite(near).sum(axis=1)
    near, at = np.sort(near, axis=1), np.arange(rr.size)  # NaN sorts last
    relative = rr / ((near[at, (count - 1) // 2] + near[at, count // 2]) / 2)
    return relative, np.fmax(1.0 - np.concatenate([[1.0], relative]), 0.0)


def _rhythm(
    beats: Beats,
    waves: Fiducials,
    levelled: DoubleArray,
    relative: DoubleArray,
    earliness: DoubleArray,
) -> DoubleArray:
    usual = beats.usual_rr_s
    change = _known(np.abs(np.diff(beats.rr_s)) / usual)
    relative = _known(relative)
    oddness = 1.0 - beats.similarity
    rate = 60.0 / usual
    low, high = NORMAL_RATE_BPM
    p_evidence, p_constancy = _p_constancy(beats, waves)
    values = {
        "rate_high": max(rate - high, 0.0) / 8.0,
        "rate_low": max(low - rate, 0.0) / 4.0,
        "rr_jitter": np.log(np.median(change) + 0.004),
        "rr_rmssd": np.log(np.sqrt(np.mean(change**2)) + 0.004),
        "rr_spread": np.log(_known(beats.rr_s).std() / usual + 0.004),
        "rr_shortest": relative.min(),
        "rr_longest": relative.max(),
        "rr_jumps": np.mean(change > 0.08),
        "p_evidence": p_evidence,
        "p_constancy": p_constancy,
        "p_size": _p_size(beats, waves, levelled),
        "odd_beat": np.log(oddness.max() + 0.002),
        "early_odd_beat": np.log((earliness * (oddness + 0.05)).max() + 0.001),
        "other_beats": 1.0 - beats.dominant.mean(),
        "size_jump": np.log(np.abs(np.log(beats.size + 1e-9)).max() + 0.01),
    }
    return np.array([values[name] for name, _ in RHYTHM], dtype=np.float64)


def _known(values: DoubleArray) -> DoubleArray:
    """Return the values that could be measured; a single NaN where none could."""
    known = values[np.isfinite(values)]
    return known if known.size else np.full(1, np.nan)


def _p_size(beats: Beats, waves: Fiducials, levelled: DoubleArray) -> float:
    start, stop = p_window(waves.qrs_on, beats.middle, beats.usual_rr_s, beats.fs_hz)
    if waves.p_peak is None:
        return float("nan")
    size = np.sqrt((without_line(levelled[:, start:stop]) ** 2).sum(axis=0))
    return float(np.log(size.max() / (np.linalg.norm(_qrs_height(levelled, waves)) + 1e-9) + 0.002))


def _qrs_height(levelled: DoubleArray, waves: Fiducials) -> DoubleArray:
    height: DoubleArray = np.ptp(levelled[:, waves.qrs_on : waves.qrs_off + 1], axis=1)
    return height


def _p_constancy(beats: Beats, waves: Fiducials) -> tuple[float, float]:
    """Return how far the same wave precedes every QRS: log of an F ratio, median correlation.

    In atrial fibrillation nothing constant does; both are then low.
    """
    fs = beats.fs_hz
    stop = waves.qrs_on - round(0.04 * fs)
    start = max(waves.qrs_on - round(0.24 * fs), 0)
    whole = beats.dominant & beats.inside[:, start:stop].all(axis=1)
    if stop - start < 8 or whole.sum() < 3:
        return float("nan"), float("nan")
    before = beats.segments[whole][:, :, start:stop]
    time = np.linspace(-0.5, 0.5, before.shape[2])
    before = before - before.mean(axis=2, keepdims=True)
    before = before - (before @ time / (time @ time))[..., None] * time
    mean = before.mean(axis=0)
    rest = ((before - mean) ** 2).sum() / (len(before) - 1)
    ratio = (mean**2).sum() * len(before) / (rest + 1e-9)
    norms = np.sqrt((before**2).sum(axis=(1, 2)) * (mean**2).sum()) + 1e-12
    return float(np.log(ratio + 0.1)), float(np.median((before * mean).sum(axis=(1, 2)) / norms))


def _intervals(
    beats: Beats, waves: Fiducials, shape: DoubleArray, lead_mask: npt.NDArray[np.bool_]
) -> DoubleArray:
    ms = 1000.0 / beats.fs_hz
    rr = beats.usual_rr_s
    k0 = beats.middle
    qrs = np.sqrt((np.gradient(shape[lead_mask], axis=1) ** 2).sum(axis=0))
    at = np.arange(k0 - round(0.12 * beats.fs_hz), k0 + round(0.14 * beats.fs_hz))
    energy = qrs[at] ** 2 + 1e-12
    centre = (energy * at).sum() / energy.sum()
    width = np.sqrt((energy * (at - centre) ** 2).sum() / energy.sum())
    p_peak = waves.p_peak
    axis = t_axis = angle = float("nan")
    if lead_mask[[0, 5]].all():
        area = shape[:, waves.qrs_on : waves.qrs_off + 1].sum(axis=1)
        t_wave = _extreme(shape, waves.qrs_off + round(0.08 * beats.fs_hz), _t_stop(beats, waves))
        axis, t_axis = _frontal_deg(area), _frontal_deg(t_wave)
        angle = abs(_turn(t_axis - axis))
    values = {
        "qrs_ms": (waves.qrs_off - waves.qrs_on) * ms,
        "qrs_width_ms": width * ms,
        "pr_ms": float("nan") if p_peak is None else (waves.qrs_on - p_peak) * ms,
        "rp_ms": float("nan") if p_peak is None else (k0 - p_peak) * ms,
        "qtc_ms": (waves.t_end - waves.qrs_on) * ms / np.sqrt(rr),
        "rt_corrected_ms": (waves.t_peak - waves.qrs_on) * ms / np.sqrt(rr),
        "axis_deg": _turn(axis - AXIS_DEG),
        "qrs_t_angle_deg": angle,
        "t_axis_deg": _turn(t_axis - T_AXIS_DEG),
    }
    return np.array([values[name] for name, _ in INTERVALS], dtype=np.float64)


def _frontal_deg(by_lead: DoubleArray) -> float:
    """Return the direction in the frontal plane from leads I and aVF."""
    return float(np.degrees(np.arctan2(by_lead[5] * 2.0 / np.sqrt(3.0), by_lead[0])))


def _turn(degrees: float) -> float:
    return (degrees + 180.0) % 360.0 - 180.0


def _t_stop(beats: Beats, waves: Fiducials) -> int:
    rr = beats.usual_rr_s
    stop = beats.middle + round(min(0.55, 0.62 * rr + 0.1) * beats.fs_hz)
    return max(stop, waves.qrs_off + round(0.14 * beats.fs_hz))


def _extreme(levelled: DoubleArray, start: int, stop: int) -> DoubleArray:
    part = levelled[:, min(start, levelled.shape[1] - 2) : stop]
    return np.take_along_axis(part, np.abs(part).argmax(axis=1)[:, None], axis=1)[:, 0]


def _st_levels(levelled: DoubleArray, waves: Fiducials, beats: Beats) -> DoubleArray:
    """Return [5, 12]: ST at J+60 ms, ST at J+10 ms, T, R, S."""
    fs, last = beats.fs_hz, levelled.shape[1]

    def level(from_s: float, to_s: float) -> DoubleArray:
        start = min(waves.qrs_off + round(from_s * fs), last - 1)
        stop = max(waves.qrs_off + round(to_s * fs), start + 1)
        mean: DoubleArray = levelled[:, start:stop].mean(axis=1)
        return mean

    qrs = levelled[:, waves.qrs_on : waves.qrs_off + 1]
    t_wave = _extreme(levelled, waves.qrs_off + round(0.08 * fs), _t_stop(beats, waves))
    return np.stack([level(0.04, 0.08), level(0.0, 0.02), t_wave, qrs.max(axis=1), qrs.min(axis=1)])


def _level_at(levelled: DoubleArray, waves: Fiducials, beats: Beats) -> DoubleArray:
    """Return where the levels of :func:`_st_levels` lie in the median beat, samples [5, 12]."""
    fs = beats.fs_hz
    t_from = min(waves.qrs_off + round(0.08 * fs), levelled.shape[1] - 2)
    t_at = t_from + np.abs(levelled[:, t_from : _t_stop(beats, waves)]).argmax(axis=1)
    qrs = levelled[:, waves.qrs_on : waves.qrs_off + 1]
    ones = np.ones(len(levelled))
    return np.stack([
        (waves.qrs_off + 0.06 * fs) * ones, (waves.qrs_off + 0.01 * fs) * ones, t_at,
        waves.qrs_on + qrs.argmax(axis=1), waves.qrs_on + qrs.argmin(axis=1),
    ])  # fmt: skip


def _beat_at(fs_hz: float) -> npt.NDArray[np.int64]:
    """Return the places of the sampled beat around the QRS centre, in samples at ``fs_hz``."""
    hundredths = np.arange(round(BEAT_S[0] * BEAT_HZ), round(BEAT_S[1] * BEAT_HZ))
    return np.round(hundredths * (fs_hz / BEAT_HZ)).astype(np.int64)


def _sampled_beat(levelled: DoubleArray, beats: Beats) -> DoubleArray:
    """Return the median beat at 100 Hz over ``BEAT_S`` [12, m]."""
    return levelled[:, beats.middle + _beat_at(beats.fs_hz)]
