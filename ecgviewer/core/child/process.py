"""A process of this program's own, from its start to its death, as its parent sees it."""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path

from ecgviewer.core.child.messages import NOTHING, Body, FloatArray, Message, receive, send

ARGUMENT = "--child"
"""What the frozen program is called with, before the module, to be a child."""
GONE_WITHIN_S = 5.0
"""A child whose answers have ended has so long for its exit, whose status tells what happened."""

_PACKAGE_ROOT = Path(__file__).resolve().parents[3]
_living: weakref.WeakSet[Child] = weakref.WeakSet()


class Child:
    """One running child process.

    Parameters
    ----------
    module : str
        What it serves: a module with ``serve(channel)``; see :mod:`ecgviewer.core.child.serving`.
    hear : callable
        Called with this child and each of its messages, on a thread of its own; at last with None,
        when it is gone or no longer makes sense.
    quiet : bool
        Whether its standard error is thrown away.
    environment : mapping
        Variables beside those of this process.

    Raises
    ------
    OSError
        When no process can be started.
    """

    def __init__(
        self,
        module: str,
        hear: Callable[[Child, Message | None], None],
        *,
        quiet: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        variables = os.environ | dict(environment or {})
        if getattr(sys, "frozen", False):
            command = [sys.executable, ARGUMENT, module]
        else:
            paths = [str(_PACKAGE_ROOT), variables.get("PYTHONPATH", "")]
            variables["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
            # -P: nothing is imported from the current folder.
            command = [sys.executable, "-P", "-m", "ecgviewer.core.child.serving", module]
        self.owner = os.getpid()
        self._hear = hear
        # A program without a console has no standard error to give.
        nowhere = subprocess.DEVNULL if quiet or sys.stderr is None else None
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=nowhere,
            env=variables,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        _living.add(self)
        self._thread = threading.Thread(target=self._listen, name=f"hears {module}", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit status (-N: ended by signal N), known once the child is gone."""
        return self._process.returncode

    def send(self, body: Body, samples: FloatArray = NOTHING) -> None:
        """Send a message; that the child is gone is heard, not raised."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            send(self._process.stdin, body, samples)

    def end(self, within_s: float = 0.0) -> None:
        """End the process and wait for it: killed unless it goes by itself within so long.

        A child goes by itself when it next waits for a message.
        """
        if within_s > 0:
            self._close_requests()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(within_s)
        self._process.kill()
        self._process.wait()
        if self._thread is not threading.current_thread():
            self._thread.join()
        self._close_requests()

    def _close_requests(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # unsent bytes for a process that is gone
            self._process.stdin.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as answers:
            while (message := receive(answers)) is not None:
                self._hear(self, message)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GONE_WITHIN_S)
        self._process.kill()
        self._process.wait()
        self._close_requests()
        self._hear(self, None)


def _end_all() -> None:
    for child in list(_living):
        if child.owner == os.getpid() and child.exit_code is None:
            child.end()


atexit.register(_end_all)
