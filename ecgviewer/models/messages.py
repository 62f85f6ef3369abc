"""What the window's process and the model process say to each other: JSON over simplex pipes.

JSON rather than pickled objects: neither side can be made to execute anything. Arrays cross as raw
float32 after a JSON head.
"""

from __future__ import annotations

import json
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from ecgviewer.core.record_ref import ReadOptions, RecordRef
from ecgviewer.models.maps import PartialMaps

Message = dict[str, Any]
MAX_MESSAGE_BYTES = 256 << 20


def send(pipe: Connection, message: Message, arrays: dict[str, np.ndarray] | None = None) -> None:
    """Send a message, with arrays [12, k] of float32 after it."""
    blocks = {name: np.ascontiguousarray(a, dtype=np.float32) for name, a in (arrays or {}).items()}
    head = message | {"arrays": [[name, list(block.shape)] for name, block in blocks.items()]}
    body = b"".join(block.tobytes() for block in blocks.values())
    text = json.dumps(head).encode()
    pipe.send_bytes(len(text).to_bytes(8, "little") + text + body)


def receive(pipe: Connection) -> Message:
    """Return the next message, its arrays under ``"arrays"`` by name; EOFError at the end."""
    raw = pipe.recv_bytes(MAX_MESSAGE_BYTES)
    end = 8 + int.from_bytes(raw[:8], "little")
    message: Message = json.loads(raw[8:end])
    arrays = {}
    for name, shape in message["arrays"]:
        size = 4 * int(np.prod(shape))
        arrays[name] = np.frombuffer(raw[end : end + size], dtype=np.float32).reshape(shape)
        end += size
    message["arrays"] = arrays
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
    }


def record_from_json(values: Message) -> RecordRef:
    """Undo :func:`record_to_json`."""
    options = ReadOptions(
        values["fs_hz"], values["units"], tuple(values["leads"]), values["dataset"]
    )
    return RecordRef(Path(values["path"]), values["index"], options)


def partial_from_message(message: Message) -> PartialMaps:
    """Return the columns a ``partial`` message carries."""
    return PartialMaps(
        message["start"], message["n_samples"], message["map_fs_hz"], message["arrays"]
    )
