"""The reader process for HDF5: started when first needed, lost without harm, started again.

HDF5 was not made for files that nobody vouches for: single changed bytes lock up or crash the
library. So no other process of this program opens an HDF5 recording.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from pathlib import Path

from ecgviewer.core.child.messages import Body, FloatArray, Message, error_from_json
from ecgviewer.core.child.process import Child
from ecgviewer.core.errors import CorruptFileError, RecordError

START_WITHIN_S = 60.0
ANSWER_WITHIN_S = 5.0
"""Opening and reading take milliseconds; slow network drives get the rest.

Looking through a file of many objects takes longer, and gives a sign of life every now and then:
this is the time until the next.
"""
LAST_ANSWER_WITHIN_S = 300.0
"""However many signs of life there are. The largest file takes some 10 s of processor time."""
WORKER = "ecgviewer.io.process.worker"


class _Reader:
    """One running reader process."""

    def __init__(self) -> None:
        self._answers: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        # OpenBLAS would claim memory for every core at start.
        self.child = Child(
            WORKER,
            lambda _, message: self._answers.put(message),
            quiet=True,
            environment={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    def exchange(self, request: Body | None, within_s: float) -> Message | None:
        """Send a request (None: await the greeting) and return the answer.

        None means that the process died; ``queue.Empty`` is raised when it was silent for so
        long, or has no end.
        """
        last = time.monotonic() + LAST_ANSWER_WITHIN_S
        if request is not None:
            self.child.send(request)
        while True:
            message = self._answers.get(timeout=within_s)
            if message is None or "working" not in message[0]:
                return message
            if time.monotonic() > last:
                raise queue.Empty


_lock = threading.Lock()
_reader: _Reader | None = None


def call(what: str, path: Path, **more: object) -> tuple[Body, FloatArray]:
    """Have the reader process do something with a file and return its answer.

    Parameters
    ----------
    what : str
        One of the requests of :mod:`ecgviewer.io.process.worker`.
    path : Path
    more
        The request's own fields.

    Raises
    ------
    RecordError
        What the reader found wrong; CorruptFileError when the file locked up or crashed it.
    """
    global _reader
    with _lock:
        if _reader is not None and _reader.child.owner != os.getpid():
            _reader = None  # inherited by a fork: it belongs to the parent
        if _reader is None:
            _reader = _start(path)
        asked = time.monotonic()
        try:
            answer = _reader.exchange({"what": what, "path": str(path), **more}, ANSWER_WITHIN_S)
        except queue.Empty:
            _stop()
            raise CorruptFileError(
                "locked up the HDF5 library "
                f"(no answer in {time.monotonic() - asked:.0f} s): refused",
                path,
            ) from None
        if answer is None:
            _stop()
            raise CorruptFileError("crashed the HDF5 library: refused", path)
    if "error" in answer[0]:
        # Whatever file was at fault, the one asked for is named.
        raise error_from_json(answer[0] | {"path": str(path)})
    return answer


def is_running() -> bool:
    """Return whether this process has a reader process."""
    return _reader is not None and _reader.child.owner == os.getpid()


def end_reader() -> None:
    """End the reader process; the next call starts another."""
    with _lock:
        _stop()


def _start(path: Path) -> _Reader:
    try:
        reader = _Reader()
    except OSError as error:
        raise RecordError(f"no process could be started to read it ({error})", path) from error
    try:
        greeting = reader.exchange(None, START_WITHIN_S)
    except queue.Empty:
        greeting = None
    if greeting is None:
        reader.child.end()
        raise RecordError("the process that reads HDF5 did not start", path)
    return reader


def _stop() -> None:
    global _reader
    if _reader is not None and _reader.child.owner == os.getpid():
        _reader.child.end()
    _reader = None
