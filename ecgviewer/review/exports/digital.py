"""From millivolts back to whole numbers: the gain with which nothing of a source is lost.

Samples of most files are whole numbers times a step. The step is found again in the values, so
that what is written holds the very same numbers. Values on no such grid (filtered, computed, or
stored as floating point) get 32 bits, of which a sample in single precision needs fewer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

LARGEST = {"16": 2**15 - 1, "32": 2**31 - 1}
"""By format of WFDB. The lowest value, one below the negative of this, means a missing sample."""
SINGLE = 2.0**-23
"""Relative rounding of single precision, generously."""
LOOKED_AT = 200_000
"""Samples whose step is looked for; it is then tried on all."""
PLAIN_GAIN = 1000.0
"""Per mV, of leads without any amplitude."""
GAINS = (1e-3, 1e15)
"""Outside these a number is printed with an exponent, which wfdb's header reader cuts off."""


@dataclass(frozen=True, slots=True)
class DigitalGrid:
    """How a lead is written: sample = whole number / ``gain``, ``bits`` of it."""

    gain: float
    fmt: str


def grid_of(values_mv: FloatArray) -> DigitalGrid:
    """Return how a lead [n] is written without loss; NaN are missing samples."""
    values = values_mv[np.isfinite(values_mv)].astype(np.float64)
    top = float(np.abs(values).max(initial=0.0))
    if top == 0.0:
        return DigitalGrid(PLAIN_GAIN, "16")
    gain = _gain_of_steps(values, top)
    if gain is not None:
        for fmt, largest in LARGEST.items():
            if top * gain <= largest:
                return DigitalGrid(gain, fmt)
    # A power of ten: at least 2e8 steps over the lead, against 1.7e7 of single precision.
    exponent = int(np.floor(np.log10(LARGEST["32"] / top)))
    return DigitalGrid(float(np.clip(10.0**exponent, *GAINS)), "32")


def to_whole(values_mv: FloatArray, gain: float, fmt: str) -> IntArray:
    """Return the numbers [n] that are written; missing samples become the format's lowest."""
    largest = LARGEST[fmt]
    whole = np.rint(values_mv.astype(np.float64) * gain)
    return np.where(np.isfinite(whole), np.clip(whole, -largest, largest), -largest - 1).astype(
        np.int64
    )


def _gain_of_steps(values: npt.NDArray[np.float64], top: float) -> float | None:
    """Return whole numbers per mV where the values are such multiples of a step, else None."""
    some = np.unique(values[:: max(1, len(values) // LOOKED_AT)])
    steps = np.diff(np.unique(np.concatenate([some, -some, [0.0]])))
    steps = steps[steps > 4.0 * SINGLE * top]
    if steps.size == 0:
        return None
    for share in range(1, 6):  # the looked-at samples may have no neighbouring numbers
        step = _refined(some, float(steps.min()) / share, top)
        if step is None:
            continue
        gain = 1.0 / step
        for digits in range(7):
            plain = round(gain, digits)
            if GAINS[0] <= plain <= GAINS[1] and _holds(values, plain, top):
                return plain
        if GAINS[0] <= gain <= GAINS[1] and _holds(values, gain, top):
            return gain
    return None


def _refined(values: npt.NDArray[np.float64], step: float, top: float) -> float | None:
    """Return a step fitted to ever larger values: a rounded one would miscount the large."""
    reach = 256.0 * step
    while True:
        near = values[np.abs(values) <= reach]
        counts = np.rint(near / step)
        squares = float(counts @ counts)
        if squares > 0.0:
            step = float(counts @ near) / squares
            if np.abs(near - counts * step).max() > max(2.0 * SINGLE * reach, 1e-3 * step):
                return None
        if reach >= top:
            return step
        reach *= 4.0


def _holds(values: npt.NDArray[np.float64], gain: float, top: float) -> bool:
    error = np.abs(values - np.rint(values * gain) / gain)
    return bool((error <= SINGLE * np.abs(values)).all()) and SINGLE * top * gain < 0.25
