"""The append-only journal: every edit is on disk before the reader sees it as done.

One line per edit: ``<checksum> <length> <payload>``, where the payload is ASCII JSON, the length
its bytes in hexadecimal, and the checksum the first 16 digits of its SHA-256. The length finds
the next line even where the line break itself is damaged. The first line says which record and
reader the journal is about. The journal alone is the whole history: replayed from its start it
gives the review; the review file only remembers how far it got.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecgviewer.core.errors import ReviewError
from ecgviewer.review.annotations import new_id, utc_now
from ecgviewer.review.edits.editing import Edit
from ecgviewer.review.edits.review_json import (
    annotation_from_json,
    annotation_to_json,
    dumps,
    loads,
    state_from_json,
    state_to_json,
    verdict_from_json,
    verdict_to_json,
)
from ecgviewer.review.errors import NewerFormatError, ReviewConflictError, StorageError

FORMAT = "ecgviewer-journal"
VERSION = 1
OPERATIONS = ("do", "undo", "redo")
_HEAD = re.compile(rb"([0-9a-f]{16}) ([0-9a-f]{1,8}) ")


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One edit as applied: ``operation`` is ``do``, ``undo`` or ``redo``."""

    sequence: int
    operation: str
    edit: Edit
    at: str


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes ``[start, stop)`` of a journal that cannot be trusted, and why."""

    start: int
    stop: int
    reason: str

    def text(self) -> str:
        """Return the damage in words."""
        return f"bytes {self.start} to {self.stop}: {self.reason}"


@dataclass(frozen=True, slots=True)
class JournalContent:
    """What a journal file holds.

    Attributes
    ----------
    header : mapping
        Empty when it is damaged.
    entries : tuple of JournalEntry
        Every intact entry, in order.
    damages : tuple of Damage
    size : int
        Bytes read.
    """

    header: Mapping[str, Any]
    entries: tuple[JournalEntry, ...]
    damages: tuple[Damage, ...]
    size: int


def encode_line(payload: Mapping[str, Any]) -> bytes:
    """Return one journal line."""
    body = dumps(payload).encode("ascii")
    checksum = hashlib.sha256(body).hexdigest()[:16]
    return b"%s %x %s\n" % (checksum.encode(), len(body), body)


def edit_to_json(edit: Edit) -> dict[str, Any]:
    """Return an edit as plain JSON values."""
    return {
        "text": edit.text,
        "annotations": [[annotation_to_json(item) for item in side] for side in edit.annotations],
        "verdicts": [[verdict_to_json(item) for item in side] for side in edit.verdicts],
        "state": None if edit.state is None else [state_to_json(side) for side in edit.state],
    }


def edit_from_json(raw: Any) -> Edit:
    """Return the edit in parsed JSON; ReviewError where it is none."""
    try:
        (old, new), (old_verdicts, new_verdicts) = raw["annotations"], raw["verdicts"]
        state = raw["state"]
        return Edit(
            str(raw["text"]),
            (tuple(map(annotation_from_json, old)), tuple(map(annotation_from_json, new))),
            (
                tuple(map(verdict_from_json, old_verdicts)),
                tuple(map(verdict_from_json, new_verdicts)),
            ),
            None if state is None else (state_from_json(state[0]), state_from_json(state[1])),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ReviewError(f"not an edit ({type(error).__name__})") from error


def parse(data: bytes) -> JournalContent:
    """Return what a journal's bytes hold; damage is reported, never raised.

    Raises
    ------
    NewerFormatError
        When a newer version of the program wrote the journal.
    """
    header: Mapping[str, Any] = {}
    entries: list[JournalEntry] = []
    damages: list[Damage] = []
    position = 0
    while position < len(data):
        payload, stop, reason = _next_line(data, position)
        if payload is not None and position == 0 and payload.get("format") == FORMAT:
            header = payload
            _check_version(header)
        elif payload is not None:
            entry = _entry(payload)
            if entry is None:
                reason = "not an entry"
            else:
                entries.append(entry)
        if reason:
            damages.append(Damage(position, stop, reason))
        position = stop
    return JournalContent(header, tuple(entries), tuple(damages), len(data))


def _check_version(header: Mapping[str, Any]) -> None:
    version = header.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise NewerFormatError(
            f"a newer version of the program wrote this journal (format {version}); please update "
            "the program, the file stays as it is"
        )


def _next_line(data: bytes, position: int) -> tuple[dict[str, Any] | None, int, str]:
    """Return (payload or None, where the next line starts, what is wrong or '')."""
    head = _HEAD.match(data, position, position + 26)
    if head is not None:
        body_start = head.end()
        body_stop = body_start + int(head.group(2), 16)
        body = data[body_start:body_stop]
        if hashlib.sha256(body).hexdigest()[:16].encode() == head.group(1):
            try:
                payload = loads(body)
            except ReviewError:
                payload = None
            if isinstance(payload, dict):
                if data[body_stop : body_stop + 1] == b"\n":
                    return payload, body_stop + 1, ""
                if body_stop == len(data):
                    return payload, body_stop, "the line break at the end is missing"
                return payload, body_stop + 1, "a damaged line break"
    newline = data.find(b"\n", position)
    if newline < 0:
        return None, len(data), "an incomplete entry at the end"
    return None, newline + 1, "the checksum does not match"


def _entry(payload: Mapping[str, Any]) -> JournalEntry | None:
    sequence, operation = payload.get("sequence"), payload.get("operation")
    if not isinstance(sequence, int) or operation not in OPERATIONS:
        return None
    try:
        edit = edit_from_json(payload.get("edit"))
    except ReviewError:
        return None
    return JournalEntry(sequence, str(operation), edit, str(payload.get("at", "")))


class JournalWriter:
    """Appends entries; each is on disk when :meth:`append` returns.

    Parameters
    ----------
    path : Path
    size : int or None
        Continue an intact journal of this many bytes; None starts a new one.
    header : mapping
        Of a new journal; ``id``, ``format``, ``version`` and ``created`` are added.

    Raises
    ------
    StorageError
    """

    def __init__(
        self, path: Path, size: int | None = None, header: Mapping[str, Any] | None = None
    ) -> None:
        self.path = path
        flags = os.O_WRONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        try:
            if size is None:
                self._fd = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
                self.size = 0
            else:
                self._fd = os.open(path, flags)
                self.size = size
        except OSError as error:
            raise StorageError(f"the journal cannot be opened ({error.strerror})", path) from error
        self.journal_id = ""
        if size is None:
            try:
                full = new_header(header or {})
                self.journal_id = str(full["id"])
                self._write(encode_line(full))
                sync_folder(path.parent)
            except (StorageError, OSError) as error:
                os.close(self._fd)
                path.unlink(missing_ok=True)
                reason = error.reason if isinstance(error, StorageError) else error.strerror
                raise StorageError(f"no journal can be started ({reason})", path) from error

    def append(self, entry: JournalEntry) -> None:
        """Write one entry and flush it to the disk.

        Raises
        ------
        StorageError
            When that failed; nothing of the entry stays behind, so it can be tried again.
        """
        self._write(
            encode_line(
                {
                    "sequence": entry.sequence,
                    "operation": entry.operation,
                    "at": entry.at,
                    "edit": edit_to_json(entry.edit),
                }
            )
        )

    def _write(self, line: bytes) -> None:
        try:
            if not self.path.exists():
                raise FileNotFoundError(2, "the file was removed")
            if os.fstat(self._fd).st_size != self.size:
                raise ReviewConflictError("someone else wrote to the journal", self.path)
            os.lseek(self._fd, self.size, os.SEEK_SET)
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
            os.fsync(self._fd)
        except OSError as error:
            self._cut()
            reason = error.strerror or type(error).__name__
            raise StorageError(f"the edit is not on disk yet ({reason})", self.path) from error
        self.size += len(line)

    def _cut(self) -> None:
        """Take a half-written line away, so that it can be written again."""
        try:
            os.ftruncate(self._fd, self.size)
        except OSError as error:
            raise StorageError(
                f"the journal cannot be kept in order ({error.strerror})", self.path
            ) from error

    def close(self) -> None:
        """Release the file."""
        os.close(self._fd)


def new_header(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first line of a new journal."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": new_id(),
        "created": utc_now(),
        **fields,
    }


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries, where the system knows such a thing."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
