"""The files of one review, read back after anything: clean exit, kill, damage, newer format."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ecgviewer.core.errors import MissingFileError, RecordError, ReviewError
from ecgviewer.core.system.files import write_private
from ecgviewer.io.file_access import read_bytes
from ecgviewer.review.annotations import RecordKey, Review
from ecgviewer.review.edits.editing import History, apply
from ecgviewer.review.edits.journal import JournalContent, JournalEntry, parse, sync_folder
from ecgviewer.review.edits.review_json import (
    VERSION,
    dumps,
    from_json,
    loads,
    to_json,
    version_of,
)
from ecgviewer.review.errors import EditError, NewerFormatError, StorageError
from ecgviewer.review.exports.export_files import MAX_BYTES


@dataclass(frozen=True, slots=True)
class ReviewFiles:
    """Where a review is: ``<stem>.review.json``, its previous version, journal and lock."""

    folder: Path
    stem: str

    @property
    def review(self) -> Path:
        """The review file."""
        return self.folder / f"{self.stem}.review.json"

    @property
    def previous(self) -> Path:
        """The review file before the last save."""
        return self.folder / f"{self.stem}.review.bak.json"

    @property
    def journal(self) -> Path:
        """The journal."""
        return self.folder / f"{self.stem}.journal"

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.folder / f"{self.stem}.lock"

    def aside(self, path: Path, why: str) -> Path:
        """Return a free name for a copy of one of these files that must be kept."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        candidate = path.with_name(f"{path.name}.{why}-{stamp}")
        number = 1
        while candidate.exists():
            number += 1
            candidate = path.with_name(f"{path.name}.{why}-{stamp}-{number}")
        return candidate

    def remove_empty_folder(self) -> None:
        """Take the folder away where opening created it for nothing."""
        try:
            self.folder.rmdir()
        except OSError:
            return  # not empty, or not ours

    def exist(self) -> bool:
        """Whether anything of the review is on disk."""
        return self.review.exists() or self.journal.exists() or self.previous.exists()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A review file as read: the review, and how far it follows which journal."""

    review: Review
    journal_id: str
    sequence: int
    journal_bytes: int
    version: int


@dataclass(slots=True)
class Loaded:
    """A review read from disk.

    Attributes
    ----------
    review : Review
    history : History
        Of the edits that the journal holds beyond the review file.
    sequence : int
        Of the last entry.
    journal_id : str
    journal_bytes : int
        Length of the journal.
    digest : str
        SHA-256 of the review file as found, empty when there is none.
    notes : tuple of str
        What was damaged, recovered or upgraded, for the user.
    repair : bool
        Whether the journal has to be started afresh before it can be written to.
    damaged_review : bool
        Whether there is a review file that cannot be read.
    old_version : int
        Format of the review file when it is older than today's, else 0.
    """

    review: Review
    history: History
    sequence: int = 0
    journal_id: str = ""
    journal_bytes: int = 0
    digest: str = ""
    notes: tuple[str, ...] = ()
    repair: bool = False
    damaged_review: bool = False
    old_version: int = 0


def load(files: ReviewFiles, record: RecordKey, author: str) -> Loaded:
    """Read a review back; an empty one where there is nothing yet.

    Raises
    ------
    NewerFormatError
        A newer version of the program wrote the files; they are left alone.
    ReviewError
        The files belong to another record.
    StorageError
        They cannot be read.
    """
    notes: list[str] = []
    review_bytes = _read(files.review)
    digest = hashlib.sha256(review_bytes).hexdigest() if review_bytes is not None else ""
    snapshot = _snapshot(files.review, review_bytes, notes)
    damaged_review = review_bytes is not None and snapshot is None
    data = _read(files.journal)
    journal = parse(data) if data is not None else None
    if snapshot is None:
        snapshot = _previous(files, journal, notes)
    empty = Review(record, author)
    if journal is None:
        loaded = Loaded(snapshot.review if snapshot else empty, History(), notes=tuple(notes))
        loaded.repair = snapshot is not None
    else:
        loaded = _replay(snapshot, journal, digest, empty, notes)
    loaded.damaged_review = damaged_review
    loaded.repair = loaded.repair or damaged_review
    if loaded.review.record.sha256 != record.sha256:
        raise ReviewError("this review is about another record", files.review)
    loaded.digest = digest
    if snapshot is not None and snapshot.version < VERSION:
        loaded.old_version = snapshot.version
    return loaded


def _previous(
    files: ReviewFiles, journal: JournalContent | None, notes: list[str]
) -> Snapshot | None:
    """Return the review file before the last, unless the journal knows more by itself."""
    previous = _snapshot(files.previous, _read(files.previous), notes)
    if previous is None:
        return None
    if journal is not None and journal.header.get("id") not in (None, previous.journal_id):
        return None
    notes.append("the previous version of the review file is used")
    return previous


def _replay(
    snapshot: Snapshot | None,
    journal: JournalContent,
    digest: str,
    empty: Review,
    notes: list[str],
) -> Loaded:
    journal_id = str(journal.header.get("id", ""))
    # Without an id it cannot be continued: it is kept aside and a new one begun.
    repair = bool(journal.damages) or not journal_id
    if snapshot is not None and journal_id and snapshot.journal_id == journal_id:
        if snapshot.journal_bytes > journal.size:
            notes.append("the journal is shorter than the review file remembers")
            repair = True
        base, sequence = snapshot.review, snapshot.sequence
        entries = tuple(entry for entry in journal.entries if entry.sequence > sequence)
    elif snapshot is None or (journal_id and journal.header.get("follows") == digest):
        base, sequence = _base(journal, empty, notes), 0
        entries = journal.entries
    elif not journal_id:
        # The journal's first line is damaged: go on from the review file with what it lacks.
        base, sequence = snapshot.review, snapshot.sequence
        entries = tuple(entry for entry in journal.entries if entry.sequence > sequence)
    else:
        notes.append("the review file was put here from elsewhere; the old journal is kept aside")
        return Loaded(snapshot.review, History(), notes=tuple(notes), repair=True)
    notes.extend(f"journal, {damage.text()}" for damage in journal.damages)
    review, history, last, lost = _apply_all(base, entries, sequence)
    if lost or journal.damages:
        notes.append(f"{len(entries)} entries of the journal were restored")
    return Loaded(
        review,
        history,
        last,
        journal_id,
        journal.size,
        notes=tuple(notes),
        repair=repair or lost,
    )


def _apply_all(
    review: Review, entries: tuple[JournalEntry, ...], sequence: int
) -> tuple[Review, History, int, bool]:
    """Apply entries in order; after a gap leniently, and without undo across it."""
    history = History()
    lost = False
    for entry in entries:
        if entry.sequence != sequence + 1:
            lost = True
            history = History()
        try:
            review = apply(review, entry.edit, lenient=lost)
        except EditError:
            lost = True
            history = History()
            review = apply(review, entry.edit, lenient=True)
        history.record(entry.operation, entry.edit)
        sequence = entry.sequence
    return review, history, sequence, lost


def _base(journal: JournalContent, empty: Review, notes: list[str]) -> Review:
    raw = journal.header.get("base")
    if raw is None:
        return empty
    try:
        return from_json(raw)
    except NewerFormatError:
        raise
    except ReviewError as error:
        notes.append(f"the start of the journal cannot be used ({error.reason})")
        return empty


def _snapshot(path: Path, data: bytes | None, notes: list[str]) -> Snapshot | None:
    if data is None:
        return None
    try:
        raw = loads(data)
        review = from_json(raw)
        version = version_of(raw)
    except NewerFormatError as error:
        raise NewerFormatError(error.reason, path) from error
    except ReviewError as error:
        notes.append(f"{path.name} is damaged ({error.reason})")
        return None
    link: Any = raw.get("journal")
    if not isinstance(link, dict):
        link = {}
    sequence, size = link.get("sequence"), link.get("bytes")
    return Snapshot(
        review,
        str(link.get("id", "")),
        sequence if isinstance(sequence, int) else 0,
        size if isinstance(size, int) else 0,
        version,
    )


def snapshot_bytes(review: Review, journal_id: str, sequence: int, journal_bytes: int) -> bytes:
    """Return the content of a review file that follows a journal up to an entry.

    One line per entry: quick to write for thousands, and readable in a text editor.
    """
    raw = to_json(review)
    raw["journal"] = {"id": journal_id, "sequence": sequence, "bytes": journal_bytes}
    parts = []
    for key, value in raw.items():
        text = ",\n  ".join(map(dumps, value)) if isinstance(value, list) else dumps(value)
        parts.append(f'"{key}": [\n  {text}\n ]' if isinstance(value, list) else f'"{key}": {text}')
    return ("{\n " + ",\n ".join(parts) + "\n}\n").encode("ascii")


def keep_previous(files: ReviewFiles) -> None:
    """Let the review file's present content stay as the previous version.

    Raises
    ------
    StorageError
    """
    partial = files.previous.with_name(f"{files.previous.name}.{os.getpid()}.part")
    try:
        partial.unlink(missing_ok=True)
        os.link(files.review, partial)
        partial.replace(files.previous)
    except OSError:  # a file system without hard links
        data = _read(files.review)
        if data is not None:
            write_atomically(files.previous, data)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file that is either there whole or not at all, readable by its owner only.

    Raises
    ------
    StorageError
    """
    try:
        write_private(path, data)
        sync_folder(path.parent)
    except OSError as error:
        raise StorageError(f"it cannot be written ({error.strerror})", path) from error


def _read(path: Path) -> bytes | None:
    try:
        return read_bytes(path, MAX_BYTES)
    except MissingFileError:
        return None
    except RecordError as error:
        raise StorageError(f"it cannot be read ({error.reason})", path) from error
