"""A lesion put into a normal record, and where it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_closing

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

Generator = Callable[[DoubleArray, float, IntArray, np.random.Generator], DoubleArray]
"""Takes a trace [12, n], its rate, its R peaks and a source of chance; returns it changed."""

VISIBLE_MV = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Lesion:
    """A changed record.

    Attributes
    ----------
    kind : str
    signal_mv : array [12, n]
    mask : array [12, n] of bool
        Where the lesion is: where the trace was changed by more than ``VISIBLE_MV``, gaps of up
        to 60 ms closed.
    """

    kind: str
    signal_mv: FloatArray
    mask: BoolArray


def inject(
    kind: str,
    signal_mv: npt.ArrayLike,
    fs_hz: float,
    r_peaks: IntArray,
    rng: np.random.Generator,
    kinds: dict[str, Generator],
) -> Lesion:
    """Return a copy of a normal record with one lesion.

    Parameters
    ----------
    kind : str
        A key of ``kinds``.
    signal_mv : array [12, n]
        Standard lead order, mV, without NaN.
    r_peaks : int array [B]
        Samples; at least five.

    Raises
    ------
    ValueError
        For an unknown kind or too few beats.
    """
    if kind not in kinds:
        raise ValueError(f"unknown lesion {kind!r}; known: {', '.join(kinds)}")
    if len(r_peaks) < 5:
        raise ValueError(f"{len(r_peaks)} beats are too few for a lesion; 5 are needed")
    before = np.asarray(signal_mv, dtype=np.float64)
    after = kinds[kind](before.copy(), fs_hz, r_peaks, rng)
    mask = np.abs(after - before) > VISIBLE_MV
    width = max(round(0.06 * fs_hz), 1)
    mask = binary_closing(mask, structure=np.ones((1, width), dtype=bool)) | mask
    return Lesion(kind, after.astype(np.float32), mask)
