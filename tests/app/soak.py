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
import contextlib
import faulthandler
import gc
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import shiboken6
from PySide6.QtCore import (
    QEvent,
    QObject,
    QPoint,
    QPointF,
    QSize,
    Qt,
    QThread,
    QTimer,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent, QWheelEvent, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QDockWidget,
    QFileDialog,
    QLineEdit,
    QTextEdit,
    QWidget,
)

from ecgviewer.app.collector import Collector
from ecgviewer.app.inference import Inference
from ecgviewer.app.main import make_application
from ecgviewer.app.session import Session
from ecgviewer.app.settings import SettingsStore
from ecgviewer.app.window import MainWindow
from tests.app.soak_findings import Findings
from tests.app.soak_material import SAMPLES, CarefulClockwork, make_material

STEP_LIMIT_S = 180.0
NESTED_S = 5.0
"""After this time a step that has not returned runs a loop of its own: a modal dialog or menu."""
MAX_WINDOWS = 12
"""Cards, maps and dialogs beyond this are closed: a user would not have more either."""
NEVER = ("file.quit", "help.logs")
"""Ends the program; starts another program."""
KEYS = [getattr(Qt.Key, f"Key_{name}") for name in (
    *"ABCDEFGHJKLMNOPQRSTUVX", *"0123456789", "Left", "Right", "Up", "Down", "Home", "End",
    "PageUp", "PageDown", "Plus", "Minus", "Tab", "Backtab", "Space", "Return", "Escape",
    "Delete", "Backspace", "Period", "Comma", "Question", "F1", "F5", "F11", "Menu",
)]  # fmt: skip
MODIFIERS = (
    Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
)  # fmt: skip
WORDS = ("250", "mV", "0", "-1", "1e99", "nan", "II, V1", "report", "é\u0301😀", "99:99", "1:02")
QUIT_KEYS = {(Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)}


