"""What the window's process and the model process say to each other: JSON over simplex pipes.

JSON rather than pickled objects: neither side can be made to execute anything. Arrays stay in the
cache folder.
"""

from __future__ import annotations

import json
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ecgviewer.core.record_ref import ReadOptions, RecordRef

Message = dict[str, Any]
MAX_MESSAGE_BYTES = 64 << 20


def send(pipe: Connection, message: Message) -> None:
    """Send a message of JSON values."""
    pipe.send_bytes(json.dumps(message).encode())


def receive(pipe: Connection) -> Message:
    """Return the next message; EOFError at the end."""
    message: Message = json.loads(pipe.recv_bytes(MAX_MESSAGE_BYTES))
    return message


def record_to_json(ref: RecordRef) -> Message:
    """Return a record reference as JSON values."""
    options = ref.options
    return {
        "path": str(ref.path),
        "index": ref.index,
        "fs_hz": options.fs_hz,
        "units": options.units,
        "leads": list(options.leads),
        "dataset": options.dataset,
        "delimiter": options.delimiter,
        "decimal": options.decimal,
        "time": options.time,
    }


def record_from_json(values: Message) -> RecordRef:
    """Undo :func:`record_to_json`."""
    options = ReadOptions(
        values["fs_hz"],
        values["units"],
        tuple(values["leads"]),
        values["dataset"],
        values["delimiter"],
        values["decimal"],
        values["time"],
    )
    return RecordRef(Path(values["path"]), values["index"], options)
