"""CSV label tables, read with errors that name the file and the column.

A table is untrusted like any file: it is read row by row, its size is bounded, and it may name
only records in its own folder or below.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from ecgviewer.core.errors import RecordError
from ecgviewer.io.fileaccess import FileStamp, beside, is_regular
from trainer.data import DataError

MAX_TABLE_BYTES = 512 << 20
MAX_ROWS = 1_000_000
"""MIMIC-IV-ECG has 800,000."""
MAX_COLUMNS = 1000
MAX_LINE_CHARS = 1 << 20

csv.field_size_limit(MAX_LINE_CHARS)

_TRUTHS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
_EMPTY = ("", "nan", "na")
"""What programs write into a cell without a value."""


def read_table(path: Path, needed: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file as dictionaries.

    Parameters
    ----------
    needed : sequence of str
        Columns without which the table is of no use.

    Raises
    ------
    DataError
        When the file cannot be read as UTF-8 CSV, lacks a column, or is larger than any table.
    """
    reader: csv.DictReader[str] | None = None
    try:
        if FileStamp.of(path).size > MAX_TABLE_BYTES:
            raise DataError(f"the table is larger than {MAX_TABLE_BYTES >> 20} MB", path)
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(_lines(file))
            columns = reader.fieldnames or []
            missing = [column for column in needed if column not in columns]
            if missing:
                raise DataError(f"the table has no column {', '.join(missing)}", path)
            if len(columns) > MAX_COLUMNS:
                raise DataError(f"the table has {len(columns)} columns", path)
            for number, row in enumerate(reader):
                if number == MAX_ROWS:
                    raise DataError(f"the table has more than {MAX_ROWS} rows", path)
                yield {k: v or "" for k, v in row.items() if k is not None}
    except RecordError as error:
        raise DataError(f"the table cannot be read: {error.reason}", path) from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"the table cannot be read: line {_first_undecodable(path)} is not UTF-8 text; save it "
            "as UTF-8",
            path,
        ) from error
    except csv.Error as error:
        line = f"line {reader.line_num + 1}: " if reader is not None else ""
        raise DataError(f"the table cannot be read: {line}{error}", path) from error
    except OSError as error:
        raise DataError(f"the table cannot be read: {error.strerror}", path) from error


def has_columns(path: Path, needed: Sequence[str]) -> bool:
    """Return whether the first line of a CSV file names these columns; False without a file.

    Raises
    ------
    DataError
        When there is a file that cannot be opened: it may well be the table.
    """
    return is_regular(path) and set(needed) <= set(columns_of(path))


def columns_of(path: Path) -> list[str]:
    """Return what the first line of a CSV file names; the rest need not be readable.

    Raises
    ------
    DataError
        When the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            line = file.readline(MAX_LINE_CHARS).decode("utf-8-sig", "replace")
        return next(csv.reader(line.splitlines()[:1]), [])
    except OSError as error:
        raise DataError(f"the table cannot be read: {error.strerror}", path) from error
    except csv.Error:
        return []


def record_named(table: Path, name: str) -> Path | None:
    """Return the file that a table names; None when it is absent or outside the table's folder."""
    try:
        path = beside(table, name)
    except RecordError:
        return None
    return path if is_regular(path) else None


def truth(text: str) -> bool | None:
    """Return a cell as a truth value; None where it is empty or says neither."""
    return _TRUTHS.get(text.strip().lower())


def stated_truth(text: str, table: Path, line: int) -> bool | None:
    """Return the cell ``normal`` of a table's line; None where it is empty.

    Raises
    ------
    DataError
        When the cell says something else than yes or no, so that nobody takes an abnormal
        record for one without a label.
    """
    value = truth(text)
    if value is None and text.strip().lower() not in _EMPTY:
        raise DataError(f"line {line}: normal is 1 or 0, not {text.strip()[:20]!r}", table)
    return value


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(MAX_LINE_CHARS):
        if len(line) == MAX_LINE_CHARS:
            raise csv.Error("a line is longer than a million characters")
        yield line


def _first_undecodable(path: Path) -> int:
    """Return the number of the first line that is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 0
