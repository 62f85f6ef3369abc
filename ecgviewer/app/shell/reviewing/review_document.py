"""The review of the open record, as the window sees it: edits in, signals out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.record.document import Document
from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.work.workers import Task, Workers
from ecgviewer.core.errors import ReviewError
from ecgviewer.core.record.recording import Recording
from ecgviewer.review.annotations import (
    Annotation,
    RecordKey,
    Review,
    new_id,
    utc_now,
)
from ecgviewer.review.edits import editing
from ecgviewer.review.edits.editing import Edit
from ecgviewer.review.edits.session import ReviewSession
from ecgviewer.review.edits.store import ReviewStore
from ecgviewer.review.labels import DEFAULT_LABELS, Label, LabelSet

PENDING = "pending"
RETRY_MS = 3000


class ReviewDocument(QObject):
    """Holds the open review session, the selection, and the span that waits for a label."""

    opened = Signal()
    """Another review is open, or none."""
    identified = Signal(str)
    """SHA-256 of the open recording, once it is known."""
    changed = Signal()
    """The review, the selection or the marked span changed."""
    troubled = Signal(str)
    informed = Signal(str)

    def __init__(self, document: Document, workers: Workers, settings: SettingsStore) -> None:
        super().__init__(document)
        self.document = document
        self.session: ReviewSession | None = None
        self.labels: LabelSet = DEFAULT_LABELS
        self.label: Label = DEFAULT_LABELS.labels[-1]
        self.selected: str | None = None
        self.marked: Annotation | None = None
        self._workers = workers
        self._settings = settings
        self._opening: Task | None = None
        self._said: str = ""
        self._unsaved: list[ReviewSession] = []
        self._warned = False
        self._retry = QTimer(self, interval=RETRY_MS)
        self._retry.timeout.connect(self._try_again)
        document.recordingChanged.connect(self.reopen)
        document.selectedFlagChanged.connect(self._on_flag_selected)

    # Opening and closing ----------------------------------------------------------------------

    @property
    def store(self) -> ReviewStore:
        """Where reviews are kept, as the settings say."""
        return ReviewStore.for_user(self._settings.value.reviews_beside)

    @property
    def reader(self) -> str:
        """Who reads."""
        return self._settings.value.reader

    @property
    def review(self) -> Review | None:
        """The open review."""
        return self.session.review if self.session is not None else None

    def reopen(self) -> None:
        """Close the review that is open and open that of the document's recording."""
        self.close()
        recording = self.document.recording
        if recording is not None:
            generation = self.document.generation
            self._opening = self._workers.start(
                lambda _progress, _cancel: RecordKey.of(recording),
                on_result=lambda key: self._open(key, recording, generation),
                on_error=self._trouble,
            )
        self.opened.emit()

    def _open(self, key: RecordKey, recording: Recording, generation: int) -> None:
        if generation != self.document.generation:
            return
        self.identified.emit(key.sha256)
        try:
            self.session = self.store.open(key, self.reader, recording.path)
        except ReviewError as error:
            self._trouble(error)
            return
        for note in self.session.notes:
            self.informed.emit(f"Review: {note}.")
        if self.session.read_only:
            self.troubled.emit(f"The review is shown only: {self.session.read_only}.")
        self._report()
        self.opened.emit()

    def close(self) -> None:
        """Save and close the open review.

        Where the disk refuses, it stays in memory and is tried again until it is written.
        """
        if self._opening is not None:
            self._opening.drop()
            self._opening = None
        session, self.session = self.session, None
        self.selected = self.marked = None
        self._said = ""
        if session is None:
            return
        if session.pending and not session.retry():
            self._unsaved.append(session)
            self._retry.start()
            self.troubled.emit(
                f"{session.pending} edits of {session.review.record.name} are in memory only and "
                "will be tried again."
            )
        elif not session.close():
            self._trouble(session.problem)

    def may_close(self) -> bool:
        """Return whether everything is on disk; when asked a second time, always."""
        waiting = sum(session.pending for session in self._unsaved)
        if self.session is not None and not self.session.retry():
            waiting += self.session.pending
        if not waiting or self._warned:
            return True
        self._warned = True
        self.troubled.emit(
            f"{waiting} edits are not on disk yet. Make room, or close again to give them up."
        )
        return False

    # Editing ----------------------------------------------------------------------------------

    def perform(self, edit: Edit) -> bool:
        """Apply an edit; it is on disk when this returns, or the reader was told that it is not."""
        if self.session is None:
            self.informed.emit("The review is not open yet.")
            return False
        if self.session.review.state.status == "new" and edit.state is None:
            state = self.session.review.state
            edit = replace(
                edit, state=(state, replace(state, status="in progress", changed=utc_now()))
            )
        try:
            self.session.do(edit)
        except ReviewError as error:
            self._trouble(error)
            return False
        self._report()
        self.changed.emit()
        return True

    def attempt(self, make_edit: Callable[[Review], Edit]) -> bool:
        """Perform the edit that a function makes of the review; its refusal is shown."""
        if self.review is None:
            self.informed.emit("The review is not open yet.")
            return False
        try:
            edit = make_edit(self.review)
        except ReviewError as error:
            self._trouble(error)
            return False
        return self.perform(edit)

    def undo(self) -> Edit | None:
        """Take the last edit back; return the edit that this was, if there was one."""
        return self._walk("undo")

    def redo(self) -> Edit | None:
        """Do again what was undone last; return it, if there was one."""
        return self._walk("redo")

    def _walk(self, direction: str) -> Edit | None:
        if self.session is None:
            return None
        try:
            edit = self.session.undo() if direction == "undo" else self.session.redo()
        except ReviewError as error:
            self._trouble(error)
            return None
        if edit is None:
            return None
        self.informed.emit(f"{'Undone' if direction == 'undo' else 'Done again'}: {edit.text}.")
        after = edit.annotations[1]
        self.selected = after[0].id if after else None
        self._report()
        self.changed.emit()
        return edit

    def _report(self) -> None:
        """Say once why something is not on disk, and keep trying."""
        assert self.session is not None
        problem = self.session.problem
        text = describe(problem) if problem is not None else ""
        if text and text != self._said:
            count = self.session.pending
            waiting = f" {count} edits are in memory only and will be tried again." if count else ""
            self.troubled.emit(text + waiting)
        if self._said and not text:
            self.informed.emit("The review is on disk again.")
        self._said = text
        if self.session.pending or self._unsaved:
            self._retry.start()
        else:
            self._warned = False
            self._retry.stop()

    def _try_again(self) -> None:
        for session in list(self._unsaved):
            if session.retry():
                session.close()
                self._unsaved.remove(session)
                self.informed.emit(f"The review of {session.review.record.name} is on disk again.")
        if self.session is not None:
            self.session.retry()
            self._report()
        elif not self._unsaved:
            self._retry.stop()

    def _trouble(self, error: Exception | None) -> None:
        if error is not None:
            self.troubled.emit(describe(error))

    # Selection and marked span ----------------------------------------------------------------

    def select(self, annotation_id: str | None) -> None:
        """Select an annotation; a selected flag is let go."""
        self.selected = annotation_id
        if annotation_id is not None and self.document.selected_flag is not None:
            self.document.select_flag(None)
        self.changed.emit()

    def _on_flag_selected(self) -> None:
        if self.document.selected_flag is not None and self.selected is not None:
            self.selected = None
            self.changed.emit()

    @property
    def selected_annotation(self) -> Annotation | None:
        """The selected annotation of the review."""
        if self.review is None or self.selected is None:
            return None
        return next((a for a in self.review.annotations if a.id == self.selected), None)

    def mark(self, start_s: float, end_s: float, leads: Sequence[str]) -> None:
        """Mark a span that waits for its label."""
        if self.review is None:
            self.informed.emit("The review is not open yet.")
            return
        if self.session is not None and self.session.read_only:
            self.troubled.emit(f"The review is shown only: {self.session.read_only}.")
            return
        known = [lead for lead in leads if lead in self.review.record.leads]
        try:
            made = editing.make(self.review, start_s, end_s, known, "label: 1-9, Enter, Esc")
        except ReviewError as error:
            self._trouble(error)
            return
        self.marked = replace(made, id=PENDING)
        self.selected = None
        self.changed.emit()

    def unmark(self) -> None:
        """Forget the marked span."""
        if self.marked is not None:
            self.marked = None
            self.changed.emit()

    def apply_label(self, label: Label) -> bool:
        """Label what the reader is at: the marked span, else the selected annotation.

        Returns
        -------
        bool
            Whether there was one of them.
        """
        self.label = label
        marked, selected = self.marked, self.selected_annotation
        if marked is not None and self.review is not None:
            made = replace(marked, id=new_id(), label=label.name, codes=label.codes)
            self.marked = None
            if self.attempt(lambda review: editing.add(review, [made])):
                self.select(made.id)
            return True
        if selected is not None:
            self.attempt(lambda r: editing.relabel(r, selected.id, label.name, label.codes))
            return True
        self.changed.emit()
        return False

    def change_span(self, start_s: float, end_s: float) -> None:
        """Move the edges of the marked span or of the selected annotation."""
        marked, selected = self.marked, self.selected_annotation
        if marked is not None and self.review is not None:
            limit = self.review.record.duration_s
            start_s, end_s = sorted((min(max(start_s, 0.0), limit), min(max(end_s, 0.0), limit)))
            self.marked = replace(marked, start_s=start_s, end_s=end_s)
            self.changed.emit()
        elif selected is not None:
            self.attempt(lambda review: editing.move_edges(review, selected.id, start_s, end_s))

    def change_leads(self, leads: Sequence[str]) -> None:
        """Change the leads of the marked span or of the selected annotation."""
        marked, selected = self.marked, self.selected_annotation
        if marked is not None:
            self.marked = replace(marked, leads=tuple(leads))
            self.changed.emit()
        elif selected is not None:
            self.attempt(lambda review: editing.set_leads(review, selected.id, leads))

    @property
    def target(self) -> Annotation | None:
        """The marked span, else the selected annotation."""
        return self.marked or self.selected_annotation
