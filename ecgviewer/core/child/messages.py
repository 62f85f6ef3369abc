"""What travels between a process and its children.

A message is a JSON object and an array of float32, both preceded by their length; nothing in it
can execute. Errors travel by the name of their type, records by where they are.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ecgviewer.core import errors
from ecgviewer.core.errors import EcgViewerError, RecordError, UnansweredError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef

Body = dict[str, Any]
FloatArray = npt.NDArray[np.float32]
Message = tuple[Body, FloatArray]

_LENGTHS = struct.Struct("<IIII")
"""Bytes of JSON; dimensions of the array: number (0 or 2), rows, columns."""
MAX_TEXT_BYTES = 128 << 20
MAX_SAMPLES = 64 << 20
NOTHING: FloatArray = np.empty((0, 0), dtype=np.float32)


def send(stream: IO[bytes], body: Mapping[str, object], samples: FloatArray = NOTHING) -> None:
    """Write one message."""
    text = json.dumps(body).encode()
    stream.write(_LENGTHS.pack(len(text), samples.ndim, *samples.shape))
    stream.write(text)
    stream.write(np.ascontiguousarray(samples, dtype="<f4").tobytes())
    stream.flush()


def receive(stream: IO[bytes]) -> Message | None:
    """Read one message; None where the other side is gone, or no longer makes sense."""
    try:
        head = stream.read(_LENGTHS.size)
        if len(head) < _LENGTHS.size:
            return None
        n_text, _, rows, columns = _LENGTHS.unpack(head)
        if n_text > MAX_TEXT_BYTES or rows * columns > MAX_SAMPLES:
            return None  # what damage made of the other side is no message
        text, data = stream.read(n_text), stream.read(rows * columns * 4)
        if len(text) < n_text or len(data) < rows * columns * 4:
            return None
        body = json.loads(text)
    except (OSError, ValueError):
        return None
    if not isinstance(body, dict):
        return None
    return body, np.frombuffer(data, dtype="<f4").reshape(rows, columns).astype(np.float32)


def error_to_json(error: EcgViewerError) -> Body:
    """Return an error as a message."""
    missing: list[str] = []
    n_leads = 0
    if isinstance(error, UnansweredError):
        missing, n_leads = list(error.missing), error.n_leads
    path = None if error.path is None else str(error.path)
    return {
        "error": type(error).__name__, "reason": error.reason, "path": path, "missing": missing,
        "n_leads": n_leads,
    }  # fmt: skip


def error_from_json(
    body: Mapping[str, Any], otherwise: type[EcgViewerError] = RecordError
) -> EcgViewerError:
    """Return the error of a message; of the type ``otherwise`` where its own is not known."""
    reason, path = body["reason"], None if body["path"] is None else Path(body["path"])
    kind = getattr(errors, body["error"], None)
    if kind is UnansweredError:
        return UnansweredError(reason, path, tuple(body["missing"]), body["n_leads"])
    if not (isinstance(kind, type) and issubclass(kind, EcgViewerError)):
        kind = otherwise
    return RecordError(reason, path) if kind is errors.CancelledError else kind(reason, path)


def ref_to_json(ref: RecordRef) -> Body:
    """Return where a record is, with the answers to what its file leaves open."""
    return {"path": str(ref.path), "index": ref.index, "options": asdict(ref.options)}


def ref_from_json(body: Mapping[str, Any]) -> RecordRef:
    """Undo :func:`ref_to_json`."""
    options = body["options"]
    return RecordRef(
        Path(body["path"]),
        body["index"],
        ReadOptions(**options | {"leads": tuple(options["leads"])}),
    )
