"""The process that touches HDF5 files: damage that crashes or locks up the library ends here.

A child process of :mod:`ecgviewer.io.process.client`, which sends requests and is answered, one
after the other. Before an answer that takes long there are signs of life.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ecgviewer.core.child.messages import (
    NOTHING,
    Body,
    FloatArray,
    error_to_json,
    ref_from_json,
)
from ecgviewer.core.child.serving import Channel
from ecgviewer.core.errors import RecordError
from ecgviewer.core.record.recording import Recording
from ecgviewer.io.hdf5.file import opened
from ecgviewer.io.hdf5.labels import read_labels
from ecgviewer.io.hdf5.locate.candidates import list_candidates, read_preview
from ecgviewer.io.hdf5.locate.find import layout_signature
from ecgviewer.io.hdf5.reader import count_stored, open_stored
from ecgviewer.io.hdf5.source import Hdf5Source
from ecgviewer.io.process.messages import recording_to_json
from ecgviewer.io.process.progress import on_progress
from ecgviewer.io.profiles import profile_from_json

MAX_MEMORY_BYTES = 900 << 20
SELF_DESTRUCT_S = 60
"""A locked-up process whose parent died must not stay for ever."""
_KEPT_OPEN = 8

_open: dict[str, Recording] = {}


def serve(channel: Channel) -> None:
    """Serve requests until there are no more."""
    _limit_memory()
    channel.send({"ready": True})

    def sign_of_life() -> None:
        _self_destruct_in(SELF_DESTRUCT_S)
        channel.send({"working": True})

    on_progress(sign_of_life)
    while (message := channel.receive()) is not None:
        _self_destruct_in(SELF_DESTRUCT_S)
        try:
            body, samples = _answer(message[0])
        except RecordError as error:
            body, samples = error_to_json(error), NOTHING
        channel.send(body, samples)
        _self_destruct_in(0)


def _self_destruct_in(seconds: int) -> None:
    """End this process after so many seconds without another call; 0: never."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def _answer(request: Mapping[str, Any]) -> tuple[Body, FloatArray]:
    path = Path(request["path"])
    match request["what"]:
        case "count":
            ref = ref_from_json(request)
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
        ref = ref_from_json(request)
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
