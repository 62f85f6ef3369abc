"""How far a run is, on standard error: live on a terminal, else rarely."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable


class RunProgress:
    """Records done, failures, speed and, once it is known how many there are, the time left."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._live = sys.stderr.isatty()
        self._next = 0.0 if self._live else self._start + 10.0
        self._records = 0
        self._known = 0
        self._failures = 0
        self._total: int | None = None

    def count(self, failed: bool) -> None:
        """Take note of a record that is done."""
        self._records += 1
        self._failures += failed
        self.show("")

    def known(self) -> None:
        """Take note of a record that was done before."""
        self._known += 1
        self.show("")

    def expect(self, items: Iterable[object]) -> None:
        """Count what there is to do on the side, in a thread that ends with the program."""

        def count() -> None:
            self._total = sum(1 for _ in items)

        threading.Thread(target=count, name="count", daemon=True).start()

    def say(self, line: str) -> None:
        """Print a line of its own."""
        self._print(f"ecgviewer: {line}", end="\n")

    def show(self, text: str) -> None:
        """Show the state and a word more, unless that was done a moment ago."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (0.2 if self._live else 10.0)
        self._print(f"{self._summary()} {text}".rstrip(), end="" if self._live else "\n")

    def finish(self) -> None:
        """Show the state for the last time."""
        self._total = None
        self._print(self._summary(), end="\n")

    def _print(self, line: str, end: str) -> None:
        over = f"\r{line}\033[K" if self._live else line
        print(over, end=end, file=sys.stderr, flush=True)

    def _summary(self) -> str:
        elapsed = max(time.monotonic() - self._start, 1e-3)
        noun = "record" if self._records == 1 else "records"
        known = f" and {self._known} known" if self._known else ""
        failures = f", {self._failures} with errors" if self._failures else ""
        speed = self._records / elapsed
        text = f"{self._records} {noun}{known}{failures} in {elapsed:.1f} s ({speed:.1f}/s"
        left = (self._total or 0) - self._records - self._known
        if left > 0 and speed > 0:
            text += f", {left} left: {_duration(left / speed)}"
        return text + ")"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
