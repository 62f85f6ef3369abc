"""The high-pass of the recording device, taken out of a beat by what it must have taken away.

What a one-pole high-pass with corner ``f`` leaves of a trace x is y with x = y + w ∫y, and a
Butterworth high-pass of two poles leaves y with x = y + √2 w ∫y + w² ∫∫y (w = 2πf; the transfer
function, read backwards). So the beat before the filter is the beat itself plus two known curves,
its first and second integral over time, and filters are told apart by asking which of them, taken
out, leaves the most normal beat. That costs no pass of a network and holds for any corner. A
zero-phase filter, such as that of the preprocessing, commutes with all of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from ecgviewer.models.score.beat_features.fiducials import PRE_S, Beats, DoubleArray, Fiducials
from ecgviewer.signal.scipy_parts import butter, sosfiltfilt

ONE_POLE_HZ: Final = (0.1, 0.2, 0.35, 0.5, 0.7)
TWO_POLES_HZ: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85)
CORNERS_HZ = np.array([0.0, *ONE_POLE_HZ, *TWO_POLES_HZ])
"""Of the candidates; the first is no filter."""

_W1, _W2 = 2 * np.pi * np.array(ONE_POLE_HZ), 2 * np.pi * np.array(TWO_POLES_HZ)
CANDIDATES = np.column_stack([
    np.concatenate([[0.0], _W1, np.sqrt(2.0) * _W2]),
    np.concatenate([[0.0], 0.0 * _W1, _W2**2]),
])  # fmt: skip
"""[candidates, 2]: how much of the first and of the second integral comes back."""
STRENGTH = np.array([0.0, *(f / np.sqrt(2.0) for f in ONE_POLE_HZ), *TWO_POLES_HZ])
"""Corner in Hz of the two-pole filter whose first-order effect is the same."""
NO_FILTER = 0
ST_LOST = 0.2
"""From this strength on ST levels are not judged: what is left of them depends on the guess."""
PENALTY = 4.0
"""By how much (squared distance) a filter must make a beat more normal to be believed."""
DRIFT_HZ = 0.2
"""What lies lower in an integral is drift: the trace itself holds nothing there."""


@dataclass(frozen=True, slots=True, eq=False)
class Integrals:
    """First and second integral of the mean beat, less their level before the QRS.

    Attributes
    ----------
    beat : array [2, 12, m]
        At the places of ``Description.beat_mv``; units of the trace times s and s².
    levels : array [2, 5, 12]
        At the places of ``Description.st_mv``.
    """

    beat: DoubleArray
    levels: DoubleArray


@lru_cache(maxsize=4)
def _drift_filter(fs_hz: float) -> DoubleArray:
    sos: DoubleArray = butter(2, DRIFT_HZ, "highpass", fs=fs_hz, output="sos")
    return sos


def integrals(
    signal: DoubleArray,
    fs_hz: float,
    beats: Beats,
    waves: Fiducials,
    beat_at: npt.NDArray[np.int64],
    level_at: DoubleArray,
) -> Integrals:
    """Return the integrals of a window's beats.

    Parameters
    ----------
    signal : array [12, n]
        At ``fs_hz``, finite.
    beat_at : array [m]
        Samples from the QRS centre, at ``fs_hz``.
    level_at : array [5, 12]
        Positions in the median beat, at ``beats.fs_hz``.
    """
    sos = _drift_filter(fs_hz)
    pad = min(round(2 * fs_hz), signal.shape[1] - 1)
    first = sosfiltfilt(sos, np.cumsum(signal, axis=1) / fs_hz, axis=1, padlen=pad)
    second = sosfiltfilt(sos, np.cumsum(first, axis=1) / fs_hz, axis=1, padlen=pad)
    both = np.stack([first, second])
    whole = beats.dominant & beats.inside.all(axis=1)
    chosen = whole if whole.any() else beats.dominant
    factor = beats.fs_hz / fs_hz
    centre = np.round(beats.centre[chosen] / factor).astype(np.int64)
    before = round(PRE_S * fs_hz)
    span = np.arange(-before, beats.median.shape[1] / factor - before).astype(np.int64)
    mean = both[:, :, np.clip(centre[:, None] + span, 0, signal.shape[1] - 1)].mean(axis=2)

    def at(fine: DoubleArray) -> DoubleArray:
        """Return the values [2, ..., 12] at positions [..., 12] of the median beat."""
        place = np.clip((fine - beats.middle) / factor + before, 0, span.size - 1.001)
        low = place.astype(np.int64)
        leads = np.arange(12)
        return np.asarray(
            mean[:, leads, low] * (1 - (place - low)) + mean[:, leads, low + 1] * (place - low)
        )

    level = at(np.full(12, waves.qrs_on - 0.01 * beats.fs_hz))
    mean = mean - level[:, :, None]
    return Integrals(mean[:, :, beat_at + before], at(level_at))


def put_back(values: DoubleArray, lost: DoubleArray, candidate: int) -> DoubleArray:
    """Return ``values`` [...] before the filter; ``lost`` [2, ...] are their integrals."""
    first, second = CANDIDATES[candidate]
    out: DoubleArray = values + first * lost[0] + second * lost[1]
    return out


def levels_lost(candidate: int) -> str:
    """Return in words what the device's high-pass means for a reader; empty where nothing.

    A weak filter is taken out and not told: it changes no level that is judged, and a single
    record does not show it for sure.
    """
    if STRENGTH[candidate] < ST_LOST:
        return ""
    return f"high-pass of about {CORNERS_HZ[candidate]:.2g} Hz: ST levels cannot be judged"
