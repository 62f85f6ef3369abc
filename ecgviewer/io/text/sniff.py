"""How a text file of numbers is laid out: encoding, delimiter, decimal mark, names, units, rate.

Only what stands there. What can be read in two ways is said, or asked for.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from ecgviewer.core.leads import canonical_lead
from ecgviewer.core.record.record_ref import ReadOptions
from ecgviewer.io.file_access import starts_with
from ecgviewer.io.statements.units import mv_per_unit
from ecgviewer.io.text.rows import (
    GOOD,
    MAX_COLUMNS,
    MIN_ROWS,
    RowShape,
    paired_shape,
    shape_of,
)
from ecgviewer.io.text.times import SECONDS, TimeColumns, time_columns

SNIFFED_BYTES = 65_536
_COMMENT = ("#", "%", "//", "!")
_UNIT = re.compile(r"[\s_]*[\(\[]\s*([^\s\)\]]{1,12})\s*[\)\]]\s*$")
_RATE = re.compile(
    r"(?:\bfs|samp(?:le|ling)[\s_]*(?:rate|frequency|freq)|sfreq|abtastrate|frequency)\b"
    r"[^\d\n]{0,20}?(\d+(?:[.,]\d+)?)\s*(k?)(?:hz|sps)?",
    re.IGNORECASE,
)
_SAID_LEAD = re.compile(r"\W*(?:lead|ableitung|channel|kanal)\b\W{1,3}(.{1,20})$", re.IGNORECASE)
_SAID_UNIT = re.compile(
    r"\b(?:units?|einheit|amplitude)\b\W{1,4}((?:[munµμ]|milli|micro|nano)?v(?:olts?)?)\b", re.I
)


@dataclass(frozen=True, slots=True)
class TextLayout:
    """The layout of a table of numbers.

    Attributes
    ----------
    encoding : str
    rows : RowShape
    first_row : int
        Lines before the first row of numbers.
    names : tuple of str
        One per column, without its unit; all empty where no line names them.
    units : tuple of str
        As the names or a line of units say.
    times : TimeColumns
    fs_hz : float or None
        As a line above the numbers says.
    comments : tuple of str
    """

    encoding: str
    rows: RowShape
    first_row: int
    names: tuple[str, ...]
    units: tuple[str, ...]
    times: TimeColumns
    fs_hz: float | None = None
    comments: tuple[str, ...] = field(default=())

    @property
    def signals(self) -> tuple[int, ...]:
        """The columns that hold samples."""
        others = (self.times.times, self.times.index)
        return tuple(k for k in range(len(self.names)) if k not in others)

    @property
    def signature(self) -> str:
        """What files of the same layout share; holds no text of the file."""
        parts = [self.rows.delimiter, str(self.rows.decimal_comma), *self.names, *self.units]
        return "text:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()


def sniff(head: bytes, whole: bool, answers: ReadOptions | None = None) -> TextLayout | None:
    """Return the layout of a text with these first bytes; None where it is no table of numbers.

    Parameters
    ----------
    whole : bool
        ``head`` is all of the file: its last line is complete.
    answers : ReadOptions, optional
        What separates the columns, the decimal mark, the column of times.
    """
    answers = answers or ReadOptions()
    encoding = _encoding(head)
    if encoding is None:
        return None
    text = head.decode(encoding, "ignore").removeprefix("\ufeff")
    lines = text.splitlines()
    if not whole and lines:
        lines.pop()
    filled = [line for line in lines[-200:] if line.strip() and not _is_comment(line)]
    shape = shape_of(filled[len(filled) // 2 :][-50:], answers)
    if shape is None:
        return None
    first = next((k for k, line in enumerate(lines) if shape.is_row(line)), len(lines))
    rows = [line for line in lines[first:] if line.strip()]
    good = [line for line in rows if shape.is_row(line)]
    if len(good) < MIN_ROWS or shape.n_columns > MAX_COLUMNS or len(good) < GOOD * len(rows):
        return None
    names, units, comments = _head_of(lines[:first], shape)
    if shape.doubtful:
        halved = paired_shape(shape)
        half = _head_of(lines[:first], halved)
        if any(half[0][1:]) or canonical_lead(half[0][0]):
            shape, (names, units, comments) = halved, half
        elif any(names):
            shape = replace(shape, doubtful=False)
    split = [shape.fields(line) for line in good[:50]]
    times = time_columns(names, units, shape, split, answers)
    return TextLayout(
        encoding, shape, first, names, units, times, fs_hz=_said_rate(comments), comments=comments
    )


def layout_of(path: Path, answers: ReadOptions | None = None) -> TextLayout | None:
    """Return the layout of a text file; None where it is no table of numbers."""
    head = starts_with(path, SNIFFED_BYTES)
    return sniff(head, len(head) < SNIFFED_BYTES, answers)


def is_listed(head: bytes, whole: bool) -> bool:
    """Return whether a file with these first bytes is a table that is listed in a folder."""
    layout = sniff(head, whole)
    return layout is not None and looks_like_ecg(layout)


def looks_like_ecg(layout: TextLayout) -> bool:
    """Return whether a table names so many standard leads that it is listed in a folder."""
    named = [layout.names[k] for k in layout.signals]
    standard = sum(canonical_lead(name) is not None for name in named)
    return standard >= 3 and len(named) - standard <= 3


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


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(_COMMENT)


def _head_of(
    lines: list[str], shape: RowShape
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return names, units and the other lines above the numbers."""
    rest = [line.strip() for line in lines if line.strip()]
    n_columns = shape.n_columns
    names, units = [""] * n_columns, [""] * n_columns
    flat = replace(shape, paired=False)
    split = [flat.fields(line.lstrip("#%! ")) for line in rest]
    if split and len(split[-1]) == n_columns and _are_units(split[-1]):
        units = split.pop()
        rest.pop()
    told = n_columns == 1 and split and any(mark in rest[-1] for mark in ",;:=")
    if split and len(split[-1]) == n_columns and any(split[-1]) and not told:
        names = split.pop()
        rest.pop()
    for k, name in enumerate(names):
        found = _UNIT.search(name)
        if found is not None and (mv_per_unit(found[1]) or found[1].lower() in SECONDS):
            units[k], names[k] = found[1], name[: found.start()].strip()
    if n_columns == 1 and not names[0]:
        names[0] = _said_lead(rest)
    return tuple(names), tuple(units), tuple(rest[:50])


def _are_units(parts: list[str]) -> bool:
    known = [mv_per_unit(part) is not None or part.lower() in SECONDS for part in parts]
    return sum(known) >= max(1, len(parts) - 1)


def _said_lead(lines: list[str]) -> str:
    """Return the lead that a line above a single column gives."""
    told = (found[1] for line in lines if (found := _SAID_LEAD.match(line)))
    return next((name for name in told if canonical_lead(name)), "")


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
