"""Where a stretch of a lead is drawn: gain, resting level and name, so that nothing overlaps.

No Qt here. Positions are in whatever unit the drawing has (millimetres of paper, pixels), y down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ecgviewer.core.record.recording import FloatArray

DoubleArray = npt.NDArray[np.float64]

ARTEFACT = 4.0
"""What swings this much further than the lead's usual beat does not decide the gain."""
BEAT_WITHIN_S = 2.0
"""Also a slow heart beats once in so long."""


@dataclass(frozen=True, eq=False)
class Strip:
    """A stretch of one lead and the room that it has.

    Attributes
    ----------
    lead : str
        As it is written beside the trace.
    samples_mv : array [n]
        NaN where missing.
    fs_hz : float
    x, y, width, height : float
        The room; time begins at its left edge.
    per_s, per_mv : float
        Scale, in units of the drawing.
    name_width, name_height : float
        Room for the name at the upper edge, above the trace; 0 for none.
    """

    lead: str
    samples_mv: FloatArray
    fs_hz: float
    x: float
    y: float
    width: float
    height: float
    per_s: float
    per_mv: float = 1.0
    name_width: float = 0.0
    name_height: float = 0.0

    @property
    def missing(self) -> bool:
        """Whether there is no sample at all."""
        return not np.isfinite(self.samples_mv).any()

    @cached_property
    def _mv(self) -> DoubleArray:
        """Samples above the resting level (their median)."""
        samples = self.samples_mv.astype(np.float64)
        samples[~np.isfinite(samples)] = np.nan
        return samples if self.missing else samples - np.nanmedian(samples)

    @cached_property
    def reach_mv(self) -> tuple[float, float]:
        """How far the trace goes below and above its resting level, single artefacts left out."""
        if self.missing:
            return 0.0, 0.0
        starts = np.arange(0, self._mv.size, max(round(BEAT_WITHIN_S * self.fs_hz), 1))
        sides = []
        for heights in (-self._mv, self._mv):
            peaks = np.fmax.reduceat(heights, starts)
            peaks = np.maximum(peaks[np.isfinite(peaks)], 0.0)
            sides.append(float(peaks[peaks <= ARTEFACT * max(np.median(peaks), 0.1)].max()))
        return sides[0], sides[1]

    @property
    def fits(self) -> bool:
        """Whether the trace, single artefacts left out, stays in its room at this gain."""
        return sum(self.reach_mv) * self.per_mv <= self.height and self._name_at is not None

    @cached_property
    def baseline(self) -> float:
        """Where the resting level is: the middle, moved only as far as the trace needs."""
        down, up = (reach * self.per_mv for reach in self.reach_mv)
        middle = self.y + self.height / 2
        top, bottom = self.y + up, self.y + self.height - down
        if top > bottom:  # too tall at this gain: as much is cut above as below
            margin = 0.1 * self.height
            level = (top + bottom) / 2
            return min(max(level, self.y + margin), self.y + self.height - margin)
        return min(max(middle, top), bottom)

    @cached_property
    def points(self) -> tuple[DoubleArray, DoubleArray]:
        """Positions of the samples; NaN where missing or cut."""
        x = self.x + np.arange(self._mv.size) / self.fs_hz * self.per_s
        y = self.baseline - self._mv * self.per_mv
        edge = 1e-6 * self.height
        with np.errstate(invalid="ignore"):
            outside = (y < self.y - edge) | (y > self.y + self.height + edge)
            if self.name_width and self._name_at is None:
                left, top = self.name_place
                outside |= (x >= left) & (x <= left + self.name_width) & (y < top)
        return x, np.where(outside, np.nan, y)

    @property
    def is_cut(self) -> bool:
        """Whether some of the trace lies outside of its room and is not drawn."""
        return int(np.isfinite(self.points[1]).sum()) < int(np.isfinite(self._mv).sum())

    @property
    def name_place(self) -> tuple[float, float]:
        """Left edge and lower edge of the name: above the trace, as far left as that allows."""
        at = self._name_at
        return self.x if at is None else at, self.y + self.name_height

    @cached_property
    def _name_at(self) -> float | None:
        """Leftmost place where the trace leaves the name's room free; None where it never does."""
        if self.missing or not self.name_width:
            return self.x
        x = self.x + np.arange(self._mv.size) / self.fs_hz * self.per_s
        y = self.baseline - self._mv * self.per_mv
        with np.errstate(invalid="ignore"):
            under = np.flatnonzero(y < self.y + self.name_height)
        if under.size == 0:
            return self.x
        # The name may stand before the first, behind the last, and between those far apart.
        taken = np.concatenate([[self.x - 1e-9], x[under], [self.x + self.width]])
        free = np.flatnonzero(np.diff(taken) >= self.name_width * (1 + 1e-9))
        return float(taken[free[0]]) if free.size else None


def at_gain(strips: Iterable[Strip], per_mv: float) -> list[Strip]:
    """Return the strips at another gain."""
    return [replace(strip, per_mv=per_mv) for strip in strips]


def highest_gain(strips: Sequence[Strip], gains: Sequence[float]) -> float:
    """Return the first of ``gains`` (the highest first) at which all fit that fit at any.

    What does not even fit at the last is an artefact, for which the other leads need not be small.
    """
    can = [s for s, least in zip(strips, at_gain(strips, gains[-1]), strict=True) if least.fits]
    return next((g for g in gains if all(s.fits for s in at_gain(can, g))), gains[-1])


def filling_gain(strips: Sequence[Strip], least_mv: float = 0.5) -> float:
    """Return the gain at which the tallest trace fills its room.

    Parameters
    ----------
    least_mv : float
        The room is at least this high, so that the noise of a flat line is not blown up.
    """
    return min(
        ((s.height - s.name_height) / max(sum(s.reach_mv), least_mv) for s in strips),
        default=1.0,
    )


def outline(x: DoubleArray, y: DoubleArray, per_unit: float) -> tuple[DoubleArray, DoubleArray]:
    """Return a trace with at most two points per device pixel: the lowest and the highest.

    Parameters
    ----------
    x, y : array [n]
        ``x`` ascending in equal steps; NaN in ``y`` where there is none.
    per_unit : float
        Device pixels per unit of ``x``.
    """
    if x.size < 2:
        return x, y
    each = int(1.0 / max((x[1] - x[0]) * per_unit, 1e-9))
    if each < 3:
        return x, y
    starts = np.arange(0, x.size, each)
    low, high = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
    # Which comes first alternates, so that the line does not saw.
    pairs = np.stack([low, high], axis=1)
    pairs[1::2] = pairs[1::2, ::-1]
    return np.repeat(x[starts], 2), pairs.ravel()
