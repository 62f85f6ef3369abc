"""Starts the program: log, QApplication, splash, window, and the end of it all."""

from __future__ import annotations

import logging
import re
import signal
import sys
from pathlib import Path

from PySide6.QtCore import (
    QLocale,
    QMessageLogContext,
    QSettings,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

from ecgviewer import __version__
from ecgviewer.core.system.user_dirs import config_dir

SIGNAL_POLL_MS = 200


def run(paths: list[Path], known_problem: str = "") -> int:
    """Open the window on files and folders; return the exit status when it is closed.

    ``known_problem`` is what the user must know before anything else.
    """
    from ecgviewer.app.shell import error_reports
    from ecgviewer.app.shell.widgets.splash import show_splash

    log_problem = error_reports.start_log()
    app = make_application(sys.argv[:1])
    splash = show_splash()

    from ecgviewer.app.main import build
    from ecgviewer.app.qt.cycle_collection import CycleCollector
    from ecgviewer.app.shell.session import Session
    from ecgviewer.app.shell.settings import SettingsStore
    from ecgviewer.app.work.inference import Inference

    settings = SettingsStore.for_user()
    read_problem = settings.problem
    settings.save()  # tells now, rather than at the end, that nothing can be kept
    CycleCollector(app)
    session = Session(settings, Inference())
    window = build(session).window
    error_reports.install_excepthook(session.errorRaised.emit)
    for problem in dict.fromkeys((known_problem, read_problem, settings.problem, log_problem)):
        if problem:
            window.messages.info(problem)
    stop_on_interrupt(app, window.close)
    window.show()
    splash.close()
    # Once the window is on screen: what can wait.
    QTimer.singleShot(0, lambda: session.open_paths(paths))
    QTimer.singleShot(0, session.find_models)
    status = app.exec()
    forget_visited()
    # Qt's objects go before the interpreter starts to take modules apart.
    window.deleteLater()
    app.processEvents()
    return status


def make_application(arguments: list[str]) -> QApplication:
    """Return the program's QApplication, named and dressed."""
    from ecgviewer.app.qt.icons import app_icon

    qInstallMessageHandler(log_qt_message)
    app = QApplication(arguments or ["ecgviewer"])
    app.setApplicationName("ECG Viewer")
    # What Qt's file dialogs remember stays among our own settings, and is forgotten on leaving.
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(config_dir()))
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("ecgviewer")
    # Numbers are written as in files and papers: 0.95, not 0,95.
    QLocale.setDefault(QLocale.c())
    app.setWindowIcon(app_icon())
    return app


def forget_visited() -> None:
    """Take away what Qt's own file dialogs remember: folders, which may be named after patients."""
    remembered = QSettings("QtProject")
    for key in ("FileDialog/history", "FileDialog/lastVisited"):
        remembered.remove(key)


def log_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """Send Qt's own warnings to the log; a fatal one also to the terminal."""
    if kind == QtMsgType.QtFatalMsg:
        print(text, file=sys.stderr)
    # From the first quotation mark or path on, the text may name a file, and so a patient.
    words = re.split(r"""["'/\\]|\w+\.\w{2,5}\b""", text, maxsplit=1)[0].strip()
    logging.getLogger("ecgviewer.qt").info("%s: %s", kind.name, words)


def stop_on_interrupt(app: QApplication, close: object) -> None:
    """Close the window on Ctrl+C in the terminal; Python sees signals between Qt's events."""
    signal.signal(signal.SIGINT, lambda _number, _frame: close())  # type: ignore[operator]
    timer = QTimer(app)
    timer.timeout.connect(lambda: None)
    timer.start(SIGNAL_POLL_MS)
