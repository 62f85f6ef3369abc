"""Axes of P, QRS and T in the frontal plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecgviewer.core.leads import standard_indices
from ecgviewer.signal.delineation import FS_HZ, R_AT, Marks
from ecgviewer.signal.gaps import DoubleArray

P_LENGTH_S = 0.10
LEAST_SHARE = 0.25
"""Net area in the frontal plane, relative to the area without regard to sign in leads I and aVF,
below which there is no direction."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Directions in degrees (-180 to 180, 0 along lead I, 90 down); None where there is none."""

    p_deg: float | None = None
    qrs_deg: float | None = None
    t_deg: float | None = None


def axes_of(median_mv: DoubleArray, leads: Sequence[str], marks: Marks) -> Axes:
    """Return the axes of a median beat [L, m] from the net areas in leads I and aVF.

    Lead aVF may be had from I and II or from II and III. Area and not height: a wave that goes up
    as far as down has no direction then.
    """
    at = standard_indices(leads)
    frontal = _i_and_avf(median_mv, at)
    if frontal is None or marks.qrs_on_s is None or marks.qrs_off_s is None:
        return Axes()
    on, off = (round(mark * FS_HZ) + R_AT for mark in (marks.qrs_on_s, marks.qrs_off_s))
    levelled = frontal - np.median(frontal[:, max(on - 10, 0) : max(on - 3, 1)], axis=1)[:, None]
    p_deg = t_deg = None
    if marks.p_on_s is not None:
        start = max(round(marks.p_on_s * FS_HZ) + R_AT, 0)
        stop = min(start + round(P_LENGTH_S * FS_HZ), on)
        if stop - start >= 10:
            wave = frontal[:, start:stop]
            ends = np.linspace(0.0, 1.0, stop - start)
            p_deg = _direction(wave - wave[:, :1] - (wave[:, -1:] - wave[:, :1]) * ends)
    if marks.t_off_s is not None:
        stop = round(marks.t_off_s * FS_HZ) + R_AT
        start = max(off + round(0.06 * FS_HZ), round((marks.t_peak_s or 0.0) * FS_HZ) + R_AT - 50)
        if stop - start >= 10:
            t_deg = _direction(levelled[:, start:stop])
    return Axes(p_deg, _direction(levelled[:, on : off + 1]), t_deg)


def _i_and_avf(beat: DoubleArray, at: dict[str, int]) -> DoubleArray | None:
    if "I" in at and "aVF" in at:
        return beat[[at["I"], at["aVF"]]]
    if "I" in at and "II" in at:
        return np.stack([beat[at["I"]], beat[at["II"]] - beat[at["I"]] / 2])
    if "II" in at and "III" in at:
        ii, iii = beat[at["II"]], beat[at["III"]]
        return np.stack([ii - iii, (ii + iii) / 2])
    return None


def _direction(wave: DoubleArray) -> float | None:
    net = wave.sum(axis=1) * np.asarray([1.0, 2.0 / np.sqrt(3.0)])
    length = float(np.hypot(*net))
    if length <= LEAST_SHARE * float(np.abs(wave).sum()) * 0.5 or length == 0.0:
        return None
    return float(np.degrees(np.arctan2(net[1], net[0])))
