"""Lengths and moments in words, the same wherever they are shown."""

from __future__ import annotations

from ecgviewer.core.record.start import Start
from ecgviewer.core.record.start import clock_text as time_of_day

LONG_S = 120.0
"""Moments of a longer recording are told in hours and minutes."""


def duration_text(seconds: float) -> str:
    """Return ``8.2 s``, ``2 min 3 s`` or ``24 h 0 min``."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def span_text(start_s: float, stop_s: float, long: bool, clock: Start | None = None) -> str:
    """Return when something begins and ends: ``3.42-4.00 s``, or ``1:02:03.4-1:02:05.0``.

    With a start whose time of day is known, by the clock on the wall: ``09:05:10.4-09:05:11.0``.
    """
    if clock is not None and clock.clock is not None:
        times = (time_of_day(clock, at_s, decimals=1) for at_s in (start_s, stop_s))
        return "-".join(times)
    return f"{clock_text(start_s, long)}-{clock_text(stop_s, long)}{'' if long else ' s'}"


def clock_text(seconds: float, long: bool) -> str:
    """Return a moment from the start: ``3.42`` s, or ``1:02:03.4`` in a long record."""
    if not long:
        return f"{seconds:.2f}"
    minutes, rest = divmod(max(seconds, 0.0), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"
