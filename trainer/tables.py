"""CSV label tables, read with errors that name the file and the column."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from trainer.data import DataError

csv.field_size_limit(1 << 20)


def read_table(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV file as dictionaries.

    Parameters
    ----------
    needed : sequence of str
        Columns without which the table is of no use.

    Raises
    ------
    DataError
        When the file cannot be read as UTF-8 CSV, or lacks a column.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            missing = [column for column in needed if column not in columns]
            if missing:
                raise DataError(f"the table has no column {', '.join(missing)}", path)
            return [{k: v or "" for k, v in row.items() if k is not None} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"the table cannot be read: {error}", path) from error


def has_columns(path: Path, needed: Sequence[str]) -> bool:
    """Return whether the first line of a CSV file names these columns."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            columns = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return False
    return all(column in columns for column in needed)


def truth(text: str) -> bool | None:
    """Return a cell as a truth value; None where it is empty or says neither."""
    return {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}.get(
        text.strip().lower()
    )
