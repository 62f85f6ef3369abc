"""Rows that an earlier run of ``analyze`` made of the very same files: they need no process.

A cache in the program's cache folder: anything wrong with it means that the record is screened
again. Keys are hashes of where the record lies and of its files' sizes and times, so that a changed
file is another record; neither paths nor names are kept.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path

from ecgviewer import __version__
from ecgviewer.cli.screening.rows import Job
from ecgviewer.cli.screening.table import Row, rows_from_json, rows_to_json
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.system.files import make_private
from ecgviewer.io.file_access import FileStamp

log = logging.getLogger(__name__)

MAX_ROWS = 4_000_000
"""Some 1.5 GB; beyond it the cache begins anew."""
PUT_TOGETHER = 256
MAX_HEADER_BYTES = 1 << 20


class KnownRows:
    """Rows by record and models. Use as a context manager; what was put is kept at the end.

    Parameters
    ----------
    folder : Path
        The program's cache folder.
    models : sequence of (str, Path)
        Name and bundle of each model, in the order of the rows.
    specificity : float
    """

    def __init__(
        self, folder: Path, models: Sequence[tuple[str, Path]], specificity: float
    ) -> None:
        self._about = json.dumps(
            [
                __version__,
                [column.name for column in fields(Row)],
                specificity,
                [(name, str(path.resolve()), _stamp(path)) for name, path in models],
            ]
        )
        self._waiting: list[tuple[bytes, str]] = []
        self._database: sqlite3.Connection | None = None
        try:
            make_private(folder)
            self._database = sqlite3.connect(folder / "rows.sqlite", timeout=2.0)
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, rows TEXT) WITHOUT ROWID"
            )
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)

    def __enter__(self) -> KnownRows:
        return self

    def __exit__(self, *_: object) -> None:
        self._keep()
        if self._database is not None:
            self._database.close()

    def key(self, job: Job) -> bytes | None:
        """Return what the record is known by now; None where that cannot be told from outside."""
        if self._database is None or job.maps is not None or not isinstance(job.source, RecordRef):
            return None
        try:
            files = [job.path, *_signal_files(job.path)]
            stamps = [_stamp(file) for file in files]
        except (EcgViewerError, OSError, ValueError):
            return None
        options = asdict(job.source.options)
        text = json.dumps([str(job.path.absolute()), job.source.index, options, stamps])
        return hashlib.sha256(f"{self._about}\n{text}".encode("utf-8", "surrogatepass")).digest()

    def get(self, key: bytes | None, job: Job) -> tuple[Row, ...] | None:
        """Return the rows of a record, None where they are not known."""
        if key is None or self._database is None:
            return None
        try:
            found = self._database.execute("SELECT rows FROM rows WHERE key = ?", (key,)).fetchone()
            if found is None:
                return None
            named = {"path": str(job.path), "record": job.record}
            return rows_from_json([{**values, **named} for values in json.loads(found[0])])
        except sqlite3.Error as error:
            self._give_up(error)
        except (ValueError, TypeError, AttributeError) as error:
            log.warning("a known row cannot be used (%s)", type(error).__name__)
        return None

    def put(self, key: bytes | None, rows: Sequence[Row]) -> None:
        """Keep the rows of a record, unless something was wrong with it."""
        if key is None or any(row.error for row in rows):
            return
        nameless = rows_to_json([replace(row, path="", record="") for row in rows])
        self._waiting.append((key, json.dumps(nameless)))
        if len(self._waiting) >= PUT_TOGETHER:
            self._keep()

    def _keep(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._database is None or not waiting:
            return
        try:
            with self._database:
                (count,) = self._database.execute("SELECT count(*) FROM rows").fetchone()
                if count > MAX_ROWS:
                    self._database.execute("DELETE FROM rows")
                self._database.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?)", waiting)
        except sqlite3.Error as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        log.warning("known results cannot be used (%s)", type(error).__name__)
        if self._database is not None:
            self._database.close()
        self._database = None


def _stamp(path: Path) -> tuple[int, int]:
    stamp = FileStamp.of(path)
    return stamp.size, stamp.modified_ns


def _signal_files(path: Path) -> list[Path]:
    """Return the files that a WFDB header names; raises ValueError where it names segments."""
    if path.suffix.lower() != ".hea":
        return []
    with path.open("rb") as file:
        lines = file.read(MAX_HEADER_BYTES).decode("latin-1").splitlines()
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    if not lines or "/" in lines[0].split()[0]:
        raise ValueError("a record of segments")
    return [path.with_name(name) for name in sorted({line.split()[0] for line in lines[1:]})]


class InOrder:
    """Hands rows on in the order of the jobs: those known, and those that are waited for."""

    def __init__(self) -> None:
        self._slots: deque[list[tuple[Row, ...]]] = deque()
        self._awaited: deque[list[tuple[Row, ...]]] = deque()

    def known(self, rows: tuple[Row, ...]) -> None:
        """Take the rows of the next job."""
        self._slots.append([rows])

    def awaited(self) -> None:
        """Leave room for those of the next job."""
        self._slots.append([])
        self._awaited.append(self._slots[-1])

    def arrived(self, rows: tuple[Row, ...]) -> None:
        """Take the rows of the first job that is still waited for."""
        self._awaited.popleft().append(rows)

    def ready(self) -> Iterator[tuple[Row, ...]]:
        """Yield what can be handed on now."""
        while self._slots and self._slots[0]:
            yield self._slots.popleft()[0]
