"""When a recording began, as far as its file says, and clock time from there on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Start:
    """The moment of a recording's first sample; what is not known is None.

    Attributes
    ----------
    year, month, day : int or None
        A month comes with its year, a day with its month.
    clock : time or None
        Time of day, as the clock on the wall showed it.
    utc_offset_min : int or None
        Minutes that this clock is ahead of universal time.
    not_understood : str
        What the file says of its start beyond this, in its own spelling.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    clock: time | None = None
    utc_offset_min: int | None = None
    not_understood: str = ""

    @classmethod
    def of(cls, moment: datetime | None) -> Start:
        """Return the start at a moment that is known whole; None is an unknown one."""
        if moment is None:
            return cls()
        offset = moment.utcoffset()
        minutes = None if offset is None else round(offset.total_seconds() / 60)
        return cls(moment.year, moment.month, moment.day, moment.time(), minutes)

    @property
    def date(self) -> date | None:
        """The day, where it is known whole."""
        if self.year is None or self.month is None or self.day is None:
            return None
        return date(self.year, self.month, self.day)

    @property
    def moment(self) -> datetime | None:
        """Date and time of day together, where both are known; aware where the zone is."""
        day = self.date
        if day is None or self.clock is None:
            return None
        zone = None
        if self.utc_offset_min is not None:
            zone = timezone(timedelta(minutes=self.utc_offset_min))
        return datetime.combine(day, self.clock, zone)

    @property
    def date_text(self) -> str:
        """``2020-02-01``, ``2020-02`` or ``2020``; empty where not even the year is known."""
        parts = [f"{self.year:04d}" if self.year is not None else ""]
        parts += [f"{part:02d}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)

    @property
    def text(self) -> str:
        """All that is known, to be shown: ``2020-02-01 09:05:07``, ``23:59:55 (no date)``."""
        clock = ""
        if self.clock is not None:
            clock = self.clock.strftime("%H:%M:%S") + _zone_text(self.utc_offset_min, " UTC")
        parts = [part for part in (self.date_text, clock) if part]
        if self.clock is not None and self.year is None:
            parts.append("(no date)")
        return " ".join(parts)

    def later(self, seconds: float) -> Start:
        """Return the start of what begins so many seconds later."""
        if self.clock is None or seconds == 0:
            return self
        known = self.date
        moment = datetime.combine(known or date(2000, 1, 1), self.clock)
        try:
            moment += timedelta(seconds=seconds)
        except OverflowError:
            return self
        if known is None:
            return replace(self, clock=moment.time())
        return replace(
            self, year=moment.year, month=moment.month, day=moment.day, clock=moment.time()
        )

    def stamp(self, at_s: float) -> str:
        """Return the moment ``at_s`` seconds after the start, for a table: to the millisecond.

        ISO 8601 where the date is known; else the time of day, with ``+1 d`` after midnight.
        Empty where the time of day is not known.
        """
        moment = self.moment
        if moment is not None:
            try:
                return (moment + timedelta(seconds=at_s)).isoformat(timespec="milliseconds")
            except OverflowError:
                return ""
        return clock_text(self, at_s, decimals=3)


def clock_text(start: Start, at_s: float, decimals: int = 0) -> str:
    """Return what the clock on the wall shows ``at_s`` seconds after the start.

    Parameters
    ----------
    decimals : int
        Of the second; what lies beyond is rounded to the nearest.

    Returns
    -------
    str
        ``23:59:55``, and ``00:00:03 +1 d`` on the next day; empty where the time of day is not
        known.
    """
    if start.clock is None or not math.isfinite(at_s):
        return ""
    units = 10**decimals
    ticks = round((_seconds(start.clock) + at_s) * units)
    days, rest = divmod(ticks, DAY_S * units)
    seconds, fraction = divmod(rest, units)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if decimals:
        text += f".{fraction:0{decimals}d}"
    return f"{text} {days:+d} d" if days else text


def clock_offset_s(start: Start) -> float:
    """Return the seconds from midnight to the first sample; 0 where the time is not known."""
    return 0.0 if start.clock is None else _seconds(start.clock)


def start_to_json(start: Start) -> dict[str, Any]:
    """Return what :func:`start_from_json` reads."""
    clock = None if start.clock is None else start.clock.isoformat()
    return asdict(start) | {"clock": clock}


def start_from_json(raw: Mapping[str, Any]) -> Start:
    """Return the start in parsed JSON, as :func:`start_to_json` wrote it."""
    clock = raw["clock"]
    return Start(**{**raw, "clock": None if clock is None else time.fromisoformat(clock)})


def _seconds(clock: time) -> float:
    return clock.hour * 3600 + clock.minute * 60 + clock.second + clock.microsecond / 1e6


def _zone_text(minutes: int | None, prefix: str) -> str:
    if minutes is None:
        return ""
    if minutes == 0:
        return prefix
    sign = "-" if minutes < 0 else "+"
    return f"{prefix}{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
