"""Rows of numbers in a text file: what separates them, and what they have in common."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise

from ecgviewer.core.record.record_ref import DECIMALS, DELIMITERS, ReadOptions

MIN_ROWS = 8
"""Fewer rows of numbers are no recording."""
MAX_COLUMNS = 512
GOOD = 0.9
"""Share of the rows looked at that must be numbers; reading the table names the others."""
_DELIMITERS = ("\t", ";", "|", ",", " ")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_COMMA_NUMBER = re.compile(r"[+-]?(?:\d+,\d+|\d+)(?:[eE][+-]?\d+)?")
_WHOLE = re.compile(r"[+-]?\d+")
_FIGURES = re.compile(r"\d+")
_PADDED = re.compile(r"0\d+")
_NOTHING = frozenset(("", "nan", "na", "n/a", "null", "none", "-"))


@dataclass(frozen=True, slots=True)
class RowShape:
    """What rows have in common.

    Attributes
    ----------
    delimiter : str
        ``" "`` stands for any blanks.
    decimal_comma : bool
    closed : bool
        Rows end with one more delimiter.
    n_columns : int
    paired : bool
        Commas are decimal marks and separate columns as well: every second one separates.
    doubtful : bool
        The commas may be either.
    """

    delimiter: str
    decimal_comma: bool
    closed: bool
    n_columns: int
    paired: bool = False
    doubtful: bool = False

    def fields(self, line: str) -> list[str]:
        """Return the fields of a line, without quotation marks."""
        delimiter = self.delimiter
        parts = line.split() if delimiter == " " else line.rstrip("\r\n").split(delimiter)
        parts = [part.strip().strip("\"'").strip() for part in parts]
        if self.closed and len(parts) > 1 and parts[-1] == "":
            parts.pop()
        if self.paired and len(parts) == 2 * self.n_columns:
            return [f"{a},{b}" for a, b in zip(parts[::2], parts[1::2], strict=True)]
        return parts

    def is_row(self, line: str) -> bool:
        """Return whether a line is a row of numbers of this shape."""
        parts = self.fields(line)
        pattern = _COMMA_NUMBER if self.decimal_comma else _NUMBER
        numbers = sum(pattern.fullmatch(part) is not None for part in parts)
        nothing = sum(is_nothing(part) for part in parts)
        return len(parts) == self.n_columns and numbers > 0 and numbers + nothing == len(parts)

    def value(self, text: str) -> float | None:
        """Return the number that a field says."""
        try:
            return float(text.replace(",", ".") if self.decimal_comma else text)
        except ValueError:
            return None


def is_nothing(value: str) -> bool:
    """Return whether a field says that there is no sample."""
    return value.lower() in _NOTHING


def shape_of(lines: list[str], answers: ReadOptions) -> RowShape | None:
    """Return what most of these lines are, where they are rows of numbers."""
    given = DELIMITERS.get(answers.delimiter or "")
    for delimiter in (given,) if given else _DELIMITERS:
        closed = delimiter != " " and all(line.rstrip().endswith(delimiter) for line in lines)
        shape = RowShape(delimiter, False, closed, 0)
        counts = Counter(len(shape.fields(line)) for line in lines)
        if not counts:
            return None
        n, _ = counts.most_common(1)[0]
        if n < 2 and delimiter != " ":
            continue
        for comma in (False, True):
            if answers.decimal in DECIMALS and comma != (answers.decimal == "comma"):
                if delimiter != ",":
                    continue
                comma = False
            shape = replace(shape, decimal_comma=comma, n_columns=n)
            good = sum(shape.is_row(line) for line in lines)
            if not (comma and delimiter == ",") and good >= GOOD * len(lines):
                return _with_commas(shape, lines, answers)
    return None


def paired_shape(shape: RowShape) -> RowShape:
    """Return the shape of rows in which every second comma separates."""
    return replace(
        shape, decimal_comma=True, paired=True, doubtful=False, n_columns=shape.n_columns // 2
    )


def _with_commas(shape: RowShape, lines: list[str], answers: ReadOptions) -> RowShape:
    """Say what the commas are where they may be decimal marks too."""
    if shape.delimiter != "," or shape.n_columns % 2 or answers.decimal == "point":
        return shape
    split = [shape.fields(line) for line in lines if shape.is_row(line)]
    for row in split:
        whole = all(_WHOLE.fullmatch(part) for part in row[::2])
        if not whole or not all(_FIGURES.fullmatch(part) for part in row[1::2]):
            return shape
    padded = any(_PADDED.fullmatch(part) for row in split for part in row[1::2])
    if answers.decimal == "comma" or padded:  # no whole number is written 05
        return paired_shape(shape)
    first = [float(row[0]) for row in split]
    counting = all(b - a == first[1] - first[0] > 0 for a, b in pairwise(first))
    return shape if counting else replace(shape, doubtful=True)
