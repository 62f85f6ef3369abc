"""One writer per review: a lock that the system releases even when the process is killed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ecgviewer.review.errors import StorageError


class ReviewLock:
    """An exclusive lock on a file beside the review.

    Raises
    ------
    StorageError
        From the constructor, when the file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def acquire(self) -> bool:
        """Take the lock; False when someone else holds it."""
        while True:
            try:
                fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise StorageError(
                    f"no lock can be placed here ({error.strerror})", self.path
                ) from error
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
        # A file system without locks: the check before every save still stops overwriting.
        return error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL)
    return True
