"""A child process from its own side: serves one module until its parent closes the pipe, or dies.

Started by :mod:`ecgviewer.core.child.process`. The module has a function ``serve(channel)``; when
that returns, the process ends.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from importlib import import_module
from typing import IO

from ecgviewer.core.child.messages import NOTHING, Body, FloatArray, Message, receive, send


class Channel:
    """The pipes to the parent. Any thread may send; one receives."""

    def __init__(self, requests: IO[bytes], answers: IO[bytes]) -> None:
        self._requests, self._answers = requests, answers
        self._lock = threading.Lock()

    def receive(self) -> Message | None:
        """Return the parent's next message; None when there will be none."""
        return receive(self._requests)

    def send(self, body: Body, samples: FloatArray = NOTHING) -> None:
        """Send a message; BrokenPipeError where the parent is gone."""
        with self._lock:
            send(self._answers, body, samples)


def main(module: str) -> None:
    """Be the child process that serves a module."""
    # Ctrl-C in the terminal reaches the whole group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # By number: a frozen program without a console has no sys.stdin. The answers get a number
    # of their own, so that nothing else that prints can come between them.
    requests, answers = os.fdopen(0, "rb", closefd=False), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    import_module(module).serve(Channel(requests, answers))


if __name__ == "__main__":
    main(sys.argv[1])
