"""Writing whole files or none; the program's own are closed to other users of the machine."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def make_private(folder: Path) -> None:
    """Make a folder, with those above it that do not exist yet, for its owner alone.

    Raises
    ------
    OSError
    """
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)


def write_whole(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file that is there whole or not at all, and on disk.

    Parameters
    ----------
    mode : int
        Permissions, less what the user's umask takes away.

    Raises
    ------
    OSError
        Nothing of the new content stays behind then.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(partial, flags, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def write_private(path: Path, data: bytes) -> None:
    """Write a file as :func:`write_whole` does, readable by its owner only."""
    write_whole(path, data, 0o600)
