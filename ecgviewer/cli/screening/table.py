"""The result table of ``analyze``: its columns, and writers that put out each row at once."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Protocol, TextIO

from ecgviewer.review.exports.csv_export import as_cell


@dataclass(frozen=True, slots=True)
class Row:
    """One record and model. The order of the fields is the order of the columns.

    ``score`` is the calibrated record score (higher = less normal), ``raw_score`` the model's own
    as its paper defines it, ``threshold`` the calibrated score at the chosen specificity.
    ``worst_*`` is the top flag or, without one, the highest part of the score map.
    ``site_shift`` names what lies higher than among the model's normals in the records of this
    folder up to this one. ``parts`` (p-values) and the content hashes of record and bundle are
    columns of archives only; a row without the record's is not settled: a later run tries again.
    The three after ``site_shift`` are columns on request: the stored sample that is second 0 of
    ``worst_*`` (above 0 where padding was cut off), and when that was by the record's clock.
    """

    path: str
    record: str
    model: str
    score: float | None = None
    raw_score: float | None = None
    p_value: float | None = None
    threshold: float | None = None
    abnormal: int | None = None
    quality: str = ""
    worst_lead: str = ""
    worst_start_s: float | None = None
    worst_end_s: float | None = None
    error: str = ""
    site_shift: str = ""
    offset_samples: int | None = None
    worst_start_clock: str = ""
    worst_end_clock: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)
    recording_sha256: str = ""
    bundle_sha256: str = ""

    def columns(self, clock: bool = False) -> dict[str, object]:
        """Return the values of the columns by name."""
        return {name: getattr(self, name) for name in columns(clock)}


def rows_to_json(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Return the rows of one record as JSON values, with their parts."""
    return [asdict(row) for row in rows]


def rows_from_json(values: Sequence[Mapping[str, Any]]) -> tuple[Row, ...]:
    """Undo :func:`rows_to_json`."""
    return tuple(Row(**row) for row in values)


CLOCK_COLUMNS = ("offset_samples", "worst_start_clock", "worst_end_clock")
_ARCHIVE_ONLY = ("parts", "recording_sha256", "bundle_sha256")
COLUMNS = tuple(
    column.name for column in fields(Row) if column.name not in (*CLOCK_COLUMNS, *_ARCHIVE_ONLY)
)


def columns(clock: bool = False) -> tuple[str, ...]:
    """Return the names of the columns; ``clock``: with those that tell where second 0 lies."""
    return (*COLUMNS, *CLOCK_COLUMNS) if clock else COLUMNS


def is_archive(out: str) -> bool:
    """Return whether a table is one of Parquet: ``FILE.parquet``, or a folder of parts."""
    return out != "-" and Path(out).suffix.lower() not in (".csv", ".json")


class RowWriter(Protocol):
    """Takes rows one at a time."""

    def write(self, row: Row) -> None:
        """Write one row and hand it to the system at once."""
        ...


def csv_line(row: Row, clock: bool = False) -> str:
    """Return a row of a table for programs and spreadsheets, with its end of line.

    Quality and error quote files, so that what a spreadsheet would run in them gets an apostrophe.
    Path and record stay exact: programs find the record by them.
    """
    shown = replace(row, quality=as_cell(row.quality), error=as_cell(row.error))
    return _csv_line([_as_text(value) for value in shown.columns(clock).values()])


def csv_header(clock: bool = False) -> str:
    """Return the first line of such a table."""
    return _csv_line(columns(clock))


def _csv_line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def json_object(row: Row, clock: bool = False) -> str:
    """Return a row as a JSON object in one line."""
    values = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.columns(clock).items()
    }
    return json.dumps(values, ensure_ascii=False)


class _CsvWriter:
    """See :func:`csv_line`."""

    def __init__(self, stream: TextIO, clock: bool) -> None:
        self._stream = stream
        self._clock = clock
        self._put(csv_header(clock))

    def write(self, row: Row) -> None:
        self._put(csv_line(row, self._clock))

    def _put(self, line: str) -> None:
        self._stream.write(line)
        self._stream.flush()


class _JsonWriter:
    """A JSON array of objects, one object per line."""

    def __init__(self, stream: TextIO, clock: bool) -> None:
        self._stream = stream
        self._clock = clock
        self._separator = "["

    def write(self, row: Row) -> None:
        self._stream.write(f"{self._separator}\n{json_object(row, self._clock)}")
        self._stream.flush()
        self._separator = ","

    def close(self) -> None:
        self._stream.write("\n]\n" if self._separator == "," else "[]\n")


@contextmanager
def open_table(out: str, clock: bool = False) -> Iterator[RowWriter]:
    """Open the table for writing: a ``.csv`` or ``.json`` file, or ``-`` for standard output.

    ``clock`` adds the columns of :data:`CLOCK_COLUMNS`.

    A JSON file is closed properly even when the run ends early.
    """
    if out == "-":
        # File names that are not valid in the terminal's encoding must not end the run.
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="backslashreplace")
        yield _CsvWriter(sys.stdout, clock)
        return
    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
        if path.suffix.lower() == ".csv":
            yield _CsvWriter(stream, clock)
            return
        writer = _JsonWriter(stream, clock)
        try:
            yield writer
        finally:
            writer.close()


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
