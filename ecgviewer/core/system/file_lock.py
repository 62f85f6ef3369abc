"""A lock between processes that the system releases even when its holder is killed."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class FileLock:
    """An exclusive lock on a file of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def acquire(self) -> bool:
        """Take the lock; False when someone else holds it.

        Raises
        ------
        OSError
            When the file cannot be created.
        """
        while True:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            if not _lock(fd):
                os.close(fd)
                return False
            if _is_same_file(fd, self.path):
                self._fd = fd
                return True
            os.close(fd)  # the former holder removed the file between our open and our lock

    def release(self) -> None:
        """Give the lock back and take its file away."""
        if self._fd is None:
            return
        if os.name != "nt":  # while still locked, so that nobody else's file is taken away
            _remove(self.path)
        os.close(self._fd)
        self._fd = None
        if os.name == "nt":  # an open file cannot be removed there
            _remove(self.path)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # a lock file that stays behind is not locked: it stops nobody


def _is_same_file(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except OSError:
        return False


def _lock(fd: int) -> bool:
    """Lock an open file; False when it is locked already."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import errno
    import fcntl

    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # A file system without locks stops nobody from working.
        return error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL)
    return True
