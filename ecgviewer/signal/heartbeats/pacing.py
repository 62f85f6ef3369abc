"""Pacing stimuli: found in the unfiltered samples, taken out before anything is measured.

A stimulus lasts 0.2 to 2 ms and stands in a file as one to three samples: it leaves a quiet
trace within one sample and is back on it within three more, in several leads at once. A QRS
complex of that height moves on both sides of its peak. A band-pass filter smears both into the
same thing, so that stimuli must be found before any filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.gaps import DoubleArray

IntArray = npt.NDArray[np.int64]
Samples = npt.NDArray[Any]

NO_STIMULI: IntArray = np.zeros(0, dtype=np.int64)
WIDEST = 3
"""Samples that a stimulus covers at most."""
WIDEST_S = 0.012
"""And how long they may be: at low rates fewer samples are a QRS complex already."""
LEAST_FS_HZ = 90.0
BESIDE = 5
"""Samples on either side that must be quiet."""
OUTSTANDING = 2.5
"""How many times higher than the movement beside it a stimulus must be."""
EDGE = 5.0
"""And how many times steeper than the trace usually is."""
LEAST_STEEP = 3.0
RELAXED = 0.5
"""What is asked of the others once one stimulus is certain."""
ALIKE = 0.85
"""Correlation over leads with a certain one that they must have."""
APART_S = 0.012
SPREAD_SHARE = 0.2
"""Share of the leads in which a stimulus must stand out: an electrode's pop is in one."""
CAPTURE_S = (-0.040, 0.075)
"""From a ventricular stimulus to the beginning of its QRS complex: as measured that may lie before
the stimulus, by up to 28 ms in the paced records of LUDB."""
ATRIAL_S = (0.075, 0.40)
"""From an atrial stimulus to the beginning of the QRS complex that follows."""
STEADY_S = 0.02
"""How far from its median that distance may be: a pacemaker keeps it, chance does not."""
LEAST_STIMULI = 3
LEAST_PACED_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Pacing:
    """What stimuli do in a range of a recording.

    Attributes
    ----------
    stimuli : int array [S]
        Samples.
    atrial, ventricular : bool
        Whether a fair share of the beats follows a stimulus at the distance of the chamber.
    """

    stimuli: IntArray
    atrial: bool = False
    ventricular: bool = False

    @property
    def paced(self) -> bool:
        """Whether a pacemaker drives atria or ventricles."""
        return self.atrial or self.ventricular

    def words(self) -> str:
        """Return what is said of it; empty without stimuli."""
        if self.stimuli.size == 0:
            return ""
        if not self.paced:
            count = self.stimuli.size
            return f"{count} pacing stimul{'us' if count == 1 else 'i'}"
        chambers = [
            name
            for name, there in (("atria", self.atrial), ("ventricles", self.ventricular))
            if there
        ]
        return f"paced ({' and '.join(chambers)})"


def find_stimuli(signal_mv: npt.ArrayLike, fs_hz: float) -> IntArray:
    """Return the first sample of every pacing stimulus, ascending.

    Parameters
    ----------
    signal_mv : array [L, n]
        Unfiltered, any unit; NaN allowed.
    fs_hz : float
        Below 90 Hz nothing is found.

    Returns
    -------
    int64 array [S]
    """
    x = np.asarray(signal_mv)
    widest = _widest(fs_hz)
    if x.ndim != 2 or x.shape[1] < 4 * BESIDE or fs_hz < LEAST_FS_HZ or widest < 1:
        return NO_STIMULI
    edge = np.abs(np.diff(x, axis=1))
    edge[~(edge < np.inf)] = 0.0  # neither NaN nor infinite
    usual = edge.mean(axis=1)
    live = usual > 0
    if not live.any():
        return NO_STIMULI
    x, edge, usual = x[live], edge[live], usual[live]
    # A lead that hardly moves must not make stimuli of its noise.
    usual = np.maximum(usual, 0.3 * np.median(usual))
    steep = (1.0 / usual / len(usual)) @ edge
    # Every beat is steep somewhere: only a start from rest is worth looking at.
    rest = np.maximum(np.maximum(steep[:-5], steep[1:-4]), np.maximum(steep[2:-3], steep[3:-2]))
    at = np.flatnonzero((steep[5:] > LEAST_STEEP) & (steep[5:] > 1.5 * rest)) + 6
    at = at[(at > BESIDE + 1) & (at < x.shape[1] - BESIDE - widest - 1)]
    if at.size == 0:
        return NO_STIMULI
    pulses = [_pulses(x, at, width) for width in range(1, widest + 1)]
    strict = np.stack([_outstanding(*one, usual, 1.0) for one in pulses])
    found = np.flatnonzero(strict.any(axis=0))
    if found.size == 0:
        return NO_STIMULI
    # Others of a train may be smaller or lie on a wave: they look like those that are certain.
    by_width = np.stack([pulse for pulse, _ in pulses])
    shape = np.take_along_axis(by_width, np.argmax(strict, axis=0)[None, None], axis=0)[0]
    unit = shape / np.maximum(np.linalg.norm(shape, axis=0), 1e-12)
    alike = (unit[:, found].T @ unit).max(axis=0) > ALIKE
    lax = np.stack([_outstanding(*one, usual, RELAXED) for one in pulses]) * alike
    height = np.maximum(strict.max(axis=0), lax.max(axis=0) if found.size > 1 else 0.0)
    keep = height > 0
    stimuli = _first_of_each(at[keep], height[keep], max(round(APART_S * fs_hz), 2))
    return stimuli if stimuli.size > 1 else NO_STIMULI  # a single one is a pop or a click


