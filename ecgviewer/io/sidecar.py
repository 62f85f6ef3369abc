"""A table beside a file that says what the file does not (SPH's ``metadata.csv``)."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from ecgviewer.core.errors import RecordError
from ecgviewer.core.record.recording import Patient
from ecgviewer.io.file_access import FileStamp
from ecgviewer.io.statements.patients import parse_age, parse_sex

_MAX_TABLE_BYTES = 20_000_000
_ID = "ECG_ID"
_RATE = ("fs", "sampling_rate", "sampling_frequency")


def row_beside(path: Path) -> tuple[Path, Mapping[str, str]] | None:
    """Return the table and row for a record file: a CSV with a column ``ECG_ID`` naming it."""
    for table in sorted(path.parent.glob("*.csv")):
        try:
            stamp = FileStamp.of(table)
            if stamp.size > _MAX_TABLE_BYTES:
                continue
            rows = _rows_by_id(table, stamp)
        except (OSError, UnicodeDecodeError, csv.Error, RecordError):
            continue  # a table of something else, or no table
        row = rows.get(path.stem)
        if row is not None:
            return table, row
    return None


def rate_in(row: Mapping[str, str]) -> float | None:
    """Return the sampling frequency that a row gives."""
    for key in _RATE:
        try:
            value = float(row.get(key) or "nan")
        except ValueError:
            continue
        if math.isfinite(value) and value > 0:
            return value
    return None


def patient_in(row: Mapping[str, str]) -> Patient:
    """Return the patient fields of a row."""
    codes = (row.get("AHA_Code") or "").replace(",", ";").split(";")
    return Patient(
        patient_id=row.get("Patient_ID") or "",
        sex=parse_sex(row.get("Sex") or ""),
        age_years=parse_age(row.get("Age") or ""),
        diagnoses=tuple(f"AHA {code.strip()}" for code in codes if code.strip()),
    )


@lru_cache(maxsize=8)
def _rows_by_id(table: Path, stamp: FileStamp) -> Mapping[str, Mapping[str, str]]:
    """Read a table; ``stamp`` makes a changed file a new one."""
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if _ID not in (reader.fieldnames or ()):
            return {}
        return {Path(row[_ID]).stem: row for row in reader if row.get(_ID)}
