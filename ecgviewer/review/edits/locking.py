"""One writer per review."""

from __future__ import annotations

from ecgviewer.core.system.file_lock import FileLock
from ecgviewer.review.errors import StorageError


class ReviewLock(FileLock):
    """An exclusive lock on a file beside the review."""

    def acquire(self) -> bool:
        """Take the lock; False when someone else holds it.

        Raises
        ------
        StorageError
            When the file cannot be created.
        """
        try:
            return super().acquire()
        except OSError as error:
            raise StorageError(
                f"no lock can be placed here ({error.strerror})", self.path
            ) from error
