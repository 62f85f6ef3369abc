"""Filters for the eye: baseline, mains, muscle. Off unless the user asks; never for a model."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.display_bands import BASELINE_HZ, MUSCLE_HZ
from ecgviewer.signal.gaps import DoubleArray, FloatArray, bridge_gaps
from ecgviewer.signal.scipy_parts import butter, iirnotch, sosfiltfilt, tf2sos

MAINS_QUALITY = 30.0
PAD_S = 1.0


def display_margin_s(baseline: bool, mains_hz: float | None, muscle: bool) -> float:
    """Return the context to read on each side of a range before filtering it.

    With it the filtered range differs from a filtered whole record by less than 2e-3 of the
    largest excursion (steps of the baseline included) near the range's ends.
    """
    if baseline:
        return 5.0
    if mains_hz is not None:
        return 2.0
    return 0.5 if muscle else 0.0


def display_filter(
    signal_mv: npt.ArrayLike,
    fs_hz: float,
    baseline: bool = False,
    mains_hz: float | None = None,
    muscle: bool = False,
) -> FloatArray:
    """Return the filtered signal; zero phase, so that waves stay where they are.

    Parameters
    ----------
    signal_mv : array [L, n]
        The range to show with :func:`display_margin_s` of context on both sides, where the
        record has it. NaN stays NaN.
    baseline : bool
        High-pass at 0.5 Hz; distorts ST levels.
    mains_hz : float or None
        Notch at 50 or 60 Hz; without effect where the recording cannot carry it.
    muscle : bool
        Low-pass at 35 Hz; rounds QRS complexes and hides pacing stimuli.

    Returns
    -------
    float32 array [L, n]
    """
    sos = _sections(fs_hz, baseline, mains_hz, muscle)
    x, missing = bridge_gaps(signal_mv)
    if len(sos) and x.shape[1] > 1:
        pad = min(round(PAD_S * fs_hz), x.shape[1] - 1)
        x = sosfiltfilt(sos, x, axis=1, padlen=pad)
    out = np.asarray(x, dtype=np.float32)
    out[missing] = np.nan
    return out


@lru_cache(maxsize=32)
def _sections(fs_hz: float, baseline: bool, mains_hz: float | None, muscle: bool) -> DoubleArray:
    sections: list[DoubleArray] = []
    if baseline and fs_hz > 4 * BASELINE_HZ:
        sections.append(butter(2, BASELINE_HZ, "highpass", fs=fs_hz, output="sos"))
    if mains_hz is not None and mains_hz < 0.48 * fs_hz:
        sections.append(tf2sos(*iirnotch(mains_hz, MAINS_QUALITY, fs=fs_hz)))
    if muscle and fs_hz > 2.2 * MUSCLE_HZ:
        sections.append(butter(2, MUSCLE_HZ, "lowpass", fs=fs_hz, output="sos"))
    return np.vstack(sections) if sections else np.zeros((0, 6))
