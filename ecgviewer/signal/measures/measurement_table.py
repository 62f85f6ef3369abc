"""All measurements of a range as rows: value, normal limit, who published it, what deviates.

The limits are those of :mod:`~ecgviewer.signal.measures.limits`, and for single waves those of P in
lead II and of T in the leads where adults have it upright. QT dispersion is not among them.
"""

from __future__ import annotations

from ecgviewer.core.leads import STANDARD_LEADS, is_ecg_channel
from ecgviewer.signal.measures import limits as published
from ecgviewer.signal.measures.intervals import Intervals, Measure
from ecgviewer.signal.measures.measurement_row import HIGH, LOW, WAVES, Row
from ecgviewer.signal.measures.waves import LeadWaves

QT_DISPERSION = (
    "QT dispersion is not given: it is discredited and not recommended for reports "
    f"({published.QT_SOURCE})."
)
P_II_MV = 0.25
T_UPRIGHT = ("I", "II", "V3", "V4", "V5", "V6")
T_INVERTED_MV = -0.1


def measurement_rows(
    intervals: Intervals,
    sex: str = "",
    age_years: float | None = None,
    unit: str = "mV",
    leads: tuple[str, ...] = STANDARD_LEADS,
) -> tuple[Row, ...]:
    """Return the measurements of the whole beat, then those of each lead.

    Parameters
    ----------
    sex : str
        What begins with M or F is understood.
    age_years : float or None
        Below 18 years there are no limits but those of the rate.
    unit : str
        Of the amplitudes; without mV they have no limits.
    leads : tuple of str
        Whose waves to give, in this order; those not measured are left out.
    """
    limits = published.limits_for(sex, age_years)
    in_mv = unit == "mV"
    rows = [*_rate_rows(intervals), *_interval_rows(intervals, limits)]
    rows += _axis_rows(intervals, limits)
    rows += _voltage_rows(intervals, limits if in_mv else None, unit)
    paced_or_wide = intervals.pacing.ventricular or (intervals.qrs_s.value or 0.0) >= 0.1195
    for lead in leads:
        if lead in intervals.waves and is_ecg_channel(lead):
            own = None if not in_mv or paced_or_wide else limits
            rows += _lead_rows(lead, intervals.waves[lead], own, unit)
    return tuple(rows)


def _rate_rows(intervals: Intervals) -> list[Row]:
    rate, (slow, fast) = intervals.rate, published.RATE_BPM
    bpm = None if rate.bpm is None else round(rate.bpm)
    deviates = "" if bpm is None else HIGH if bpm > fast else LOW if bpm < slow else ""
    return [
        Row(
            "Rate", "", rate.bpm, None, "bpm", f"{slow}–{fast}", "", deviates,
            intervals.rr_s.reason,
        ),
        _in_ms("RR", intervals.rr_s),
    ]  # fmt: skip


def _in_ms(
    name: str, measure: Measure, low: int | None = None, high: int | None = None,
    including: bool = False, normal: str = "", source: str = "", who: str = "",
) -> Row:  # fmt: skip
    """Return an interval; ``including``: ``high`` itself is too high."""
    value = None if measure.value is None else measure.value * 1000
    error = None if measure.uncertainty is None else measure.uncertainty * 1000
    deviates = ""
    if value is not None:
        ms = round(value)
        if high is not None and (ms > high or (including and ms == high)):
            deviates = HIGH
        elif low is not None and ms < low:
            deviates = LOW
    return Row(name, "", value, error, "ms", normal, source, deviates, measure.reason, who)


def _interval_rows(intervals: Intervals, limits: published.Limits | None) -> list[Row]:
    corrected = (
        ("QTc Bazett", intervals.qtc_bazett_s), ("QTc Fridericia", intervals.qtc_fridericia_s),
    )  # fmt: skip
    if limits is None:
        plain = (("PR", intervals.pr_s), ("QRS", intervals.qrs_s), ("QT", intervals.qt_s))
        return [_in_ms(name, one) for name, one in (*plain, *corrected)]
    low, high = published.PR_MS
    rows = [
        _in_ms("PR", intervals.pr_s, low, high, normal=f"{low}–{high}",
               source=published.CONDUCTION),
        _in_ms("QRS", intervals.qrs_s, high=published.QRS_MS, including=True,
               normal=f"< {published.QRS_MS}", source=published.CONDUCTION),
        _in_ms("QT", intervals.qt_s),
    ]  # fmt: skip
    if round((intervals.qrs_s.value or 0.0) * 1000) >= published.QRS_MS:
        return rows + [_in_ms(name, one) for name, one in corrected]  # the limit is for narrow QRS
    return rows + [
        _in_ms(name, one, high=limits.qtc_ms, including=True, normal=f"< {limits.qtc_ms}",
               source=published.QT_SOURCE, who=limits.who)
        for name, one in corrected
    ]  # fmt: skip


