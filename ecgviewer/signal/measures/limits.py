"""What measurements are called, with the limit they passed and who published it.

The limits are those of adults; below 18 years only rate, regularity and pauses are put in words.
Where the file gives neither sex nor age, the more lenient limit holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ecgviewer.signal.measures.intervals import Intervals
from ecgviewer.signal.measures.rate import PAUSE_S
from ecgviewer.signal.measures.waves import LeadWaves

ADULT_Y = 18.0
CONDUCTION = "AHA/ACCF/HRS 2009 (Surawicz)"
QT_SOURCE = "AHA/ACCF/HRS 2009 (Rautaharju)"
ST_SOURCE = "Universal Definition of MI 2018"
WAVE_SOURCE = "AHA/ACCF/HRS 2009 (Hancock)"
SOKOLOW_SOURCE, CORNELL_SOURCE = "Sokolow and Lyon 1949", "Casale 1985"
RATE_BPM = (60, 100)
PR_MS = (120, 200)
QRS_MS = 120
AXIS_DEG = (-30, 90)
SOKOLOW_MV = 3.5
ST_HIGH_MV, ST_LOW_MV = 0.1, -0.05
NEIGHBOURS = (
    ("II", "III"), ("III", "aVF"), ("II", "aVF"), ("I", "aVL"), ("V1", "V2"), ("V2", "V3"),
    ("V3", "V4"), ("V4", "V5"), ("V5", "V6"),
)  # fmt: skip
"""Leads that look at neighbouring parts of the heart."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that depend on who the patient is.

    Attributes
    ----------
    man, woman : bool
        As the file says; both are false where it does not.
    qtc_ms : int
        From here on QTc is long.
    cornell_mv : float
        Above this the voltage is high.
    st_v2_v3_mv : float
        From here on ST is elevated at J in V2 and V3; elsewhere from ``ST_HIGH_MV``.
    """

    man: bool
    woman: bool
    qtc_ms: int
    cornell_mv: float
    st_v2_v3_mv: float

    @property
    def who(self) -> str:
        """Whom the limits are of."""
        return "men" if self.man else "women" if self.woman else "sex unknown"

    def st_high_mv(self, lead: str) -> float:
        """Return from where on ST is elevated at the J point of a lead."""
        return self.st_v2_v3_mv if lead in ("V2", "V3") else ST_HIGH_MV


def limits_for(sex: str, age_years: float | None) -> Limits | None:
    """Return the limits for a patient, None below 18 years; see :func:`statements`."""
    if age_years is not None and age_years < ADULT_Y:
        return None
    man, woman = (sex.strip().upper().startswith(letter) for letter in ("M", "F"))
    older_man = man and age_years is not None and age_years >= 40
    return Limits(
        man, woman, 450 if man else 460, 2.0 if woman else 2.8,
        0.15 if woman else 0.2 if older_man else 0.25,
    )  # fmt: skip


def statements(
    intervals: Intervals, sex: str = "", age_years: float | None = None, in_mv: bool = True
) -> tuple[str, ...]:
    """Return what passed a published limit, such as ``QRS wide: 134 ms (120 or more, AHA ...)``.

    Parameters
    ----------
    sex : str
        As in the file: what begins with M or F (of any case) is understood.
    age_years : float or None
    in_mv : bool
        Whether amplitudes are in mV; without it nothing is said of voltage and ST.
    """
    found = _rhythm(intervals)
    if intervals.highpass is not None and intervals.highpass.st_lost:
        found.append(intervals.highpass.st_lost)
    limits = limits_for(sex, age_years)
    if limits is None:
        return tuple(found)
    found += _conduction(intervals, limits)
    if in_mv:
        if not intervals.pacing.ventricular:
            found += _voltage(intervals.waves, limits)
        if (intervals.qrs_s.value or 0.0) < 0.1195:  # a wide QRS bends ST by itself
            found += _st(intervals.waves, limits)
    return tuple(found)


def _rhythm(intervals: Intervals) -> list[str]:
    rate, found = intervals.rate, []
    if rate.bpm is not None and round(rate.bpm) > RATE_BPM[1]:
        found.append(f"rate fast: {rate.bpm:.0f} bpm (above {RATE_BPM[1]})")
    if rate.bpm is not None and round(rate.bpm) < RATE_BPM[0]:
        found.append(f"rate slow: {rate.bpm:.0f} bpm (below {RATE_BPM[0]})")
    if rate.irregular and rate.rr_mean_s and rate.rr_sd_s is not None:
        found.append(f"irregular: RR varies by {rate.rr_sd_s / rate.rr_mean_s:.0%} of its mean")
    if rate.has_pause:
        found.append(f"pause: {rate.rr_longest_s:.1f} s ({PAUSE_S:.0f} s or more)")
    if intervals.pacing.words():
        found.append(intervals.pacing.words())
    return found


def _conduction(intervals: Intervals, limits: Limits) -> list[str]:
    found = []
    pr, qrs, qtc = (
        None if one.value is None else round(one.value * 1000)
        for one in (intervals.pr_s, intervals.qrs_s, intervals.qtc_bazett_s)
    )
    if pr is not None and pr > PR_MS[1]:
        found.append(f"PR long: {pr} ms (above {PR_MS[1]}, {CONDUCTION})")
    if pr is not None and pr < PR_MS[0]:
        found.append(f"PR short: {pr} ms (below {PR_MS[0]}, {CONDUCTION})")
    if qrs is not None and qrs >= QRS_MS:
        found.append(f"QRS wide: {qrs} ms ({QRS_MS} or more, {CONDUCTION})")
    if qtc is not None and qtc >= limits.qtc_ms and (qrs or 0) < QRS_MS:
        found.append(
            f"QTc long: {qtc} ms, Bazett ({limits.qtc_ms} or more, {limits.who}, {QT_SOURCE})"
        )
    axis = intervals.axes.qrs_deg
    if axis is not None and not intervals.pacing.ventricular:
        left, right = AXIS_DEG
        if -90 <= axis < left:
            found.append(f"axis left: {axis:.0f} deg (beyond {left}, {CONDUCTION})")
        elif axis > right or axis < -90:
            found.append(f"axis right: {axis:.0f} deg (beyond {right}, {CONDUCTION})")
    return found


def sokolow_lyon_mv(waves: Mapping[str, LeadWaves]) -> float | None:
    """Return S in V1 plus the taller R of V5 and V6; None where one of both is missing."""
    s_v1 = _height(waves, "V1", "s") or _height(waves, "V1", "q")
    r_v5, r_v6 = _height(waves, "V5", "r"), _height(waves, "V6", "r")
    if s_v1 is None or (r_v5 is None and r_v6 is None):
        return None
    return s_v1 + max(r_v5 or 0.0, r_v6 or 0.0)


def cornell_mv(waves: Mapping[str, LeadWaves]) -> float | None:
    """Return R in aVL plus S in V3; None where one of both is missing."""
    r_avl = _height(waves, "aVL", "r")
    s_v3 = _height(waves, "V3", "s") or _height(waves, "V3", "q")
    return None if r_avl is None or s_v3 is None else r_avl + s_v3


def _height(waves: Mapping[str, LeadWaves], lead: str, wave: str) -> float | None:
    value = getattr(waves.get(lead, LeadWaves()), wave)
    return None if value is None else abs(float(value))


def _voltage(waves: Mapping[str, LeadWaves], limits: Limits) -> list[str]:
    found = []
    sokolow, cornell = sokolow_lyon_mv(waves), cornell_mv(waves)
    if sokolow is not None and sokolow >= SOKOLOW_MV:
        found.append(f"voltage high: Sokolow-Lyon {sokolow:.1f} mV ({SOKOLOW_MV} or more, 1949)")
    if cornell is not None and cornell > limits.cornell_mv:
        who = "women" if limits.woman else "men"
        found.append(
            f"voltage high: Cornell {cornell:.1f} mV (above {limits.cornell_mv:.1f}, {who}, "
            f"{CORNELL_SOURCE})"
        )
    return found


def _st(waves: Mapping[str, LeadWaves], limits: Limits) -> list[str]:
    """Return ST elevation and depression at the J point in two neighbouring leads."""
    levels = {lead: one.st_j for lead, one in waves.items() if one.st_j is not None}
    high = [lead for lead, value in levels.items() if value >= limits.st_high_mv(lead)]
    low = [lead for lead, value in levels.items() if value <= ST_LOW_MV]
    found = []
    by_who = "0.1 mV, in V2 and V3 0.15 to 0.25 by age and sex,"
    for word, leads, words in (("elevated", high, by_who), ("depressed", low, "0.05 mV")):
        named = [
            lead
            for lead in leads
            if any(lead in pair and set(pair) <= set(leads) for pair in NEIGHBOURS)
        ]
        if named:
            most = max((levels[lead] for lead in named), key=abs)
            found.append(
                f"ST {word}: {' '.join(named)}, {most:+.2f} mV at J ({words} or more, {ST_SOURCE})"
            )
    return found
