"""The context as it is now, derived in one place whenever something that counts has changed."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from ecgviewer.app.panels.records_panel import RecordsModel
from ecgviewer.app.review.file_annotations import FileAnnotations
from ecgviewer.app.review.worklist.worklist import Worklist
from ecgviewer.app.shell.context import Context
from ecgviewer.app.shell.reviewing.review_document import ReviewDocument
from ecgviewer.app.shell.session import Session
from ecgviewer.app.trace.view import TraceView


class CurrentContext(QObject):
    """Watches everything that decides what may be done, and tells the commands."""

    changed = Signal(object)
    """Context."""

    def __init__(
        self,
        session: Session,
        review: ReviewDocument,
        file_annotations: FileAnnotations,
        worklist: Worklist,
        records: RecordsModel,
        traces: TraceView,
    ) -> None:
        super().__init__(session)
        self._session = session
        self._review = review
        self._file_annotations = file_annotations
        self._worklist = worklist
        self._records = records
        self._traces = traces
        self.value = Context()
        document = session.document
        for signal in (
            document.recordingChanged, document.blindChanged, document.analysisChanged,
            document.flagsChanged, document.selectedFlagChanged, session.runningChanged,
            session.recentChanged, review.opened, review.changed, file_annotations.found,
            worklist.listChanged, records.rowsInserted, records.modelReset, traces.calipersChanged,
        ):  # fmt: skip
            signal.connect(self.update)

    def update(self, *_what: object) -> None:
        """Derive the context, and tell where it is another one."""
        context = self._derive()
        if context != self.value:
            self.value = context
            self.changed.emit(context)

    def _derive(self) -> Context:
        session, document, review = self._session, self._session.document, self._review
        recording, shown = document.recording, document.shown
        edits = review.session
        return Context(
            record_open=recording is not None,
            questions=recording is not None and any(note.question for note in recording.notes),
            judgeable=not document.obstacle,
            blind=shown.blind,
            running=session.running,
            analysed=bool(shown.analyses),
            n_flags=len(shown.flags),
            flag_selected=document.selected_flag is not None,
            review_open=edits is not None,
            editable=edits is not None and not edits.read_only,
            n_annotations=len(edits.review.annotations) if edits is not None else 0,
            marked=review.marked is not None,
            annotation_selected=review.selected_annotation is not None,
            can_undo=edits is not None and bool(edits.history.undo_text),
            can_redo=edits is not None and bool(edits.history.redo_text),
            measured=bool(self._traces.caliper_text()),
            listed=self._records.rowCount() > 0,
            queued=self._worklist.queue is not None and bool(self._worklist.queue.rows),
            recent=bool(session.settings.value.recent),
            annotators=bool(self._file_annotations.annotators),
        )