class Soak:
    """The random user.

    Parameters
    ----------
    seconds : float
        When to stop.
    """

    def __init__(
        self, folder: Path, seed: int, seconds: float, real: bool, findings: Findings
    ) -> None:
        self.rng = random.Random(seed)
        self.pace = random.Random(seed)
        self.findings = findings
        self.real = real
        self.folder = folder
        self.seconds = seconds
        self.until = 0.0
        more = os.environ.get("ECGVIEWER_TEST_DATA")
        self.material = make_material(folder / "material", Path(more) if more else None)
        self.counts: collections.Counter[str] = collections.Counter()
        self.window: MainWindow | None = None
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
        window = MainWindow(session)
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
        self.window = self.make_window()
        self.until = time.monotonic() + self.seconds
        QTimer.singleShot(0, self.step)
        # Qt's own loop: only there does it delete what is to be deleted later.
        QApplication.exec()
        self.close_window()

    def close_window(self) -> None:
        """Close the window as it is; if edits are not on disk it asks to be closed twice."""
        window = self.window
        assert window is not None
        self.window = None
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
        if self.window is None or (self.depth and time.monotonic() < self.began + NESTED_S):
            return  # an event is on its way: a user could not do something else meanwhile
        self._tidy()
        name, action = self._choose()
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
        if _nested():
            for widget in (QApplication.activePopupWidget(), QApplication.activeModalWidget()):
                if widget is not None:
                    widget.close()
            if _dragging():
                self._drop()
            self._release()
            QTimer.singleShot(5, self.step)
        else:
            faulthandler.cancel_dump_traceback_later()
            self._release()
            self.done = True
            QApplication.quit()

    def _tidy(self) -> None:
        shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
        if len(shown) > MAX_WINDOWS:
            for widget in shown:
                if widget is not self.window:
                    widget.close()

    def _weigh(self) -> None:
        status = Path("/proc/self/status")
        if status.exists():
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            self.memory_mb.append(int(lines["VmRSS"].split()[0]) / 1024)

    # What it does -----------------------------------------------------------------------------

    def _choose(self) -> tuple[str, Callable[[], None]]:
        modal = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if _dragging() or (_nested() and modal is None):
            return "drop", self._drop
        dialog = self._dialog()
        if isinstance(dialog, QFileDialog):
            return "file dialog", lambda: self._file_dialog(dialog)
        actions: list[tuple[int, str, Callable[[], None]]] = [
            (24, "click", self._click), (10, "drag", self._drag), (14, "wheel", self._wheel),
            (26, "key", self._key), (16, "command", self._command), (5, "open", self._open),
            (2, "resize", self._resize), (2, "dock", self._dock), (2, "select", self._annotate),
            (1, "release", self._release), (2, "hover", self._hover),
        ]  # fmt: skip
        if dialog is not None:
            actions += [(20, "dialog", lambda: self._in_dialog(dialog))]
        if not _nested():
            actions.append((1, "reopen", self._reopen))
        weights = [weight for weight, _, _ in actions]
        _, name, action = self.rng.choices(actions, weights)[0]
        return name, action

    def _dialog(self) -> QWidget | None:
        dialog = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if dialog is not None:
            return dialog
        shown = [
            w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()
        ]
        return self.rng.choice(shown) if shown else None

    def _top(self) -> QWidget:
        """Return the window that the user is at: mostly the main one."""
        assert self.window is not None
        top = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if top is not None:
            return top
        shown = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
        return self.rng.choice(shown) if shown and self.rng.random() < 0.3 else self.window

    def _stays(self, top: QWidget) -> bool:
        """Whether a window lives as long as the main one."""
        return top is self.window or isinstance(top, QDockWidget)

    def _place(self, top: QWidget) -> QPoint:
        assert self.window is not None
        if top is self.window and self.rng.random() < 0.5:
            traces = self.window.traces  # where most of the work is done
            return traces.mapTo(self.window, self._inside(traces))
        return self._inside(top)

    def _inside(self, widget: QWidget) -> QPoint:
        return QPoint(*(self.rng.randrange(max(n, 1)) for n in widget.size().toTuple()))

    def _click(self) -> None:
        top = self._top()
        handle = _handle(top)
        if handle is None:
            return
        at, modifier = self._place(top), self.rng.choice(MODIFIERS)
        button = self.rng.choices(
            (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton),
            (8, 2, 1),
        )[0]
        double = self.rng.random() < 0.15
        self.findings.step(f"{'double ' if double else ''}click {button.name} {modifier.value:x} "
                           f"{at.toTuple()} in {_called(top)}")  # fmt: skip
        if double and self._stays(top):
            QTest.mouseDClick(handle, button, modifier, at)
            return
        with _held(top):
            for act in (QTest.mousePress, QTest.mouseRelease):
                handle = _handle(top)
                if handle is not None:
                    act(handle, button, modifier, at)

    def _drag(self) -> None:
        top = self._top()
        handle = _handle(top)
        if handle is None:
            return
        at, modifier = self._place(top), self.rng.choice(MODIFIERS)
        self.findings.step(f"drag {modifier.value:x} from {at.toTuple()} in {_called(top)}")
        inside = top.childAt(at)
        pressed = inside.parentWidget() if inside is not None else None  # of a viewport
        QTest.mousePress(handle, Qt.MouseButton.LeftButton, modifier, at)
        for _ in range(self.rng.randrange(1, 6)):
            handle = _handle(top)
            if handle is None:
                return
            at = self._place(top)
            QTest.mouseMove(handle, at)
        handle = _handle(top)
        # Now and then the button stays down, but not in a text: it would scroll on by a timer,
        # towards the real pointer, and drag its selection away again and again.
        stays_down = self.rng.random() < 0.1 and not isinstance(pressed, QTextEdit)
        if handle is not None and not stays_down:
            QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, modifier, at)

    def _drop(self) -> None:
        """End a drag and drop, whose loop takes the mouse: no second one can begin before."""
        assert self.window is not None
        at = QPointF(self._place(self.window))
        self.findings.step(f"drop at {at.toTuple()}")
        # It ends by a release in the window that the real pointer was over when it began, which
        # may be below a modal dialog, where QTest's events do not arrive.
        for window in QGuiApplication.topLevelWindows():
            if _lives(window):
                release = QMouseEvent(
                    QEvent.Type.MouseButtonRelease, at, window.mapToGlobal(at),
                    Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton,
                    Qt.KeyboardModifier.NoModifier,
                )  # fmt: skip
                QApplication.sendEvent(window, release)

    def _hover(self) -> None:
        top = self._top()
        handle = _handle(top)
        if handle is not None:
            self.findings.step("hover")
            QTest.mouseMove(handle, self._place(top))

    def _release(self) -> None:
        handle = self.window.windowHandle() if self.window is not None else None
        if handle is not None:
            self.findings.step("release")
            QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))

    def _wheel(self) -> None:
        assert self.window is not None
        at = QPoint(
            self.rng.randrange(self.window.width()), self.rng.randrange(self.window.height())
        )
        widget = self.window.childAt(at)
        if self.rng.random() < 0.6 or widget is None:
            widget = self.window.traces
        local = widget.rect().center() if self.rng.random() < 0.5 else QPoint(1, 1)
        angle = QPoint(
            self.rng.choice((0, 0, 120, -120)), self.rng.choice((120, -120, 480, -480, 15))
        )
        pixels = QPoint() if self.rng.random() < 0.8 else angle / 4
        modifier = self.rng.choice(MODIFIERS)
        self.findings.step(f"wheel {angle.toTuple()} {modifier.value:x} on {type(widget).__name__}")
        event = QWheelEvent(
            QPointF(local), QPointF(widget.mapToGlobal(local)), pixels, angle,
            Qt.MouseButton.NoButton, modifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)

    def _key(self) -> None:
        key, modifier = self.rng.choice(KEYS), self.rng.choice(MODIFIERS)
        times = self.rng.choice((1, 1, 1, 1, 5))
        top = QApplication.activePopupWidget() or QApplication.activeWindow() or self._top()
        if (key, modifier) in QUIT_KEYS:
            return
        self.findings.step(f"key {key.name} {modifier.value:x} x{times} in {_called(top)}")
        for _ in range(times):
            if not self._stays(top):
                # QTest goes on with a window that the key, or one before it, has taken away.
                _press_in(top, key, modifier)
                continue
            for press in (QTest.keyPress, QTest.keyRelease):
                handle = _handle(top)
                if handle is not None:
                    press(handle, key, modifier)

    def _command(self) -> None:
        assert self.window is not None
        commands = self.window.commands
        able = [c.id for c in commands
                if c.id not in NEVER and commands.action(c.id).isEnabled()]  # fmt: skip
        if QApplication.activeModalWidget() is not None or not able:
            return
        chosen = self.rng.choice(able)
        self.findings.step(f"command {chosen}")
        commands.action(chosen).trigger()

    def _open(self) -> None:
        assert self.window is not None
        if QApplication.activeModalWidget() is not None:
            return
        path = self.rng.choice(self.material)
        self.findings.step(f"open {path.name}")
        self.window.session.open_paths([path])

    def _annotate(self) -> None:
        """Mark a span and label it: random keys alone rarely do."""
        assert self.window is not None
        start_s, stop_s = self.window.traces.visible_range()
        a, b = sorted(self.rng.uniform(start_s, stop_s) for _ in range(2))
        self.findings.step(f"annotate {a:.3f}-{b:.3f}")
        self.window.review.document.mark(a, b, self.rng.choice(((), ("II",), ("V1", "V2"))))
        action = self.window.commands.action(f"review.label.{self.rng.randrange(1, 6)}")
        if action.isEnabled():
            action.trigger()

    def _resize(self) -> None:
        assert self.window is not None
        size = QSize(self.rng.randrange(300, 1800), self.rng.randrange(200, 1200))
        self.findings.step(f"resize {size.toTuple()}")
        choice = self.rng.random()
        if choice < 0.1:
            self.window.showMaximized()
        elif choice < 0.15:
            self.window.showFullScreen()
        elif choice < 0.2:
            self.window.showMinimized()
        else:
            self.window.showNormal()
            self.window.resize(size)

    def _dock(self) -> None:
        assert self.window is not None
        name = self.rng.choice(sorted(self.window.docks))
        dock = self.window.docks[name]
        what = self.rng.choice(("toggle", "float", "raise"))
        self.findings.step(f"dock {name} {what}")
        if what == "toggle":
            dock.toggleViewAction().trigger()
        elif what == "float":
            dock.setFloating(not dock.isFloating())
        else:
            dock.raise_()

    def _in_dialog(self, dialog: QWidget) -> None:
        buttons = [b for b in dialog.findChildren(QAbstractButton)
                   if b.isVisible() and b.isEnabled()]  # fmt: skip
        fields = [f for f in dialog.findChildren(QLineEdit) if f.isVisible() and f.isEnabled()]
        what = self.rng.random()
        self.findings.step(f"in dialog {type(dialog).__name__} {dialog.windowTitle()!r} {what:.2f}")
        if what < 0.3:
            dialog.close()
        elif what < 0.7 and buttons:
            button = self.rng.choice(buttons)
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        elif fields:
            field = self.rng.choice(fields)
            field.setFocus()
            field.insert(self.rng.choice(WORDS))

    def _file_dialog(self, dialog: QFileDialog) -> None:
        """Choose inside the soak's own folder, or leave: a disk is no playground."""
        save = dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave
        what = self.rng.random()
        self.findings.step(f"file dialog {dialog.windowTitle()!r} {what:.2f}")
        if what < 0.3:
            dialog.reject()
            return
        out = self.folder / "out"
        out.mkdir(exist_ok=True)
        if save:
            path = out / f"{self.rng.randrange(40)}.{dialog.defaultSuffix() or 'pdf'}"
            if self.rng.random() < 0.1:
                path = self.folder / "missing" / "folder" / path.name
        elif dialog.fileMode() == QFileDialog.FileMode.Directory:
            path = self.rng.choice((out, *(p for p in self.material if p.is_dir())))
        else:
            path = self.rng.choice([p for p in self.material if p.is_file()])
        # What the dialog would emit, without its own view of the disk.
        dialog.reject()
        dialog.fileSelected.emit(str(path))
        dialog.filesSelected.emit([str(path)])

    def _reopen(self) -> None:
        assert self.window is not None
        session = self.window.session
        state = ("analysing" if session.running else "opening" if session.workers.busy
                 else "open" if session.document.recording is not None else "empty")  # fmt: skip
        dialog = self._dialog()
        if dialog is not None:
            state += f", {type(dialog).__name__} open"
        self.findings.step(f"close the window while {state}, and start again")
        self.counts[f"closed while {state.split(',')[0]}"] += 1
        self.close_window()
        gc.collect()
        self.window = self.make_window()


