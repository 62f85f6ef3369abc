"""Measurements that need a process of their own: start, memory, a fine screen.

``python -m tests.perf.probes NAME ...`` prints one line of JSON; ``probe`` runs it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "scipy", "h5py", "wfdb", "pyqtgraph")


def probe(name: str, *arguments: str, **environment: str) -> dict[str, Any]:
    """Run a probe in a fresh process and return what it measured."""
    command = [sys.executable, "-m", "tests.perf.probes", name, *arguments, repr(time.time())]
    run = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True,
        timeout=900, check=False,
    )  # fmt: skip
    if run.returncode != 0:
        raise AssertionError(run.stderr[-2000:])
    result: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return result


def start(began: str) -> dict[str, Any]:
    """Start the program as its command does; measure until its window answers."""
    from PySide6.QtWidgets import QApplication

    from ecgviewer.app.start import run

    result: dict[str, Any] = {}

    def answered() -> None:
        result["wall_s"] = time.time() - float(began)
        result["cpu_s"] = time.process_time()
        result["imported"] = [name for name in HEAVY if name in sys.modules]
        for window in QApplication.topLevelWidgets():
            window.close()

    _when_looping(answered)
    run([])
    return result


def empty_window(began: str) -> dict[str, Any]:
    """Measure the same for a window of Qt with nothing in it: what the machine itself takes."""
    from PySide6.QtWidgets import QApplication, QMainWindow

    app = QApplication([])
    window = QMainWindow()
    window.show()
    answered: list[float] = []
    _when_looping(lambda: (answered.append(time.time()), window.close()))
    app.exec()
    return {"wall_s": answered[0] - float(began)}


def _when_looping(call: Callable[[], object]) -> None:
    """Call a function in the event loop, after all that was put there before the loop began."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    loop = QApplication.exec

    def begin(*_app: QApplication) -> int:
        QTimer.singleShot(0, call)
        return loop()

    QApplication.exec = begin  # type: ignore[method-assign]


def fine_screen(began: str) -> dict[str, Any]:
    """Time pan and zoom frames of a day in a 4K window at two device pixels per pixel."""
    from PySide6.QtWidgets import QApplication

    from tests.perf import frames

    _app = QApplication([])
    recording = frames.long_recording(86400.0)
    view = frames.our_viewer(recording, frames.long_analysis(recording))
    view.resize(1920, 1080)
    frames.settle(view)
    result: dict[str, Any] = {"ratio": view.devicePixelRatioF()}
    for span_s in (10.0, 300.0, 86400.0):
        frames.set_span(view, span_s)
        view.goto(30_000.0)
        view.wait_until_loaded()
        timing = frames.time_frames(
            lambda i, s=span_s: frames.show_range(view, 30_000.0 + i * s / 60), 30
        )
        result[f"{span_s:g}"] = timing.text()
    view.close()
    return result


class _Peaks:
    """The highest resident memory seen, by kind (MB); Linux tells them apart."""

    def __init__(self) -> None:
        self.highest = {"RssAnon": 0, "RssFile": 0, "RssShmem": 0, "VmRSS": 0}
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.look()
            time.sleep(0.05)

    def look(self) -> None:
        for line in Path("/proc/self/status").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in self.highest:
                self.highest[name] = max(self.highest[name], int(rest.split()[0]) // 1024)


def memory(header: str, began: str) -> dict[str, Any]:
    """Open a day in the window with its analysis, look at it at every zoom, page through it."""
    from ecgviewer.app.start import make_application

    app = make_application([])
    from ecgviewer.app.main import build
    from ecgviewer.app.shell.session import Session
    from ecgviewer.app.shell.settings import SettingsStore
    from ecgviewer.app.work.inference import Inference
    from ecgviewer.core.record.record_ref import RecordRef
    from tests.perf import frames

    settings = SettingsStore(None)
    settings.value.analyse_on_open = False
    window = build(Session(settings, Inference())).window
    window.resize(*frames.SIZE)
    window.show()
    peaks = _Peaks()
    session, view = window.session, window.traces

    def wait(done: Any) -> None:
        while not done():
            app.processEvents()
            time.sleep(0.002)

    start_s = time.perf_counter()
    session.open_ref(RecordRef(Path(header)))
    wait(lambda: session.document.recording is not None)
    view.wait_until_loaded()
    app.processEvents()
    opened_s = time.perf_counter() - start_s
    recording = session.document.recording
    assert recording is not None
    analysis = frames.long_analysis(recording, Path(header).parent)
    session.document.activate("cae")
    session.document.add_analysis("cae", analysis)
    frames.settle(view)
    swept = dict(peaks.highest)
    for overlay in (False, True):
        view.set_overlay("model_input", overlay)
        for span_s in (1.0, 10.0, 60.0, 300.0, 1800.0, 10800.0, 86400.0):
            frames.set_span(view, span_s)
            for part in range(40):
                view.goto(recording.duration_s * part / 40)
                app.processEvents()
                if part % 8 == 0:
                    view.wait_until_loaded()
    wait(lambda: not session.workers.busy)
    peaks.look()
    result = {
        "opened_s": opened_s,
        "before_looking": swept,
        "peak": peaks.highest,
        "flags": len(session.document.shown.flags),
    }
    window.close()
    return result


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    probes = {
        "start": start,
        "empty-window": empty_window,
        "fine-screen": fine_screen,
        "memory": memory,
    }
    print(json.dumps(probes[sys.argv[1]](*sys.argv[2:])), flush=True)
    # Threads that are still reading need not be waited for.
    os._exit(0)
