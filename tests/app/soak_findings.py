"""What must not happen while a random user is at the window, and the steps before it."""

from __future__ import annotations

import collections
import logging
import sys
import threading
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QtMsgType, qInstallMessageHandler

TRAIL = 60
NOT_OURS = ("This plugin does not support", "Mouse event at", "Unable to detect a launcher")
"""What Qt says of a plugin without a screen, of a pointer beside a window being resized, and of a
system without a desktop to open a folder with."""


@dataclass
class Findings:
    """Everything that must not happen, with the steps before it."""

    trail: collections.deque[str] = field(default_factory=lambda: collections.deque(maxlen=TRAIL))
    found: list[str] = field(default_factory=list)
    last_lines: collections.Counter[str] = field(default_factory=collections.Counter)
    log: Path | None = None

    def step(self, words: str) -> None:
        """Remember a step, on disk too: a crash leaves no other trace."""
        self.trail.append(words)
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(words + "\n")

    def add(self, kind: str, text: str) -> None:
        """Keep a finding, and the steps that led to it the first time."""
        last = (text.strip().splitlines() or [""])[-1]
        known = last in self.last_lines
        self.last_lines[last] += 1
        self.found.append(f"{kind}: {text}")
        self.step(f"!!! {kind}: {last}")
        if not known:
            steps = "\n    ".join(self.trail)
            print(f"{kind}: {text}\n    {steps}", file=sys.stderr, flush=True)

    def listen(self) -> None:
        """Take over every door through which trouble is reported."""

        def of_python(kind: Any, error: Any, trace: Any) -> None:
            self.add("exception", "".join(traceback.format_exception(kind, error, trace)))

        def of_qt(kind: QtMsgType, _context: Any, text: str) -> None:
            if kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) and not text.startswith(
                NOT_OURS
            ):
                self.add(f"Qt {kind.name}", text)

        sys.excepthook = of_python
        threading.excepthook = lambda args: of_python(
            args.exc_type, args.exc_value, args.exc_traceback
        )
        sys.unraisablehook = lambda args: of_python(
            args.exc_type, args.exc_value, args.exc_traceback
        )
        qInstallMessageHandler(of_qt)
        handler = logging.Handler(logging.ERROR)
        handler.emit = lambda record: self.add("logged", record.getMessage())  # type: ignore[method-assign]
        logging.getLogger("ecgviewer").addHandler(handler)
