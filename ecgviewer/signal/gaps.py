"""Missing samples: bridged before a filter, masked again after it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def bridge_gaps(signal: npt.ArrayLike) -> tuple[DoubleArray, BoolArray]:
    """Return the samples with straight lines across gaps, and where the gaps were.

    Parameters
    ----------
    signal : array [L, n]
        NaN and infinite samples count as missing.

    Returns
    -------
    filled : float64 array [L, n]
        Finite everywhere: linear between the neighbours of a gap, constant before the first and
        after the last valid sample, zero where a whole lead is missing.
    missing : bool array [L, n]
    """
    filled = np.array(signal, dtype=np.float64, ndmin=2)
    if filled.ndim != 2:
        raise ValueError(f"a signal has the shape [leads, samples], not {filled.shape}")
    missing = ~np.isfinite(filled)
    for row in np.flatnonzero(missing.any(axis=1)):
        valid = np.flatnonzero(~missing[row])
        gap = np.flatnonzero(missing[row])
        filled[row, gap] = np.interp(gap, valid, filled[row, valid]) if valid.size else 0.0
    return filled, missing


def mask_at_rate(missing: BoolArray, fs_in_hz: float, fs_out_hz: float, n_out: int) -> BoolArray:
    """Return a mask on another time base: true where any covered input sample is missing.

    Parameters
    ----------
    missing : bool array [L, n]
    n_out : int
        Samples of the result; sample ``k`` is at ``k / fs_out_hz`` seconds and covers half a
        sample to either side (at least its nearest input sample).
    """
    n = missing.shape[1]
    if n == 0 or not missing.any():
        return np.zeros((missing.shape[0], n_out), dtype=np.bool_)
    step = fs_in_hz / fs_out_hz
    centre = np.arange(n_out) * step
    half = max(step, 1.0) / 2
    first = np.clip(np.ceil(centre - half), 0, n - 1).astype(np.int64)
    last = np.clip(np.floor(centre + half), first, n - 1).astype(np.int64)
    count = np.concatenate(
        [np.zeros((missing.shape[0], 1), dtype=np.int64), np.cumsum(missing, axis=1)], axis=1
    )
    covered: BoolArray = count[:, last + 1] > count[:, first]
    return covered


def runs(mask: BoolArray) -> npt.NDArray[np.int64]:
    """Return the ``[start, stop)`` of every run of true values, as an array [k, 2]."""
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    return np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)], axis=1)


def bridge_short(mask: BoolArray, longest: int) -> npt.NDArray[np.int64]:
    """Return the :func:`runs` of a mask [n], joined where at most ``longest`` samples apart."""
    found = runs(mask)
    if len(found) == 0:
        return found
    apart = found[1:, 0] - found[:-1, 1] > longest
    starts = found[np.concatenate([[True], apart]), 0]
    stops = found[np.concatenate([apart, [True]]), 1]
    return np.stack([starts, stops], axis=1)


def median_of(values: npt.NDArray[np.floating]) -> DoubleArray:
    """Return the median over the last axis, without NaN in it: short rows, many of them."""
    ordered = np.sort(np.asarray(values, dtype=np.float64), axis=-1)
    n = ordered.shape[-1]
    return np.asarray((ordered[..., (n - 1) // 2] + ordered[..., n // 2]) / 2)


def quantile_of(values: DoubleArray, share: float) -> float:
    """Return the quantile of values [n] without NaN, between two of them by a line."""
    ordered = np.sort(values)
    at = share * (ordered.size - 1)
    low = int(at)
    high = min(low + 1, ordered.size - 1)
    return float(ordered[low] + (at - low) * (ordered[high] - ordered[low]))
