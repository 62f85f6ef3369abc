"""Writing whole files or none; the program's own are closed to other users of the machine."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from ecgviewer.core.errors import EcgViewerError


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


def check_folder(folder: Path) -> None:
    """Make a folder, where it is not there yet, and see that files can be written into it.

    Raises
    ------
    OSError
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from error
    with tempfile.TemporaryFile(dir=folder):
        pass


def check_target(path: Path) -> None:
    """See that a file can be written, before the work that it is to hold; its folder is made.

    Raises
    ------
    EcgViewerError
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        check_folder(path.parent)
    except OSError as error:
        raise EcgViewerError(f"it cannot be written there ({error.strerror})", path) from error


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
