"""The reader process for HDF5: started when first needed, lost without harm, started again.

HDF5 was not made for files that nobody vouches for: single changed bytes lock up or crash the
library. So no other process of this program opens an HDF5 recording.
"""

from __future__ import annotations

import atexit
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

from ecgviewer.core.errors import CorruptFileError, RecordError
from ecgviewer.io.hdf5.process.messages import Body, FloatArray, error_from_json, receive, send

START_WITHIN_S = 60.0
ANSWER_WITHIN_S = 5.0
"""Opening and reading take milliseconds; slow network drives get the rest.

Looking through a file of many objects takes longer, and gives a sign of life every now and then:
this is the time until the next.
"""
LAST_ANSWER_WITHIN_S = 300.0
"""However many signs of life there are. The largest file takes some 10 s of processor time."""
WORKER_ARGUMENT = "--hdf5-reader"
"""What the frozen program is called with to be this process."""

_Message = tuple[Body, FloatArray] | None


class _Reader:
    """One running reader process."""

    def __init__(self) -> None:
        # OpenBLAS would claim memory for every core at start.
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        if getattr(sys, "frozen", False):
            command = [sys.executable, WORKER_ARGUMENT]
        else:
            package_root = str(Path(__file__).resolve().parents[4])
            paths = [package_root, environment.get("PYTHONPATH", "")]
            environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
            # -P: nothing is imported from the current folder.
            command = [sys.executable, "-P", "-m", "ecgviewer.io.hdf5.process.worker"]
        self.owner = os.getpid()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._answers: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._listen, name="hdf5-answers", daemon=True)
        self._thread.start()

    def exchange(self, request: Body | None, within_s: float) -> _Message:
        """Send a request (None: await the greeting) and return the answer.

        None means that the process died; ``queue.Empty`` is raised when it was silent for so
        long, or has no end.
        """
        last = time.monotonic() + LAST_ANSWER_WITHIN_S
        if request is not None:
            assert self._process.stdin is not None
            try:
                send(self._process.stdin, request)
            except OSError:
                return None
        while True:
            message = self._answers.get(timeout=within_s)
            if message is None or "working" not in message[0]:
                return message
            if time.monotonic() > last:
                raise queue.Empty

    def end(self) -> None:
        """Kill the process and wait for it."""
        self._process.kill()
        self._process.wait()
        self._thread.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue  # unsent bytes for a process that is gone

    def _listen(self) -> None:
        assert self._process.stdout is not None
        message: _Message = None
        while True:
            try:
                message = receive(self._process.stdout)
            except (OSError, ValueError):
                message = None
            self._answers.put(message)
            if message is None:
                return


_lock = threading.Lock()
_reader: _Reader | None = None


def call(what: str, path: Path, **more: object) -> tuple[Body, FloatArray]:
    """Have the reader process do something with a file and return its answer.

    Parameters
    ----------
    what : str
        One of the requests of :mod:`ecgviewer.io.hdf5.process.worker`.
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
        if _reader is not None and _reader.owner != os.getpid():
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
        raise error_from_json(answer[0], path)
    return answer


def is_running() -> bool:
    """Return whether this process has a reader process."""
    return _reader is not None and _reader.owner == os.getpid()


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
        reader.end()
        raise RecordError("the process that reads HDF5 did not start", path)
    return reader


def _stop() -> None:
    global _reader
    if _reader is not None and _reader.owner == os.getpid():
        _reader.end()
    _reader = None


atexit.register(end_reader)
