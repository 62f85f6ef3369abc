"""Annotations that came with the file, shown on request and never edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ecgviewer.app.shell.context import has_annotators
from ecgviewer.app.shell.menu_paths import FILE_ANNOTATIONS
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.core.record.recording import Recording
from ecgviewer.review.annotations import Annotation

if TYPE_CHECKING:
    from ecgviewer.review.exports.wfdb.read import AnnotatorMarks


class FileAnnotations(QObject):
    """The annotators beside the open record; what those ticked in the menu marked is shown."""

    found = Signal()
    """Other annotators than before are known."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        self._document = bench.document
        self.annotators: list[str] = []
        self._ticked: dict[str, tuple[Annotation, ...]] = {}
        bench.document.recordingChanged.connect(self._find)
        bench.document.blindChanged.connect(self._fill)
        bench.commands.add(bench.commands.menu(FILE_ANNOTATIONS).menuAction(), has_annotators)

    def _show(self) -> None:
        marked = tuple(item for layer in self._ticked.values() for item in layer)
        self._document.set_file_annotations(marked)

    def _find(self) -> None:
        self._ticked = {}
        self._take([])
        recording, generation = self._document.recording, self._document.generation
        if recording is None:
            return

        def found(annotators: list[str]) -> None:
            if generation == self._document.generation:
                self._take(annotators)

        self._bench.session.workers.start(
            lambda _progress, _cancel: _find_annotators(recording),
            on_result=found,
            on_error=lambda error: self._bench.say.error(str(error)),
        )

    def _take(self, annotators: list[str]) -> None:
        self.annotators = annotators
        self._fill()
        self.found.emit()

    def _fill(self) -> None:
        menu = self._bench.commands.menu(FILE_ANNOTATIONS)
        menu.clear()
        for annotator in () if self._document.blind else self.annotators:
            action = menu.addAction(annotator)
            action.setCheckable(True)
            action.setChecked(annotator in self._ticked)
            action.toggled.connect(lambda on, name=annotator: self.show_layer(name, on))

    def show_layer(self, annotator: str, on: bool) -> None:
        """Show or hide what one annotator marked."""
        recording, generation = self._document.recording, self._document.generation
        if not on or recording is None:
            self._ticked.pop(annotator, None)
            self._show()
            return

        def read(layer: AnnotatorMarks) -> None:
            if generation != self._document.generation:
                return
            if layer.problem:
                self._bench.say.error(f"{recording.name}.{annotator}: {layer.problem}")
            if layer.remark:
                self._bench.say.info(f"{recording.name}.{annotator}: {layer.remark}")
            self._ticked[annotator] = layer.annotations
            self._show()

        self._bench.session.workers.start(
            lambda _progress, _cancel: _read_annotator(recording, annotator),
            on_result=read,
            on_error=lambda error: self._bench.say.error(str(error)),
        )


def _find_annotators(recording: Recording) -> list[str]:
    from ecgviewer.review.exports.wfdb.read import find_annotators

    return find_annotators(recording)


def _read_annotator(recording: Recording, annotator: str) -> AnnotatorMarks:
    from ecgviewer.review.exports.wfdb.read import read_annotator

    return read_annotator(recording, annotator)
