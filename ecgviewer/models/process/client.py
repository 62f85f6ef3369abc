"""The window's side of the model process: submit, cancel, restart. Imports neither Qt nor torch.

Callbacks run on the client's reader thread: the window must hand them over to its own.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import multiprocessing
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from ecgviewer.core import errors
from ecgviewer.core.analysis import Analysis
from ecgviewer.core.errors import AnalysisError, CancelledError, EcgViewerError
from ecgviewer.core.record_ref import RecordRef
from ecgviewer.models.process import service
from ecgviewer.models.process.messages import Message, receive, record_to_json, send
from ecgviewer.models.run.partial import PartialReader
from ecgviewer.models.run.store import AnalysisStore

log = logging.getLogger(__name__)

CLOSE_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What to call for one job. Exactly one of ``result`` and ``error`` is called, last."""

    result: Callable[[Analysis], None]
    error: Callable[[EcgViewerError], None]
    progress: Callable[[float, str], None] | None = None
    partial: Callable[[Analysis], None] | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    message: Message
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
        self._process: BaseProcess | None = None
        self._requests: Connection | None = None
        self._reader: threading.Thread | None = None
        self._closed = False

    def start(self) -> None:
        """Start the process now, so that the first job need not wait for it."""
        with self._lock:
            if not self._closed and self._process is None:
                self._launch()

    def analyze(self, ref: RecordRef, bundle: Path, device: str, callbacks: Callbacks) -> int:
        """Submit an analysis and return its number, for :meth:`cancel`."""
        message: Message = {
            "kind": "analyze",
            "record": record_to_json(ref),
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
            process, requests, reader = self._process, self._requests, self._reader
            self._process = self._requests = None
        if requests is not None:
            with contextlib.suppress(OSError):
                requests.close()
        if process is not None:
            process.join(CLOSE_WITHIN_S)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
        if reader is not None and reader is not threading.current_thread():
            reader.join(CLOSE_WITHIN_S)
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
        context = multiprocessing.get_context("spawn")
        # Two simplex pipes: a duplex one would be a socket.
        take, give = context.Pipe(duplex=False)
        answers, answer = context.Pipe(duplex=False)
        process = context.Process(
            target=service.main,
            args=(take, answer, str(self._cache_dir), self._spare.name),
            name="ecgviewer-models",
            daemon=True,
        )
        process.start()
        # Only the child may hold these ends, or its death would not close the pipes.
        take.close()
        answer.close()
        self._process, self._requests = process, give
        self._reader = threading.Thread(
            target=self._read, args=(process, answers), name="model-answers", daemon=True
        )
        self._reader.start()

    def _send(self, message: Message) -> None:
        if self._requests is None:
            return
        # A broken pipe is the reader's business: it sees the end and starts anew.
        with contextlib.suppress(OSError):
            send(self._requests, message)

    def _read(self, process: BaseProcess, answers: Connection) -> None:
        running: int | None = None
        try:
            while True:
                message = receive(answers)
                if message["kind"] in ("progress", "partial"):
                    running = message["id"]
                self._dispatch(message)
        except (EOFError, OSError):
            self._on_death(process, running)
        finally:
            answers.close()

    def _dispatch(self, message: Message) -> None:
        kind, number = message["kind"], message.get("id")
        if kind == "ready" or number is None:
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
            calls.error(_error(message))
        elif kind == "result":
            spare = message.get("spare", False)
            store = AnalysisStore(Path(self._spare.name)) if spare else self._store
            stored = store.get(message["recording_sha256"], message["bundle_sha256"])
            if stored is None:
                calls.error(AnalysisError("the result is no longer in the cache; run it again"))
            else:
                calls.result(stored)

    def _hand_over(
        self, so_far: PartialReader, message: Message, partial: Callable[[Analysis], None]
    ) -> None:
        try:
            analysis = so_far.analysis(message)
        except (OSError, ValueError) as error:  # the result comes all the same
            log.warning("what was found so far cannot be shown (%s)", error)
        else:
            partial(analysis)

    def _on_death(self, process: BaseProcess, running: int | None) -> None:
        """Report the job that was being done, and give the others to a new process."""
        with self._lock:
            if self._closed or self._process is not process:
                return
            process.join()
            code = process.exitcode
            self._process = self._requests = None
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


def _error(message: Message) -> EcgViewerError:
    """Return the error a message describes, with the type it was raised as."""
    kind = getattr(errors, message["type"], AnalysisError)
    if not (isinstance(kind, type) and issubclass(kind, EcgViewerError)):
        kind = AnalysisError
    path = None if message["path"] is None else Path(message["path"])
    if kind in (errors.UnansweredError, CancelledError):
        return errors.RecordError(message["reason"], path)
    return kind(message["reason"], path)