def _widest(fs_hz: float) -> int:
    """Return the most samples that a stimulus covers."""
    return min(WIDEST, int(WIDEST_S * fs_hz + 1e-6))


def _pulses(
    x: npt.NDArray[np.floating], at: IntArray, width: int
) -> tuple[DoubleArray, DoubleArray]:
    """Return how high pulses of ``width`` samples are [L, k] and what moves beside them."""
    offsets = np.arange(-BESIDE - 1, width + BESIDE + 1)
    part = np.nan_to_num(x[:, at[:, np.newaxis] + offsets].astype(np.float64))
    zero = BESIDE + 1
    before, after = part[:, :, :zero], part[:, :, zero + width :]
    left, right = before[:, :, -1], after[:, :, 0]
    share = np.arange(1, width + 1) / (width + 1)
    line = left[..., np.newaxis] + (right - left)[..., np.newaxis] * share
    above = part[:, :, zero : zero + width] - line
    largest = np.take_along_axis(above, np.abs(above).argmax(axis=2)[..., np.newaxis], axis=2)
    # The trace may come back over some samples: what it still has to fall counts half.
    beside = np.maximum(np.ptp(before, axis=2), np.ptp(after[:, :, 1:], axis=2))
    return largest[..., 0], np.maximum(beside, 0.5 * np.abs(right - left))


def _outstanding(
    pulse: DoubleArray, beside: DoubleArray, usual: npt.NDArray[np.floating], strict: float
) -> DoubleArray:
    """Return the height over all leads [k] of pulses that stand out in enough leads, else 0."""
    size = np.abs(pulse)
    out = (size > strict * OUTSTANDING * beside) & (size > strict * EDGE * usual[:, np.newaxis])
    whole, around = np.linalg.norm(size, axis=0), np.linalg.norm(beside, axis=0)
    least = max(min(2, len(size)), round(SPREAD_SHARE * len(size)))
    enough = (out.sum(axis=0) >= least) & (whole > strict * OUTSTANDING * around)
    return np.where(enough, whole, 0.0)


def _first_of_each(at: IntArray, height: DoubleArray, apart: int) -> IntArray:
    """Return one sample per group of neighbours: the highest pulse, the first of equals."""
    if at.size == 0:
        return at
    groups = np.split(np.arange(at.size), np.flatnonzero(np.diff(at) > apart) + 1)
    return np.asarray([at[g[np.argmax(height[g])]] for g in groups], dtype=np.int64)


def without_stimuli(signal_mv: Samples, fs_hz: float, stimuli: IntArray) -> Samples:
    """Return the signal with a straight line across each stimulus; the same array without any.

    Parameters
    ----------
    signal_mv : array [L, n]
    stimuli : int array [S]
        As from :func:`find_stimuli`.
    """
    if stimuli.size == 0:
        return signal_mv
    x = np.array(signal_mv)
    last = x.shape[1] - 1
    widest = _widest(fs_hz)
    tail = widest + max(round(0.006 * fs_hz), 1)
    for start in stimuli.tolist():
        low, high = max(start - min(widest, 2), 0), min(start + tail, last)
        ramp = np.linspace(0.0, 1.0, high - low + 1, dtype=x.dtype)
        left, right = x[:, low : low + 1], x[:, high : high + 1]
        x[:, low : high + 1] = left + (right - left) * ramp
    return x


def pacing_of(stimuli: IntArray, r_peaks: IntArray, fs_hz: float, qrs_on_s: float | None) -> Pacing:
    """Return what the stimuli drive; those that neither drive a chamber nor keep time are left out.

    Parameters
    ----------
    r_peaks : int array [B]
    qrs_on_s : float or None
        Beginning of the QRS complex, seconds from the R peak (negative).
    """
    if stimuli.size < LEAST_STIMULI:
        return Pacing(NO_STIMULI)
    atrial = ventricular = False
    if r_peaks.size:
        onset_s = r_peaks / fs_hz + (-0.05 if qrs_on_s is None else qrs_on_s)
        lead_s = onset_s[:, np.newaxis] - stimuli / fs_hz
        atrial, ventricular = _drives(lead_s, ATRIAL_S), _drives(lead_s, CAPTURE_S)
    apart = np.diff(stimuli)
    regular = float((np.abs(apart - np.median(apart)) < 0.05 * np.median(apart)).mean()) > 0.5
    if not (atrial or ventricular or regular):
        return Pacing(NO_STIMULI)
    return Pacing(stimuli, atrial, ventricular)


def _drives(lead_s: DoubleArray, window_s: tuple[float, float]) -> bool:
    """Return whether stimuli precede a fair share of the beats, at one distance."""
    inside = (lead_s >= window_s[0]) & (lead_s < window_s[1])
    follows = inside.any(axis=1)
    if not follows.any():
        return False
    distance_s = np.where(inside, lead_s, np.inf).min(axis=1)[follows]
    steady = np.abs(distance_s - np.median(distance_s)) < STEADY_S
    least = max(LEAST_STIMULI, LEAST_PACED_SHARE * lead_s.shape[0])
    return bool(steady.sum() >= least)
