"""Annotations that came with the file, shown on request and never edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ecgviewer.app.review.command_rows import LAYERS
from ecgviewer.core.recording import Recording
from ecgviewer.review.annotations import Annotation

if TYPE_CHECKING:
    from ecgviewer.app.shell.window import MainWindow
    from ecgviewer.review.exports.wfdb_import import Layer


class Layers(QObject):
    """The annotators beside the open record; the ones ticked in the menu are shown."""

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._document = window.document
        self._shown: dict[str, tuple[Annotation, ...]] = {}
        window.document.recordingChanged.connect(self._find)
        self._fill([])

    def annotations(self) -> list[Annotation]:
        """Return what the ticked annotators marked."""
        return [item for layer in self._shown.values() for item in layer]

    def find(self, annotation_id: str) -> Annotation | None:
        """Return one of the annotations on show."""
        return next((item for item in self.annotations() if item.id == annotation_id), None)

    def _find(self) -> None:
        self._shown = {}
        self._fill([])
        recording, generation = self._document.recording, self._document.generation
        if recording is None:
            return

        def found(annotators: list[str]) -> None:
            if generation == self._document.generation:
                self._fill(annotators)

        self._window.session.workers.start(
            lambda _progress, _cancel: _find_annotators(recording),
            on_result=found,
            on_error=lambda error: self._window.messages.error(str(error)),
        )

    def _fill(self, annotators: list[str]) -> None:
        menu = self._window.commands.menu(LAYERS)
        menu.clear()
        menu.setEnabled(bool(annotators))
        for annotator in annotators:
            action = menu.addAction(annotator)
            action.setCheckable(True)
            action.toggled.connect(lambda on, name=annotator: self.show_layer(name, on))

    def show_layer(self, annotator: str, on: bool) -> None:
        """Show or hide what one annotator marked."""
        recording, generation = self._document.recording, self._document.generation
        if not on or recording is None:
            self._shown.pop(annotator, None)
            self.changed.emit()
            return

        def read(layer: Layer) -> None:
            if generation != self._document.generation:
                return
            if layer.problem:
                self._window.messages.error(f"{recording.name}.{annotator}: {layer.problem}")
            self._shown[annotator] = layer.annotations
            self.changed.emit()

        self._window.session.workers.start(
            lambda _progress, _cancel: _read_layer(recording, annotator),
            on_result=read,
            on_error=lambda error: self._window.messages.error(str(error)),
        )


def _find_annotators(recording: Recording) -> list[str]:
    from ecgviewer.review.exports.wfdb_import import find_annotators

    return find_annotators(recording)


def _read_layer(recording: Recording, annotator: str) -> Layer:
    from ecgviewer.review.exports.wfdb_import import read_layer

    return read_layer(recording, annotator)
