"""Worker processes that a crash of one does not end.

The pools of the standard library break as a whole when one process dies (a damaged file that
kills a native reader, the kernel's memory killer). Here the tasks at hand are tried again one by
one, and only the one that kills its process again is lost, and told.
Tasks and results travel over one-way pipes: no sockets.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
Report = Callable[[int, float], None]
"""Called by the work with the number of a task among those at hand and the fraction done of it."""
Work = Callable[[Sequence[Task], Report], list[Result]]
"""Does some tasks together; returns a result for each."""

Items = list[tuple[int, Task]]
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


class _Ahead(Generic[Task]):
    """Numbered tasks, taken some at a time from an iterable whose length nobody knows."""

    def __init__(self, tasks: Iterator[tuple[int, Task]]) -> None:
        self._tasks = tasks
        self._waiting: Items[Task] = []

    def take(self, most: int, shares: int) -> Items[Task] | None:
        """Return up to ``most`` tasks, so that at the end ``shares`` processes have some; or None.

        A single task at a time is taken no earlier than it is needed.
        """
        wanted = most * shares if most > 1 else 1
        self._waiting += islice(self._tasks, max(wanted - len(self._waiting), 0))
        if not self._waiting:
            return None
        count = min(most, -(-len(self._waiting) // shares))
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken


class _Worker(Generic[Task, Result]):
    """One process and its two pipes."""

    def __init__(self, make_work: Callable[[], Work[Task, Result]]) -> None:
        tasks_out, self._tasks = _CONTEXT.Pipe(duplex=False)
        self.results, results_in = _CONTEXT.Pipe(duplex=False)
        self.process = _CONTEXT.Process(
            target=_serve, args=(make_work, tasks_out, results_in), daemon=True
        )
        self.process.start()
        # Only the child may hold its ends, or a death on either side would go unseen.
        tasks_out.close()
        results_in.close()
        self.items: Items[Task] = []

    def submit(self, items: Items[Task]) -> None:
        self.items = items
        # A process that died between two tasks: its closed result pipe tells when waited on.
        with suppress(BrokenPipeError):
            self._tasks.send([task for _, task in items])

    def stop(self) -> None:
        """End the process: at once when it is in the middle of a task."""
        self._tasks.close()
        if self.items:
            self.process.kill()
        self.process.join()
        self.results.close()


class WorkerPool(Generic[Task, Result]):
    """Runs tasks in worker processes, which start as they are needed.

    Parameters
    ----------
    make_work : callable
        Called once in each process; returns the function that does tasks.
    jobs : int
        The most processes to use.
    on_progress : callable
        Called with a task and the fraction of it that is done.
    together : int
        The most tasks that a process gets at a time; fewer where there are not enough for all.
    """

    def __init__(
        self,
        make_work: Callable[[], Work[Task, Result]],
        jobs: int,
        on_progress: Callable[[Task, float], None],
        together: int = 1,
    ) -> None:
        self._make_work = make_work
        self._together = together
        self._again: deque[tuple[int, Task]] = deque()
        self._jobs = jobs
        self._on_progress = on_progress
        self._workers: list[_Worker[Task, Result]] = []

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Result | Crash]]:
        """Yield each task with its result, in the order of the tasks.

        Tasks are taken from the iterable as workers become free.
        """
        pending = _Ahead(enumerate(tasks))
        finished: dict[int, tuple[Task, Result | Crash]] = {}
        following = 0
        try:
            while True:
                while self._has_room() and (items := self._next_items(pending)) is not None:
                    self._idle_worker().submit(items)
                busy = {w.results: w for w in self._workers if w.items}
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

    def _next_items(self, pending: _Ahead[Task]) -> Items[Task] | None:
        """Return what a worker does next: what killed one before alone, else some together."""
        if self._again:
            return [self._again.popleft()]
        return pending.take(self._together, self._jobs)

    def _has_room(self) -> bool:
        return len(self._workers) < self._jobs or any(not w.items for w in self._workers)

    def _idle_worker(self) -> _Worker[Task, Result]:
        for worker in self._workers:
            if not worker.items:
                return worker
        self._workers.append(_Worker(self._make_work))
        return self._workers[-1]

    def _collect(
        self,
        worker: _Worker[Task, Result],
        finished: dict[int, tuple[Task, Result | Crash]],
    ) -> None:
        """Receive one message of a busy worker, or its death."""
        try:
            kind, content = worker.results.recv()
        except (EOFError, OSError):
            worker.process.join()
            self._workers.remove(worker)
            if len(worker.items) > 1:
                self._again += worker.items
            else:
                ((index, task),) = worker.items
                finished[index] = (task, Crash(worker.process.exitcode))
        else:
            if kind == "progress":
                number, fraction = content
                self._on_progress(worker.items[number][1], fraction)
                return
            for (index, task), result in zip(worker.items, content, strict=True):
                finished[index] = (task, result)
        worker.items = []


def _serve(
    make_work: Callable[[], Work[Task, Result]],
    tasks: Connection,
    results: Connection,
) -> None:
    """Do tasks until the other side closes the pipe: the life of a worker process."""
    # Ctrl-C reaches the whole group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work = make_work()
    while True:
        try:
            at_hand = tasks.recv()
        except EOFError:
            return
        results.send(("done", work(at_hand, lambda *done: results.send(("progress", done)))))
