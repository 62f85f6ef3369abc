"""How a text file of numbers is laid out: encoding, delimiter, decimal mark, names, units, rate.

Only what stands there. What can be read in two ways is said, or asked for.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from ecgviewer.core.leads import canonical_lead
from ecgviewer.io.file_access import starts_with
from ecgviewer.io.units import mv_per_unit

SNIFFED_BYTES = 65_536
MIN_ROWS = 8
"""Fewer rows of numbers are no recording."""
MAX_COLUMNS = 512
GOOD = 0.9
"""Share of the rows looked at that must be numbers; reading the table names the others."""
_DELIMITERS = ("\t", ";", "|", ",", " ")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_COMMA_NUMBER = re.compile(r"[+-]?(?:\d+,\d+|\d+)(?:[eE][+-]?\d+)?")
_NOTHING = frozenset(("", "nan", "na", "n/a", "null", "none", "-"))
_COMMENT = ("#", "%", "//", "!")
_UNIT = re.compile(r"[\s_]*[\(\[]\s*([^\s\)\]]{1,12})\s*[\)\]]\s*$")
_TIME = re.compile(
    r"^(?:t|time|elapsed(?: time)?|zeit|temps|tiempo|tempo|timestamp|seconds?|secs?|"
    r"milliseconds?|msecs?)(?:[\s_]*(?:s|sec|secs|seconds|ms|msec))?$",
    re.IGNORECASE,
)
_INDEX = re.compile(r"^(?:|#|n|no|nr|i|idx|index|sample(?:[\s_]*(?:#|no|number|nr|index))?|row)$",
                    re.IGNORECASE)  # fmt: skip
_SECONDS = {"s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
            "ms": 1e-3, "msec": 1e-3, "msecs": 1e-3, "millisecond": 1e-3,
            "milliseconds": 1e-3, "us": 1e-6, "µs": 1e-6}  # fmt: skip
_RATE = re.compile(
    r"(?:\bfs|samp(?:le|ling)[\s_]*(?:rate|frequency|freq)|sfreq|abtastrate|frequency)\b"
    r"[^\d\n]{0,20}?(\d+(?:[.,]\d+)?)\s*(k?)(?:hz|sps)?",
    re.IGNORECASE,
)
_SAID_UNIT = re.compile(
    r"\b(?:units?|einheit|amplitude)\b\W{1,4}((?:[munµμ]|milli|micro|nano)?v(?:olts?)?)\b", re.I
)


@dataclass(frozen=True, slots=True)
class TextLayout:
    """The layout of a table of numbers.

    Attributes
    ----------
    encoding : str
    delimiter : str
        ``" "`` stands for any blanks.
    decimal_comma : bool
    first_row : int
        Lines before the first row of numbers.
    names : tuple of str
        One per column, without its unit; all empty where no line names them.
    units : tuple of str
        As the names or a line of units say.
    time_column, index_column : int or None
    time_unit : float or None
        Seconds; None where it is not said.
    closed : bool
        Rows end with one more delimiter.
    fs_hz : float or None
        As a line above the numbers says.
    comments : tuple of str
    """

    encoding: str
    delimiter: str
    decimal_comma: bool
    first_row: int
    names: tuple[str, ...]
    units: tuple[str, ...]
    time_column: int | None = None
    time_unit: float | None = None
    index_column: int | None = None
    closed: bool = False
    fs_hz: float | None = None
    comments: tuple[str, ...] = field(default=())

    @property
    def signals(self) -> tuple[int, ...]:
        """The columns that hold samples."""
        others = (self.time_column, self.index_column)
        return tuple(k for k in range(len(self.names)) if k not in others)

    @property
    def signature(self) -> str:
        """What files of the same layout share; holds no text of the file."""
        parts = [self.delimiter, str(self.decimal_comma), *self.names, *self.units]
        return "text:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()


def sniff(head: bytes, whole: bool) -> TextLayout | None:
    """Return the layout of a text with these first bytes; None where it is no table of numbers.

    Parameters
    ----------
    whole : bool
        ``head`` is all of the file: its last line is complete.
    """
    encoding = _encoding(head)
    if encoding is None:
        return None
    text = head.decode(encoding, "ignore").removeprefix("\ufeff")
    lines = text.splitlines()
    if not whole and lines:
        lines.pop()
    filled = [line for line in lines[-200:] if line.strip() and not _is_comment(line)]
    shape = _shape_of(filled[len(filled) // 2 :][-50:])
    if shape is None:
        return None
    first = next((k for k, line in enumerate(lines) if _is_row(line, shape)), len(lines))
    rows = [line for line in lines[first:] if line.strip()]
    good = [line for line in rows if _is_row(line, shape)]
    if len(good) < MIN_ROWS or shape.n_columns > MAX_COLUMNS or len(good) < GOOD * len(rows):
        return None
    delimiter, decimal_comma, closed = shape.delimiter, shape.decimal_comma, shape.closed
    names, units, comments = _head_of(lines[:first], shape)
    return _with_times(
        TextLayout(
            encoding, delimiter, decimal_comma, first, names, units, closed=closed,
            fs_hz=_said_rate(comments), comments=comments,
        ),
        [fields_of(line, delimiter, closed) for line in good[:50]],
        decimal_comma,
    )  # fmt: skip


def layout_of(path: Path) -> TextLayout | None:
    """Return the layout of a text file; None where it is no table of numbers."""
    head = starts_with(path, SNIFFED_BYTES)
    return sniff(head, len(head) < SNIFFED_BYTES)


def is_listed(head: bytes, whole: bool) -> bool:
    """Return whether a file with these first bytes is a table that is listed in a folder."""
    layout = sniff(head, whole)
    return layout is not None and looks_like_ecg(layout)


def looks_like_ecg(layout: TextLayout) -> bool:
    """Return whether a table names so many standard leads that it is listed in a folder."""
    named = [layout.names[k] for k in layout.signals]
    standard = sum(canonical_lead(name) is not None for name in named)
    return standard >= 3 and len(named) - standard <= 3


def fields_of(line: str, delimiter: str, closed: bool = False) -> list[str]:
    """Return the fields of a line, without quotation marks; ``closed`` by one more delimiter."""
    parts = line.split() if delimiter == " " else line.rstrip("\r\n").split(delimiter)
    parts = [part.strip().strip("\"'").strip() for part in parts]
    if closed and len(parts) > 1 and parts[-1] == "":
        parts.pop()
    return parts


def is_nothing(value: str) -> bool:
    """Return whether a field says that there is no sample."""
    return value.lower() in _NOTHING


def _encoding(head: bytes) -> str | None:
    """Return the encoding; None for what is no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if not head or b"\0" in head[:4096] or head[:1] in (b"{", b"[", b"<"):
        return None
    try:
        head[:-4].decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return "latin-1"


