"""What the traces show of the document and of the review: glue, and nothing else."""

from __future__ import annotations

from PySide6.QtCore import QObject

from ecgviewer.app.shell.document import Document
from ecgviewer.app.shell.reviewing.review_document import ReviewDocument
from ecgviewer.app.trace.view import TraceView
from ecgviewer.review.annotations import Annotation


class TracesOfDocument(QObject):
    """Keeps the trace view in step with the document, and with the review once it is there."""

    def __init__(self, document: Document, traces: TraceView) -> None:
        super().__init__(traces)
        self._document = document
        self._traces = traces
        self._review: ReviewDocument | None = None
        self._shown: list[Annotation] = []
        self._generation = -1
        document.recordingChanged.connect(self._show_recording)
        document.heartChanged.connect(self._show_heart)
        document.analysisChanged.connect(self._show_analysis)
        document.flagsChanged.connect(self._show_flags)
        document.selectedFlagChanged.connect(self._show_selected_flag)

    def follow(self, review: ReviewDocument) -> None:
        """Show the annotations of this review, and those of the file that may be seen."""
        self._review = review
        review.changed.connect(self._show_annotations)
        review.opened.connect(self._show_annotations)
        self._document.fileAnnotationsChanged.connect(self._show_annotations)
        self._show_annotations()

    def _show_recording(self) -> None:
        self._traces.set_recording(self._document.recording)

    def _show_heart(self) -> None:
        heart = self._document.heart
        if heart is not None:
            self._traces.set_r_peaks(heart.r_peaks)

    def _show_analysis(self) -> None:
        self._traces.set_analysis(self._document.shown.analysis, self._document.specificity)

    def _show_flags(self) -> None:
        self._traces.set_specificity(self._document.specificity)
        self._traces.set_flags(self._document.shown.flags, self._document.selected_flag)

    def _show_selected_flag(self) -> None:
        self._traces.select_flag(self._document.selected_flag)

    def _show_annotations(self) -> None:
        assert self._review is not None
        review, marked = self._review.review, self._review.marked
        shown: list[Annotation] = list(review.annotations) if review is not None else []
        shown.extend(self._document.shown.file_annotations)
        if marked is not None:
            shown.append(marked)
        target = self._review.target
        selected = target.id if target is not None else None
        if shown == self._shown and self._document.generation == self._generation:
            self._traces.select_annotation(selected)
        else:
            self._traces.set_annotations(shown, selected)
            self._shown, self._generation = shown, self._document.generation
        self._traces.edit_annotation(selected)
