"""``ecgviewer screenshot``: the real window, drawn off screen once everything is there."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from ecgviewer.app.main import Program, build
from ecgviewer.app.qt.cycle_collection import CycleCollector
from ecgviewer.app.qt.picture_files import save_png
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.session import Session
from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.start import make_application
from ecgviewer.app.work.inference import Inference
from ecgviewer.core.errors import AnalysisError, EcgViewerError, RecordError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.models.networks.architectures import DEFAULT, model_ids
from ecgviewer.signal.first_signal import first_signal_s

OPEN_WITHIN_S = 60.0
ANALYSE_WITHIN_S = 1800.0
SETTLE_S = 0.15


class ScreenshotError(EcgViewerError):
    """The picture cannot be made."""


class SizeError(ScreenshotError):
    """The window does not take the size that was asked for."""


def take(
    ref: RecordRef,
    out: Path,
    model: str | Path = DEFAULT.id,
    size: tuple[int, int] = (1600, 1000),
    theme: str = "light",
) -> str:
    """Open a record in the window, analyse it, and save a picture of the whole window.

    A record that no model can judge is shown as the window shows it.

    Parameters
    ----------
    ref : RecordRef
    out : Path
        A ``.png``.
    model : str or Path
        The id of a model, ``all``, or a bundle file.
    size : (int, int)
        Width and height in pixels.
    theme : str
        ``light`` or ``dark``.

    Returns
    -------
    str
        Why the record could not be judged, empty where it was.

    Raises
    ------
    EcgViewerError
        When the record, the model or the picture fails; SizeError before a model runs.
    """
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance()
    if app is None:
        app = make_application([])
        CycleCollector(app)
    # The defaults, not what the user last chose: the same command gives the same picture.
    settings = SettingsStore(None)
    settings.value.theme = theme
    program = build(Session(settings, Inference()))
    try:
        return _Photographer(app.processEvents, program).take(ref, out, model, size)
    finally:
        program.window.close()
        program.window.deleteLater()


class _Photographer:
    def __init__(self, process_events: Callable[[], None], program: Program) -> None:
        self._process_events = process_events
        self._window = program.window
        self._session = program.bench.session
        self._errors: list[EcgViewerError] = []
        self._session.errorRaised.connect(self._tell)
        self._session.recordErrorRaised.connect(self._note)
        self._session.questionRaised.disconnect()
        self._session.questionRaised.connect(lambda _ref, error: self._tell(str(error)))

    def _tell(self, words: str) -> None:
        self._errors.append(RecordError(words))

    def _note(self, error: Exception) -> None:
        if isinstance(error, EcgViewerError):
            self._errors.append(error)
        else:
            self._tell(describe(error))

    def take(self, ref: RecordRef, out: Path, model: str | Path, size: tuple[int, int]) -> str:
        window, session = self._window, self._session
        window.resize(*size)
        window.show()
        session.find_models()
        session.open_ref(ref)
        self._wait(lambda: session.document.heart is not None, OPEN_WITHIN_S, "opening")
        self._wait(lambda: bool(session.models), OPEN_WITHIN_S, "finding the models")
        if isinstance(model, Path) or model not in (*model_ids(), "all"):
            session.add_model_file(Path(model))
            self._wait(lambda: str(model) in session.models, OPEN_WITHIN_S, "reading the model")
            chosen = [str(model)]
        else:
            chosen = list(model_ids()) if model == "all" else [str(model)]
        self._settle()
        self._check_size(QSize(*size))
        session.choose_model(chosen[-1])
        unjudged = session.document.obstacle
        try:
            session.analyse(chosen)
            self._wait(lambda: not session.running, ANALYSE_WITHIN_S, "the analysis")
        except AnalysisError as error:
            unjudged = str(error)
        if len(chosen) > 1 and not unjudged:
            window.docks["consensus"].raise_()
        recording = session.document.recording
        if recording is not None and (start_s := first_signal_s(recording)) > 0:
            window.traces.goto(start_s)
        window.traces.wait_until_loaded()
        self._settle()
        self._check_size(QSize(*size))
        save_png(window.grab(), out)
        return unjudged

    def _check_size(self, asked: QSize) -> None:
        """Raise SizeError where the window is of another size: its content or the screen's."""
        got = self._window.size()
        if got != asked:
            words = "needs at least" if asked.expandedTo(got) == got else "has room only for"
            raise SizeError(f"the window {words} {got.width()}x{got.height()}")

    def _wait(self, done: Callable[[], bool], within_s: float, what: str) -> None:
        until = time.monotonic() + within_s
        while not done() or self._errors:
            if self._errors:
                raise self._errors[0]
            if time.monotonic() > until:
                raise ScreenshotError(f"{what} took longer than {within_s:.0f} s")
            self._process_events()
            time.sleep(0.002)

    def _settle(self) -> None:
        until = time.monotonic() + SETTLE_S
        while time.monotonic() < until:
            self._process_events()
            time.sleep(0.002)
