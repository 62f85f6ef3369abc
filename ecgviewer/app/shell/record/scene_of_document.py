"""What the traces show of the document and of its review: one scene, made here."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from ecgviewer.app.shell.record.document import Document
from ecgviewer.app.shell.reviewing.flag_verdicts import FlagVerdicts
from ecgviewer.app.shell.reviewing.review_document import ReviewDocument
from ecgviewer.app.trace.scene.scene import NO_BEATS, Scene
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.record.stimuli import NO_MARKS
from ecgviewer.review.annotations import Annotation


class SceneOfDocument(QObject):
    """Keeps the trace view in step with the document, and with the review once it is there."""

    def __init__(self, document: Document, traces: TraceView) -> None:
        super().__init__(traces)
        self._document, self._traces = document, traces
        self._review: ReviewDocument | None = None
        self._verdicts: FlagVerdicts | None = None
        self._annotations: list[Annotation] = []
        self._said: list[str] = []
        self._reviewed = -1
        for changed in (
            document.recordingChanged, document.heartChanged, document.analysisChanged,
            document.flagsChanged, document.selectedFlagChanged, document.clockChanged,
        ):  # fmt: skip
            changed.connect(self._show)

    def follow(self, review: ReviewDocument) -> None:
        """Show this review too: its annotations, its verdicts, those of the file that may be
        seen."""
        self._review, self._verdicts = review, FlagVerdicts(review)
        for changed in (review.changed, review.opened):
            changed.connect(self._show_review)
        self._document.fileAnnotationsChanged.connect(self._show)
        self._show_review()

    def _show_review(self) -> None:
        self._reviewed = self._document.generation
        self._show()

    @property
    def _is_reviewed(self) -> bool:
        """Whether the review is that of the open recording, not still that of the last one."""
        return self._reviewed == self._document.generation

    def _show(self) -> None:
        """Show what there is now; parts that stayed as they were are kept."""
        document, before = self._document, self._traces.scene
        recording, shown = document.recording, document.shown
        opened = recording is not before.recording
        scene = Scene(recording) if opened else before
        heart = document.heart
        scene = replace(
            scene,
            r_peaks=heart.r_peaks if heart is not None else NO_BEATS,
            stimuli=heart.stimuli if heart is not None else NO_MARKS,
            clock=document.clock,
        ).with_analysis(shown.analysis, document.specificity)
        said = self._flag_verdicts()
        if opened or shown.flags != before.flags or said != self._said:
            scene = scene.with_flags(shown.flags, said)
            self._said = said
        scene = replace(scene, selected_flag=document.selected_flag)
        self._traces.show_scene(self._with_annotations(scene, opened))

    def _flag_verdicts(self) -> list[str]:
        """Return what the reader said of each flag."""
        if self._verdicts is None or not self._is_reviewed:
            return []
        return [match.verdict.verdict if match else "" for match in self._verdicts.matches()]

    def _with_annotations(self, scene: Scene, opened: bool) -> Scene:
        if self._review is None or not self._is_reviewed:
            return scene
        review, marked, target = self._review.review, self._review.marked, self._review.target
        shown: list[Annotation] = list(review.annotations) if review is not None else []
        shown.extend(self._document.shown.file_annotations)
        if marked is not None:
            shown.append(marked)
        if opened or shown != self._annotations:
            scene = scene.with_annotations(shown)
            self._annotations = shown
        selected = target.id if target is not None else None
        return scene.with_selected_annotation(selected).with_edited_annotation(selected)
