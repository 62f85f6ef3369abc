"""What can go wrong with reviews, each with the reason in it."""

from __future__ import annotations

from ecgviewer.core.errors import ReviewError


class EditError(ReviewError):
    """An edit does not fit the review (unknown annotation, impossible span)."""


class NewerFormatError(ReviewError):
    """The file was written by a newer version of the program."""


class StorageError(ReviewError):
    """A review cannot be written: disk full, folder removed, no permission.

    The edits stay in memory and are written as soon as that works again.
    """


class ReviewConflictError(ReviewError):
    """The review on disk was changed by someone else since it was read."""


class ExportError(ReviewError):
    """An export cannot be written, or read back."""
