"""Typed errors. Each names the file and the reason in words a user can act on."""

from __future__ import annotations

import traceback
from pathlib import Path


class EcgViewerError(Exception):
    """Base of every error this program raises on purpose.

    Parameters
    ----------
    reason : str
        One sentence for the user, without the file's name.
    path : Path, optional
        The file or folder at fault.
    """

    def __init__(self, reason: str, path: Path | str | None = None) -> None:
        self.reason = reason
        self.path = Path(path) if path is not None else None
        super().__init__(reason, self.path)

    def __str__(self) -> str:
        return f"{self.path.name}: {self.reason}" if self.path is not None else self.reason


def trace_text(error: BaseException) -> str:
    """Return what went wrong and where in the program, for a log: no message, no names of files.

    Messages quote paths and header fields, which carry names of patients; the type and the
    program's own lines are enough to find a fault.
    """
    frames = traceback.extract_tb(error.__traceback__)
    lines = [type(error).__name__]
    lines.extend(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    cause = error.__cause__ or error.__context__
    if cause is not None:
        lines.append(f"  from {type(cause).__name__}")
    return "\n".join(lines)


class RecordError(EcgViewerError):
    """A record cannot be read."""


class MissingFileError(RecordError):
    """A file that the record needs is not there."""


class CorruptFileError(RecordError):
    """A file is damaged: truncated, wrong checksum, impossible header."""


class UnsupportedFormatError(RecordError):
    """A file is not an ECG in a format this program reads."""


QUESTIONS = {
    "fs": "the sampling frequency",
    "leads": "the lead names",
    "units": "the unit",
    "dataset": "say which",
    "decimal": "whether a comma is the decimal mark or separates columns",
    "time": "the unit of its times",
}
"""What is asked for, in the words in which an :class:`UnansweredError` speaks of it."""


class UnansweredError(RecordError):
    """The file leaves something open that must not be guessed.

    Parameters
    ----------
    missing : tuple of str
        Which of :data:`QUESTIONS` must be answered.
    n_leads : int
        How many signals there are to be named; 0 where that is not known.
    """

    def __init__(
        self, reason: str, path: Path | str | None, missing: tuple[str, ...], n_leads: int = 0
    ) -> None:
        super().__init__(reason, path)
        self.missing = missing
        self.n_leads = n_leads


class BundleError(EcgViewerError):
    """A model bundle is damaged, too new, or does not fit its architecture."""


class AnalysisError(EcgViewerError):
    """A model cannot run on this record (too short, leads missing, nothing usable)."""


class UnreadableError(AnalysisError):
    """Nothing in a record can be read.

    Parameters
    ----------
    quality : str
        Which leads are bad, and how.
    """

    def __init__(self, reason: str, path: Path | str | None = None, quality: str = "") -> None:
        super().__init__(reason, path)
        self.quality = quality


class ReviewError(EcgViewerError):
    """A review or journal file cannot be read or written."""


class CancelledError(EcgViewerError):
    """The user cancelled the work."""

    def __init__(self) -> None:
        super().__init__("cancelled")
