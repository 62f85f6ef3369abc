"""Lesions that were somebody's: beats of abnormal records put in the place of normal ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.io import open_record
from ecgviewer.signal.heartbeats.beats import beat_windows, detect_r_peaks, shape_correlation
from ecgviewer.signal.quality import assess
from trainer.datasets.entries import Entry
from trainer.judging.localisation.lesion import DoubleArray, Generator, IntArray

BEFORE_S, AFTER_S = 0.10, 0.42
ODD_BELOW = 0.6
"""Correlation with the record's usual QRS: the beat is of another origin."""
UNLIKE_BELOW = 0.7
"""A donor's usual beat that resembles the host's more than this is no lesion."""
MAX_DONORS = 40
FADE_S = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Donor:
    """What an abnormal record has to give.

    Attributes
    ----------
    fs_hz : float
    usual : array [12, m]
        Its median beat, from ``BEFORE_S`` before the R peak to ``AFTER_S`` after it.
    odd : array [k, 12, m]
        Its beats of another origin.
    """

    fs_hz: float
    usual: DoubleArray
    odd: DoubleArray


def donors(entries: Sequence[Entry]) -> list[Donor]:
    """Return what the abnormal records among some have to give; noisy ones give nothing."""
    found: list[Donor] = []
    for entry in entries:
        if len(found) >= MAX_DONORS:
            break
        if entry.normal is not False:
            continue
        try:
            recording = open_record(entry.ref)
            if recording.missing_standard_leads or not recording.units_known:
                continue
            n = min(recording.n_samples, round(10 * recording.fs_hz))
            x = recording.read_samples(0, n, STANDARD_LEADS)
        except EcgViewerError:
            continue
        fs = recording.fs_hz
        r = detect_r_peaks(x, fs)
        r = r[(r > BEFORE_S * fs) & (r < n - AFTER_S * fs)]
        if r.size < 5 or not np.isfinite(x).all() or assess(x, fs, STANDARD_LEADS):
            continue
        beats = beat_windows(x, r, fs, BEFORE_S, AFTER_S).astype(np.float64)
        beats -= beats[:, :, :1]
        alike = shape_correlation(x.astype(np.float64), r, fs)
        usual = np.median(beats[alike >= 0.85] if (alike >= 0.85).any() else beats, axis=0)
        found.append(Donor(fs, usual, beats[alike < ODD_BELOW]))
    return found


def kinds(given: Sequence[Donor]) -> dict[str, Generator]:
    """Return the lesions that these donors make possible, by name."""
    odd = [donor for donor in given if len(donor.odd)]
    out: dict[str, Generator] = {}
    if odd:

        def ventricular_beat(
            x: DoubleArray, fs_hz: float, r_peaks: IntArray, rng: np.random.Generator
        ) -> DoubleArray:
            """Put one odd beat of another record in the place of a beat."""
            donor = odd[int(rng.integers(len(odd)))]
            beat = donor.odd[int(rng.integers(len(donor.odd)))]
            k = int(rng.integers(1, len(r_peaks) - 1))
            return _put(x, int(r_peaks[k]), _at_rate(beat, donor.fs_hz, fs_hz), fs_hz)

        out["ventricular_beat"] = ventricular_beat
    if given:

        def other_heart(
            x: DoubleArray, fs_hz: float, r_peaks: IntArray, rng: np.random.Generator
        ) -> DoubleArray:
            """Put the usual beat of an abnormal record in the place of some beats in a row."""
            own = _usual(x, fs_hz, r_peaks)
            for k in rng.permutation(len(given)):
                beat = _at_rate(given[k].usual, given[k].fs_hz, fs_hz)
                if _alike(own, beat) < UNLIKE_BELOW:
                    break
            first = int(rng.integers(1, max(len(r_peaks) - 3, 2)))
            for r in r_peaks[first : first + 3]:
                x = _put(x, int(r), beat, fs_hz)
            return x

        out["other_heart"] = other_heart
    return out


def _at_rate(beat: DoubleArray, fs_in: float, fs_out: float) -> DoubleArray:
    time = np.arange(round(beat.shape[1] * fs_out / fs_in)) * fs_in / fs_out
    return np.stack([np.interp(time, np.arange(beat.shape[1]), row) for row in beat])


def _usual(x: DoubleArray, fs_hz: float, r_peaks: IntArray) -> DoubleArray:
    beats = beat_windows(x, r_peaks[1:-1], fs_hz, BEFORE_S, AFTER_S).astype(np.float64)
    usual: DoubleArray = np.median(beats - beats[:, :, :1], axis=0)
    return usual


def _alike(a: DoubleArray, b: DoubleArray) -> float:
    m = min(a.shape[1], b.shape[1])
    p, q = a[:, :m].ravel(), b[:, :m].ravel()
    return float(p @ q) / max(float(np.linalg.norm(p) * np.linalg.norm(q)), 1e-9)


def _put(x: DoubleArray, r: int, beat: DoubleArray, fs_hz: float) -> DoubleArray:
    """Replace the beat at ``r``; the ends meet what lies before and after."""
    start = r - round(BEFORE_S * fs_hz)
    stop = min(start + beat.shape[1], x.shape[1])
    if start < 0 or stop - start < beat.shape[1]:
        return x
    n = stop - start
    line = np.linspace(0.0, 1.0, n)
    level = x[:, [start]] * (1 - line) + x[:, [stop - 1]] * line
    new = level + beat - beat[:, :1] * (1 - line) - beat[:, -1:] * line
    edge = np.minimum(np.minimum(np.arange(n), np.arange(n)[::-1]) / (FADE_S * fs_hz), 1.0)
    x[:, start:stop] = x[:, start:stop] * (1 - edge) + new * edge
    return x
