"""What the window can do: open, analyse, remember. The window sends, the document shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Signal

from ecgviewer.app.shell.model_choices import ModelChoice, choice_of_file, find_choices
from ecgviewer.app.shell.record.opening import Opening
from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.work import jobs
from ecgviewer.app.work.inference import Inference
from ecgviewer.app.work.workers import Task
from ecgviewer.core.analysis import Analysis
from ecgviewer.core.errors import AnalysisError, CancelledError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.models.networks.architectures import model_title


class Session(Opening):
    """Everything one window does: opening, from its base, and running models."""

    modelsChanged = Signal()
    devicesChanged = Signal()
    runningChanged = Signal(bool)
    progressed = Signal(float, str)

    def __init__(self, settings: SettingsStore, inference: Inference) -> None:
        super().__init__(settings)
        self.document.active_model = settings.value.model
        self.models: dict[str, ModelChoice] = {}
        self.devices: list[tuple[str, str]] = [("auto", "Automatic"), ("cpu", "CPU")]
        self._inference = inference
        self._inference.devicesFound.connect(self._on_devices)
        self._queue: list[str] = []
        self._run: Task | None = None
        self._run_total = 0
        self._recording_sha256 = ""
        self._recalled: set[str] = set()
        self.opened.connect(self._analyse_opened)

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
        for choice in choices:
            if choice.problem:
                self.errorRaised.emit(f"{choice.path.name}: {choice.problem}")
        self._recall()

    def add_model_file(self, path: Path) -> None:
        """Offer a bundle from anywhere, and choose it."""

        def done(choice: ModelChoice) -> None:
            if choice.problem:
                self.errorRaised.emit(f"{path.name}: {choice.problem}")
                return
            self.models[choice.id] = choice
            self.modelsChanged.emit()
            self.choose_model(choice.id)
            self._recall()

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
        if self.document.ref is None or self.running or self.document.obstacle:
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

        def so_far(analysis: Analysis) -> None:
            self.document.add_analysis(model, analysis)
            if choice.content_sha256 not in ("", analysis.bundle_sha256):
                self._model_changed(choice)
            chosen = self.settings.value.model
            if model == chosen or not self.document.has_analysis(chosen):
                self.document.activate(model)

        def result(analysis: Analysis) -> None:
            self._run = None
            so_far(analysis)
            self._next_model()

        def failed(error: Exception) -> None:
            self._end_run()
            if not isinstance(error, CancelledError):
                self._show_record_error(error)

        first = self._run is None and done == 0
        self._run = self._inference.analyse(
            ref,
            choice.path,
            self.settings.value.device,
            on_result=result,
            on_error=failed,
            on_progress=progress,
            on_partial=so_far,
        )
        if first:
            self.runningChanged.emit(True)
        progress(0.0, "starting")

    def _model_changed(self, choice: ModelChoice) -> None:
        """Say that a bundle is no longer the one that was chosen, and take up what it is now."""
        self.errorRaised.emit(
            f"{choice.path.name}: the model was replaced on the disk since it was chosen; "
            "this analysis was made with the new one"
        )
        self.workers.start(
            lambda _progress, _cancel: choice_of_file(choice.path),
            on_result=lambda found: self._on_models([found]),
            on_error=self._show_error,
        )

    def recall(self, recording_sha256: str) -> None:
        """Show what models found in the open recording before; none is run.

        Its hash comes from who needs it anyway (the review): a long recording is read once.
        """
        if recording_sha256 != self._recording_sha256:
            self._recording_sha256, self._recalled = recording_sha256, set()
        self._recall()

    def _recall(self) -> None:
        """Look into the cache for every bundle not looked for yet, the chosen model's first."""
        chosen = self.settings.value.model
        bundles = {
            choice.id: choice.content_sha256
            for choice in sorted(self.models.values(), key=lambda choice: choice.id != chosen)
            if choice.content_sha256 and not choice.problem
            and choice.content_sha256 not in self._recalled
        }  # fmt: skip
        if not self._recording_sha256 or not bundles:
            return
        sha256, generation = self._recording_sha256, self.document.generation
        self._recalled.update(bundles.values())
        self.workers.start(
            lambda progress, cancel: jobs.recall_job(sha256, bundles, progress, cancel),
            on_result=lambda _done: None,
            on_error=self._show_error,
            on_partial=lambda found: self._take_recalled(generation, *found),
        )

    def _take_recalled(self, generation: int, model: str, analysis: Analysis) -> None:
        if generation != self.document.generation or self.document.has_analysis(model):
            return  # another record is open, or a run was faster
        self.document.add_analysis(model, analysis)
        if model == self.settings.value.model or not self.document.has_active_analysis:
            self.document.activate(model)

    def run_model(
        self,
        ref: RecordRef,
        model: str,
        on_result: Callable[[Analysis], None],
        on_error: Callable[[Exception], None],
    ) -> Task:
        """Run a model on any record, beside what is open (screening)."""
        path, device = self.models[model].path, self.settings.value.device
        return self._inference.analyse(self.answered(ref), path, device, on_result, on_error)

    def _analyse_opened(self) -> None:
        if self.settings.value.analyse_on_open:
            self.analyse([self.settings.value.model])

    def _stop_work(self) -> None:
        super()._stop_work()
        if self._run is not None:
            self._run.drop()
        self._recording_sha256, self._recalled = "", set()
        self._end_run()

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

    def close(self) -> None:
        """End all work and the inference process."""
        self._stop_work()
        self.workers.close()
        self._inference.close()
        self.document.close()