def _nested() -> bool:
    """Whether a loop runs within the program's: a dialog's, a menu's, a drag's.

    Not every one began in a step: the timer with which a text scrolls under a held button may
    begin to drag the selection away, and must find the text alive when that ends.
    """
    return QThread.currentThread().loopLevel() > 1


def _dragging() -> bool:
    """Whether something is dragged, so that a user could not do anything but drop it."""
    return any(
        window.metaObject().className() == "QShapedPixmapWindow" and window.isVisible()
        for window in QGuiApplication.allWindows()
    )


def _handle(widget: QWidget) -> QWindow | None:
    """Return a widget's native window, if both are alive.

    Qt deletes them behind Python's back, and whatever is sent to a dead one ends the process.
    """
    if not shiboken6.isValid(widget):
        return None
    if _address(widget) not in map(_address, QApplication.topLevelWidgets()):
        return None
    handle = widget.windowHandle()
    return handle if handle is not None and _lives(handle) else None


def _lives(window: QWindow) -> bool:
    return shiboken6.isValid(window) and _address(window) in map(
        _address, QGuiApplication.allWindows()
    )


def _address(of: QObject) -> int:
    return int(shiboken6.getCppPointer(of)[0])


@contextlib.contextmanager
def _held(top: QWidget) -> Iterator[None]:
    """Keep a window that deletes itself when closed until the event sent to it has ended.

    QTest goes on to use the window it was given; a real event would find it gone, and vanish.
    """
    attribute = Qt.WidgetAttribute.WA_DeleteOnClose
    deletes_itself = top.testAttribute(attribute)
    top.setAttribute(attribute, False)
    try:
        yield
    finally:
        if deletes_itself and shiboken6.isValid(top):
            top.setAttribute(attribute)
            if not top.isVisible():
                top.deleteLater()


def _press_in(top: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        if _handle(top) is not None:
            QApplication.sendEvent(top.focusWidget() or top, QKeyEvent(kind, key, modifier))


def _called(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.windowTitle()!r}"


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
    Collector(app)
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
