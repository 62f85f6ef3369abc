"""A QApplication without a screen, and the real window on a clockwork model process."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from ecgviewer.app.shell.model_choices import ModelChoice
from ecgviewer.app.shell.session import Session
from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.app.start import make_application
from ecgviewer.models.networks.architectures import model_ids, model_title
from tests.app.driving import ClockworkInference, build_window


@pytest.fixture(autouse=True)
def collect_in_this_thread() -> Iterator[None]:
    """As :mod:`ecgviewer.app.qt.cycle_collection` does: workers must not destroy what is Qt's."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(scope="session")
def qt_app() -> QApplication:
    """The program's QApplication."""
    app = QApplication.instance() or make_application([])
    assert isinstance(app, QApplication)
    return app


@pytest.fixture
def no_surprises() -> Iterator[list[str]]:
    """Fail when a slot raised: Qt would only print it."""
    raised: list[str] = []
    before = sys.excepthook
    sys.excepthook = lambda kind, error, trace: raised.append(f"{kind.__name__}: {error}")
    yield raised
    sys.excepthook = before
    assert raised == []


@pytest.fixture
def qt_warnings(no_surprises: list[str]) -> Iterator[list[str]]:
    """Fail when Qt warned."""
    heard: list[str] = []

    def listen(kind: QtMsgType, _context: object, text: str) -> None:
        if kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg):
            heard.append(text)

    before = qInstallMessageHandler(listen)
    yield heard
    qInstallMessageHandler(before)
    assert [text for text in heard if not text.startswith("This plugin does not support")] == []


@pytest.fixture
def make_window(
    qt_app: QApplication, no_surprises: list[str]
) -> Iterator[Callable[..., MainWindow]]:
    """Build windows on clockwork inference with the three models present; closed afterwards."""
    windows: list[MainWindow] = []

    def build(
        inference: Any = None, settings: SettingsStore | None = None,
        size: tuple[int, int] = (1280, 800), models: bool = True,
    ) -> MainWindow:  # fmt: skip
        session = Session(settings or SettingsStore(None), inference or ClockworkInference())
        if models:
            session.models = {
                model: ModelChoice(model, model_title(model), Path(f"{model}.ecgmodel"))
                for model in model_ids()
            }
        window = build_window(session)
        windows.append(window)
        window.resize(*size)
        window.show()
        window.activateWindow()
        QApplication.processEvents()
        return window

    yield build
    for window in windows:
        window.close()
        window.deleteLater()
    QApplication.processEvents()
    # Outside of the application's own loop nothing is deleted later: windows would pile up.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QApplication.processEvents()


@pytest.fixture
def clockwork(qt_app: QApplication) -> ClockworkInference:
    """The stand-in for the model process, to give to ``make_window``."""
    return ClockworkInference()