@dataclass(frozen=True, slots=True)
class _Shape:
    """What rows have in common."""

    delimiter: str
    decimal_comma: bool
    closed: bool
    n_columns: int


def _shape_of(lines: list[str]) -> _Shape | None:
    """Return what most of these lines are, where they are rows of numbers."""
    for delimiter in _DELIMITERS:
        closed = delimiter != " " and all(line.rstrip().endswith(delimiter) for line in lines)
        counts = Counter(len(fields_of(line, delimiter, closed)) for line in lines)
        if not counts:
            return None
        n, _ = counts.most_common(1)[0]
        if n < 2 and delimiter != " ":
            continue
        for comma in (False, True):
            shape = _Shape(delimiter, comma, closed, n)
            good = sum(_is_row(line, shape) for line in lines)
            if not (comma and delimiter == ",") and good >= GOOD * len(lines):
                return shape
    return None


def _is_row(line: str, shape: _Shape) -> bool:
    parts = fields_of(line, shape.delimiter, shape.closed)
    pattern = _COMMA_NUMBER if shape.decimal_comma else _NUMBER
    numbers = sum(pattern.fullmatch(part) is not None for part in parts)
    nothing = sum(is_nothing(part) for part in parts)
    return len(parts) == shape.n_columns and numbers > 0 and numbers + nothing == len(parts)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(_COMMENT)


def _head_of(
    lines: list[str], shape: _Shape
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return names, units and the other lines above the numbers."""
    rest = [line.strip() for line in lines if line.strip()]
    n_columns = shape.n_columns
    names, units = [""] * n_columns, [""] * n_columns
    split = [fields_of(line.lstrip("#%! "), shape.delimiter, shape.closed) for line in rest]
    if split and len(split[-1]) == n_columns and _are_units(split[-1]):
        units = split.pop()
        rest.pop()
    if split and len(split[-1]) == n_columns and any(split[-1]):
        names = split.pop()
        rest.pop()
    for k, name in enumerate(names):
        found = _UNIT.search(name)
        if found is not None and (mv_per_unit(found[1]) or found[1].lower() in _SECONDS):
            units[k], names[k] = found[1], name[: found.start()].strip()
    return tuple(names), tuple(units), tuple(rest[:50])


def _are_units(parts: list[str]) -> bool:
    known = [mv_per_unit(part) is not None or part.lower() in _SECONDS for part in parts]
    return sum(known) >= max(1, len(parts) - 1)


def _said_rate(comments: tuple[str, ...]) -> float | None:
    for line in comments:
        found = _RATE.search(line)
        if found is not None:
            value = float(found[1].replace(",", "."))
            return value * 1000 if found[2] else value
    return None


def said_unit(comments: tuple[str, ...]) -> str:
    """Return the unit that a line above the numbers gives for all of them."""
    for line in comments:
        found = _SAID_UNIT.search(line)
        if found is not None:
            return found[1]
    return ""


def _with_times(layout: TextLayout, rows: list[list[str]], comma: bool) -> TextLayout:
    """Find the columns of time and of sample numbers."""
    first = [_value(row[0], comma) for row in rows]
    for k, name in enumerate(layout.names[: 2 if len(layout.names) > 2 else 1]):
        if _TIME.match(name):
            word = re.split(r"[\s_]", name.lower())[-1]
            unit = _SECONDS.get(layout.units[k].lower()) or (
                _SECONDS.get(word) if word != "t" else None
            )
            layout = replace(layout, time_column=k, time_unit=unit)
            break
    steps = {round(b - a, 9) for a, b in pairwise(first) if a is not None and b is not None}
    if layout.time_column is None and not layout.names[0] and len(layout.names) > 1:
        even = len(steps) == 1 and 0 < next(iter(steps)) < 1 and None not in first
        if even:  # no lead is a perfect ramp
            layout = replace(layout, time_column=0)
    counting = steps == {1.0} and first[0] in (0.0, 1.0)
    if (
        len(layout.names) > 1
        and layout.time_column != 0
        and counting
        and _INDEX.match(layout.names[0])
    ):
        layout = replace(layout, index_column=0)
    return layout


def _value(text: str, comma: bool) -> float | None:
    try:
        return float(text.replace(",", ".") if comma else text)
    except ValueError:
        return None
