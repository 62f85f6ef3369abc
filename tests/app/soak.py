"""A random user at the real window: seeded, bounded, and listening for every complaint.

``python -m tests.app.soak --minutes 60 --seed 7`` drives one window with mouse, wheel, keys, menus,
dialogs, good and bad files, analyses, resizes, themes and docks, closes and reopens it, and fails
on any warning of Qt, any exception (in a slot, a thread or a destructor), any error that the
program did not foresee, and when a step takes longer than three minutes. ``--real`` runs the
shipped models in their process; otherwise analyses are made of clockwork.

The steps depend on the seed alone; what arrives between them from threads and processes does not,
so a seed repeats the user, not every coincidence. The last steps stand in the trail.
"""

from __future__ import annotations

import argparse
import collections
import faulthandler
import gc
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt.cycle_collection import CycleCollector
from ecgviewer.app.shell.session import Session
from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.app.start import make_application
from ecgviewer.app.work.inference import Inference
from tests.app.driving import build_window
from tests.app.soak_findings import Findings
from tests.app.soak_material import SAMPLES, CarefulClockwork, make_material
from tests.app.soak_user import User
from tests.app.soak_windows import dragging, nested

STEP_LIMIT_S = 180.0
NESTED_S = 5.0
"""After this time a step that has not returned runs a loop of its own: a modal dialog or menu."""
MAX_WINDOWS = 12
"""Cards, maps and dialogs beyond this are closed: a user would not have more either."""


class Soak:
    """One window after the other, a random user at them, and the loop that lets it act.

    Parameters
    ----------
    seconds : float
        When to stop.
    """

    def __init__(
        self, folder: Path, seed: int, seconds: float, real: bool, findings: Findings
    ) -> None:
        self.pace = random.Random(seed)
        self.findings = findings
        self.real = real
        self.folder = folder
        self.seconds = seconds
        self.until = 0.0
        more = os.environ.get("ECGVIEWER_TEST_DATA")
        material = make_material(folder / "material", Path(more) if more else None)
        self.user = User(folder, material, seed, findings, self._reopen)
        self.counts: collections.Counter[str] = collections.Counter()
        self.depth = 0
        self.began = 0.0
        self.done = False
        self.memory_mb: list[float] = []

    # The window -------------------------------------------------------------------------------

    def make_window(self) -> MainWindow:
        """Return a new window, with the settings of the one before."""
        settings = SettingsStore.for_user()
        inference: Any = Inference() if self.real else CarefulClockwork()
        session = Session(settings, inference)
        window = build_window(session)
        open_paths = session.open_paths

        def guarded(paths: list[Path], *rest: Any) -> None:
            # A random user in a file dialog must not read the whole disk, and one who keeps
            # reviews beside the recordings must not do so beside the program's samples.
            copies = self.folder / "material" / "good"
            paths = [copies if path.is_relative_to(SAMPLES) else path for path in paths]
            inside = [path for path in paths if path.absolute().is_relative_to(self.folder)]
            open_paths(inside, *rest)

        session.open_paths = guarded  # type: ignore[method-assign]
        session.find_models()
        window.show()
        return window

    def run(self) -> None:
        """Act until the time is over."""
        self.user.window = self.make_window()
        self.until = time.monotonic() + self.seconds
        QTimer.singleShot(0, self.step)
        # Qt's own loop: only there does it delete what is to be deleted later.
        QApplication.exec()
        self.close_window()

    def close_window(self) -> None:
        """Close the window as it is; if edits are not on disk it asks to be closed twice."""
        window = self.user.window
        assert window is not None
        self.user.window = None
        waits = not window.close()
        if waits:
            window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, 52)  # deferred deletions
        QApplication.processEvents()
        for other in QApplication.topLevelWidgets():
            if other.isVisible() and not isinstance(other, MainWindow):
                other.close()

    def step(self) -> None:
        """Do one thing, and see to it that the next follows even if this one opens a loop."""
        if self.done:
            return
        faulthandler.cancel_dump_traceback_later()
        if time.monotonic() > self.until:
            self._unwind()
            return
        faulthandler.dump_traceback_later(STEP_LIMIT_S, exit=True)
        # Never at once: what this step leaves to be done later comes before the next.
        QTimer.singleShot(self.pace.choice((1, 1, 1, 1, 5, 20, 60)), self.step)
        if self.user.window is None or (self.depth and time.monotonic() < self.began + NESTED_S):
            return  # an event is on its way: a user could not do something else meanwhile
        self._tidy()
        name, action = self.user.choose()
        self.counts[name] += 1
        if sum(self.counts.values()) % 500 == 0:
            self._weigh()
        self.depth += 1
        self.began = time.monotonic()
        try:
            action()
        finally:
            self.depth -= 1

    def _unwind(self) -> None:
        """Close dialogs until every nested loop has ended."""
        if nested():
            for widget in (QApplication.activePopupWidget(), QApplication.activeModalWidget()):
                if widget is not None:
                    widget.close()
            if dragging():
                self.user.drop()
            self.user.release()
            QTimer.singleShot(5, self.step)
        else:
            faulthandler.cancel_dump_traceback_later()
            self.user.release()
            self.done = True
            QApplication.quit()

    def _tidy(self) -> None:
        shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
        if len(shown) > MAX_WINDOWS:
            for widget in shown:
                if widget is not self.user.window:
                    widget.close()

    def _weigh(self) -> None:
        status = Path("/proc/self/status")
        if status.exists():
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            self.memory_mb.append(int(lines["VmRSS"].split()[0]) / 1024)

    def _reopen(self) -> None:
        assert self.user.window is not None
        if self.depth > 1:
            return  # within an act that has not returned: Qt may be at work in the window
        session = self.user.window.session
        state = ("analysing" if session.running else "opening" if session.workers.busy
                 else "open" if session.document.recording is not None else "empty")  # fmt: skip
        dialog = self.user.dialog()
        if dialog is not None:
            state += f", {type(dialog).__name__} open"
        self.findings.step(f"close the window while {state}, and start again")
        self.counts[f"closed while {state.split(',')[0]}"] += 1
        self.close_window()
        gc.collect()
        self.user.window = self.make_window()


