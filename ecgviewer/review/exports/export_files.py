"""Writing exports: never over a file that exists."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def set_aside(folder: Path, name: str) -> Iterator[Path]:
    """Give a folder beside the files to come, for writing and checking; nothing of it stays.

    Raises
    ------
    ExportError
        When the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{name[:40]}.", dir=folder))
    except OSError as error:
        raise ExportError(f"it cannot be written ({error.strerror})", folder) from error
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def put_new(source: Path, target: Path) -> None:
    """Give a finished file its name; raises ExportError when it is taken or the disk refuses."""
    try:
        if target.exists():
            raise FileExistsError
        source.replace(target)
    except FileExistsError:
        raise ExportError("it exists already and is not overwritten", target) from None
    except OSError as error:
        raise ExportError(f"it cannot be written ({error.strerror})", target) from error


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
