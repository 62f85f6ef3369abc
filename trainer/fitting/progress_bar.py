"""A progress line on standard error, and a plain log beside the bundle."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TextIO

from ecgviewer.core.errors import EcgViewerError

WIDTH = 24
HEADING = "log of a training"
"""First line of every log, by which it is told from a file of the user's."""


def clock(seconds: float) -> str:
    """Return seconds as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class ProgressBar:
    """Shows a fraction, a text and the time left; rewrites its line on a terminal only."""

    def __init__(self, out: TextIO | None = None, enabled: bool = True) -> None:
        self._out = sys.stderr if out is None else out
        self._live = enabled and self._out.isatty()
        self._started = time.monotonic()
        self._first: float | None = None
        self._drawn = 0.0
        self._width = 0

    def __call__(self, fraction: float, text: str) -> None:
        """Show progress (0 to 1); cheap enough to be called at every step."""
        now = time.monotonic()
        if self._first is None:
            # Resumed work starts in the middle: the rate is what was done since.
            self._first, self._started = fraction, now
        if not self._live or (now - self._drawn < 0.1 and fraction < 1.0):
            return
        self._drawn = now
        done = fraction - self._first
        left = (now - self._started) * (1.0 - fraction) / done if done > 0 else 0.0
        bar = ("#" * round(WIDTH * fraction)).ljust(WIDTH, ".")
        line = f"[{bar}] {100 * fraction:5.1f} %  {text}  {clock(left)} left"
        self._out.write("\r" + line.ljust(self._width))
        self._out.flush()
        self._width = len(line)

    def close(self) -> None:
        """Clear the line."""
        if self._live and self._width:
            self._out.write("\r" + " " * self._width + "\r")
            self._out.flush()
            self._width = 0


class Log:
    """Plain lines to a file (appended) and to standard error.

    Raises
    ------
    EcgViewerError
        When the file cannot be opened. One that fails later only ends the log, with a warning:
        hours of work are worth more.
    """

    def __init__(self, path: Path | None, echo: bool = True) -> None:
        self._file: TextIO | None = None
        self._echo = echo
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise EcgViewerError(f"the log cannot be written: {error.strerror}", path) from error
        if self._file.tell() == 0:
            self._write(HEADING)

    @staticmethod
    def begun(path: Path) -> bool:
        """Return whether a file is a log, or may become one: absent or empty."""
        try:
            with path.open("rb") as file:
                first = file.readline(len(HEADING) + 64)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return not first or first.rstrip().endswith(HEADING.encode())

    def __call__(self, text: str) -> None:
        """Write one or more lines."""
        if self._echo:
            print(text, file=sys.stderr, flush=True)
        self._write(text)

    def _write(self, text: str) -> None:
        if self._file is None:
            return
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        try:
            self._file.writelines(f"{stamp}  {line}\n" for line in text.splitlines())
            self._file.flush()
        except OSError as error:
            print(f"{self._file.name}: the log ends here: {error.strerror}", file=sys.stderr)
            self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            # What a full disk did not take is tried again on closing.
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
