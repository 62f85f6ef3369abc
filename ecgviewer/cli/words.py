"""Errors in the words of the command line: with the options that answer what a file leaves open."""

from __future__ import annotations

from pathlib import Path

from ecgviewer.core.errors import QUESTIONS, EcgViewerError, UnansweredError


def in_words(error: EcgViewerError, path: Path | None = None) -> str:
    """Return the reason, with the file at fault where that is not the record's own (``path``)."""
    own = path is not None and error.path in (None, path)
    text = error.reason if own else str(error)
    for missing in error.missing if isinstance(error, UnansweredError) else ():
        asked = QUESTIONS[missing]
        text = text.replace(asked, f"{asked} (--{missing})", 1)
    return text
