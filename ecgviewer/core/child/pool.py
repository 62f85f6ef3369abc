"""Worker processes that a crash of one does not end.

The pools of the standard library break as a whole when one process dies (a damaged file that
kills a native reader, the kernel's memory killer). Here the tasks at hand are tried again one by
one, and only the one that kills its process again is lost, and told.
"""

from __future__ import annotations

import queue
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from ecgviewer.core.child.messages import Body, Message
from ecgviewer.core.child.process import Child
from ecgviewer.core.child.serving import Channel

Task = TypeVar("Task")
Result = TypeVar("Result")
Report = Callable[[int, float], None]
"""Called by the work with the number of a task among those at hand and the fraction done of it."""
DoTasks = Callable[[Sequence[Any], Report], list[Any]]
"""Does some tasks together; returns a result for each. All of them are JSON values."""

Items = list[tuple[int, Task]]
IDLE_GOES_WITHIN_S = 5.0
LOOK_UP_EVERY_S = 0.5
"""Where the system cannot interrupt a wait, Ctrl-C is noticed so often."""


@dataclass(frozen=True, slots=True)
class PoolWork(Generic[Task, Result]):
    """What the processes of a pool do, and how tasks and results travel.

    Attributes
    ----------
    module : str
        Its ``serve(channel)`` calls :func:`serve_tasks`.
    setup : dict
        JSON values that each process starts with.
    task_to_json, result_from_json : callable
    """

    module: str
    setup: Body
    task_to_json: Callable[[Task], object]
    result_from_json: Callable[[Any], Result]


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


class _PoolWorker(Generic[Task, Result]):
    """One process and the tasks it has at hand."""

    def __init__(
        self,
        work: PoolWork[Task, Result],
        hear: Callable[[_PoolWorker[Task, Result], Message | None], None],
    ) -> None:
        self._to_json = work.task_to_json
        self.items: Items[Task] = []
        self.child = Child(work.module, lambda _, message: hear(self, message))
        self.child.send(work.setup)

    def submit(self, items: Items[Task]) -> None:
        self.items = items
        self.child.send({"tasks": [self._to_json(task) for _, task in items]})

    def stop(self) -> None:
        """End the process: at once when it is in the middle of a task."""
        self.child.end(0.0 if self.items else IDLE_GOES_WITHIN_S)


class WorkerPool(Generic[Task, Result]):
    """Runs tasks in worker processes, which start as they are needed.

    Parameters
    ----------
    work : PoolWork
    jobs : int
        The most processes to use.
    on_progress : callable
        Called with a task and the fraction of it that is done.
    together : int
        The most tasks that a process gets at a time; fewer where there are not enough for all.
    """

    def __init__(
        self,
        work: PoolWork[Task, Result],
        jobs: int,
        on_progress: Callable[[Task, float], None],
        together: int = 1,
    ) -> None:
        self._work = work
        self._together = together
        self._again: deque[tuple[int, Task]] = deque()
        self._jobs = jobs
        self._on_progress = on_progress
        self._workers: list[_PoolWorker[Task, Result]] = []
        self._news: queue.SimpleQueue[tuple[_PoolWorker[Task, Result], Message | None]]
        self._news = queue.SimpleQueue()

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
                if not any(worker.items for worker in self._workers):
                    return
                with suppress(queue.Empty):
                    self._collect(*self._news.get(timeout=LOOK_UP_EVERY_S), finished)
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

    def _idle_worker(self) -> _PoolWorker[Task, Result]:
        for worker in self._workers:
            if not worker.items:
                return worker
        self._workers.append(
            _PoolWorker(self._work, lambda worker, message: self._news.put((worker, message)))
        )
        return self._workers[-1]

    def _collect(
        self,
        worker: _PoolWorker[Task, Result],
        message: Message | None,
        finished: dict[int, tuple[Task, Result | Crash]],
    ) -> None:
        """Take one message of a worker, or its death."""
        if worker not in self._workers:
            return  # of an earlier run
        if message is None:
            self._workers.remove(worker)
            worker.child.end()
            if len(worker.items) > 1:
                self._again += worker.items
            elif worker.items:
                ((index, task),) = worker.items
                finished[index] = (task, Crash(worker.child.exit_code))
        elif "progress" in message[0]:
            number, fraction = message[0]["progress"]
            self._on_progress(worker.items[number][1], fraction)
            return
        else:
            for (index, task), result in zip(worker.items, message[0]["results"], strict=True):
                finished[index] = (task, self._work.result_from_json(result))
        worker.items = []


def serve_tasks(channel: Channel, make_work: Callable[[Body], DoTasks]) -> None:
    """Do tasks until the other side closes the pipe: the life of a worker process."""
    setup = channel.receive()
    if setup is None:
        return
    work = make_work(setup[0])
    while (message := channel.receive()) is not None:
        at_hand = message[0]["tasks"]
        results = work(at_hand, lambda *done: channel.send({"progress": done}))
        channel.send({"results": results})
