"""A review being worked on: edits, undo, and files that are always up to date."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ecgviewer.core.errors import ReviewError
from ecgviewer.core.system.files import make_private
from ecgviewer.review.annotations import RecordKey, Review, utc_now
from ecgviewer.review.edits.editing import Edit, History, apply
from ecgviewer.review.edits.files import (
    ReviewFiles,
    keep_previous,
    load,
    snapshot_bytes,
    write_atomically,
)
from ecgviewer.review.edits.journal import JournalEntry, JournalWriter, sync_folder
from ecgviewer.review.edits.locking import ReviewLock
from ecgviewer.review.edits.review_json import to_json
from ecgviewer.review.errors import ReviewConflictError, StorageError

SAVE_EVERY = 500
"""Edits between two writes of the review file; the journal has every one of them at once."""


@dataclass
class ReviewSession:
    """One reader's review of one record, open.

    Every edit is applied in memory, written to the journal and flushed before :meth:`do`
    returns. Where the disk refuses, the edit stays in memory, ``problem`` says why, and every
    further edit (or :meth:`retry`) tries again, in order.

    Attributes
    ----------
    review : Review
    history : History
    notes : tuple of str
        What was recovered, damaged or upgraded on opening.
    problem : ReviewError or None
        Why the last write did not work.
    read_only : str
        Why nothing can be changed; empty when it can.
    """

    files: ReviewFiles
    review: Review
    history: History
    notes: tuple[str, ...] = ()
    problem: ReviewError | None = None
    read_only: str = ""

    def __post_init__(self) -> None:
        self._lock: ReviewLock | None = None
        self._writer: JournalWriter | None = None
        self._pending: list[JournalEntry] = []
        self._sequence = 0
        self._saved_sequence = 0
        self._journal_id = ""
        self._journal_bytes = 0
        self._digest = ""
        self._repair = False
        self._damaged_review = False
        self._old_version = 0
        self._mine: Path | None = None
        self.save_every = SAVE_EVERY

    @classmethod
    def open(
        cls, files: ReviewFiles, record: RecordKey, author: str, read_only: bool = False
    ) -> ReviewSession:
        """Open a review, restoring whatever the journal holds beyond the review file.

        When another window has it open, the session is read-only and says so.

        Raises
        ------
        NewerFormatError, ReviewError, StorageError
            See :func:`ecgviewer.review.edits.files.load`.
        """
        lock, why = (None, "opened for reading") if read_only else _take_lock(files)
        try:
            loaded = load(files, record, author)
        except ReviewError:
            if lock is not None:
                lock.release()
            raise
        session = cls(files, loaded.review, loaded.history, loaded.notes, read_only=why)
        session._lock = lock
        session._sequence = session._saved_sequence = loaded.sequence
        session._journal_id = loaded.journal_id
        session._journal_bytes = loaded.journal_bytes
        session._digest = loaded.digest
        session._repair = loaded.repair
        session._damaged_review = loaded.damaged_review
        session._old_version = loaded.old_version
        if loaded.old_version:
            session.notes += (
                f"the review was upgraded from format {loaded.old_version}; the old file is kept",
            )
        if lock is not None and (loaded.repair or loaded.old_version):
            session._attempt(session._start_afresh)
        return session

    @property
    def pending(self) -> int:
        """How many edits are in memory only."""
        return len(self._pending)

    def do(self, edit: Edit) -> None:
        """Apply an edit and write it to the journal.

        Raises
        ------
        EditError
            When it does not fit the review.
        ReviewError
            When the review is read-only.
        """
        self._perform("do", edit)

    def undo(self) -> Edit | None:
        """Take the last edit back; return what was applied, None when there is nothing."""
        edit = self.history.next_undo()
        if edit is not None:
            self._perform("undo", edit)
        return edit

    def redo(self) -> Edit | None:
        """Do again what was undone last; return what was applied, None when there is nothing."""
        edit = self.history.next_redo()
        if edit is not None:
            self._perform("redo", edit)
        return edit

    def _perform(self, operation: str, edit: Edit) -> None:
        if self.read_only:
            raise ReviewError(f"the review cannot be changed: {self.read_only}")
        self.review = apply(self.review, edit)
        self.history.record(operation, edit)
        self._sequence += 1
        self._pending.append(JournalEntry(self._sequence, operation, edit, utc_now()))
        self.retry()
        if not self._pending and self._sequence - self._saved_sequence >= self.save_every:
            self.save()

    def retry(self) -> bool:
        """Write what is only in memory; False, with ``problem`` set, when that fails again."""
        return self._attempt(self._flush)

    def save(self) -> bool:
        """Write the review file, keeping the one before; False, with ``problem``, on failure."""
        if self.read_only or not (self._journal_id or self._pending):
            return not self._pending
        return self._attempt(self._flush) and self._attempt(self._write_review)

    def close(self) -> bool:
        """Save, and let others open the review; False when edits could not be written."""
        done = True
        if not self.read_only and (self._sequence != self._saved_sequence or self._pending):
            done = self.save()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None
            if not self.files.exist():
                self.files.remove_empty_folder()
        self.read_only = self.read_only or "closed"
        return done

    def _attempt(self, action: Callable[[], None]) -> bool:
        try:
            action()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self.problem = StorageError(f"it cannot be written ({reason})", self.files.review)
            return False
        except ReviewError as error:
            self.problem = error
            return False
        self.problem = None
        return True

    def _flush(self) -> None:
        if not self._pending:
            return
        if self._repair or (self._writer is not None and not self._writer.path.exists()):
            self._start_afresh()
            return
        if self._writer is None:
            self._open_writer()
        assert self._writer is not None
        while self._pending:
            try:
                self._writer.append(self._pending[0])
            except ReviewConflictError as error:
                raise self._conflict("the journal") from error
            self._pending.pop(0)
        self._journal_bytes = self._writer.size

    def _open_writer(self) -> None:
        if self._journal_id:
            self._writer = JournalWriter(self.files.journal, self._journal_bytes)
            return
        make_private(self.files.folder)
        self._writer = JournalWriter(self.files.journal, header=self._header(with_base=False))
        self._journal_id = self._writer.journal_id

    def _header(self, with_base: bool) -> dict[str, object]:
        return {
            "record_sha256": self.review.record.sha256,
            "author": self.review.author,
            "base": to_json(self.review) if with_base else None,
            "follows": self._digest,
        }

    def _start_afresh(self) -> None:
        """Begin a new journal with the review as it is now; keep the old one aside."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        files = self.files
        make_private(files.folder)
        self._hold_lock()
        if files.journal.exists():
            shutil.copy2(files.journal, files.aside(files.journal, "kept"))
        if self._old_version:
            shutil.copy2(files.review, files.aside(files.review, f"format{self._old_version}"))
        elif self._damaged_review:
            shutil.copy2(files.review, files.aside(files.review, "kept"))
        fresh = files.journal.with_name(f"{files.journal.name}.{os.getpid()}.part")
        fresh.unlink(missing_ok=True)
        writer = JournalWriter(fresh, header=self._header(with_base=True))
        self._journal_bytes, journal_id = writer.size, writer.journal_id
        writer.close()
        fresh.replace(files.journal)
        sync_folder(files.folder)
        self._writer = JournalWriter(files.journal, self._journal_bytes)
        self._journal_id = journal_id
        # The base holds every edit so far, pending ones included; entries count from 1 again.
        self._pending.clear()
        self._sequence = self._saved_sequence = 0
        self._repair, self._damaged_review, self._old_version = False, False, 0
        self._write_review()

    def _write_review(self) -> None:
        path = self.files.review
        if _digest(self.files) not in ("", self._digest):
            raise self._conflict("the review file")
        data = self._content()
        if path.exists():
            keep_previous(self.files)
        write_atomically(path, data)
        self._digest = hashlib.sha256(data).hexdigest()
        self._saved_sequence = self._sequence

    def _conflict(self, what: str) -> ReviewConflictError:
        """Keep this reader's review beside the other one, and return the error that says so."""
        if self._mine is None:
            self._mine = self.files.aside(self.files.review, "mine")
        write_atomically(self._mine, self._content())
        return ReviewConflictError(
            f"someone else changed {what} meanwhile; theirs was left as it is, and your review is "
            f"in {self._mine.name}",
            self.files.review,
        )

    def _hold_lock(self) -> None:
        """Take the lock again where its file was removed together with the folder."""
        if self._lock is None or self.files.lock.exists():
            return
        self._lock.release()
        self._lock = ReviewLock(self.files.lock)
        if not self._lock.acquire():
            raise self._conflict("the review")

    def _content(self) -> bytes:
        return snapshot_bytes(self.review, self._journal_id, self._sequence, self._journal_bytes)


def _digest(files: ReviewFiles) -> str:
    """Return the SHA-256 of the review file; empty when there is none."""
    try:
        return hashlib.sha256(files.review.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def _take_lock(files: ReviewFiles) -> tuple[ReviewLock | None, str]:
    lock = ReviewLock(files.lock)
    try:
        make_private(files.folder)
        if lock.acquire():
            return lock, ""
    except OSError as error:
        return None, f"its folder cannot be written to ({error.strerror})"
    except StorageError as error:
        return None, error.reason
    return None, "it is open in another window, which can change it; this one shows it only"
