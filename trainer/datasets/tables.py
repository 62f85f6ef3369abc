"""CSV label tables, read with errors that name the file and the column.

A table is untrusted like any file: it is read row by row, its size is bounded, and it may name
only records in its own folder or below.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from ecgviewer.core.errors import RecordError
from ecgviewer.io.file_access import FileStamp, beside, is_regular
from trainer.datasets.entries import DataError

MAX_TABLE_BYTES = 512 << 20
MAX_ROWS = 1_000_000
"""MIMIC-IV-ECG has 800,000."""
MAX_COLUMNS = 1000
MAX_LINE_CHARS = 1 << 20

csv.field_size_limit(MAX_LINE_CHARS)

LABELS = "labels.csv"
"""A hospital's own table."""
RECORD_KEYS = ("relpath", "record")
"""Columns that name WFDB records (or files) in it, likeliest first."""
_TRUTHS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
_EMPTY = ("", "nan", "na")
"""What programs write into a cell without a value."""
_UNKNOWN_PATIENTS = ("-1", "-1.0")
"""What they write for a patient nobody knows, besides an empty cell."""


def table_named(folder: Path, name: str) -> Path | None:
    """Return the table of this name, in this or another case; None without one."""
    if is_regular(folder / name):
        return folder / name
    return next((table for table in tables_in(folder) if table.name.lower() == name.lower()), None)


def tables_in(folder: Path) -> tuple[Path, ...]:
    """Return the CSV files of a folder, sorted."""
    return files_in(folder, (".csv",))


@functools.lru_cache(maxsize=256)
def files_in(folder: Path, suffixes: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the files with these endings, in whatever case; none where none may be seen.

    Remembered, as every folder asks for the tables of the folder above; ``files_in.cache_clear``
    has them looked for anew.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    except OSError:
        return ()
    return tuple(path for path in files if is_regular(path))


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


def names_records(table: Path) -> bool:
    """Return whether a table has a column that names WFDB records."""
    return not set(RECORD_KEYS).isdisjoint(columns_of(table))


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


def blank(text: str) -> bool:
    """Return whether a cell holds no value."""
    return text.strip().lower() in _EMPTY


def patient_stated(text: str) -> str:
    """Return a cell's patient; empty where the patient is unknown."""
    patient = text.strip()
    return "" if blank(patient) or patient in _UNKNOWN_PATIENTS else patient


def stated_truth(text: str, table: Path, line: int, column: str = "normal") -> bool | None:
    """Return the verdict in a table's line; None where the cell is empty.

    Raises
    ------
    DataError
        When the cell says something else than yes or no, so that nobody takes an abnormal
        record for one without a label.
    """
    value = truth(text)
    if value is None and not blank(text):
        raise DataError(f"line {line}: {column} is 1 or 0, not {text.strip()[:20]!r}", table)
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
