"""The client's side of ``--cluster``: batches out, rows back. No model runs here."""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgviewer.cli.cluster.work import (
    Order,
    Rows,
    UnfitWorkerError,
    problem,
    release,
    screen_batch,
)
from ecgviewer.cli.progress import RunProgress
from ecgviewer.cli.screening.rows import Job
from ecgviewer.cli.screening.tasks import TOGETHER, crash_rows
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.record.record_ref import RecordRef

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"
AHEAD = 3
"""Batches per worker that are out: one at work, the next ones there before it is done."""
CONNECT_S = 10.0
FIRST_WORKER_S = 30.0
LOOK_EVERY_S = 1.0
RELEASE_S = 5.0

Numbered = tuple[tuple[int, Job], ...]


@contextlib.contextmanager
def cluster_client(address: str, n_local: int) -> Iterator[Client]:
    """Connect to a scheduler; ``local`` starts workers on this machine, on the loopback address.

    Raises
    ------
    EcgViewerError
        When the extra is not installed, nobody answers, or no worker comes.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise EcgViewerError(
            "--cluster needs the package distributed: pip install 'ecgviewer[cluster]'"
        ) from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is said here
    with contextlib.ExitStack() as stack:
        target: Any = address
        if address == LOCAL:
            target = stack.enter_context(
                LocalCluster(
                    n_workers=n_local, threads_per_worker=1, host="127.0.0.1",
                    dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
                )
            )  # fmt: skip
        try:
            client = stack.enter_context(Client(target, timeout=CONNECT_S, set_as_default=False))
        except (OSError, ValueError) as error:  # a time-out is an OSError too
            raise EcgViewerError(f"no Dask scheduler answers at {address}") from error
        try:
            client.wait_for_workers(1, timeout=FIRST_WORKER_S)
        except TimeoutError as error:
            raise EcgViewerError(f"the scheduler at {address} has no workers") from error
        yield client


@dataclass(slots=True)
class ClusterRun:
    """One run on the workers of a client.

    Attributes
    ----------
    order : Order
    retried : int
        Batches that were cut into single records, after workers died of them.
    """

    client: Client
    order: Order
    progress: RunProgress
    retried: int = 0
    _out: dict[Future, Numbered] = field(default_factory=dict)
    _done: queue.SimpleQueue[Future] = field(default_factory=queue.SimpleQueue)
    _again: list[Numbered] = field(default_factory=list)
    _workers: set[str] = field(default_factory=set)
    _looked: float = float("-inf")

    def check(self) -> None:
        """See that every worker can do the work; raises EcgViewerError naming one that cannot."""
        for worker, found in self.client.run(problem, self.order, on_error="return").items():
            if isinstance(found, BaseException):
                found = f"has not this version of the program ({found})"
            if found:
                raise EcgViewerError(f"the worker {worker} {found}")

    def screen(self, jobs: Iterable[Job]) -> Iterator[tuple[int, Rows]]:
        """Yield the number and the rows of each job, as they come.

        Raises
        ------
        EcgViewerError
            When the cluster is lost, or a worker lacks what the work needs.
        """
        waiting = enumerate(jobs)
        try:
            while True:
                self._look()
                while len(self._out) < AHEAD * max(len(self._workers), 1):
                    batch = self._again.pop() if self._again else tuple(islice(waiting, TOGETHER))
                    if not batch:
                        break
                    self._submit(batch)
                if not self._out:
                    return
                with contextlib.suppress(queue.Empty):
                    future = self._done.get(timeout=LOOK_EVERY_S)
                    yield from self._collect(future, self._out.pop(future))
        finally:
            self._leave()

    def _submit(self, batch: Numbered) -> None:
        jobs = tuple(_absolute(job) for _, job in batch)
        future = self.client.submit(screen_batch, self.order, jobs, pure=False)
        self._out[future] = batch
        future.add_done_callback(self._done.put)

    def _collect(self, future: Future, batch: Numbered) -> Iterator[tuple[int, Rows]]:
        from distributed import KilledWorker

        if future.status == "finished":
            for (number, job), rows in zip(batch, future.result(), strict=True):
                yield number, _as_named(rows, job, self.order.anonymous)
            future.release()
            return
        if future.status != "error":
            if self.client.status != "running":
                raise EcgViewerError("the connection to the cluster is lost: --resume goes on")
            self._again.append(batch)  # it was done, and its result went with its worker
            return
        error = future.exception()
        if isinstance(error, UnfitWorkerError):
            raise EcgViewerError(f"a worker that came later {error.reason}")
        if not isinstance(error, KilledWorker):
            raise EcgViewerError(f"the workers cannot do the work ({error})")
        if len(batch) > 1:
            self.retried += 1
            self.progress.say(f"workers died of {len(batch)} records: each is tried alone")
            self._again += [(one,) for one in batch]
            return
        ((number, job),) = batch
        models = [(name, path) for name, path, _ in self.order.models]
        rows = crash_rows(job, models, "the workers of the cluster ended while they had it at hand")
        yield number, _as_named(rows, job, self.order.anonymous)

    def _look(self) -> None:
        """Take note of which workers there are, now and then."""
        now = time.monotonic()
        if now < self._looked + LOOK_EVERY_S:
            return
        self._looked = now
        try:
            workers = set(self.client.nthreads())
        except (OSError, RuntimeError) as error:
            raise EcgViewerError(
                "the connection to the cluster is lost: --resume goes on"
            ) from error
        gone = len(self._workers - workers)
        if gone:
            noun = "a worker" if gone == 1 else f"{gone} workers"
            self.progress.say(f"{noun} went away, {len(workers)} are left: batches are tried again")
        self._workers = workers

    def _leave(self) -> None:
        """Take back what is out, and have the workers give their memory back."""
        with contextlib.suppress(Exception):  # the cluster may be what was lost
            self.client.cancel(list(self._out), force=True)
            self.client.run(release, on_error="ignore")


def order_for(
    models: tuple[tuple[str, Path], ...],
    hashes: tuple[tuple[str, str], ...],
    paths: Iterable[Path],
    device: str,
    specificity: float,
    anonymous: bool,
) -> Order:
    """Return what holds for every batch of a run."""
    named = zip(models, hashes, strict=True)
    folders = {path.absolute() if path.is_dir() else path.absolute().parent for path in paths}
    return Order(
        tuple((name, path.absolute(), sha256) for (name, path), (_, sha256) in named),
        device,
        specificity,
        anonymous,
        tuple(sorted(folder for folder in folders if folder.exists())),
    )


def _absolute(job: Job) -> Job:
    """Return a job as a process elsewhere finds it."""
    source = job.source
    if isinstance(source, RecordRef):
        source = replace(source, path=source.path.absolute())
    maps = job.maps.absolute() if job.maps is not None else None
    return replace(job, path=job.path.absolute(), source=source, maps=maps)


def _as_named(rows: Rows, job: Job, anonymous: bool) -> Rows:
    return rows if anonymous else tuple(replace(row, path=str(job.path)) for row in rows)
