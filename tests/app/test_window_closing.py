"""The window closes in every state, and outlives errors in its handlers of events."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.shell.window import MainWindow
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from tests.app.driving import Build, ClockworkInference, annotate, kept, open_and_wait, spin

pytestmark = pytest.mark.usefixtures("qt_warnings")


def _opening(window: MainWindow, samples: Path) -> None:
    window.session.open_paths([samples])


def _analysing(window: MainWindow, samples: Path) -> None:
    window.session.analyse(["cae", "vae-bilstm"])


def _exporting(window: MainWindow, samples: Path) -> None:
    window.file_commands._reporting.export(Path(os.environ["ECGVIEWER_HOME"]) / "page.pdf")


def _dragging(window: MainWindow, samples: Path) -> None:
    handle = window.windowHandle()
    at = window.traces.mapTo(window, window.traces.rect().center())
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(handle, at + QPoint(60, 0))


def _screening(window: MainWindow, samples: Path) -> None:
    window.session.open_paths([samples])
    spin(lambda: window.review.worklist.queue is not None)
    window.commands.action("review.screen").trigger()


def _command(name: str) -> Callable[[MainWindow, Path], None]:
    def run(window: MainWindow, samples: Path) -> None:
        window.commands.action(name).trigger()

    run.__name__ = name
    return run


STATES = [
    _analysing, _dragging, _command("help.palette"),
    *(pytest.param(state, marks=pytest.mark.slow) for state in (
        _opening, _exporting, _screening,
        *map(_command, (
            "help.keys", "help.about", "file.open", "file.open_folder", "file.report",
            "file.export_review", "file.screenshot", "go.time", "review.labels", "review.reader",
            "tools.calibrate", "tools.evidence", "review.begin", "view.filter.muscle",
        )),
    )),
]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__.strip("_"))
def test_the_window_closes_in_every_state(
    make_window: Build, samples: Path, state: Callable[[MainWindow, Path], None]
) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    annotate(window)
    state(window, samples)
    QApplication.processEvents()
    assert window.close()
    for _ in range(5):
        QApplication.processEvents()
        time.sleep(0.01)
    assert not window.isVisible()
    assert not window.session.workers.busy
    assert window.document.recording is None
    window.deleteLater()
    QApplication.processEvents()
    assert kept(samples / "00010_hr.hea", window.settings.value.reader) == 1


def test_closing_stops_the_screening_and_releases_the_work_list(
    make_window: Build, samples: Path, clockwork: ClockworkInference
) -> None:
    window = make_window(clockwork)
    _screening(window, samples)
    worklist = window.review.worklist
    queue = worklist.queue
    assert worklist.screening
    assert window.close()
    assert not worklist.screening and worklist.queue is None
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        queue.set_error(queue.rows[0].key, "too late")
    asked = len(clockwork.asked)
    for _ in range(10):
        QApplication.processEvents()
        time.sleep(0.02)
    assert len(clockwork.asked) == asked


# Errors in handlers of events ------------------------------------------------------------------


def test_a_click_on_what_is_no_longer_shown_does_nothing(make_window: Build, samples: Path) -> None:
    """The picture of the old record is on screen until the new one is painted."""
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    annotate(window)
    spin(lambda: bool(window.traces.layers.annotations.bars))
    at = window.traces.layers.annotations.bars[0].rect.center().toPoint()
    recording = open_record(RecordRef(samples / "00330_hr.hea"))
    window.document.open(RecordRef(samples / "00330_hr.hea"), recording)
    QTest.mouseClick(window.traces, Qt.MouseButton.LeftButton, pos=at)
    assert window.header.record.text() == "00330_hr"


FAULTY = """
import sys
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from ecgviewer.app.dialogs.about import AboutDialog
from ecgviewer.app.start import make_application
from ecgviewer.app.shell import window as window_module
from ecgviewer.app.shell.session import Session
from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.trace.view import TraceView
from tests.app.driving import ClockworkInference, build_window

told = []
sys.excepthook = lambda kind, error, trace: told.append(error)
app = make_application([])
window_module.TraceView = type("Faulty", (TraceView,), {
    "__module__": "ecgviewer.app.trace.view",
    "mouseReleaseEvent": lambda self, event: ()[3],
    "leaveEvent": lambda self, event: {}["x"],
})
window = build_window(Session(SettingsStore(None), ClockworkInference()))
window.show()
window.pages.setCurrentIndex(1)
app.processEvents()
QTest.mouseClick(window.traces, Qt.MouseButton.LeftButton)
QTest.mouseClick(window.traces, Qt.MouseButton.LeftButton)
window.commands.action("help.about").trigger()
app.processEvents()
assert window.findChildren(AboutDialog)
window.close()
app.processEvents()
print([type(error).__name__ for error in told])
"""


def test_an_error_in_a_handler_of_events_is_told_and_ends_nothing() -> None:
    """Left to itself, PySide6 ends the process natively there."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTY], cwd=Path(__file__).resolve().parents[2],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("IndexError") == 2, done.stdout + done.stderr
