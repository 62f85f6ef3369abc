"""Rhythm in numbers: RR statistics, ectopy, P-wave and f-wave evidence.

Sources: SDNN, RMSSD and pNN50 as defined by the Task Force of the ESC and NASPE (1996); RR
irregularity as the normalised successive difference of Dash et al. (2009); entropy as sample
entropy of RR, normalised for rate (coefficient of sample entropy, Lake and Moorman 2011);
f waves as the 4-10 Hz remainder after subtraction of the average beat (Stridh and Sornmo 2001).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.delineation import FS_HZ, R_AT, AverageBeat, average_beat
from ecgviewer.signal.gaps import DoubleArray, bridge_gaps
from ecgviewer.signal.heartbeats.beats import shape_correlation
from ecgviewer.signal.heartbeats.r_peaks import IntArray
from ecgviewer.signal.scipy_parts import butter, median_filter, sosfiltfilt

NAN = float("nan")
PREMATURE = 0.80
"""An RR interval below this share of the usual one around it is premature."""
GAP = 1.6
"""An RR interval above this multiple of the usual one is a pause (or a beat not found)."""
OTHER_SHAPE = 0.75
"""QRS correlation with the prevailing beat below which a beat is of another origin."""
F_WAVE_BAND_HZ = (4.0, 10.0)


@dataclass(frozen=True, slots=True)
class RhythmFeatures:
    """Rhythm of one range of a recording; NaN where it cannot be computed.

    Attributes
    ----------
    n_beats : int
    mean_hr_bpm, min_hr_bpm, max_hr_bpm : float
        Mean from the mean RR; extremes from single RR intervals (missed beats left out).
    sdnn_s, rmssd_s : float
        Standard deviation of RR, and root mean square of successive differences.
    pnn50 : float
        Share of successive differences above 50 ms.
    irregularity : float
        Median absolute successive difference, relative to the median RR.
    rr_entropy : float
        Coefficient of sample entropy (m = 1, tolerance 30 ms at least and grown until matches
        are found); needs 8 RR intervals.
    premature_share, wide_share, other_shape_share : float
        Premature beats; premature beats whose QRS also differs in shape; beats of another shape
        at any time. Relative to all beats.
    gap_share : float
        RR intervals longer than 1.6 times the usual one.
    longest_rr_s : float
    shape_correlation : float
        Median QRS correlation with the prevailing beat; falls with beat-to-beat variability.
    p_consistency : float
        See :class:`ecgviewer.signal.delineation.AverageBeat`; above 0.6 means P waves.
    p_height : float
        Height of the P wave over the leads, relative to the QRS complex.
    f_wave_ratio : float
        RMS of 4-10 Hz between T wave and next QRS after subtraction of the average beat,
        relative to the QRS height.
    f_wave_share : float
        That energy as a share of 1-30 Hz in the same intervals.
    """

    n_beats: int
    mean_hr_bpm: float = NAN
    min_hr_bpm: float = NAN
    max_hr_bpm: float = NAN
    sdnn_s: float = NAN
    rmssd_s: float = NAN
    pnn50: float = NAN
    irregularity: float = NAN
    rr_entropy: float = NAN
    premature_share: float = NAN
    wide_share: float = NAN
    other_shape_share: float = NAN
    gap_share: float = NAN
    longest_rr_s: float = NAN
    shape_correlation: float = NAN
    p_consistency: float = NAN
    p_height: float = NAN
    f_wave_ratio: float = NAN
    f_wave_share: float = NAN

    def as_dict(self) -> dict[str, float]:
        """Return the features by name."""
        return {name: float(value) for name, value in asdict(self).items()}


def rhythm_features(
    r_peaks: npt.ArrayLike,
    fs_hz: float,
    signal_mv: npt.ArrayLike | None = None,
    average: AverageBeat | None = None,
) -> RhythmFeatures:
    """Return the rhythm features of a range of a recording.

    Parameters
    ----------
    r_peaks : int array [B]
    signal_mv : array [L, n], optional
        Unfiltered signal (any unit) for everything that is not of RR alone.
    average : AverageBeat, optional
        Of the same signal and peaks, where the caller has it already.
    """
    r = np.asarray(r_peaks, dtype=np.int64)
    if r.size < 3:
        return RhythmFeatures(int(r.size))
    rr = np.diff(r) / fs_hz
    values = _rr_features(rr)
    if signal_mv is not None:
        x, missing = bridge_gaps(signal_mv)
        x = x[~missing.all(axis=1)]
        if x.shape[0]:
            if average is None:
                average = average_beat(x, fs_hz, r)
            values |= _shape_features(x, r, rr, fs_hz, average)
    return RhythmFeatures(int(r.size), **values)


def _usual_rr(rr: DoubleArray) -> DoubleArray:
    """Return the running median of RR over 9 beats."""
    usual: DoubleArray = median_filter(rr, size=min(9, rr.size), mode="nearest")
    return usual


def _without_missed(rr: DoubleArray) -> DoubleArray:
    """Return RR without those that look like two beats, one not found, in a regular rhythm."""
    usual = _usual_rr(rr)
    double = np.abs(rr / usual - 2.0) < 0.25
    regular = np.abs(rr / usual - 1.0) < 0.15
    if regular.mean() < 0.6 or not double.any():
        return rr
    return rr[~double]


def _rr_features(rr: DoubleArray) -> dict[str, float]:
    usual = _usual_rr(rr)
    kept = _without_missed(rr)
    change = np.diff(kept)
    features = {
        "mean_hr_bpm": 60.0 / float(kept.mean()),
        "min_hr_bpm": 60.0 / float(kept.max()),
        "max_hr_bpm": 60.0 / float(kept.min()),
        "sdnn_s": float(kept.std()),
        "premature_share": float((rr < PREMATURE * usual).mean()),
        "gap_share": float((rr > GAP * usual).mean()),
        "longest_rr_s": float(rr.max()),
        "rr_entropy": sample_entropy(kept),
    }
    if change.size:
        features["rmssd_s"] = float(np.sqrt(np.mean(change**2)))
        features["pnn50"] = float((np.abs(change) > 0.05).mean())
        features["irregularity"] = float(np.median(np.abs(change)) / np.median(kept))
    return features


def sample_entropy(rr_s: DoubleArray) -> float:
    """Return the coefficient of sample entropy of RR intervals (natural units).

    The tolerance starts at 30 ms and grows by half until at least 5 pairs match, so that short
    records give a value (Lake and Moorman 2011); corrected by log(2 r / mean RR).
    """
    if rr_s.size < 8:
        return NAN
    some = rr_s[:400]
    apart = np.abs(some[:, np.newaxis] - some)
    upper = np.triu_indices(some.size - 1, k=1)
    one, following = apart[:-1, :-1][upper], apart[1:, 1:][upper]
    tolerance = 0.03
    while True:
        matches = one <= tolerance
        both = int((matches & (following <= tolerance)).sum())
        if both >= 5:
            break
        tolerance *= 1.5
    entropy = np.log(matches.sum() / both) + np.log(2 * tolerance / some.mean())
    return float(entropy)


def _shape_features(
    x: DoubleArray, r: IntArray, rr: DoubleArray, fs_hz: float, average: AverageBeat | None
) -> dict[str, float]:
    correlation = shape_correlation(x, r, fs_hz) if average is None else average.correlation
    premature = np.concatenate([[False], rr < PREMATURE * _usual_rr(rr)])
    other = correlation < OTHER_SHAPE
    features = {
        "wide_share": float((premature & other).mean()),
        "other_shape_share": float(other.mean()),
        "shape_correlation": float(np.median(correlation)),
    }
    if average is None or average.marks.qrs_on_s is None:
        return features
    qrs_height = float(np.sqrt(np.square(_qrs(average)).mean(axis=0)).max())
    if qrs_height <= 0:
        return features
    features["p_consistency"] = average.p_consistency
    features["p_height"] = average.p_height / qrs_height
    features |= _f_waves(x, r, fs_hz, average, qrs_height)
    return features


def _qrs(average: AverageBeat) -> DoubleArray:
    half = round(0.1 * FS_HZ)
    beat = average.median_mv[:, R_AT - half : R_AT + half]
    qrs: DoubleArray = beat - np.median(beat, axis=1, keepdims=True)
    return qrs


@lru_cache(maxsize=32)
def _band(low_hz: float, high_hz: float, fs_hz: float) -> DoubleArray:
    sos: DoubleArray = butter(2, [low_hz, high_hz], "bandpass", fs=fs_hz, output="sos")
    return sos


def _f_waves(
    x: DoubleArray, r: IntArray, fs_hz: float, average: AverageBeat, qrs_height: float
) -> dict[str, float]:
    """Measure what is left between T and QRS once the average beat is subtracted."""
    step = max(int(fs_hz // 120.0), 1)
    if step > 1:  # means of a few samples carry 30 Hz
        n = x.shape[1] // step
        x = x[:, : n * step].reshape(x.shape[0], n, step).mean(axis=2)
        r, fs_hz = r // step, fs_hz / step
    n = x.shape[1]
    pad = min(round(1.0 * fs_hz), n - 1)
    wide = sosfiltfilt(_band(1.0, min(30.0, 0.45 * fs_hz), fs_hz), x, axis=1, padlen=pad)
    pre, post = round(0.30 * fs_hz), round(min(0.45, 0.7 * average.rr_s) * fs_hz)
    at = r[:, np.newaxis] + np.arange(-pre, post)
    whole = (at[:, 0] >= 0) & (at[:, -1] < n)
    if whole.sum() < 3:
        return {}
    template = np.median(wide[:, at[whole]], axis=1)
    remainder = wide.copy()
    for first in at[:, 0]:
        low, high = max(first, 0), min(first + pre + post, n)
        remainder[:, low:high] -= template[:, low - first : high - first]
    narrow = sosfiltfilt(_band(*F_WAVE_BAND_HZ, fs_hz), remainder, axis=1, padlen=pad)
    quiet = np.zeros(n, dtype=np.bool_)
    t_end = average.marks.t_off_s or 0.40 * np.sqrt(average.rr_s)
    for start, stop in zip(r[:-1] + round(t_end * fs_hz), r[1:] - round(0.08 * fs_hz), strict=True):
        quiet[max(start, 0) : max(stop, 0)] = True
    if quiet.sum() < 0.3 * fs_hz:
        return {}
    energy = np.square(narrow[:, quiet]).mean(axis=1)
    total = np.square(remainder[:, quiet]).mean(axis=1)
    return {
        "f_wave_ratio": float(np.sqrt(np.median(energy))) / qrs_height,
        "f_wave_share": float(np.median(energy / np.maximum(total, 1e-12))),
    }
