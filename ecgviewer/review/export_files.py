"""Writing exports: never over a file that exists."""

from __future__ import annotations

from pathlib import Path

from ecgviewer.review.errors import ExportError


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


def read_bounded(path: Path, limit: int) -> bytes:
    """Return a file's bytes; ExportError when it is missing or larger than ``limit``."""
    try:
        if path.stat().st_size > limit:
            raise ExportError("it is too large for a file of annotations", path)
        return path.read_bytes()
    except OSError as error:
        raise ExportError(f"it cannot be read ({error.strerror})", path) from error
