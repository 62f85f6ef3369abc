"""The one door for slow work in this process: progress, cancel, result or error.

A job is a plain function ``job(progress, cancel) -> result`` that runs in a pool thread and
knows no Qt. Its callbacks run on the window's thread, and not at all once it was dropped.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt, QThreadPool, Signal

from ecgviewer.core.errors import CancelledError
from ecgviewer.core.progress import CancelToken, Progress

PROGRESS_INTERVAL_S = 0.05


class Reporter:
    """The progress function a job gets; forwards at most 20 reports a second."""

    def __init__(self, post: Callable[[str, Any], None]) -> None:
        self._post = post
        self._last = 0.0

    def __call__(self, fraction: float, text: str) -> None:
        now = time.monotonic()
        if now - self._last >= PROGRESS_INTERVAL_S or fraction >= 1.0:
            self._last = now
            self._post("progress", (fraction, text))

    def partial(self, value: Any) -> None:
        """Hand over part of the result."""
        self._post("partial", value)


Job = Callable[[Reporter, CancelToken], Any]


class Task:
    """A running job, as its starter sees it."""

    def __init__(
        self,
        on_result: Callable[[Any], None],
        on_error: Callable[[Exception], None],
        on_progress: Progress | None,
        on_partial: Callable[[Any], None] | None,
    ) -> None:
        self.cancel_token = CancelToken()
        self.dropped = False
        self._on_result = on_result
        self._on_error = on_error
        self._on_progress = on_progress
        self._on_partial = on_partial

    def cancel(self) -> None:
        """Ask the job to stop; it then reports CancelledError."""
        self.cancel_token.cancel()

    def drop(self) -> None:
        """Cancel, and hear nothing more of it."""
        self.dropped = True
        self.cancel()

    def deliver(self, kind: str, payload: Any) -> None:
        """Call what the starter asked for (window's thread)."""
        if self.dropped:
            return
        if kind == "progress" and self._on_progress is not None:
            self._on_progress(*payload)
        elif kind == "partial" and self._on_partial is not None:
            self._on_partial(payload)
        elif kind == "result":
            self._on_result(payload)
        elif kind == "error":
            self._on_error(payload)


class Workers(QObject):
    """Runs jobs in a small thread pool and hands their news to the window's thread."""

    _news = Signal(int, str, object)

    def __init__(self, parent: QObject | None = None, threads: int = 2) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)
        self._tasks: dict[int, Task] = {}
        self._numbers = itertools.count()
        self._closed = False
        # The signal belongs to this long-lived object: an auto-deleted runnable must not emit.
        self._news.connect(self._on_news, Qt.ConnectionType.QueuedConnection)

    def start(
        self,
        job: Job,
        on_result: Callable[[Any], None],
        on_error: Callable[[Exception], None],
        on_progress: Progress | None = None,
        on_partial: Callable[[Any], None] | None = None,
    ) -> Task:
        """Run ``job`` in the pool.

        Parameters
        ----------
        job : callable
            Gets a progress function (also usable as ``progress.partial(value)``) and a token.
        on_result, on_error, on_progress, on_partial : callable
            Called on the window's thread.
        """
        task = Task(on_result, on_error, on_progress, on_partial)
        number = next(self._numbers)
        self._tasks[number] = task
        # A function, not a QRunnable: PySide6 never frees one that ends before ``start`` returns.
        self._pool.start(partial(_run, job, task, partial(self._post, number)))
        return task

    @property
    def busy(self) -> bool:
        """Whether any job that was not dropped is still running."""
        return any(not task.dropped for task in self._tasks.values())

    def close(self, wait_ms: int = 5000) -> bool:
        """Drop everything and wait for the threads; return whether they ended in time."""
        self._closed = True
        for task in self._tasks.values():
            task.drop()
        return self._pool.waitForDone(wait_ms)

    def _post(self, number: int, kind: str, payload: Any) -> None:
        if not self._closed:
            self._news.emit(number, kind, payload)

    def _on_news(self, number: int, kind: str, payload: Any) -> None:
        final = kind in ("result", "error")
        task = self._tasks.pop(number, None) if final else self._tasks.get(number)
        if task is not None and not self._closed:
            task.deliver(kind, payload)


def _run(job: Job, task: Task, post: Callable[[str, Any], None]) -> None:
    try:
        task.cancel_token.raise_if_cancelled()
        result = job(Reporter(post), task.cancel_token)
    except CancelledError as error:
        post("error", error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the starter is told
        post("error", error)
    else:
        post("result", result)
