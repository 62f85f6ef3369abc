"""Known lesions put into normal records, to measure where a score map points.

Each generator changes a 12-lead trace in one way a reader would call abnormal, and says exactly
where (:mod:`trainer.judging.localisation.lesion`). Limb leads stay consistent (III = II − I ...),
because lesions are made as electrical vectors and projected on the leads. All sizes are drawn
from the ranges below.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from trainer.judging.localisation.lesion import DoubleArray, Generator

ST_SHIFT_MV = (0.15, 0.35)
EXTRASYSTOLE_MV = (0.8, 1.6)
QRS_STRETCH = (1.6, 2.1)
ARTEFACT_MV = (0.25, 0.8)
ARTEFACT_S = (0.4, 1.5)

_FRONTAL_DEG = np.array([0.0, 60.0, 120.0, -150.0, -30.0, 90.0])
_GAIN = np.array([1.0, 1.0, 1.0, 0.866, 0.866, 0.866]) * 2 / np.sqrt(3)
_CHEST_DEG = np.array([115.0, 94.0, 58.0, 32.0, 5.0, -15.0])
"""Directions of V1 to V6 in the horizontal plane, 0 left, 90 front."""


def _projected(frontal_deg: float, horizontal_deg: float, limb: float, chest: float) -> DoubleArray:
    """Return what each lead sees [12] of a vector of this direction and these strengths."""
    frontal = limb * _GAIN * np.cos(np.radians(_FRONTAL_DEG - frontal_deg))
    return np.concatenate([frontal, chest * np.cos(np.radians(_CHEST_DEG - horizontal_deg))])


def _ramp(n: int, rise: int, fall: int) -> DoubleArray:
    """Return a plateau of length ``n`` with raised-cosine ends."""
    shape = np.ones(n)
    rise, fall = min(rise, n // 2), min(fall, n // 2)
    if rise:
        shape[:rise] = 0.5 - 0.5 * np.cos(np.pi * (np.arange(rise) + 0.5) / rise)
    if fall:
        shape[n - fall :] = 0.5 + 0.5 * np.cos(np.pi * (np.arange(fall) + 0.5) / fall)
    return shape


def _usual_rr(r_peaks: npt.NDArray[np.int64]) -> float:
    return float(np.median(np.diff(r_peaks)))


def st_shift(
    x: DoubleArray, fs_hz: float, r_peaks: npt.NDArray[np.int64], rng: np.random.Generator
) -> DoubleArray:
    """Raise or lower every ST segment from the J point, fading through the T wave."""
    size = rng.uniform(*ST_SHIFT_MV)
    if rng.random() < 0.5:
        by_lead = _projected(rng.uniform(60, 120), 0.0, size, 0.0)
        by_lead[6:] = 0.0
    else:
        by_lead = _projected(0.0, rng.uniform(20, 110), 0.0, size)
        by_lead[:6] = 0.0
    by_lead *= rng.choice([-1.0, 1.0])
    start, length = round(0.045 * fs_hz), round(0.30 * np.sqrt(_usual_rr(r_peaks) / fs_hz) * fs_hz)
    shape = _ramp(length, round(0.03 * fs_hz), round(0.6 * length))
    for r in r_peaks:
        at = np.arange(length) + r + start
        inside = (at >= 0) & (at < x.shape[1])
        x[:, at[inside]] += by_lead[:, None] * shape[inside]
    return x


def premature_wide_beat(
    x: DoubleArray, fs_hz: float, r_peaks: npt.NDArray[np.int64], rng: np.random.Generator
) -> DoubleArray:
    """Replace one beat by an early wide one with a T wave of the opposite sign."""
    rr = _usual_rr(r_peaks)
    k = int(rng.integers(2, len(r_peaks) - 1))
    r = int(r_peaks[k])
    # The beat that the extrasystole pre-empts disappears: a line from before its P to its T end.
    start, stop = r - round(0.24 * fs_hz), min(r + round(0.42 * rr), x.shape[1] - 1)
    ramp = np.linspace(0.0, 1.0, stop - start)
    x[:, start:stop] = x[:, [start]] * (1 - ramp) + x[:, [stop]] * ramp
    early = r - round(rng.uniform(0.28, 0.38) * rr)
    size = rng.uniform(*EXTRASYSTOLE_MV)
    by_lead = _projected(
        rng.uniform(-180, 180), rng.uniform(-180, 180), size, size * rng.uniform(0.8, 1.5)
    )
    time_s = (np.arange(x.shape[1]) - early) / fs_hz
    width = rng.uniform(0.030, 0.040)
    qrs = np.exp(-0.5 * (time_s / width) ** 2) - 0.35 * np.exp(
        -0.5 * ((time_s - 2.2 * width) / width) ** 2
    )
    t_wave = -0.35 * np.exp(-0.5 * ((time_s - 0.27) / 0.055) ** 2)
    x += by_lead[:, None] * (qrs + t_wave)
    return x


def wide_qrs(
    x: DoubleArray, fs_hz: float, r_peaks: npt.NDArray[np.int64], rng: np.random.Generator
) -> DoubleArray:
    """Stretch every QRS in time about its R peak."""
    stretch = rng.uniform(*QRS_STRETCH)
    reach = round(0.16 * fs_hz)
    original = x.copy()
    time = np.arange(x.shape[1])
    offset = np.arange(-reach, reach + 1) / reach
    # Fully stretched near R, back to the original time at the ends, monotone in between.
    source = offset / stretch + (1 - 1 / stretch) * np.sign(offset) * np.abs(offset) ** 3
    for r in r_peaks:
        at = np.arange(-reach, reach + 1) + r
        inside = (at >= 0) & (at < x.shape[1])
        taken = r + source[inside] * reach
        x[:, at[inside]] = np.stack([np.interp(taken, time, row) for row in original])
    return x


def missing_p(
    x: DoubleArray, fs_hz: float, r_peaks: npt.NDArray[np.int64], rng: np.random.Generator
) -> DoubleArray:
    """Replace the P wave of every beat by a line."""
    del rng
    for r in r_peaks:
        start, stop = r - round(0.26 * fs_hz), r - round(0.055 * fs_hz)
        if start < 0 or stop >= x.shape[1]:
            continue
        ramp = np.linspace(0.0, 1.0, stop - start)
        edge = max(round(0.01 * fs_hz), 1)
        low = x[:, start : start + edge].mean(axis=1, keepdims=True)
        high = x[:, stop - edge : stop].mean(axis=1, keepdims=True)
        blend = _ramp(stop - start, edge, edge)
        line = low * (1 - ramp) + high * ramp
        x[:, start:stop] = x[:, start:stop] * (1 - blend) + line * blend
    return x


def single_lead_artefact(
    x: DoubleArray, fs_hz: float, r_peaks: npt.NDArray[np.int64], rng: np.random.Generator
) -> DoubleArray:
    """Add a burst of movement and muscle noise to one lead."""
    del r_peaks
    lead = int(rng.integers(12))
    length = round(rng.uniform(*ARTEFACT_S) * fs_hz)
    start = int(rng.integers(round(0.5 * fs_hz), x.shape[1] - length - round(0.5 * fs_hz)))
    slow = gaussian_filter1d(rng.standard_normal(length), 0.06 * fs_hz)
    fast = gaussian_filter1d(rng.standard_normal(length), 0.008 * fs_hz)
    burst = slow / slow.std() + 0.7 * fast / fast.std()
    edge = round(0.05 * fs_hz)
    x[lead, start : start + length] += (
        rng.uniform(*ARTEFACT_MV) / 1.2 * burst * _ramp(length, edge, edge)
    )
    return x


KINDS: dict[str, Generator] = {
    "st_shift": st_shift,
    "premature_wide_beat": premature_wide_beat,
    "wide_qrs": wide_qrs,
    "missing_p": missing_p,
    "single_lead_artefact": single_lead_artefact,
}
