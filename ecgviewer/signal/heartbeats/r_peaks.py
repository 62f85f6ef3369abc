"""R peaks from all leads together."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ecgviewer.signal.gaps import BoolArray, DoubleArray, bridge_gaps, runs
from ecgviewer.signal.heartbeats.beat_heights import BeatHeights
from ecgviewer.signal.heartbeats.pacing import find_stimuli, without_stimuli
from ecgviewer.signal.scipy_parts import (
    butter,
    find_peaks,
    maximum_filter1d,
    median_filter,
    sosfiltfilt,
    uniform_filter1d,
)

IntArray = npt.NDArray[np.int64]

QRS_BAND_HZ = (5.0, 25.0)
"""Where QRS energy exceeds that of P, T, wander and muscle (Pan & Tompkins 1985: 5-15 Hz;
wider here because bundle branch blocks and children share one setting)."""
REFRACTORY_S = 0.22
NOISE_RISE = 1.6
"""How much a beat rises above what 30 % of the seconds around lie below."""
RUN = 7
"""Maxima in a row; the least distance between them keeps five of noise in time by chance."""
STEADY = 0.03
"""Relative spread in time and height of what is no noise although there is no rest between."""
LEAST_HEIGHT = 0.2
"""Of the usual beat within half a minute: what hum and hiss leave after electrodes came off."""
_HEART_RISE = (3.0, 3.0, 3.0, 2.5, 2.5, 2.5, 2.05)
"""How much the highest beat of some seconds does, by number of leads: the more leads average, the
flatter noise becomes (white noise: 2.4 in one lead, 1.4 in twelve; records with beats: 4 and more
in 98 %)."""
STILL_S = 0.5
"""An electrode that is off; a heart between beats moves a little."""
T_WAVE_REACH_S = 0.40
"""A second peak within this time of an R peak may be its T wave."""


def detect_r_peaks(
    signal_mv: npt.ArrayLike, fs_hz: float, stimuli: IntArray | None = None
) -> IntArray:
    """Return the samples of the R peaks (main QRS deflection), ascending.

    The steepness of each lead in the QRS band, divided by the lead's own beat height and
    limited, is averaged over the leads, so that neither amplitude units nor one bad lead decide.
    Peaks of that curve are kept above a share of the local beat height; T waves are recognised by
    their slower slope; gaps of more than 1.6 RR are searched again with a lower threshold.
    Pacing stimuli are taken out first. What is missing, flat or noise costs its own seconds only:
    beat heights are those of the seconds around that look like beats.

    Parameters
    ----------
    signal_mv : array [L, n]
        Any number of leads in any unit; NaN allowed.
    fs_hz : float
    stimuli : int array, optional
        Pacing stimuli, where the caller has looked for them
        (:mod:`ecgviewer.signal.heartbeats.pacing`).

    Returns
    -------
    int64 array [number of beats]
        Empty when there is none, or when the record is shorter than 0.3 s.
    """
    x, missing = bridge_gaps(signal_mv)
    n = x.shape[1]
    if n < 0.3 * fs_hz or fs_hz < 40.0:
        return np.zeros(0, dtype=np.int64)
    x = without_stimuli(x, fs_hz, find_stimuli(x, fs_hz) if stimuli is None else stimuli)
    _bridge_still(x, missing, fs_hz)
    band = _qrs_band(x, fs_hz)
    slope = np.abs(np.gradient(band, axis=1))
    slope[missing] = 0.0
    slope = uniform_filter1d(slope, max(round(0.10 * fs_hz), 3), axis=1, mode="nearest")
    heights = BeatHeights.of(slope, fs_hz)
    if heights is None:
        return np.zeros(0, dtype=np.int64)
    curve = heights.curve(slope)
    candidates, _ = find_peaks(curve, distance=max(round(REFRACTORY_S * fs_hz), 1))
    # find_peaks leaves out a maximum at the very border: a beat cut there has no R peak.
    if candidates.size == 0:
        return np.zeros(0, dtype=np.int64)
    candidates = candidates[_above_noise(curve, candidates, len(x), fs_hz)]
    if candidates.size == 0:
        return np.zeros(0, dtype=np.int64)
    beats = _select(curve, candidates, fs_hz)
    return _refine(heights.relative(band), beats, fs_hz)


def _bridge_still(x: DoubleArray, missing: BoolArray, fs_hz: float) -> None:
    """Draw lines across what does not move at all, in place: its ends are steps, not beats."""
    size = max(round(STILL_S * fs_hz), 2)
    count = x.shape[1] // size
    cut = x[:, : count * size].reshape(len(x), count, size)
    still = (cut == cut[..., :1]).all(axis=2)
    for row in np.flatnonzero(still.any(axis=1) & ~still.all(axis=1)):
        same = runs(np.append(x[row, 1:] == x[row, :-1], False))
        gap = np.zeros(x.shape[1], dtype=np.bool_)
        for start, stop in same[same[:, 1] - same[:, 0] >= size - 1]:
            gap[start : stop + 1] = True
        valid = np.flatnonzero(~gap)
        if valid.size == 0:
            continue  # flat from one level to the next: nothing to draw lines between
        x[row, gap] = np.interp(np.flatnonzero(gap), valid, x[row, valid])
        missing[row] |= gap


def _above_noise(
    curve: DoubleArray, at: IntArray, n_leads: int, fs_hz: float
) -> npt.NDArray[np.bool_]:
    """Return which maxima rise above what is around them: beats do, noise is all of one height.

    Judged second by second, so that noise at one place says nothing of another.
    """
    size = max(round(fs_hz), 1)
    count = max(curve.size // size, 1)
    sparse = max(round(0.02 * fs_hz), 1)
    cut = curve[: count * size].reshape(count, -1)[:, ::sparse]
    if count > 1:
        cut = np.concatenate([cut[:-1], cut[1:]], axis=1)
    rank = int(0.3 * cut.shape[1])
    level = np.partition(cut, rank, axis=1)[:, rank]
    piece = np.minimum(at // size, count - 1)
    around = np.minimum(level[np.maximum(piece - 1, 0)], level[np.minimum(piece, level.size - 1)])
    rise = curve[at] / np.maximum(around, 1e-9)
    highest = np.zeros(count)
    np.maximum.at(highest, piece, rise)
    beating = maximum_filter1d(highest, 3, mode="nearest") > _HEART_RISE[min(n_leads, 6)]
    above = (rise > NOISE_RISE) & beating[piece]
    return np.asarray((above | _steady(at, curve[at])) & (curve[at] > LEAST_HEIGHT))


def _steady(at: IntArray, height: DoubleArray) -> npt.NDArray[np.bool_]:
    """Return which maxima keep time and height over seven: fast wide complexes leave no rest."""
    steady = np.zeros(at.size, dtype=np.bool_)
    if at.size < RUN:
        return steady
    apart = sliding_window_view(np.diff(at).astype(np.float64), RUN - 1)
    high = sliding_window_view(height, RUN)
    even = (apart.std(axis=1) < STEADY * apart.mean(axis=1)) & (
        high.std(axis=1) < STEADY * high.mean(axis=1)
    )
    for shift in range(RUN):
        steady[shift : shift + even.size] |= even
    return steady


def _qrs_band(x: DoubleArray, fs_hz: float) -> DoubleArray:
    pad = min(round(0.2 * fs_hz), x.shape[1] - 1)
    filtered: DoubleArray = sosfiltfilt(_qrs_filter(fs_hz), x, axis=1, padlen=pad)
    return filtered


@lru_cache(maxsize=16)
def _qrs_filter(fs_hz: float) -> DoubleArray:
    high = min(QRS_BAND_HZ[1], 0.45 * fs_hz)
    sos: DoubleArray = butter(2, [QRS_BAND_HZ[0], high], "bandpass", fs=fs_hz, output="sos")
    return sos


def _select(curve: DoubleArray, candidates: IntArray, fs_hz: float) -> IntArray:
    value = curve[candidates]
    # Local beat height: the largest value within 1.5 s, then its median over some seconds, not
    # too far from that of the whole record so that a pause does not make beats of noise.
    local = maximum_filter1d(curve, max(round(3.0 * fs_hz), 1), mode="nearest")[candidates]
    reference = median_filter(local, size=min(15, local.size), mode="nearest")
    # "The whole record" is what lies within half a minute: a run or a noisy minute is not.
    near = median_filter(local, size=min(61, local.size), mode="nearest")
    reference = np.clip(reference, 0.6 * near, 1.5 * near)
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
    """Move each beat to the largest deflection over the leads within 80 ms.

    Where two deflections compete (notched and paced beats), beats are aligned with the most
    typical one, so that RR intervals do not jump between the two.
    """
    if beats.size == 0:
        return beats
    magnitude = np.sqrt(np.mean(np.minimum(np.abs(band), 50.0) ** 2, axis=0))
    moved = _largest_near(magnitude, beats, max(round(0.08 * fs_hz), 1))
    shift, match = _misalignment(band, moved, fs_hz)
    astray = np.abs(shift) > 0.02 * fs_hz
    if astray.any():
        expected = np.clip(moved[astray] + shift[astray], 0, magnitude.size - 1)
        moved[astray] = _largest_near(magnitude, expected, max(round(0.015 * fs_hz), 1))
    order = np.argsort(moved, kind="stable")
    moved, match = moved[order], match[order]
    while (close := np.diff(moved) < REFRACTORY_S * fs_hz).any():
        pair = int(np.argmax(close))
        worse = pair if match[pair] < match[pair + 1] else pair + 1
        moved, match = np.delete(moved, worse), np.delete(match, worse)
    return moved


def _misalignment(band: DoubleArray, beats: IntArray, fs_hz: float) -> tuple[IntArray, DoubleArray]:
    """Return how far each beat must move to match the most typical beat, and how well it does."""
    if beats.size < 3:
        return np.zeros(beats.size, dtype=np.int64), np.ones(beats.size)
    step = max(int(fs_hz // 100.0), 1)  # 25 Hz needs no more
    reach = round(0.10 * fs_hz / step) * step
    offsets = np.arange(-reach, reach + 1, step)

    def pieces(some: IntArray) -> DoubleArray:
        """Beats at every shift, of unit length [beats, shifts, L * width]."""
        at = some[:, np.newaxis, np.newaxis] + offsets[:, np.newaxis] + offsets
        cut = band[:, np.clip(at, 0, band.shape[1] - 1)].transpose(1, 2, 0, 3)
        cut = cut.reshape(some.size, offsets.size, -1)
        unit: DoubleArray = cut / np.maximum(np.linalg.norm(cut, axis=2, keepdims=True), 1e-12)
        return unit

    few = pieces(beats[:: -(-beats.size // 12)])
    unmoved = few[:, offsets.size // 2]
    alike = (few @ unmoved.T).max(axis=1)
    typical = unmoved[np.argmax(np.median(alike, axis=0))]
    match = np.concatenate(
        [pieces(beats[k : k + 256]) @ typical for k in range(0, beats.size, 256)]
    )
    best = match.max(axis=1)
    return np.where(best > 0.7, offsets[np.argmax(match, axis=1)], 0), best


def _largest_near(magnitude: DoubleArray, beats: IntArray, reach: int) -> IntArray:
    """Return the sample of the largest magnitude near each beat, nearer ones preferred."""
    offsets = np.arange(-reach, reach + 1)
    at = np.clip(beats[:, np.newaxis] + offsets, 0, magnitude.size - 1)
    weight = 1.0 - 0.4 * (offsets / reach) ** 2
    largest: IntArray = at[np.arange(beats.size), np.argmax(magnitude[at] * weight, axis=1)]
    return largest
