"""What a random user does at the window: each act chosen and aimed by a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QDockWidget,
    QFileDialog,
    QLineEdit,
    QWidget,
)

from ecgviewer.app.shell.window import MainWindow
from tests.app.soak_findings import Findings
from tests.app.soak_windows import called, dragging, handle_of, held, lives, nested, press_in

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


class User:
    """Mouse, wheel, keys, commands, dialogs and files, by a seed.

    Parameters
    ----------
    folder : Path
        What it saves goes there, and nowhere else.
    material : list of Path
        What it opens.
    findings : Findings
        Each act is written to its trail first.
    reopen : callable
        Closes the window and gives the user another; an act like the others.

    Attributes
    ----------
    window : MainWindow or None
        None while one is closed.
    """

    def __init__(
        self,
        folder: Path,
        material: list[Path],
        seed: int,
        findings: Findings,
        reopen: Callable[[], None],
    ) -> None:
        self.rng = random.Random(seed)
        self.folder = folder
        self.material = material
        self.findings = findings
        self.window: MainWindow | None = None
        self._reopen = reopen

    def choose(self) -> tuple[str, Callable[[], None]]:
        """Return what to do next, and its name."""
        modal = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if dragging() or (nested() and modal is None):
            return "drop", self.drop
        dialog = self.dialog()
        if isinstance(dialog, QFileDialog):
            return "file dialog", lambda: self._file_dialog(dialog)
        actions: list[tuple[int, str, Callable[[], None]]] = [
            (24, "click", self._click), (10, "drag", self._drag), (14, "wheel", self._wheel),
            (26, "key", self._key), (16, "command", self._command), (5, "open", self._open),
            (2, "resize", self._resize), (2, "dock", self._dock), (2, "select", self._annotate),
            (1, "release", self.release), (2, "hover", self._hover),
        ]  # fmt: skip
        if dialog is not None:
            actions += [(20, "dialog", lambda: self._in_dialog(dialog))]
        if not nested():
            actions.append((1, "reopen", self._reopen))
        weights = [weight for weight, _, _ in actions]
        _, name, action = self.rng.choices(actions, weights)[0]
        return name, action

    def dialog(self) -> QWidget | None:
        """Return the dialog or menu on top, or else any dialog that is open."""
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
        handle = handle_of(top)
        if handle is None:
            return
        at, modifier = self._place(top), self.rng.choice(MODIFIERS)
        button = self.rng.choices(
            (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton),
            (8, 2, 1),
        )[0]
        double = self.rng.random() < 0.15
        self.findings.step(f"{'double ' if double else ''}click {button.name} {modifier.value:x} "
                           f"{at.toTuple()} in {called(top)}")  # fmt: skip
        if double and self._stays(top):
            QTest.mouseDClick(handle, button, modifier, at)
            return
        with held(top):
            for act in (QTest.mousePress, QTest.mouseRelease):
                handle = handle_of(top)
                if handle is not None:
                    act(handle, button, modifier, at)

    def _drag(self) -> None:
        top = self._top()
        handle = handle_of(top)
        if handle is None:
            return
        at, modifier = self._place(top), self.rng.choice(MODIFIERS)
        self.findings.step(f"drag {modifier.value:x} from {at.toTuple()} in {called(top)}")
        QTest.mousePress(handle, Qt.MouseButton.LeftButton, modifier, at)
        for _ in range(self.rng.randrange(1, 6)):
            handle = handle_of(top)
            if handle is None:
                return
            at = self._place(top)
            QTest.mouseMove(handle, at)
        handle = handle_of(top)
        if handle is not None and self.rng.random() < 0.9:  # now and then it stays down
            QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, modifier, at)

    def drop(self) -> None:
        """End a drag and drop, whose loop takes the mouse: no second one can begin before."""
        assert self.window is not None
        at = QPointF(self._place(self.window))
        self.findings.step(f"drop at {at.toTuple()}")
        # It ends by a release in the window that the real pointer was over when it began, which
        # may be below a modal dialog, where QTest's events do not arrive.
        for window in QGuiApplication.topLevelWindows():
            if lives(window):
                release = QMouseEvent(
                    QEvent.Type.MouseButtonRelease, at, window.mapToGlobal(at),
                    Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton,
                    Qt.KeyboardModifier.NoModifier,
                )  # fmt: skip
                QApplication.sendEvent(window, release)

    def _hover(self) -> None:
        top = self._top()
        handle = handle_of(top)
        if handle is not None:
            self.findings.step("hover")
            QTest.mouseMove(handle, self._place(top))

    def release(self) -> None:
        """Let the mouse button go, in the main window's corner."""
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
        self.findings.step(f"key {key.name} {modifier.value:x} x{times} in {called(top)}")
        for _ in range(times):
            if not self._stays(top):
                # QTest goes on with a window that the key, or one before it, has taken away.
                press_in(top, key, modifier)
                continue
            for press in (QTest.keyPress, QTest.keyRelease):
                handle = handle_of(top)
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
