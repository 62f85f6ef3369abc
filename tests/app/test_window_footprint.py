"""A long session: records and windows come and go, and leave nothing behind."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt.cycle_collection import CycleCollector
from ecgviewer.app.shell.session import Session
from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.core.record.record_ref import RecordRef
from tests.app.driving import Build, ClockworkInference, annotate, build_window, open_and_wait, spin

OPENINGS = int(os.environ.get("ECGVIEWER_OPENINGS", "1000"))

pytestmark = pytest.mark.usefixtures("qt_warnings")


def test_what_belongs_to_qt_is_never_destroyed_in_a_workers_thread(qt_app: QApplication) -> None:
    gc.enable()  # as a program starts
    collector = CycleCollector(qt_app)
    freed_in: list[threading.Thread] = []

    def leave_a_cycle() -> None:
        one = QObject()
        one.itself = one  # type: ignore[attr-defined]
        weakref.finalize(one, lambda: freed_in.append(threading.current_thread()))

    def allocate() -> None:
        for _ in range(200_000):
            pair: list[object] = []
            pair.append(pair)

    leave_a_cycle()
    worker = threading.Thread(target=allocate)
    worker.start()
    worker.join()
    assert freed_in == []
    spin(lambda: bool(freed_in))  # the collector's own time
    assert freed_in == [threading.main_thread()]
    collector.deleteLater()


def test_a_closed_window_is_freed(qt_app: QApplication, samples: Path) -> None:
    """Held by anything that outlives it, each would keep 5 MB."""
    windows = []
    for _ in range(2):
        window = build_window(Session(SettingsStore(None), ClockworkInference()))
        window.show()
        open_and_wait(window, samples / "00010_hr.hea")
        window.commands.action("help.palette").trigger()
        windows.append(weakref.ref(window))
        window.close()
        window.deleteLater()
        del window
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        qt_app.processEvents()
    gc.collect()
    assert [reference() for reference in windows] == [None, None]


def footprint(window: MainWindow) -> tuple[int, int, float]:
    """Return open file handles, Qt objects below the window, and resident memory in MB."""
    gc.collect()
    handles = len(list(Path("/proc/self/fd").iterdir()))
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    objects = len(window.findChildren(QObject)) + len(window.session.findChildren(QObject))
    return handles, objects, pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts handles in /proc")
def test_a_thousand_records_opened_and_closed_leave_nothing_behind(
    make_window: Build, samples: Path
) -> None:
    window = make_window()
    refs = [RecordRef(path) for path in sorted(samples.glob("0*.hea"))]
    refs += [RecordRef(samples / "code_layout.hdf5", index) for index in range(3)]
    counts = []
    for number in range(OPENINGS + 1):
        if number % (OPENINGS // 10) == 0:
            counts.append(footprint(window))
        window.session.open_ref(refs[number % len(refs)])
        spin(lambda: window.document.heart is not None)
        if number % 20 == 0:
            window.session.analyse(["cae"])
            spin(lambda: not window.session.running)
        if number % 3 == 0:
            window.session.close_record()
    handles, objects, memory = (np.array(column) for column in zip(*counts, strict=True))
    print(f"{OPENINGS} openings: handles {handles.tolist()}, Qt objects {objects.tolist()}, "
          f"memory MB {memory.round().tolist()}")  # fmt: skip
    assert handles[-1] <= handles[2] + 3
    assert objects[-1] <= objects[2] + 20
    # Allocators keep some; a leak of one 10-s record each (240 kB) would be 200 MB.
    assert memory[-1] <= memory[2] + 30


DIALOGS = (
    "file.open", "file.open_folder", "file.report", "file.export_review", "analyse.model_file",
    "review.labels", "review.reader", "go.time", "tools.calibrate", "help.about", "help.keys",
    "help.palette",
)  # fmt: skip
NEVER = ("file.quit", "file.print", "help.logs")
KINDS_OF_PLOT = 7
"""Ends the program; need a printer, or another program."""


def held(window: MainWindow) -> tuple[int, int, int]:
    """Return how many threads, file handles and Qt objects there are."""
    spin(lambda: not window.session.running and not window.session.workers.busy)
    QTest.qWait(20)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    handles, objects, _ = footprint(window)
    return len(list(Path("/proc/self/task").iterdir())), handles, objects


def growth(window: MainWindow, name: str, times: int) -> str:
    """Give a command again and again, close what it opens, and tell what that left behind."""

    def give() -> None:
        if window.commands.action(name).isEnabled():
            window.commands.action(name).trigger()
            QTest.qWait(2)
            for other in QApplication.topLevelWidgets():
                if other is not window and other.isVisible():
                    other.close()
            QTest.qWait(2)

    give()  # what is made once, and kept
    give()
    before = held(window)
    for _ in range(times):
        give()
    # Libraries take a thread or a handle now and then; one for each use is more.
    kinds = zip(("threads", "handles", "objects"), before, held(window), strict=True)
    return ", ".join(f"{kind} {a} -> {b}" for kind, a, b in kinds if b >= a + times)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts handles in /proc")
@pytest.mark.parametrize("name", DIALOGS)
def test_a_dialog_that_is_closed_is_freed(make_window: Build, samples: Path, name: str) -> None:
    """The window would keep it: a file dialog with a thread and two handles."""
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    annotate(window)
    assert window.commands.action(name).isEnabled()
    assert growth(window, name, 4) == ""


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts handles in /proc")
def test_no_command_leaves_anything_behind(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / "S0005.hea")
    annotate(window)
    window.session.analyse(["cae"])
    spin(lambda: not window.session.running)
    for _ in range(KINDS_OF_PLOT):  # each is made when it is first looked at, and kept
        window.commands.action("plots.next").trigger()
        QTest.qWait(2)
    names = [command.id for command in window.commands if command.id not in NEVER]
    left = {name: growth(window, name, 6) for name in names}
    assert {name: text for name, text in left.items() if text} == {}
