"""Frames of one build's trace view, asked for line by line: two builds can then take turns.

``python -m tests.perf.frame_server`` of a build reads JSON from its input, one request a line,
and answers with the milliseconds of processor time that the window's thread took for each frame.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

DAY_S = 86400.0


class Server:
    """A day with everything on, in a window of a size."""

    def __init__(self, width: int, height: int, folder: Path) -> None:
        from PySide6.QtWidgets import QApplication

        from tests.perf import frames

        self.app = QApplication.instance() or QApplication([])
        self.frames = frames
        recording = frames.long_recording(DAY_S)
        self.view = frames.our_viewer(recording, frames.long_analysis(recording, folder))
        self.view.resize(width, height)
        frames.settle(self.view)
        self.app.processEvents()

    def timed(self, frame: Callable[[int], object], count: int) -> list[float]:
        taken = []
        for index in range(count):
            began = time.thread_time()
            frame(index)
            self.app.processEvents()
            taken.append((time.thread_time() - began) * 1e3)
            time.sleep(0.002)
        return taken

    def look(self, span_s: float, start_s: float) -> None:
        """Show a span and wait until it is painted in full."""
        self.frames.set_span(self.view, span_s)
        self.view.goto(start_s)
        self.view.wait_until_loaded()
        self.app.processEvents()

    def pan(self, span_s: float, start_s: float, count: int) -> list[float]:
        self.look(span_s, start_s)
        step = span_s / 60
        return self.timed(lambda i: self.view.goto(start_s + (i + 1) * step), count)

    def zoom(self, span_s: float, start_s: float, count: int) -> list[float]:
        self.look(span_s, start_s)
        return self.timed(lambda i: self.view.zoom(1.1 if i % 8 < 4 else 1 / 1.1), count)

    def crosshair(self, span_s: float, start_s: float, count: int) -> list[float]:
        from PySide6.QtCore import QEvent, QPointF, Qt
        from PySide6.QtGui import QMouseEvent

        self.look(span_s, start_s)
        target = getattr(self.view, "viewport", lambda: self.view)()
        width, height = self.view.width(), self.view.height()

        def move(index: int) -> None:
            at = QPointF(width * (0.2 + 0.6 * index / count), height * (0.3 + 0.4 * index / count))
            place = self.view.mapToGlobal(at)
            none = Qt.MouseButton.NoButton
            keys = Qt.KeyboardModifier.NoModifier
            event = QMouseEvent(QEvent.Type.MouseMove, at, place, none, none, keys)
            self.app.sendEvent(target, event)

        return self.timed(move, count)


def serve() -> None:
    """Answer requests until the input ends."""
    width, height = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        server = Server(width, height, Path(folder))
        print(json.dumps(server.view.devicePixelRatioF()), flush=True)
        for line in sys.stdin:
            request: dict[str, Any] = json.loads(line)
            taken = getattr(server, request.pop("kind"))(**request)
            print(json.dumps(taken), flush=True)
        os._exit(0)


if __name__ == "__main__":
    serve()
