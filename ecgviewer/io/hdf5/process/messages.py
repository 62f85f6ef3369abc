"""What travels between a reader of HDF5 and the process that reads for it.

A message is a JSON object and an array of float32, both preceded by their length; nothing in it
can execute. Errors travel by the name of their type.
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
from ecgviewer.core.errors import RecordError, UnansweredError
from ecgviewer.core.record_ref import ReadOptions, RecordRef
from ecgviewer.core.recording import Note, Numbering, Patient, Recording, SignalSource
from ecgviewer.core.start import start_from_json, start_to_json

Body = dict[str, Any]
FloatArray = npt.NDArray[np.float32]

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


def receive(stream: IO[bytes]) -> tuple[Body, FloatArray] | None:
    """Read one message; None where the other side is gone."""
    head = stream.read(_LENGTHS.size)
    if len(head) < _LENGTHS.size:
        return None
    n_text, _, rows, columns = _LENGTHS.unpack(head)
    if n_text > MAX_TEXT_BYTES or rows * columns > MAX_SAMPLES:
        return None  # what damage made of the other side is no message
    text, data = stream.read(n_text), stream.read(rows * columns * 4)
    if len(text) < n_text or len(data) < rows * columns * 4:
        return None
    body: Body = json.loads(text)
    return body, np.frombuffer(data, dtype="<f4").reshape(rows, columns).astype(np.float32)


def error_to_json(error: RecordError) -> Body:
    """Return an error as a message; its path is that of the request."""
    body: Body = {"error": type(error).__name__, "reason": error.reason}
    if isinstance(error, UnansweredError):
        body |= {"missing": list(error.missing), "n_leads": error.n_leads}
    return body


def error_from_json(body: Mapping[str, Any], path: Path) -> RecordError:
    """Return the error of a message."""
    if body["error"] == UnansweredError.__name__:
        return UnansweredError(body["reason"], path, tuple(body["missing"]), body["n_leads"])
    kind = getattr(errors, body["error"], RecordError)
    error: RecordError = kind(body["reason"], path)
    return error


def ref_to_json(ref: RecordRef) -> Body:
    """Return index and answers; the path travels on its own."""
    return {"index": ref.index, "options": asdict(ref.options)}


def ref_from_json(path: Path, body: Mapping[str, Any]) -> RecordRef:
    """Return the reference of a message."""
    options = body["options"]
    return RecordRef(
        path, body["index"], ReadOptions(**options | {"leads": tuple(options["leads"])})
    )


def recording_to_json(recording: Recording) -> Body:
    """Return everything of a recording but its samples."""
    return {
        "format": recording.format,
        "leads": recording.leads,
        "fs_hz": recording.fs_hz,
        "n_samples": recording.n_samples,
        "units_known": recording.units_known,
        "patient": asdict(recording.patient),
        "start": start_to_json(recording.start),
        "numbering": asdict(recording.numbering),
        "notes": [asdict(note) for note in recording.notes],
    }


def recording_from_json(ref: RecordRef, body: Mapping[str, Any], source: SignalSource) -> Recording:
    """Return the recording of a message, reading from ``source``."""
    patient = body["patient"]
    return Recording(
        name=ref.name,
        path=ref.path,
        format=body["format"],
        leads=tuple(body["leads"]),
        fs_hz=body["fs_hz"],
        n_samples=body["n_samples"],
        source=source,
        units_known=body["units_known"],
        patient=Patient(
            **patient
            | {
                "diagnoses": tuple(patient["diagnoses"]),
                "comments": tuple(patient["comments"]),
            }
        ),
        notes=tuple(Note(**note) for note in body["notes"]),
        start=start_from_json(body["start"]),
        numbering=Numbering(**body["numbering"] | {"signals": tuple(body["numbering"]["signals"])}),
    )
