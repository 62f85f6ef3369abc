"""Which columns of a text file are times or numbers of samples, and what its times count."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from itertools import pairwise

from ecgviewer.core.record.record_ref import ReadOptions, time_column_of
from ecgviewer.io.text.rows import RowShape

SECONDS = {"s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
           "ms": 1e-3, "msec": 1e-3, "msecs": 1e-3, "millisecond": 1e-3,
           "milliseconds": 1e-3, "us": 1e-6, "µs": 1e-6}  # fmt: skip
_TIME = re.compile(
    r"^(?:t|time|elapsed(?: time)?|zeit|temps|tiempo|tempo|timestamp|seconds?|secs?|"
    r"milliseconds?|msecs?)(?:[\s_]*(?:s|sec|secs|seconds|ms|msec))?$",
    re.IGNORECASE,
)
_INDEX = re.compile(r"^(?:|#|n|no|nr|i|idx|index|sample(?:[\s_]*(?:#|no|number|nr|index))?|row)$",
                    re.IGNORECASE)  # fmt: skip
_EVEN = 1e-6
"""Relative to the step; what is left of a decimal fraction in binary is far below."""


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """Columns that hold no samples.

    Attributes
    ----------
    times, index : int or None
        Columns, from 0.
    unit_s : float or None
        None where it is not said.
    step : float
        Between the first times, in the file's own unit; 0 where there are none.
    """

    times: int | None = None
    index: int | None = None
    unit_s: float | None = None
    step: float = 0.0


def time_columns(
    names: tuple[str, ...],
    units: tuple[str, ...],
    shape: RowShape,
    rows: list[list[str]],
    answers: ReadOptions,
) -> TimeColumns:
    """Find the columns of times and of sample numbers in the first rows."""
    found = _found(names, units, [shape.value(row[0]) for row in rows])
    if answers.time is not None:
        try:
            times, unit_s = time_column_of(answers.time)
        except ValueError:
            times, unit_s = None, None
        if times is not None and times >= len(names):
            times = None
        same = times == found.times
        found = replace(
            found,
            times=times,
            index=found.index if times != found.index else None,
            unit_s=unit_s or (found.unit_s if same else None),
        )
    if found.times is None:
        return found
    values = [shape.value(row[found.times]) for row in rows]
    known = [value for value in values if value is not None]
    step = (known[-1] - known[0]) / (len(known) - 1) if len(known) > 1 else 0.0
    return replace(found, step=step)


def _found(
    names: tuple[str, ...], units: tuple[str, ...], first: list[float | None]
) -> TimeColumns:
    for k, name in enumerate(names[: 2 if len(names) > 2 else 1]):
        if _TIME.match(name):
            word = re.split(r"[\s_]", name.lower())[-1]
            unit = SECONDS.get(units[k].lower()) or (SECONDS.get(word) if word != "t" else None)
            return TimeColumns(times=k, unit_s=unit)
    if len(names) < 2 or None in first:
        return TimeColumns()
    values = [value for value in first if value is not None]
    steps = [b - a for a, b in pairwise(values)]
    step = steps[0] if steps else 0.0
    if not step > 0 or not all(math.isclose(one, step, rel_tol=_EVEN, abs_tol=1e-9)
                               for one in steps):  # fmt: skip
        return TimeColumns()
    if step == 1.0 and values[0] in (0.0, 1.0) and _INDEX.match(names[0]):
        return TimeColumns(index=0)
    # No lead is a perfect ramp.
    return TimeColumns() if names[0] else TimeColumns(times=0)
