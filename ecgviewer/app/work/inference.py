"""The model process as the window sees it: news arrive on the window's thread."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from ecgviewer.app.work.workers import Task
from ecgviewer.core.analysis import Analysis
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.progress import Progress
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.system.user_dirs import cache_dir

if TYPE_CHECKING:
    from ecgviewer.models.process.client import InferenceClient


class Run(Task):
    """An analysis under way in the model process."""

    def __init__(
        self,
        on_result: Callable[[Analysis], None],
        on_error: Callable[[Exception], None],
        on_progress: Progress | None,
        on_partial: Callable[[Any], None] | None,
        stop: Callable[[], None],
    ) -> None:
        super().__init__(on_result, on_error, on_progress, on_partial)
        self._stop = stop

    def cancel(self) -> None:
        """Ask the model process to stop; it then reports CancelledError."""
        super().cancel()
        self._stop()


class Inference(QObject):
    """Owns the client of the model process. torch is never imported here."""

    devicesFound = Signal(list)
    _news = Signal(int, str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client: InferenceClient | None = None
        self._lock = threading.Lock()
        self._runs: dict[int, Run] = {}
        self._numbers = itertools.count()
        self._news.connect(self._on_news, Qt.ConnectionType.QueuedConnection)

    def _the_client(self) -> InferenceClient:
        with self._lock:
            if self._client is None:
                from ecgviewer.models.process.client import InferenceClient

                self._client = InferenceClient(cache_dir())
            return self._client

    def warm_up(self) -> None:
        """Start the model process and ask it for its devices. Call it from any thread."""
        self._the_client().list_devices(lambda found: self._tell(-1, "devices", found))

    def analyse(
        self,
        ref: RecordRef,
        bundle: Path,
        device: str,
        on_result: Callable[[Analysis], None],
        on_error: Callable[[Exception], None],
        on_progress: Progress | None = None,
        on_partial: Callable[[Any], None] | None = None,
    ) -> Run:
        """Run a model on a record; the callbacks come on the window's thread."""
        from ecgviewer.models.process.client import Callbacks

        client, number = self._the_client(), next(self._numbers)
        job: list[int] = []
        run = Run(on_result, on_error, on_progress, on_partial, lambda: _cancel(client, job))
        self._runs[number] = run
        callbacks = Callbacks(
            result=lambda analysis: self._tell(number, "result", analysis),
            error=lambda error: self._tell(number, "error", error),
            progress=lambda fraction, text: self._tell(number, "progress", (fraction, text)),
            partial=(
                None if on_partial is None else lambda maps: self._tell(number, "partial", maps)
            ),
        )
        try:
            job.append(client.analyze(ref, bundle, device, callbacks))
        except EcgViewerError as error:
            self._tell(number, "error", error)
        return run

    def close(self) -> None:
        """End the model process."""
        with self._lock:
            client, self._client = self._client, None
        self._runs.clear()
        if client is not None:
            client.close()

    def _tell(self, number: int, kind: str, payload: Any) -> None:
        self._news.emit(number, kind, payload)

    def _on_news(self, number: int, kind: str, payload: Any) -> None:
        if kind == "devices":
            self.devicesFound.emit(payload)
            return
        final = kind in ("result", "error")
        run = self._runs.pop(number, None) if final else self._runs.get(number)
        if run is not None:
            run.deliver(kind, payload)


def _cancel(client: InferenceClient, job: list[int]) -> None:
    for number in job:
        client.cancel(number)
