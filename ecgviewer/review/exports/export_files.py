"""Writing exports: never over a file that exists."""

from __future__ import annotations

from pathlib import Path

from ecgviewer.core.errors import RecordError
from ecgviewer.io.file_access import read_bytes
from ecgviewer.review.errors import ExportError

MAX_BYTES = 128 << 20
"""A review of 300,000 annotations."""


def write_new(path: Path, data: bytes) -> Path:
    """Write a file that must not exist yet; return its path.

    Raises
    ------
    ExportError
        When it exists, or cannot be written (nothing of it stays behind then).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("xb")
    except FileExistsError:
        raise ExportError("it exists already and is not overwritten", path) from None
    except OSError as error:
        raise ExportError(f"it cannot be written ({error.strerror})", path) from error
    try:
        with file:
            file.write(data)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise ExportError(f"it cannot be written ({error.strerror})", path) from error
    return path


def read_bounded(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return a regular file's bytes.

    Raises
    ------
    ExportError
        When it is missing, larger than ``limit``, or something else than a file.
    """
    try:
        return read_bytes(path, limit)
    except RecordError as error:
        raise ExportError(error.reason, path) from error
