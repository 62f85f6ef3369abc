"""What the window can do: open, list, analyse, remember. The window sends, the document shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from ecgviewer.app import jobs
from ecgviewer.app.document import Document, Heart, model_title
from ecgviewer.app.errors import describe, log_error
from ecgviewer.app.inference import Inference
from ecgviewer.app.model_choices import ModelChoice, choice_of_file, find_choices
from ecgviewer.app.settings import SettingsStore
from ecgviewer.app.workers import Task, Workers
from ecgviewer.core.analysis import Analysis
from ecgviewer.core.errors import (
    AnalysisError,
    CancelledError,
    EcgViewerError,
    RecordError,
    UnansweredError,
)
from ecgviewer.core.record_ref import ReadOptions, RecordRef

if TYPE_CHECKING:
    from ecgviewer.io import RecordFailure

    Entry = RecordRef | RecordFailure


class Session(QObject):
    """Runs the slow work for one window and puts its results into the document."""

    errorRaised = Signal(str)
    informed = Signal(str)
    questionRaised = Signal(object, object)
    listCleared = Signal()
    recordsFound = Signal(list)
    recordFailed = Signal(object, object)
    modelsChanged = Signal()
    devicesChanged = Signal()
    recentChanged = Signal()
    runningChanged = Signal(bool)
    progressed = Signal(float, str)

    def __init__(self, settings: SettingsStore, inference: Inference) -> None:
        super().__init__()
        self.settings = settings
        self.document = Document(settings.value.specificity, self)
        self.document.active_model = settings.value.model
        self.workers = Workers(self)
        self.models: dict[str, ModelChoice] = {}
        self.devices: list[tuple[str, str]] = [("auto", "Automatic"), ("cpu", "CPU")]
        self._inference = inference
        self._inference.devicesFound.connect(self._on_devices)
        self._found: list[Entry] = []
        self._opening: Task | None = None
        self._listing: Task | None = None
        self._heart: Task | None = None
        self._queue: list[str] = []
        self._run: Task | None = None
        self._run_total = 0

    # Opening ----------------------------------------------------------------------------------

    def open_paths(self, paths: Sequence[Path], options: ReadOptions | None = None) -> None:
        """Open files and folders: one record is shown, several become a list.

        Parameters
        ----------
        options : ReadOptions, optional
            The user's answers to what the files leave open.
        """
        if not paths:
            return
        if self._listing is not None:
            self._listing.drop()
        for path in paths:
            self.settings.value.add_recent(path.absolute())
        self.recentChanged.emit()
        self.listCleared.emit()
        self._found = []
        single = len(paths) == 1 and not paths[0].is_dir()
        answers = options or ReadOptions()
        self._listing = self.workers.start(
            lambda progress, cancel: jobs.list_job(list(paths), answers, progress, cancel),
            on_result=lambda entries: self._take(entries, paths[0], single, True),
            on_error=self._show_error,
            on_partial=lambda entries: self._take(entries, paths[0], single, False),
        )

    def _take(self, entries: list[Entry], path: Path, single: bool, final: bool) -> None:
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
            self._open_first_of(entries)
        if final and not self._found:
            self.errorRaised.emit(f"{path.name}: no ECG record was found there.")

    def _open_only(self, entry: Entry) -> None:
        if isinstance(entry, RecordRef):
            self.open_ref(entry)
        elif isinstance(entry.error, UnansweredError):
            self.questionRaised.emit(RecordRef(entry.path), entry.error)
        else:
            self._show_error(entry.error)

    def _open_first_of(self, entries: Sequence[Entry]) -> None:
        """Open the first record, or the one after it if that fails; nobody asked for it by name."""
        for at, entry in enumerate(entries):
            if isinstance(entry, RecordRef):
                rest = entries[at + 1 :]
                self._start_opening(entry, lambda _error, rest=rest: self._open_first_of(rest))
                return

    def open_ref(self, ref: RecordRef) -> None:
        """Open one record; the one that is open stays until the new one is ready."""
        self._start_opening(ref, lambda error: self._explain(ref, error))

    def open_answered(self, ref: RecordRef) -> None:
        """Open a record, or every record of its file, with the answers in ``ref.options``."""
        if ref.index is None:
            self.open_paths([ref.path], ref.options)
        else:
            self.open_ref(ref)

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
        if self.settings.value.analyse_on_open:
            self.analyse([self.settings.value.model])

    def _on_heart_failed(self, error: Exception) -> None:
        import numpy as np

        self.document.set_heart(Heart(np.empty(0, np.int64), None))
        self._show_error(error)

    def close_record(self) -> None:
        """Close the record; work on it ends unheard."""
        if self._opening is not None:
            self._opening.drop()
            self._opening = None
        self._stop_work()
        self.document.close()

    def _stop_work(self) -> None:
        if self._heart is not None:
            self._heart.drop()
            self._heart = None
        if self._run is not None:
            self._run.drop()
        self._end_run()

    # Analysing --------------------------------------------------------------------------------

    def find_models(self) -> None:
        """Look for model bundles and devices, off the window's thread."""
        self.workers.start(
            lambda _progress, _cancel: find_choices(),
            on_result=self._on_models,
            on_error=self._show_error,
        )
        self.workers.start(
            lambda _progress, _cancel: self._inference.warm_up(),
            on_result=lambda _done: None,
            on_error=self._show_error,
        )

    def _on_models(self, choices: list[ModelChoice]) -> None:
        self.models.update({choice.id: choice for choice in choices})
        self.modelsChanged.emit()

    def add_model_file(self, path: Path) -> None:
        """Offer a bundle from anywhere, and choose it."""

        def done(choice: ModelChoice) -> None:
            if choice.problem:
                self.errorRaised.emit(f"{path.name}: {choice.problem}")
                return
            self.models[choice.id] = choice
            self.modelsChanged.emit()
            self.choose_model(choice.id)

        self.workers.start(
            lambda _progress, _cancel: choice_of_file(path),
            on_result=done,
            on_error=self._show_error,
        )

    def _on_devices(self, devices: list[tuple[str, str]]) -> None:
        self.devices = devices
        self.devicesChanged.emit()

    def title_of(self, model: str) -> str:
        """Return the title of a chosen model."""
        choice = self.models.get(model)
        return choice.title if choice is not None else model_title(model)

    def choose_model(self, model: str) -> None:
        """Work with this model; its analysis is shown if it ran already."""
        self.settings.value.model = model
        self.document.activate(model)
        self.modelsChanged.emit()

    def choose_device(self, device: str) -> None:
        """Run the next analyses there."""
        self.settings.value.device = device
        self.devicesChanged.emit()

    @property
    def running(self) -> bool:
        """Whether an analysis is under way."""
        return self._run is not None

    def analyse(self, models: Sequence[str]) -> None:
        """Run models on the open record, one after the other."""
        if self.document.ref is None or self.running:
            return
        self._queue = list(models)
        self._run_total = len(self._queue)
        self._next_model()

    def _next_model(self) -> None:
        ref, recording = self.document.ref, self.document.recording
        if not self._queue or ref is None or recording is None:
            self._end_run()
            return
        model = self._queue.pop(0)
        done = self._run_total - len(self._queue) - 1
        title = self.title_of(model)
        choice = self.models.get(model)
        if choice is None or choice.problem:
            reason = choice.problem if choice is not None else "its file is missing"
            self._end_run()
            self._show_error(AnalysisError(f"{title} cannot be used: {reason}"))
            return

        def progress(fraction: float, text: str) -> None:
            self.progressed.emit((done + fraction) / self._run_total, f"{title}: {text}")

        def result(analysis: Analysis) -> None:
            self._run = None
            self.document.add_analysis(model, analysis)
            chosen = self.settings.value.model
            if model == chosen or chosen not in self.document.analyses:
                self.document.activate(model)
            self._next_model()

        def failed(error: Exception) -> None:
            self._end_run()
            if not isinstance(error, CancelledError):
                self._show_error(error)

        first = self._run is None and done == 0
        self._run = self._inference.analyse(
            ref,
            choice.path,
            self.settings.value.device,
            on_result=result,
            on_error=failed,
            on_progress=progress,
        )
        if first:
            self.runningChanged.emit(True)
        progress(0.0, "starting")

    def run_model(
        self,
        ref: RecordRef,
        model: str,
        on_result: Callable[[Analysis], None],
        on_error: Callable[[Exception], None],
    ) -> Task:
        """Run a model on any record, beside what is open (screening)."""
        path, device = self.models[model].path, self.settings.value.device
        return self._inference.analyse(ref, path, device, on_result, on_error)

    def _end_run(self) -> None:
        self._queue = []
        self._run = None
        self.runningChanged.emit(False)

    def cancel(self) -> None:
        """Stop the running analysis."""
        self._queue = []
        if self._run is not None:
            self._run.cancel()

    def clear_analyses(self) -> None:
        """Forget the results of the open record."""
        if not self.running:
            self.document.clear_analyses()

    def set_specificity(self, specificity: float) -> None:
        """Move the threshold."""
        self.settings.value.specificity = specificity
        self.document.set_specificity(specificity)

    # Ending -----------------------------------------------------------------------------------

    def close(self) -> None:
        """End all work and the inference process."""
        self._stop_work()
        self.workers.close()
        self._inference.close()
        self.document.close()

    def _show_error(self, error: Exception) -> None:
        if isinstance(error, CancelledError):
            return
        if not isinstance(error, EcgViewerError):
            log_error(error)
        self.errorRaised.emit(describe(error))
