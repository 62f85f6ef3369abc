"""Opening records: one file, a folder, a file of many; and what is worked out at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from ecgviewer.app.shell.error_reports import describe, log_error
from ecgviewer.app.shell.record.document import Document
from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.work import jobs
from ecgviewer.app.work.heart import Heart
from ecgviewer.app.work.workers import Task, Workers
from ecgviewer.core.errors import CancelledError, EcgViewerError, RecordError, UnansweredError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef

if TYPE_CHECKING:
    from ecgviewer.io import RecordFailure

    FoundRecord = RecordRef | RecordFailure


class Opening(QObject):
    """Finds and opens records off the window's thread, and puts them into the document."""

    errorRaised = Signal(str)
    recordErrorRaised = Signal(object)
    """Exception of work on the open record; means nothing for the next."""
    informed = Signal(str)
    questionRaised = Signal(object, object)
    """RecordRef, UnansweredError."""
    questionAnswered = Signal(object)
    """Path of a file of many records."""
    listCleared = Signal()
    recordsFound = Signal(list)
    recordFailed = Signal(object, object)
    """RecordRef, RecordError; None where the record is there anew."""
    recentChanged = Signal()
    opened = Signal()

    def __init__(self, settings: SettingsStore) -> None:
        super().__init__()
        self.settings = settings
        self.workers = Workers(self)
        self.document = Document(settings.value.specificity, self.workers, self)
        self._found: list[FoundRecord] = []
        self._answers: dict[Path, ReadOptions] = {}
        self._opening: Task | None = None
        self._listing: Task | None = None
        self._heart: Task | None = None

    def open_paths(self, paths: Sequence[Path], options: ReadOptions | None = None) -> None:
        """Open files and folders: one record is shown, several become a list.

        Parameters
        ----------
        options : ReadOptions, optional
            The user's answers to what the files leave open.
        """
        if not paths:
            return
        self.start_list(paths)
        single = len(paths) == 1 and not paths[0].is_dir()
        answers = options or ReadOptions()
        self._listing = self.workers.start(
            lambda progress, cancel: jobs.list_job(list(paths), answers, progress, cancel),
            on_result=lambda entries: self._take(entries, paths[0], single, True),
            on_error=self._show_error,
            on_partial=lambda entries: self._take(entries, paths[0], single, False),
        )

    def start_list(self, paths: Sequence[Path]) -> None:
        """Begin an empty list, of what is found below some paths."""
        if self._listing is not None:
            self._listing.drop()
            self._listing = None
        for path in paths:
            self.settings.value.add_recent(path.absolute())
        self.recentChanged.emit()
        self.listCleared.emit()
        self._found, self._answers = [], {}

    def add_to_list(self, entries: Sequence[FoundRecord]) -> None:
        """Put records that came into a folder into the list; those in it are there anew.

        The first of all, and any where no record is open, is opened.
        """
        before = set(self._found)
        first = not any(isinstance(entry, RecordRef) for entry in before)
        for entry in entries:
            if entry in before and isinstance(entry, RecordRef):
                self.recordFailed.emit(entry, None)
        new = [entry for entry in entries if entry not in before]
        self._found.extend(new)
        if new:
            self.recordsFound.emit(new)
        if first or self.document.recording is None:
            self._open_first_of(entries, ask=False)

    def _take(self, entries: list[FoundRecord], path: Path, single: bool, final: bool) -> None:
        """Show what a search found; open the first record of it that can be opened."""
        before = len(self._found)
        self._found.extend(entries)
        if single and len(self._found) < 2:
            # One file with one record needs no list.
            if final and self._found:
                self._open_only(self._found[0])
            elif final:
                self.errorRaised.emit(f"{path.name}: no ECG record was found there.")
            return
        if single and before < 2:
            entries, before = list(self._found), 0
        self.recordsFound.emit(entries)
        if not any(isinstance(entry, RecordRef) for entry in self._found[:before]):
            self._open_first_of(entries, ask=single)
        if final and not self._found:
            self.errorRaised.emit(f"{path.name}: no ECG record was found there.")

    def _open_only(self, entry: FoundRecord) -> None:
        if isinstance(entry, RecordRef):
            self.open_ref(entry)
        elif isinstance(entry.error, UnansweredError):
            self.questionRaised.emit(RecordRef(entry.path), entry.error)
        else:
            self._show_error(entry.error)

    def _open_first_of(self, entries: Sequence[FoundRecord], ask: bool) -> None:
        """Open the first record, or the one after it if that fails; nobody asked for it by name.

        Parameters
        ----------
        ask : bool
            Whether they are of one file that was asked for by name: what it leaves open is then
            asked, for all of its records.
        """
        for at, entry in enumerate(entries):
            if isinstance(entry, RecordRef):
                rest = entries[at + 1 :]
                self._start_opening(entry, partial(self._after_failure, entry, rest, ask))
                return

    def _after_failure(
        self, ref: RecordRef, rest: Sequence[FoundRecord], ask: bool, error: Exception
    ) -> None:
        if ask and isinstance(error, UnansweredError):
            self.questionRaised.emit(ref, error)
        else:
            self._open_first_of(rest, ask)

    def open_ref(self, ref: RecordRef) -> None:
        """Open one record; the one that is open stays until the new one is ready."""
        ref = self.answered(ref)
        self._start_opening(ref, lambda error: self._explain(ref, error))

    def open_answered(self, ref: RecordRef) -> None:
        """Open a record with the answers in ``ref.options``; they hold for all of its file."""
        if ref.index is None:
            self.open_paths([ref.path], ref.options)
        else:
            self.open_again(ref)

    def open_again(self, ref: RecordRef) -> None:
        """Open a record that is known to be one, with new answers for all of its file."""
        self._answers[ref.path] = ref.options
        self.questionAnswered.emit(ref.path)
        self.open_ref(ref)

    def answered(self, ref: RecordRef) -> RecordRef:
        """Return a record of the list with what was answered about its file, if anything was."""
        return replace(ref, options=self._answers.get(ref.path, ref.options))

    def _start_opening(self, ref: RecordRef, on_failure: Callable[[Exception], None]) -> None:
        if self._opening is not None:
            self._opening.drop()

        def failed(error: Exception) -> None:
            self._opening = None
            if isinstance(error, RecordError):
                self.recordFailed.emit(ref, error)
            on_failure(error)

        self._opening = self.workers.start(
            lambda _progress, _cancel: jobs.open_job(ref),
            on_result=lambda opened: self._on_opened(*opened),
            on_error=failed,
        )

    def _explain(self, ref: RecordRef, error: Exception) -> None:
        if isinstance(error, UnansweredError):
            self.questionRaised.emit(ref, error)
        else:
            self._show_error(error)

    def _on_opened(self, ref: RecordRef, recording: Any) -> None:
        self._opening = None
        self._stop_work()
        self.document.open(ref, recording)
        self._heart = self.workers.start(
            lambda progress, cancel: jobs.heart_job(recording, progress, cancel),
            on_result=self.document.set_heart,
            on_error=self._on_heart_failed,
            on_partial=self.document.set_heart,
        )
        self.opened.emit()

    def _on_heart_failed(self, error: Exception) -> None:
        import numpy as np

        self.document.set_heart(Heart(np.empty(0, np.int64), None))
        self._show_record_error(error)

    def close_record(self) -> None:
        """Close the record; work on it ends unheard."""
        if self._opening is not None:
            self._opening.drop()
            self._opening = None
        self._stop_work()
        self.document.close()

    def _stop_work(self) -> None:
        """End the work on the open record; the rest of the session adds its own."""
        if self._heart is not None:
            self._heart.drop()
            self._heart = None

    def _show_error(self, error: Exception) -> None:
        if isinstance(error, CancelledError):
            return
        if not isinstance(error, EcgViewerError):
            log_error(error)
        self.errorRaised.emit(describe(error))

    def _show_record_error(self, error: Exception) -> None:
        """Show what went wrong with the open record."""
        if not isinstance(error, EcgViewerError):
            log_error(error)
        self.recordErrorRaised.emit(error)
