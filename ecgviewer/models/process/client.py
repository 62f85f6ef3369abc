"""The window's side of the model process: submit, cancel, restart. Imports neither Qt nor torch.

Callbacks run on the client's reader thread: the window must hand them over to its own.
"""

from __future__ import annotations

import itertools
import logging
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.child.messages import Body, Message, error_from_json, ref_to_json
from ecgviewer.core.child.process import Child
from ecgviewer.core.errors import AnalysisError, CancelledError, EcgViewerError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.models.run.kept.partial import PartialReader
from ecgviewer.models.run.kept.store import AnalysisStore

log = logging.getLogger(__name__)

CLOSE_WITHIN_S = 2.0
SERVICE = "ecgviewer.models.process.service"


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What to call for one job. Exactly one of ``result`` and ``error`` is called, last."""

    result: Callable[[Analysis], None]
    error: Callable[[EcgViewerError], None]
    progress: Callable[[float, str], None] | None = None
    partial: Callable[[Analysis], None] | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    message: Body
    callbacks: Callbacks | None = None
    so_far: PartialReader = field(default_factory=PartialReader)
    devices: Callable[[list[tuple[str, str]]], None] | None = None


class InferenceClient:
    """Keeps one model process, started with the first job and again when it dies.

    A job whose process died gets an error; the jobs behind it go to the next process.

    Parameters
    ----------
    cache_dir : Path
        The program's cache folder; results pass through its analysis store.
    """

    def __init__(self, cache_dir: Path) -> None:
        self._cache_dir = cache_dir
        self._store = AnalysisStore(cache_dir)
        self._spare = tempfile.TemporaryDirectory(prefix="ecgviewer-", ignore_cleanup_errors=True)
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._jobs: dict[int, _Job] = {}
        self._running: int | None = None
        self._process: Child | None = None
        self._closed = False

    def start(self) -> None:
        """Start the process now, so that the first job need not wait for it."""
        with self._lock:
            if not self._closed and self._process is None:
                self._launch()

    def analyze(self, ref: RecordRef, bundle: Path, device: str, callbacks: Callbacks) -> int:
        """Submit an analysis and return its number, for :meth:`cancel`."""
        message: Body = {
            "kind": "analyze",
            "record": ref_to_json(ref),
            "bundle": str(bundle),
            "device": device,
            "partial": callbacks.partial is not None,
        }
        return self._submit(_Job(message, callbacks))

    def list_devices(self, answer: Callable[[list[tuple[str, str]]], None]) -> int:
        """Ask which devices there are; the answer holds (key, name) pairs."""
        return self._submit(_Job({"kind": "devices"}, devices=answer))

    def cancel(self, number: int) -> None:
        """Ask a job to stop; its error callback gets CancelledError unless it was done."""
        with self._lock:
            if number in self._jobs:
                self._send({"kind": "cancel", "id": number})

    @property
    def process_id(self) -> int | None:
        """The model process, if it runs."""
        process = self._process
        return None if process is None else process.pid

    def close(self) -> None:
        """End the process; no callback is called any more."""
        with self._lock:
            self._closed = True
            self._jobs.clear()
            process, self._process = self._process, None
        if process is not None:
            process.end(CLOSE_WITHIN_S)
        self._spare.cleanup()

    def _submit(self, job: _Job) -> int:
        with self._lock:
            if self._closed:
                raise AnalysisError("the program is closing")
            number = next(self._numbers)
            job.message["id"] = number
            self._jobs[number] = job
            if self._process is None:
                self._launch()
            self._send(job.message)
            return number

    def _launch(self) -> None:
        self._running = None
        self._process = Child(SERVICE, self._hear)
        self._process.send({"cache": str(self._cache_dir), "spare": self._spare.name})

    def _send(self, message: Body) -> None:
        # A process that is gone is heard of: then it is started anew.
        if self._process is not None:
            self._process.send(message)

    def _hear(self, process: Child, message: Message | None) -> None:
        if message is None:
            self._on_death(process)
        else:
            if message[0]["kind"] in ("progress", "partial"):
                self._running = message[0]["id"]
            self._dispatch(message[0])

    def _dispatch(self, message: Body) -> None:
        kind, number = message["kind"], message.get("id")
        if number is None:
            return
        last = kind not in ("progress", "partial")
        with self._lock:
            job = self._jobs.pop(number, None) if last else self._jobs.get(number)
        if job is None:
            return
        if job.devices is not None and kind == "devices":
            job.devices([(key, name) for key, name in message["devices"]])
        calls = job.callbacks
        if calls is None:
            return
        if kind == "progress" and calls.progress is not None:
            calls.progress(message["fraction"], message["text"])
        elif kind == "partial" and calls.partial is not None:
            self._hand_over(job.so_far, message, calls.partial)
        elif kind == "cancelled":
            calls.error(CancelledError())
        elif kind == "error":
            calls.error(error_from_json(message, AnalysisError))
        elif kind == "result":
            spare = message.get("spare", False)
            store = AnalysisStore(Path(self._spare.name)) if spare else self._store
            stored = store.get(message["recording_sha256"], message["bundle_sha256"])
            if stored is None:
                calls.error(AnalysisError("the result is no longer in the cache; run it again"))
            else:
                calls.result(stored)

    def _hand_over(
        self, so_far: PartialReader, message: Body, partial: Callable[[Analysis], None]
    ) -> None:
        try:
            analysis = so_far.analysis(message)
        except (OSError, ValueError) as error:  # the result comes all the same
            log.warning("what was found so far cannot be shown (%s)", error)
        else:
            partial(analysis)

    def _on_death(self, process: Child) -> None:
        """Report the job that was being done, and give the others to a new process."""
        with self._lock:
            if self._closed or self._process is not process:
                return
            code, running = process.exit_code, self._running
            self._process = None
            first = running if running in self._jobs else next(iter(sorted(self._jobs)), None)
            failed = None if first is None else self._jobs.pop(first)
            log.warning("the model process ended (exit code %s)", code)
            waiting = [self._jobs[number].message for number in sorted(self._jobs)]
            if waiting:
                self._launch()
                for message in waiting:
                    self._send(message)
        if failed is not None and failed.callbacks is not None:
            failed.callbacks.error(
                AnalysisError(
                    f"the model process ended unexpectedly (exit code {code}); try again: "
                    "a long analysis continues where it stopped"
                )
            )
