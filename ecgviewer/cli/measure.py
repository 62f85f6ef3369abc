"""``ecgviewer measure``: rate, intervals, axes and wave heights of records, without a window."""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ecgviewer.cli.analyze import ALL_READ, SOME_UNREADABLE, WRONG_USAGE, find_jobs
from ecgviewer.cli.measure_rows import (
    CLOCK_COLUMNS,
    COLUMNS,
    Cell,
    lead_columns,
    measured_rows,
)
from ecgviewer.cli.parser import read_options
from ecgviewer.cli.screening.rows import Job
from ecgviewer.cli.words import in_words
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.io import open_record
from ecgviewer.review.exports.csv_export import as_cell

WORDS = ("electrodes", "quality", "reasons", "error")
"""Columns that may quote files: what a spreadsheet would run in them gets an apostrophe."""


def run(arguments: argparse.Namespace) -> int:
    """Measure ``arguments.paths`` and return the exit status."""
    columns = COLUMNS + (CLOCK_COLUMNS if arguments.clock else ())
    columns += lead_columns() if arguments.per_lead else ()
    all_read = True
    try:
        with _open(arguments.out) as stream:
            as_json = arguments.out.lower().endswith(".json")
            writer = _JsonRows(stream) if as_json else _CsvRows(stream, columns)
            for job in find_jobs(arguments.paths, read_options(arguments), None):
                for row in _rows(job, arguments.every, arguments.per_lead):
                    all_read = all_read and not row["error"]
                    writer.write({column: row.get(column) for column in columns})
            writer.close()
    except OSError as error:
        if arguments.out == "-":
            raise
        words = f"cannot write {arguments.out}: {error.strerror or error}"
        print(f"ecgviewer measure: {words}", file=sys.stderr)
        return WRONG_USAGE
    return ALL_READ if all_read else SOME_UNREADABLE


def _rows(job: Job, every_s: float | None, per_lead: bool) -> Iterable[dict[str, Cell]]:
    """Return the rows of one record; one with ``error`` where it cannot be read."""
    named: dict[str, Cell] = {"path": str(job.path), "record": job.record}
    if isinstance(job.source, str):
        return [named | {"error": " ".join(job.source.split())}]
    try:
        recording = open_record(job.source)
        try:
            return list(measured_rows(recording, str(job.path), job.record, every_s, per_lead))
        finally:
            recording.source.close()
    except EcgViewerError as error:
        return [named | {"error": " ".join(in_words(error, job.path).split())}]
    except OSError as error:
        return [named | {"error": f"cannot be read ({error.strerror})"}]


@contextmanager
def _open(out: str) -> Iterator[TextIO]:
    if out == "-":
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="backslashreplace")
        yield sys.stdout
        return
    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
        yield stream


class _CsvRows:
    def __init__(self, stream: TextIO, columns: tuple[str, ...]) -> None:
        self._stream = stream
        self._csv = csv.DictWriter(stream, columns, lineterminator="\n")
        self._csv.writeheader()

    def write(self, row: dict[str, Cell]) -> None:
        self._csv.writerow(
            {
                name: as_cell(str(value or "")) if name in WORDS else _text(value)
                for name, value in row.items()
            }
        )
        self._stream.flush()

    def close(self) -> None:
        self._stream.flush()


class _JsonRows:
    """A JSON array of objects, one object per line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._before = "[\n"

    def write(self, row: dict[str, Cell]) -> None:
        values = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in row.items()
        }
        self._stream.write(f"{self._before}{json.dumps(values, ensure_ascii=False)}")
        self._stream.flush()
        self._before = ",\n"

    def close(self) -> None:
        self._stream.write("\n]\n" if self._before == ",\n" else "[]\n")


def _text(value: Cell) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
