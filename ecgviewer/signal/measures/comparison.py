"""Two recordings of one patient, quantity by quantity, against how far normal ones vary by repeat.

The limits are the repeatability of Bland and Altman (Statistical methods in medical research 1999,
8:135): 95 % of two recordings of one healthy person differ by less than 2.77 within-person standard
deviations. ``python -m tests.perf.repeat_variation DATA`` derives them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ecgviewer.core.leads import STANDARD_LEADS, standard_indices
from ecgviewer.signal.measures.intervals import Intervals, Measure

REPEAT_LIMITS: Mapping[str, float] = {
    "Rate": 26.6, "PR": 12.8, "QRS": 4.0, "QT": 40.7, "QTcF": 21.3,
    "P axis": 17.8, "QRS axis": 11.0, "T axis": 15.8, "ST": 0.054,
}  # fmt: skip
"""In the units of :class:`Difference`; ST is of any lead, J+60."""
REPEAT_SOURCE = "16 normal records of 7 patients of PTB-XL, days to years apart"
"""Nine degrees of freedom are few: the true limits may be 0.7 to 1.8 times these (95 %)."""
COVERAGE = 1.96
LEAST_T_MV = 0.05
"""A T wave lower than this has no direction worth a word."""
MS = 1000.0


@dataclass(frozen=True, slots=True)
class Difference:
    """One quantity of both recordings.

    Attributes
    ----------
    name : str
    unit : str
    first, second : float or None
        None where it cannot be measured.
    limit : float
        By how much repeats of a normal recording differ at most, 95 % of them; more where these
        two could not be measured so well.
    """

    name: str
    unit: str
    first: float | None
    second: float | None
    limit: float

    @property
    def value(self) -> float | None:
        """Second less first; of directions the shorter way around."""
        if self.first is None or self.second is None:
            return None
        change = self.second - self.first
        return (change + 180.0) % 360.0 - 180.0 if self.unit == "°" else change

    @property
    def beyond(self) -> bool:
        """Whether the recordings differ by more than repeats of a normal one."""
        value = self.value
        return value is not None and abs(value) > self.limit


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two recordings.

    Attributes
    ----------
    differences : tuple of Difference
        Rate, intervals, axes; then the ST level of every lead that both have.
    turned : tuple of str
        Leads whose T wave points the other way.
    """

    differences: tuple[Difference, ...]
    turned: tuple[str, ...]


def compare(first: Intervals, second: Intervals) -> Comparison:
    """Compare two recordings' measurements; ST levels need both in mV."""
    unsure = {
        name: COVERAGE * MS * math.hypot(one.uncertainty or 0.0, other.uncertainty or 0.0)
        for (name, one), (_, other) in zip(_intervals(first), _intervals(second), strict=True)
    }
    found = [
        Difference(name, unit, one, other, max(REPEAT_LIMITS[name], unsure.get(name, 0.0)))
        for (name, unit, one), (_, _, other) in zip(
            global_values(first), global_values(second), strict=True
        )
    ]
    levels, other_levels = st_levels(first), st_levels(second)
    found += [
        Difference(f"ST {lead}", "mV", levels[lead], other_levels[lead], REPEAT_LIMITS["ST"])
        for lead in STANDARD_LEADS
        if lead in levels and lead in other_levels
    ]
    heights, other_heights = t_heights(first), t_heights(second)
    turned = tuple(
        lead
        for lead in STANDARD_LEADS
        if lead in heights and lead in other_heights
        and min(abs(heights[lead]), abs(other_heights[lead])) >= LEAST_T_MV
        and heights[lead] * other_heights[lead] < 0
    )  # fmt: skip
    return Comparison(tuple(found), turned)


def global_values(one: Intervals) -> Iterator[tuple[str, str, float | None]]:
    """Yield name, unit and value of what a recording has once."""
    rr_s = one.rr_s.value
    yield "Rate", "/min", 60.0 / rr_s if rr_s else None
    for name, measured in _intervals(one):
        yield name, "ms", _ms(measured)
    yield "P axis", "°", one.axes.p_deg
    yield "QRS axis", "°", one.axes.qrs_deg
    yield "T axis", "°", one.axes.t_deg


def st_levels(one: Intervals) -> dict[str, float | None]:
    """Return the level 60 ms after the J point by standard lead, in the recording's unit."""
    leads = list(one.st_mv)
    return {
        standard: one.st_mv[leads[at]].value for standard, at in standard_indices(leads).items()
    }


def t_heights(one: Intervals) -> dict[str, float]:
    """Return the height of T by standard lead, where there is one."""
    leads = list(one.waves)
    return {
        standard: height
        for standard, at in standard_indices(leads).items()
        if (height := one.waves[leads[at]].t) is not None
    }


def _intervals(one: Intervals) -> tuple[tuple[str, Measure], ...]:
    return (
        ("PR", one.pr_s),
        ("QRS", one.qrs_s),
        ("QT", one.qt_s),
        ("QTcF", one.qtc_fridericia_s),
    )


def _ms(measured: Measure) -> float | None:
    return None if measured.value is None else measured.value * MS