def drive(seed: int, seconds: float, real: bool, keep: Path | None = None) -> int:
    """Run one soak in this process; return the number of findings. Prints a line of JSON."""
    faulthandler.enable()
    folder = Path(tempfile.mkdtemp(prefix="soak-")) if keep is None else keep
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["ECGVIEWER_HOME"] = str(folder / "home")
    os.environ["HOME"] = str(folder)
    os.environ["BROWSER"] = "/bin/true"
    os.chdir(folder)
    findings = Findings(log=folder / "trail.txt")
    app = make_application([])
    app.setQuitOnLastWindowClosed(False)
    CycleCollector(app)
    findings.listen()
    soak = Soak(folder, seed, seconds, real, findings)
    soak.run()
    gc.collect()
    for kept in gc.get_objects():
        if isinstance(kept, MainWindow | Session):
            findings.add("kept", f"a {type(kept).__name__} was never freed")
    total = sum(n for name, n in soak.counts.items() if not name.startswith("closed"))
    print(json.dumps({
        "seed": seed, "platform": QGuiApplication.platformName(), "real_models": real,
        "minutes": round(seconds / 60, 2), "events": total,
        "findings": dict(findings.last_lines),
        "memory_mb": [round(m) for m in soak.memory_mb[::20]],
        "by_kind": dict(sorted(soak.counts.items())),
    }))  # fmt: skip
    if keep is None and not findings.found:
        shutil.rmtree(folder, ignore_errors=True)
    return len(findings.found)


def main() -> int:
    """Run from the command line; exit status 1 when anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", action="store_true", help="the shipped models, in their process")
    parser.add_argument("--keep", type=Path, help="work in this folder, and leave it")
    arguments = parser.parse_args()
    found = drive(arguments.seed, arguments.minutes * 60, arguments.real, arguments.keep)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
