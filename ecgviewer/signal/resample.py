"""Other sampling rates and time bases."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.gaps import DoubleArray, FloatArray, bridge_gaps, mask_at_rate
from ecgviewer.signal.scipy_parts import resample_poly

LARGEST_FACTOR = 2000
"""Bound of the integer ratio that stands for a rate ratio (error of the rate < 1e-6)."""


@lru_cache(maxsize=64)
def rate_ratio(fs_in_hz: float, fs_out_hz: float) -> tuple[int, int]:
    """Return integers ``(up, down)`` with ``up / down`` = ``fs_out_hz / fs_in_hz``."""
    if not (fs_in_hz > 0 and fs_out_hz > 0 and math.isfinite(fs_in_hz * fs_out_hz)):
        raise ValueError(f"sampling rates must be positive, not {fs_in_hz} and {fs_out_hz} Hz")
    ratio = Fraction(fs_out_hz / fs_in_hz).limit_denominator(LARGEST_FACTOR)
    if ratio.numerator == 0:
        raise ValueError(f"cannot resample {fs_in_hz} Hz to {fs_out_hz} Hz")
    return ratio.numerator, ratio.denominator


def resampled_length(n: int, fs_in_hz: float, fs_out_hz: float) -> int:
    """Return how many samples at the new rate cover ``n`` samples."""
    up, down = rate_ratio(fs_in_hz, fs_out_hz)
    return -(-n * up // down)


def resample_bridged(signal: DoubleArray, fs_in_hz: float, fs_out_hz: float) -> DoubleArray:
    """Return a gapless signal [L, n] at another rate (float64, band limited, no edge droop)."""
    up, down = rate_ratio(fs_in_hz, fs_out_hz)
    n = signal.shape[1]
    if up == down or n == 0:
        return signal
    # The FIR reaches 10 periods of the slower rate to each side. An odd extension keeps level
    # and slope at the ends; its length is a multiple of ``down`` so that it can be cut exactly.
    reach = -(-10 * max(up, down) // up)
    pad = min(-(-reach // down) * down, (n - 1) // down * down)
    if pad:
        head = 2 * signal[:, :1] - signal[:, pad:0:-1]
        tail = 2 * signal[:, -1:] - signal[:, -2 : -pad - 2 : -1]
        signal = np.concatenate([head, signal, tail], axis=1)
    out: DoubleArray = resample_poly(signal, up, down, axis=1, padtype="edge")
    start = pad // down * up
    return out[:, start : start + -(-n * up // down)]


def resample(signal: npt.ArrayLike, fs_in_hz: float, fs_out_hz: float) -> FloatArray:
    """Return a signal at another sampling rate, band limited, sample 0 staying in place.

    Parameters
    ----------
    signal : array [L, n]
        NaN marks missing samples; output samples that cover one are NaN.
    fs_in_hz, fs_out_hz : float

    Returns
    -------
    float32 array [L, ceil(n * fs_out_hz / fs_in_hz)]
    """
    filled, missing = bridge_gaps(signal)
    out = resample_bridged(filled, fs_in_hz, fs_out_hz).astype(np.float32)
    out[mask_at_rate(missing, fs_in_hz, fs_out_hz, out.shape[1])] = np.nan
    return out


def to_time_base(
    signal: npt.ArrayLike,
    fs_in_hz: float,
    fs_out_hz: float,
    n_out: int,
    kind: Literal["trace", "map"] = "trace",
) -> FloatArray:
    """Return rows on another time base, with exactly ``n_out`` samples.

    Parameters
    ----------
    signal : array [L, T]
        Sample ``k`` is at ``k / fs_in_hz`` seconds. NaN stays NaN.
    n_out : int
        Length wanted; beyond the end of ``signal`` the last sample is held for at most one
        input period, then NaN.
    kind : str
        ``trace`` interpolates band limited, ``map`` linearly (never outside the range of the
        neighbouring values).

    Returns
    -------
    float32 array [L, n_out]
    """
    filled, missing = bridge_gaps(signal)
    n = filled.shape[1]
    out = np.full((filled.shape[0], n_out), np.nan, dtype=np.float32)
    if n == 0 or n_out == 0:
        return out
    position = np.arange(n_out) * (fs_in_hz / fs_out_hz)
    known = int(np.searchsorted(position, n, side="left"))
    if kind == "map" or n < 2:
        for row, values in enumerate(filled):
            out[row, :known] = np.interp(position[:known], np.arange(n), values)
    else:
        dense = resample_bridged(filled, fs_in_hz, fs_out_hz)
        m = min(dense.shape[1], known)
        out[:, :m] = dense[:, :m]
        out[:, m:known] = dense[:, m - 1 : m]
    out[mask_at_rate(missing, fs_in_hz, fs_out_hz, n_out)] = np.nan
    return out
