"""Errors on their way to the user and to the log: shown once, logged without patient data."""

from __future__ import annotations

import logging
import logging.handlers
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from ecgviewer.core.errors import EcgViewerError, trace_text
from ecgviewer.core.system.files import make_private
from ecgviewer.core.system.user_dirs import state_dir

LOG_BYTES = 512 * 1024
LOG_FILES = 3
logger = logging.getLogger("ecgviewer.app")


def log_path() -> Path:
    """Return the path of the current log file."""
    return state_dir() / "ecgviewer.log"


def start_log() -> str:
    """Send the program's log to a rotating file; return why that failed, or an empty text."""
    # A full disk must not end in tracebacks on the terminal.
    logging.raiseExceptions = False
    root = logging.getLogger("ecgviewer")
    root.setLevel(logging.INFO)
    root.propagate = False
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    try:
        make_private(log_path().parent)
        # Made here, because the handler would open it for everybody's eyes.
        log_path().touch(mode=0o600)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            log_path(), maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
        )
    except OSError as error:
        root.addHandler(logging.NullHandler())
        return f"No log can be written ({error.strerror})."
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root.addHandler(handler)
    return ""


def describe(error: BaseException) -> str:
    """Return the words that the user gets: file and reason, never a stack trace."""
    if isinstance(error, EcgViewerError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        name = Path(str(error.filename)).name + ": " if error.filename else ""
        return f"{name}{error.strerror}"
    if isinstance(error, MemoryError):
        return "There is not enough memory for this."
    return f"Something went wrong inside the program ({type(error).__name__}: {error})."


def log_error(error: BaseException) -> None:
    """Log what happened and where in the program, but neither message nor file names."""
    logger.error(trace_text(error))


def install_excepthook(show: Callable[[str], None]) -> None:
    """Show unexpected errors through ``show`` (on any thread), each kind and place once."""
    seen: set[tuple[str, str]] = set()

    def handle(
        kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or issubclass(kind, KeyboardInterrupt):
            return
        log_error(error)
        last = traceback.extract_tb(trace)[-1:] if trace is not None else []
        place = f"{last[0].filename}:{last[0].lineno}" if last else ""
        if (kind.__name__, place) not in seen:
            seen.add((kind.__name__, place))
            show(describe(error))

    def handle_thread(args: threading.ExceptHookArgs) -> None:
        handle(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = handle
    threading.excepthook = handle_thread