def _axis_rows(intervals: Intervals, limits: published.Limits | None) -> list[Row]:
    axes, (left, right) = intervals.axes, published.AXIS_DEG
    deviates = normal = source = ""
    if limits is not None and not intervals.pacing.ventricular:
        normal, source = f"{left} to {right}", published.CONDUCTION
        if axes.qrs_deg is not None:
            is_left = -90 <= axes.qrs_deg < left
            deviates = LOW if is_left else HIGH if not left <= axes.qrs_deg <= right else ""
    none = "no direction"
    return [
        Row("Axis P", "", axes.p_deg, None, "°", reason="" if axes.p_deg is not None else none),
        Row(
            "Axis QRS", "", axes.qrs_deg, None, "°", normal, source, deviates,
            "" if axes.qrs_deg is not None else none,
        ),
        Row("Axis T", "", axes.t_deg, None, "°", reason="" if axes.t_deg is not None else none),
    ]  # fmt: skip


def _voltage_rows(intervals: Intervals, limits: published.Limits | None, unit: str) -> list[Row]:
    sokolow = published.sokolow_lyon_mv(intervals.waves)
    cornell = published.cornell_mv(intervals.waves)
    if intervals.pacing.ventricular:
        limits = None
    missing = "a lead or wave is missing"
    high_s = limits is not None and sokolow is not None and sokolow >= published.SOKOLOW_MV
    high_c = limits is not None and cornell is not None and cornell > limits.cornell_mv
    who = "" if limits is None else "women" if limits.woman else "men"
    return [
        Row(
            "Sokolow-Lyon", "", sokolow, None, unit,
            f"< {published.SOKOLOW_MV}" if limits is not None else "",
            published.SOKOLOW_SOURCE if limits is not None else "", HIGH if high_s else "",
            "" if sokolow is not None else missing,
        ),
        Row(
            "Cornell", "", cornell, None, unit,
            f"≤ {limits.cornell_mv}" if limits is not None else "",
            published.CORNELL_SOURCE if limits is not None else "", HIGH if high_c else "",
            "" if cornell is not None else missing, who,
        ),
    ]  # fmt: skip


def _lead_rows(
    lead: str, waves: LeadWaves, limits: published.Limits | None, unit: str
) -> list[Row]:
    rows = []
    for wave, name in WAVES.items():
        value = getattr(waves, wave)
        low, high, source = _wave_limits(lead, wave, limits)
        normal = " and ".join(
            part
            for part in (
                f"> {low:g}" if low is not None else "",
                f"< {high:g}" if high is not None and wave != "p" else "",
                f"≤ {high:g}" if high is not None and wave == "p" else "",
            )
            if part
        )
        deviates = ""
        if value is not None:
            above = high is not None and (value > high or (value == high and wave != "p"))
            deviates = HIGH if above else LOW if low is not None and value <= low else ""
        rows.append(Row(name, lead, value, None, unit, normal, source, deviates))
    return rows


def _wave_limits(
    lead: str, wave: str, limits: published.Limits | None
) -> tuple[float | None, float | None, str]:
    """Return the lower and upper limit of a wave in mV, and their source."""
    if limits is None:
        return None, None, ""
    if wave == "st_j" and lead != "aVR":  # it looks from inside and has no limits of its own
        return published.ST_LOW_MV, limits.st_high_mv(lead), published.ST_SOURCE
    if wave == "p" and lead == "II":
        return None, P_II_MV, published.WAVE_SOURCE
    if wave == "t" and lead in T_UPRIGHT:
        return T_INVERTED_MV, None, published.QT_SOURCE
    return None, None, ""
