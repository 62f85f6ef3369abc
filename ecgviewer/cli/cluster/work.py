"""What a worker of the cluster does: batches of records, in one process of its own with the models.

That process is the worker's child: a record that kills it costs the child, not the worker, and is
found out by trying each record of the batch alone.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ecgviewer import __version__
from ecgviewer.cli.screening.rows import Job, anonymous_row, job_to_json
from ecgviewer.cli.screening.table import Row, rows_from_json
from ecgviewer.cli.screening.tasks import THREAD_VARIABLES, crash_rows, screening_work
from ecgviewer.core.child.messages import Body
from ecgviewer.core.child.pool import Crash, DoTasks, PoolWork, WorkerPool, serve_tasks
from ecgviewer.core.child.serving import Channel
from ecgviewer.core.errors import BundleError, EcgViewerError
from ecgviewer.models.bundle.bundle import read_info, shipped_bundle
from ecgviewer.models.networks.architectures import model_ids

Batch = tuple[Job, ...]
Rows = tuple[Row, ...]


class UnfitWorkerError(EcgViewerError):
    """A worker lacks what the work needs."""


@dataclass(frozen=True, slots=True)
class Order:
    """What holds for every batch of a run.

    Attributes
    ----------
    models : tuple of (str, Path, str)
        Name, bundle as the client has it, and content hash of the bundle.
    folders : tuple of Path
        Where the records lie.
    """

    models: tuple[tuple[str, Path, str], ...]
    device: str
    specificity: float
    anonymous: bool
    folders: tuple[Path, ...]
    version: str = __version__


def problem(order: Order) -> str:
    """Return what this process lacks for the work; empty where nothing is."""
    if order.version != __version__:
        return f"has version {__version__} of the program, this is {order.version}"
    for folder in order.folders:
        if not folder.exists():
            return f"does not see {folder}: workers need the records under the same path"
    try:
        _bundles(order)
    except UnfitWorkerError as error:
        return error.reason
    return ""


def _bundles(order: Order) -> tuple[tuple[str, Path], ...]:
    """Return where this machine has the models; raises UnfitWorkerError where it has other ones."""
    found = []
    for name, path, sha256 in order.models:
        own = [shipped_bundle(name)] if name in model_ids() else []
        for candidate in (path, *own):
            try:
                if read_info(candidate).content_sha256 == sha256:
                    found.append((name, candidate))
                    break
            except (BundleError, OSError):
                continue
        else:
            raise UnfitWorkerError(f"has not the bundle {path} that was chosen, or another one")
    return tuple(found)


def screen_batch(order: Order, batch: Batch) -> list[Rows]:
    """Return the rows of some records; runs in a worker of the cluster.

    Raises
    ------
    UnfitWorkerError
        When this worker came late and lacks what the work needs.
    """
    with _TURN:
        _AT_WORK.over = False
        if _AT_WORK.order != order or _AT_WORK.child is None:
            _AT_WORK.end()
            lacks = problem(order)
            if lacks:
                raise UnfitWorkerError(lacks)
            _AT_WORK.order, _AT_WORK.child = order, _Child(order)
        rows = _AT_WORK.child.screen(batch)
        if _AT_WORK.over:
            _AT_WORK.end()
        return rows


def release() -> None:
    """Give back the memory of the models, after the batch at hand where there is one."""
    _AT_WORK.over = True
    if _TURN.acquire(blocking=False):
        try:
            _AT_WORK.end()
        finally:
            _TURN.release()


class _Child:
    """The process that has the models."""

    def __init__(self, order: Order) -> None:
        for variable in THREAD_VARIABLES:
            os.environ.setdefault(variable, "1")
        self._order = order
        self._models = _bundles(order)
        self._batches: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        setup = screening_work(self._models, order.device, order.specificity, order.anonymous).setup
        work: PoolWork[Batch, list[Rows]] = PoolWork(
            __name__,
            setup,
            lambda batch: [job_to_json(job) for job in batch],
            lambda results: [rows_from_json(rows) for rows in results],
        )
        self._results = WorkerPool(work, 1, lambda *_: None).run(self._coming())

    def screen(self, batch: Batch) -> list[Rows]:
        """Return the rows of a batch, those of what kills the process with the reason."""
        found = self._do(batch)
        if not isinstance(found, Crash):
            return found
        rows: list[Rows] = []
        for job in batch:
            alone = self._do((job,))
            rows += [self._lost(job, alone)] if isinstance(alone, Crash) else alone
        return rows

    def stop(self) -> None:
        """End the process."""
        self._batches.put(None)
        next(self._results, None)

    def _do(self, batch: Batch) -> list[Rows] | Crash:
        self._batches.put(batch)
        _, result = next(self._results)
        return result

    def _coming(self) -> Iterator[Batch]:
        while (batch := self._batches.get()) is not None:
            yield batch

    def _lost(self, job: Job, crash: Crash) -> Rows:
        rows = crash_rows(job, self._models, crash.text())
        if self._order.anonymous:
            return tuple(anonymous_row(row, job, None) for row in rows)
        return rows


@dataclass(slots=True)
class _AtWork:
    """What this process of the cluster is busy with."""

    order: Order | None = None
    child: _Child | None = None
    over: bool = False

    def end(self) -> None:
        child, self.child = self.child, None
        if child is not None:
            child.stop()


_AT_WORK = _AtWork()
_TURN = threading.Lock()
"""A worker with several threads still has one set of models."""


def serve(channel: Channel) -> None:
    """Be the process that has the models: each of its tasks is a batch."""
    serve_tasks(channel, _start)


def _start(setup: Body) -> DoTasks:
    from ecgviewer.cli.screening.in_worker import start

    screen = start(setup)
    return lambda batches, _report: [screen(batch, lambda *_: None) for batch in batches]
