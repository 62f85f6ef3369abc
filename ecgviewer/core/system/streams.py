"""Errors of the system in one line, and a standard output that takes no more."""

from __future__ import annotations

import os
import sys


def flush_output() -> None:
    """Hand on what was printed; a full disk is told here and not when the process ends.

    Raises
    ------
    OSError
    """
    if sys.stdout is not None:  # a program without a console has none
        sys.stdout.flush()


def tell(program: str, error: OSError) -> None:
    """Print the reason and the file at fault; silent where only our reader (head, less) left."""
    name = error.filename
    try:
        flush_output()
    except OSError:
        # What waits in the buffer would fail once more when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        name = name or "standard output"
    if not isinstance(error, BrokenPipeError):
        reason = error.strerror or type(error).__name__
        print(f"{program}: {name}: {reason}" if name else f"{program}: {reason}", file=sys.stderr)
