"""The process that touches HDF5 files: damage that crashes or locks up the library ends here.

Started by :mod:`ecgviewer.io.hdf5.process.client`; requests come on standard input, answers go to
standard output, one after the other, until the input ends. Before an answer that takes long there
are signs of life.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ecgviewer.core.errors import RecordError
from ecgviewer.core.recording import Recording
from ecgviewer.io.hdf5.candidates import list_candidates, read_preview
from ecgviewer.io.hdf5.file import opened
from ecgviewer.io.hdf5.find import layout_signature
from ecgviewer.io.hdf5.labels import read_labels
from ecgviewer.io.hdf5.process.messages import (
    NOTHING,
    Body,
    FloatArray,
    error_to_json,
    receive,
    recording_to_json,
    ref_from_json,
    send,
)
from ecgviewer.io.hdf5.process.progress import on_progress
from ecgviewer.io.hdf5.reader import count_stored, open_stored
from ecgviewer.io.hdf5.source import Hdf5Source
from ecgviewer.io.profiles import profile_from_json

MAX_MEMORY_BYTES = 900 << 20
SELF_DESTRUCT_S = 60
"""A locked-up process whose parent died must not stay for ever."""
_KEPT_OPEN = 8

_open: dict[str, Recording] = {}


def main() -> None:
    """Serve requests until standard input ends."""
    # By number: a frozen program without a console has no sys.stdin. The answers get a number
    # of their own, so that nothing else that prints can come between them.
    requests, answers = os.fdopen(0, "rb", closefd=False), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit_memory()
    send(answers, {"ready": True})

    def sign_of_life() -> None:
        _self_destruct_in(SELF_DESTRUCT_S)
        send(answers, {"working": True})

    on_progress(sign_of_life)
    while (message := receive(requests)) is not None:
        _self_destruct_in(SELF_DESTRUCT_S)
        try:
            body, samples = _answer(message[0])
        except RecordError as error:
            body, samples = error_to_json(error), NOTHING
        send(answers, body, samples)
        _self_destruct_in(0)


def _self_destruct_in(seconds: int) -> None:
    """End this process after so many seconds without another call; 0: never."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def _answer(request: Mapping[str, Any]) -> tuple[Body, FloatArray]:
    path = Path(request["path"])
    match request["what"]:
        case "count":
            ref = ref_from_json(path, request)
            profiles = {key: profile_from_json(one) for key, one in request["profiles"].items()}
            return {"n_records": count_stored(path, ref.options, profiles)}, NOTHING
        case "open":
            _open.pop(_key(request), None)
            recording = _recording(request)
            assert isinstance(recording.source, Hdf5Source)
            stored = recording.source
            opened_as = {"alone": stored.alone, "answers": stored.answers}
            return recording_to_json(recording) | opened_as, NOTHING
        case "read":
            source = _recording(request).source
            return {}, source.read(request["start"], request["stop"], request["leads"])
        case "close":
            if (closed := _open.pop(_key(request), None)) is not None:
                closed.source.close()
            return {}, NOTHING
        case "inspect":
            return {"candidates": [asdict(one) for one in list_candidates(path)]}, NOTHING
        case "preview":
            return {}, read_preview(path, request["dataset"], request["n_samples"])
        case "labels":
            return read_labels(path, request["arrays"], request["columns"]), NOTHING
        case "signature":
            with opened(path) as file:
                return {"signature": layout_signature(file, path)}, NOTHING
        case _:
            raise RecordError(f"unknown request {request['what']!r}", path)


def _recording(request: Mapping[str, Any]) -> Recording:
    """Return the record of a request, opened now or still open from before."""
    key = _key(request)
    recording = _open.get(key)
    if recording is None:
        ref = ref_from_json(Path(request["path"]), request)
        profiles = {key: profile_from_json(one) for key, one in request["profiles"].items()}
        recording = open_stored(ref, profiles)
        while len(_open) >= _KEPT_OPEN:
            _open.pop(next(iter(_open))).source.close()
        _open[key] = recording
    return recording


def _key(request: Mapping[str, Any]) -> str:
    return repr([request[part] for part in ("path", "index", "options", "profiles")])


def _limit_memory() -> None:
    """Make absurd allocations fail here, where the system lets us."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


if __name__ == "__main__":
    main()
