"""What ``watch`` has judged, so that a restart goes on where the last run stopped, even killed.

Beside the table lies a small file of JSON lines: about the run first, then a line per record with
what its files are known by and which bytes of the table are its rows. The line is on the disk
before the rows are: where the rows do not follow whole, both are taken back and the record is
judged again. No row is ever lost or written twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ecgviewer.cli.screening.table import Row, csv_header, csv_line, json_object
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.system.file_lock import FileLock
from ecgviewer.core.system.files import write_whole
from ecgviewer.io.file_access import sha256_of

_JSON_END = b"\n]\n"


@dataclass(frozen=True, slots=True)
class FileState:
    """One file of a record as it was: where, how large, when changed."""

    name: str
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One judged record. ``start`` and ``stop`` are bytes of the table without its end."""

    key: str
    files: tuple[FileState, ...]
    sha256: str
    start: int
    stop: int


class Ledger:
    """The table of rows and what is known of the records in it. Use as a context manager.

    Parameters
    ----------
    out : Path
        ``.csv`` or ``.json``; rows are appended.
    about : mapping
        What the rows depend on: a table of other rows is not gone on with.

    Raises
    ------
    EcgViewerError
        When the table is another's, or cannot be written.
    """

    def __init__(self, out: Path, about: Mapping[str, Any]) -> None:
        self._out = out
        self._about = dict(about)
        self._state = out.with_name(f"{out.name}.watch")
        self._lock = FileLock(out.with_name(f"{out.name}.lock"))
        self._end = b"" if out.suffix.lower() == ".csv" else _JSON_END
        self._first = csv_header().encode() if not self._end else b"["
        self._entries: dict[str, Entry] = {}
        self._stop = len(self._first)

    def __enter__(self) -> Ledger:
        try:
            self._out.parent.mkdir(parents=True, exist_ok=True)
            if not self._lock.acquire():
                raise EcgViewerError("another run is writing into it", self._out)
            try:
                self._go_on()
                self._table = self._out.open("r+b")
                self._lines = self._state.open("ab")
            except BaseException:
                self._lock.release()
                raise
        except OSError as error:
            raise EcgViewerError(f"it cannot be written ({error.strerror})", self._out) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._table.close()
        self._lines.close()
        self._lock.release()

    def __len__(self) -> int:
        """Return how many records were judged, windows of growing ones not counted."""
        return sum(bool(entry.files) for entry in self._entries.values())

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def knows(self, key: str, files: Sequence[FileState], paths: Sequence[Path]) -> bool:
        """Return whether a record was judged with this content; its files are read if need be."""
        entry = self._entries.get(key)
        if entry is None:
            return False
        if entry.files == tuple(files):
            return True
        if [file.name for file in entry.files] != [file.name for file in files]:
            return False
        if sha256_of(paths) != entry.sha256:
            return False
        self._entries[key] = Entry(key, tuple(files), entry.sha256, entry.start, entry.stop)
        return True

    def add(self, key: str, files: Sequence[FileState], sha256: str, rows: Sequence[Row]) -> None:
        """Append the rows of a record.

        Raises
        ------
        EcgViewerError
            When the disk does not take them; the next run judges the record again.
        """
        data = self._encode(rows)
        entry = Entry(key, tuple(files), sha256, self._stop, self._stop + len(data))
        try:
            self._lines.write(_line(entry))
            self._lines.flush()
            os.fsync(self._lines.fileno())
            self._table.seek(self._stop)
            self._table.write(data + self._end)
            self._table.flush()
        except OSError as error:
            raise EcgViewerError(f"it cannot be written ({error.strerror})", self._out) from error
        self._stop = entry.stop
        self._entries[key] = entry

    def _encode(self, rows: Sequence[Row]) -> bytes:
        if not self._end:
            return "".join(map(csv_line, rows)).encode("utf-8", "backslashreplace")
        parts = []
        for number, row in enumerate(rows):
            separator = "" if number == 0 and self._stop == len(self._first) else ","
            parts.append(f"{separator}\n{json_object(row)}")
        return "".join(parts).encode("utf-8", "backslashreplace")

    def _go_on(self) -> None:
        """Take up what an earlier run left, or begin; what it wrote in part is taken back."""
        if not self._out.exists():
            self._state.unlink(missing_ok=True)
            write_whole(self._out, self._first + self._end)
        elif not self._state.exists():
            raise EcgViewerError(
                "is there already and was not written by 'watch': name another file", self._out
            )
        else:
            self._read_state()
        lines = [json.dumps(self._about).encode() + b"\n", *map(_line, self._entries.values())]
        write_whole(self._state, b"".join(lines))

    def _read_state(self) -> None:
        first, *lines = self._state.read_bytes().splitlines() or [b""]
        if _parsed(first) != json.loads(json.dumps(self._about)):
            raise EcgViewerError(
                "holds the rows of another folder, model or threshold: name another file", self._out
            )
        entries = [entry for line in lines if (entry := _entry(_parsed(line))) is not None]
        size = self._out.stat().st_size - len(self._end)
        last = max(entries, key=lambda entry: entry.stop, default=None)
        if last is not None and last.start <= size < last.stop:
            entries.remove(last)
            with self._out.open("r+b") as table:
                table.seek(last.start)
                table.write(self._end)
                table.truncate()
            size = last.start
        expected = max((entry.stop for entry in entries), default=len(self._first))
        if size != expected:
            raise EcgViewerError(
                "was changed by another program since the last run: name another file", self._out
            )
        self._stop = expected
        self._entries = {entry.key: entry for entry in entries}


def _line(entry: Entry) -> bytes:
    return json.dumps(asdict(entry)).encode() + b"\n"


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None  # the end of a run that was killed while it wrote


def _entry(values: Any) -> Entry | None:
    try:
        files = tuple(FileState(**file) for file in values["files"])
        return Entry(values["key"], files, values["sha256"], values["start"], values["stop"])
    except (TypeError, KeyError):
        return None
