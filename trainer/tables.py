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
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"the table cannot be read: {error}", path) from error


def has_columns(path: Path, needed: Sequence[str]) -> bool:
    """Return whether the first line of a CSV file names these columns."""
    if not is_regular(path):
        return False
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            columns = next(csv.reader(_lines(file)), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return False
    return all(column in columns for column in needed)


def record_named(table: Path, name: str) -> Path | None:
    """Return the file that a table names; None when it is absent or outside the table's folder."""
    try:
        path = beside(table, name)
    except RecordError:
        return None
    return path if is_regular(path) else None


def truth(text: str) -> bool | None:
    """Return a cell as a truth value; None where it is empty or says neither."""
    return {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}.get(
        text.strip().lower()
    )


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(MAX_LINE_CHARS):
        if len(line) == MAX_LINE_CHARS:
            raise csv.Error("a line is longer than a million characters")
        yield line
