"""What measurements are called, with the limit they passed and who published it.

The limits are those of adults; below 18 years only rate, regularity and pauses are put in words.
Where the file gives neither sex nor age, the more lenient limit holds.
"""

from __future__ import annotations

from collections.abc import Mapping

from ecgviewer.signal.measures.intervals import Intervals
from ecgviewer.signal.measures.rate import PAUSE_S
from ecgviewer.signal.measures.waves import LeadWaves

ADULT_Y = 18.0
CONDUCTION = "AHA/ACCF/HRS 2009 (Surawicz)"
QT_SOURCE = "AHA/ACCF/HRS 2009 (Rautaharju)"
ST_SOURCE = "Universal Definition of MI 2018"
SOKOLOW_MV = 3.5
NEIGHBOURS = (
    ("II", "III"), ("III", "aVF"), ("II", "aVF"), ("I", "aVL"), ("V1", "V2"), ("V2", "V3"),
    ("V3", "V4"), ("V4", "V5"), ("V5", "V6"),
)  # fmt: skip
"""Leads that look at neighbouring parts of the heart."""


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
    if age_years is not None and age_years < ADULT_Y:
        return tuple(found)
    man, woman = (sex.strip().upper().startswith(letter) for letter in ("M", "F"))
    found += _conduction(intervals, woman=woman, man=man)
    if in_mv:
        if not intervals.pacing.ventricular:
            found += _voltage(intervals.waves, woman)
        if (intervals.qrs_s.value or 0.0) < 0.1195:  # a wide QRS bends ST by itself
            found += _st(intervals.waves, man, woman, age_years)
    return tuple(found)


def _rhythm(intervals: Intervals) -> list[str]:
    rate, found = intervals.rate, []
    if rate.bpm is not None and round(rate.bpm) > 100:
        found.append(f"rate fast: {rate.bpm:.0f} bpm (above 100)")
    if rate.bpm is not None and round(rate.bpm) < 60:
        found.append(f"rate slow: {rate.bpm:.0f} bpm (below 60)")
    if rate.irregular and rate.rr_mean_s and rate.rr_sd_s is not None:
        found.append(f"irregular: RR varies by {rate.rr_sd_s / rate.rr_mean_s:.0%} of its mean")
    if rate.has_pause:
        found.append(f"pause: {rate.rr_longest_s:.1f} s ({PAUSE_S:.0f} s or more)")
    if intervals.pacing.words():
        found.append(intervals.pacing.words())
    return found


def _conduction(intervals: Intervals, *, woman: bool, man: bool) -> list[str]:
    found = []
    pr, qrs, qtc = (
        None if one.value is None else round(one.value * 1000)
        for one in (intervals.pr_s, intervals.qrs_s, intervals.qtc_bazett_s)
    )
    if pr is not None and pr > 200:
        found.append(f"PR long: {pr} ms (above 200, {CONDUCTION})")
    if pr is not None and pr < 120:
        found.append(f"PR short: {pr} ms (below 120, {CONDUCTION})")
    if qrs is not None and qrs >= 120:
        found.append(f"QRS wide: {qrs} ms (120 or more, {CONDUCTION})")
    longest = 450 if man else 460
    if qtc is not None and qtc >= longest and (qrs or 0) < 120:
        who = "men" if man else "women" if woman else "sex unknown"
        found.append(f"QTc long: {qtc} ms, Bazett ({longest} or more, {who}, {QT_SOURCE})")
    axis = intervals.axes.qrs_deg
    if axis is not None and not intervals.pacing.ventricular:
        if -90 <= axis < -30:
            found.append(f"axis left: {axis:.0f} deg (beyond -30, {CONDUCTION})")
        elif axis > 90 or axis < -90:
            found.append(f"axis right: {axis:.0f} deg (beyond 90, {CONDUCTION})")
    return found


def _voltage(waves: Mapping[str, LeadWaves], woman: bool) -> list[str]:
    def height(lead: str, wave: str) -> float | None:
        value = getattr(waves.get(lead, LeadWaves()), wave)
        return None if value is None else abs(float(value))

    found = []
    s_v1, r_v5, r_v6 = height("V1", "s") or height("V1", "q"), height("V5", "r"), height("V6", "r")
    if s_v1 is not None and (r_v5 is not None or r_v6 is not None):
        total = s_v1 + max(r_v5 or 0.0, r_v6 or 0.0)
        if total >= SOKOLOW_MV:
            found.append(f"voltage high: Sokolow-Lyon {total:.1f} mV (3.5 or more, 1949)")
    r_avl, s_v3 = height("aVL", "r"), height("V3", "s") or height("V3", "q")
    if r_avl is not None and s_v3 is not None:
        limit = 2.0 if woman else 2.8
        if r_avl + s_v3 > limit:
            who = "women" if woman else "men"
            total = r_avl + s_v3
            found.append(
                f"voltage high: Cornell {total:.1f} mV (above {limit:.1f}, {who}, Casale 1985)"
            )
    return found


def _st(
    waves: Mapping[str, LeadWaves], man: bool, woman: bool, age_years: float | None
) -> list[str]:
    """Return ST elevation and depression at the J point in two neighbouring leads."""

    def limit(lead: str) -> float:
        if lead not in ("V2", "V3"):
            return 0.1
        if woman:
            return 0.15
        return 0.2 if man and age_years is not None and age_years >= 40 else 0.25

    levels = {lead: one.st_j for lead, one in waves.items() if one.st_j is not None}
    high = [lead for lead, value in levels.items() if value >= limit(lead)]
    low = [lead for lead, value in levels.items() if value <= -0.05]
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
