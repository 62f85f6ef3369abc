"""Which part of a recording is measured for a part that is in view."""

from __future__ import annotations

LEAST_S = 10.0
"""A shorter range is widened: fewer beats measure nothing well."""
LONGEST_S = 60.0


def measured_span(start_s: float, stop_s: float, duration_s: float) -> tuple[float, float]:
    """Return the range around the same middle, 10 to 60 s long where the recording allows."""
    length = min(max(stop_s - start_s, LEAST_S), LONGEST_S, duration_s)
    first = min(max((start_s + stop_s - length) / 2, 0.0), duration_s - length)
    return first, first + length
