"""The work list over what is open: filled as records are found, screened in the background."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.reviewing.review_document import ReviewDocument
from ecgviewer.app.shell.session import Session
from ecgviewer.app.work.workers import Task
from ecgviewer.core.analysis import Analysis
from ecgviewer.core.errors import CancelledError, EcgViewerError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.site_shift import SiteShift
from ecgviewer.review.annotations import Review
from ecgviewer.review.queue import ModelScore, QueueRow, WorkQueue
from ecgviewer.review.ranking import next_open

SETTLE_MS = 300
"""Wait this long after the last record found before the list is built."""
IN_FLIGHT = 2
"""Records given to the model process at a time: one works, one waits."""


class Worklist(QObject):
    """Keeps the queue of the open folder and runs the models over it."""

    listChanged = Signal()
    rowChanged = Signal(object)
    judged = Signal(object)
    """QueueRow that a model was run over, or failed on."""
    screeningChanged = Signal(int, int)
    """Records done, of how many; (0, 0) when no screening runs."""
    resumed = Signal(object)
    """The record worked on last, when a list is opened again."""
    troubled = Signal(str)
    informed = Signal(str)

    def __init__(self, session: Session, review: ReviewDocument) -> None:
        super().__init__(session)
        self.queue: WorkQueue | None = None
        self._session = session
        self._review = review
        self._refs: list[RecordRef] = []
        self._folder: Path | None = None
        self._quiet = False
        self._todo: list[tuple[QueueRow, str]] = []
        self._running: dict[int, Task] = {}
        self._taken: tuple[str, Review] | None = None
        self._parts: dict[tuple[str, str], Mapping[str, float]] = {}
        self._number = 0
        self._total = 0
        self._failed = 0
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self.build)
        session.listCleared.connect(self._clear)
        session.recordsFound.connect(self._add)
        review.changed.connect(self.take_review)
        review.opened.connect(self.take_review)

    # The list ---------------------------------------------------------------------------------

    def _clear(self) -> None:
        self.stop_screening()
        self._refs, self._folder, self._parts = [], None, {}
        self.close()
        self.listChanged.emit()

    def be_of(self, folder: Path) -> None:
        """Make the list that of a folder, whichever records come into it."""
        self._folder = folder

    def _add(self, entries: list[object]) -> None:
        refs = [entry for entry in entries if isinstance(entry, RecordRef)]
        self._refs.extend(refs)
        if self._folder is None:
            self._settle.start()
        elif self.queue is None:
            self.build()
        else:
            self.queue.add(refs)
            self.listChanged.emit()

    def build(self) -> None:
        """Make the queue of the records found so far."""
        self._settle.stop()
        self.close()
        self._taken = None
        if self._refs:
            try:
                folder = self._folder or _common_folder(self._refs)
                self.queue = WorkQueue(folder, self._refs, self._review.reader)
            except EcgViewerError as error:
                self.troubled.emit(describe(error))
            else:
                self._welcome(self.queue)
        self.listChanged.emit()
        self.take_review()

    def _welcome(self, queue: WorkQueue) -> None:
        """Say what there is to say about a list that was opened, and go where the reader was."""
        if queue.note:
            self.informed.emit(f"Work list: {queue.note}.")
        place, first = queue.place, queue.rows[0].key
        reviewed, total = queue.progress()
        if place and place != first and self.current_key in ("", first):
            self.informed.emit(f"Back at {place}; {reviewed} of {total} records are reviewed.")
            self.resumed.emit(queue.row(place).ref)

    def close(self) -> None:
        """Release the queue's file."""
        if self.queue is not None:
            self.queue.close()
            self.queue = None

    def end(self) -> None:
        """Stop everything and release the queue's file, for good."""
        self._settle.stop()
        self.stop_screening()
        self._refs = []
        self.close()

    @property
    def current_key(self) -> str:
        """The key of the open record; empty when it is not in the list."""
        ref = self._review.document.ref
        if self.queue is None or ref is None:
            return ""
        return self.queue.key_of(ref) or ""

    def take_review(self) -> None:
        """Put the state of the open review into its row."""
        key, review = self.current_key, self._review.review
        if self.queue is None or not key or review is None or (key, review) == self._taken:
            return
        self._taken = (key, review)
        if review.state.status != "new":
            self.queue.place = key
        if review.state.status == "new" and self.queue.row(key).status == "new":
            return
        self.queue.set_review(key, review)
        self.rowChanged.emit(self.queue.row(key))

    def next_ref(self, shown: list[QueueRow], backwards: bool = False) -> RecordRef | None:
        """Return the next record of the list as shown that is not reviewed yet."""
        row = next_open(shown, self.current_key, backwards)
        return row.ref if row is not None else None

    def scores_of(self, model: str) -> list[ModelScore]:
        """Return what the model, as it is now, says of the records it was run over."""
        choice = self._session.models.get(model)
        found = [row.scores[model] for row in self._rows() if model in row.scores]
        return [
            score
            for score in found
            if choice is not None
            and score.bundle_sha256 == choice.content_sha256
            and not math.isnan(score.score)
        ]

    def shift(self, model: str) -> tuple[str, ...]:
        """Return what lies higher here than among the model's normals; empty where nothing does.

        Parts of the score are known of the records screened since the program began.
        """
        found = SiteShift()
        for row in self._rows():
            if model in row.scores:
                found.add(row.scores[model].p_value, self._parts.get((row.key, model), {}))
        return found.parts()

    def _rows(self) -> list[QueueRow]:
        return self.queue.rows if self.queue is not None else []

    # Screening --------------------------------------------------------------------------------

    @property
    def screening(self) -> bool:
        """Whether models are running over the list."""
        return bool(self._running or self._todo)

    def screen(self, models: list[str]) -> bool:
        """Run models over every record that lacks their score; return whether that began."""
        if self.queue is None or self.screening:
            return False
        usable = [model for model in models if self._usable(model)]
        if not usable:
            self.troubled.emit("No model can be used for screening.")
            return False
        bundles = {model: self._session.models[model].content_sha256 for model in usable}
        rows = self.queue.unscreened(bundles)
        self._todo = [
            (row, model)
            for row in rows
            for model in usable
            if model not in row.scores or row.scores[model].bundle_sha256 != bundles[model]
        ]
        self._total, self._failed, self._quiet = len(self._todo), 0, False
        if not self._todo:
            self.informed.emit("Every record of the list is screened already.")
            return False
        self._more()
        return True

    def judge(self, refs: list[RecordRef], models: list[str]) -> None:
        """Run models over records of the list that came or changed, and say nothing at the end."""
        if self.queue is None:
            return
        keys = [key for ref in refs if (key := self.queue.key_of(ref)) is not None]
        usable = [model for model in models if self._usable(model)]
        if not self.screening:
            self._total = self._failed = 0
            self._quiet = True
        new = [(self.queue.row(key), model) for key in keys for model in usable]
        self._todo += new
        self._total += len(new)
        if new:
            self._more()

    def _usable(self, model: str) -> bool:
        choice = self._session.models.get(model)
        return choice is not None and not choice.problem

    def stop_screening(self) -> None:
        """Stop; what is done stays."""
        self._todo = []
        running, self._running = self._running, {}
        for task in running.values():
            task.drop()
        self.screeningChanged.emit(0, 0)

    def _more(self) -> None:
        while self._todo and len(self._running) < IN_FLIGHT:
            row, model = self._todo.pop(0)
            self._number += 1
            self._start(self._number, row, model)
        done = self._total - len(self._todo) - len(self._running)
        if self.screening:
            self.screeningChanged.emit(done, self._total)
            return
        self.screeningChanged.emit(0, 0)
        self.listChanged.emit()
        if self._quiet:
            return
        failed = f", {self._failed} could not be" if self._failed else ""
        self.informed.emit(f"{done - self._failed} records were screened{failed}.")

    def _start(self, number: int, row: QueueRow, model: str) -> None:
        def result(analysis: Analysis) -> None:
            self._running.pop(number, None)
            if self.queue is not None:
                self.queue.set_analysis(row.key, analysis)
                self._parts[row.key, model] = analysis.parts
                self._tell(row.key)
            self._more()

        def failed(error: Exception) -> None:
            self._running.pop(number, None)
            self._failed += 1
            if self.queue is not None and not isinstance(error, CancelledError):
                self.queue.set_error(row.key, describe(error))
                self._tell(row.key)
            self._more()

        self._running[number] = self._session.run_model(row.ref, model, result, failed)

    def _tell(self, key: str) -> None:
        if self.queue is not None:
            row = self.queue.row(key)
            self.rowChanged.emit(row)
            self.judged.emit(row)


def _common_folder(refs: list[RecordRef]) -> Path:
    """Return the folder that holds all records, in which they have distinct names."""
    return Path(os.path.commonpath([ref.path.absolute().parent for ref in refs]))
