"""Worker processes that a crash of one does not end.

The pools of the standard library break as a whole when one process dies (a damaged file that
kills a native reader, the kernel's memory killer). Here only the task in hand is lost, and told.
Tasks and results travel over one-way pipes: no sockets.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
Report = Callable[[float], None]
"""Called by the work with the fraction of its task that is done."""

_CONTEXT = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Crash:
    """Stands for the result of a task whose process died."""

    exit_code: int | None

    def text(self) -> str:
        """Return what happened in words."""
        if self.exit_code is not None and self.exit_code < 0:
            try:
                name = signal.Signals(-self.exit_code).name
            except ValueError:
                name = f"signal {-self.exit_code}"
            return f"the worker process was ended by {name}"
        return f"the worker process ended unexpectedly (exit status {self.exit_code})"


class _Worker(Generic[Task, Result]):
    """One process and its two pipes."""

    def __init__(self, make_work: Callable[[], Callable[[Task, Report], Result]]) -> None:
        tasks_out, self._tasks = _CONTEXT.Pipe(duplex=False)
        self.results, results_in = _CONTEXT.Pipe(duplex=False)
        self.process = _CONTEXT.Process(
            target=_serve, args=(make_work, tasks_out, results_in), daemon=True
        )
        self.process.start()
        # Only the child may hold its ends, or a death on either side would go unseen.
        tasks_out.close()
        results_in.close()
        self.index: int | None = None
        self.task: Task | None = None

    def submit(self, index: int, task: Task) -> None:
        self.index, self.task = index, task
        # A process that died between two tasks: its closed result pipe tells when waited on.
        with suppress(BrokenPipeError):
            self._tasks.send(task)

    def stop(self) -> None:
        """End the process: at once when it is in the middle of a task."""
        self._tasks.close()
        if self.index is not None:
            self.process.kill()
        self.process.join()
        self.results.close()


class WorkerPool(Generic[Task, Result]):
    """Runs tasks in worker processes, which start as they are needed.

    Parameters
    ----------
    make_work : callable
        Called once in each process; returns the function that does a task.
    jobs : int
        The most processes to use.
    on_progress : callable
        Called with a task and the fraction of it that is done.
    """

    def __init__(
        self,
        make_work: Callable[[], Callable[[Task, Report], Result]],
        jobs: int,
        on_progress: Callable[[Task, float], None],
    ) -> None:
        self._make_work = make_work
        self._jobs = jobs
        self._on_progress = on_progress
        self._workers: list[_Worker[Task, Result]] = []

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Result | Crash]]:
        """Yield each task with its result, in the order of the tasks.

        Tasks are taken from the iterable as workers become free.
        """
        pending = enumerate(tasks)
        finished: dict[int, tuple[Task, Result | Crash]] = {}
        following = 0
        more = True
        try:
            while True:
                while more and (worker := self._idle_worker()) is not None:
                    item = next(pending, None)
                    if item is None:
                        more = False
                    else:
                        worker.submit(*item)
                busy = {w.results: w for w in self._workers if w.index is not None}
                if not busy:
                    return
                for results in wait(list(busy)):
                    self._collect(busy[results], finished)  # type: ignore[index]
                while following in finished:
                    yield finished.pop(following)
                    following += 1
        finally:
            for worker in self._workers:
                worker.stop()
            self._workers.clear()

    def _idle_worker(self) -> _Worker[Task, Result] | None:
        for worker in self._workers:
            if worker.index is None:
                return worker
        if len(self._workers) < self._jobs:
            self._workers.append(_Worker(self._make_work))
            return self._workers[-1]
        return None

    def _collect(
        self,
        worker: _Worker[Task, Result],
        finished: dict[int, tuple[Task, Result | Crash]],
    ) -> None:
        """Receive one message of a busy worker, or its death."""
        assert worker.index is not None and worker.task is not None
        result: Result | Crash
        try:
            kind, content = worker.results.recv()
        except (EOFError, OSError):
            worker.process.join()
            result = Crash(worker.process.exitcode)
            self._workers.remove(worker)
        else:
            if kind == "progress":
                self._on_progress(worker.task, content)
                return
            result = content
        finished[worker.index] = (worker.task, result)
        worker.index = None


def _serve(
    make_work: Callable[[], Callable[[Task, Report], Result]],
    tasks: Connection,
    results: Connection,
) -> None:
    """Do tasks until the other side closes the pipe: the life of a worker process."""
    # Ctrl-C reaches the whole group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work = make_work()
    while True:
        try:
            task = tasks.recv()
        except EOFError:
            return
        results.send(("done", work(task, lambda fraction: results.send(("progress", fraction)))))
