"""The main window: arranges what stands around the traces, and asks before it closes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QStackedWidget,
    QTabBar,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.shell.actions import Command, Commands
from ecgviewer.app.shell.appearance import Appearance
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.menu_paths import PANELS
from ecgviewer.app.shell.panel_docks import PanelDocks
from ecgviewer.app.shell.record.document import Document
from ecgviewer.app.shell.record.scene_of_document import SceneOfDocument
from ecgviewer.app.shell.session import Session
from ecgviewer.app.shell.widgets.header import HeaderBar
from ecgviewer.app.shell.widgets.notices import Messages, NoteStrip
from ecgviewer.app.shell.widgets.start_page import StartPage
from ecgviewer.app.shell.widgets.status import StatusLine
from ecgviewer.app.shell.widgets.toolbar import ToolBar
from ecgviewer.app.trace.overview.beside import overview_of
from ecgviewer.app.trace.state import SPEEDS_MM_S
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.review.privacy.identity import names_patient

DEFAULT_SIZE = (1440, 900)
STATE_VERSION = 1
"""Of the arrangement of panels; 0 could hold floating groups, on which Qt crashes when freed."""
PAGE_S = 10.0
"""The panels beside the traces yield until a record this long is in view at 25 mm/s."""
SHORT_S = 15.0
"""A record this short is (almost) in view as a whole."""
ROOMY_PX = 800


class MainWindow(QMainWindow):
    """One window on one document. What it can do is installed by ``app.main.build``."""

    def __init__(self, session: Session, table: Iterable[Command | str]) -> None:
        super().__init__()
        self.session = session
        self.document: Document = session.document
        self.settings = session.settings
        self._may_close: list[Callable[[], bool]] = []
        self._on_close: list[Callable[[], object]] = []
        # Of its own: what waits for the event loop must not outlive the window.
        self._side_timer = QTimer(self, singleShot=True, interval=0)
        self._side_timer.timeout.connect(self._fit_side)
        self.setWindowTitle("ECG Viewer")
        self.setAcceptDrops(True)
        # Without GroupedDragging: Qt 6.11 can crash when it frees a window of floating tabs.
        self.setDockNestingEnabled(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        # The bottom panel lies under the traces; those beside them keep their height.
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.commands = Commands(table, self)
        self.commands.fill(self.menuBar())
        self.appearance = Appearance(self.settings, self.commands, self)
        self.panels = PanelDocks(self, self.commands, self.document)
        self._build_centre()
        self._build_toolbar()
        self.status = StatusLine()
        self.status.cancel_button.clicked.connect(self.commands.action("analyse.cancel").trigger)
        self.setStatusBar(self.status)
        self._bind()
        self._connect()

    # Building ---------------------------------------------------------------------------------

    def _build_centre(self) -> None:
        self.header = HeaderBar(self.document)
        self.notes = NoteStrip(self.commands.action("file.answers"))
        self.traces = TraceView()
        self.overview = overview_of(self.traces)
        self.start_page = StartPage(self.commands)
        record = QWidget()
        column = QVBoxLayout(record)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.notes)
        column.addWidget(self.traces, 1)
        column.addWidget(self.overview)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.start_page)
        self.pages.addWidget(record)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.pages, 1)
        self.messages = Messages(centre)
        self.setCentralWidget(centre)

    def _build_toolbar(self) -> None:
        self.toolbar = ToolBar(self.commands, self.traces)
        self.addToolBar(self.toolbar)

    def _bind(self) -> None:
        """Bind what concerns the window itself."""
        commands = self.commands
        commands.bind("file.quit", self.close)
        commands.bind_checked("view.traces_only", self._traces_only)
        commands.bind_checked("view.overview", self._set_overview)
        commands.check("view.overview", self.settings.value.overview)

    def _connect(self) -> None:
        document, session = self.document, self.session
        self.scene_of_document = SceneOfDocument(document, self.traces)
        document.recordingChanged.connect(self._show_record)
        document.recordingChanged.connect(self.messages.record_changed)
        document.blindChanged.connect(self._forget_remarks)
        session.errorRaised.connect(self.messages.error)
        session.recordErrorRaised.connect(self._show_record_error)
        session.informed.connect(self.messages.info)
        session.runningChanged.connect(self.status.show_running)
        session.progressed.connect(self.status.show_progress)
        session.recentChanged.connect(self._show_recent)
        self.traces.cursorMoved.connect(self.status.show_cursor)
        self.traces.readFailed.connect(self.messages.record_error)
        self.start_page.pathChosen.connect(lambda path: session.open_paths([path]))
        self.appearance.themeChanged.connect(self.traces.set_theme)

    @property
    def docks(self) -> dict[str, QDockWidget]:
        """The panels' docks by name."""
        return self.panels.docks

    def keep(
        self, close: Callable[[], object], may_close: Callable[[], bool] | None = None
    ) -> None:
        """Close a part with the window, the last one first.

        Parameters
        ----------
        may_close : callable, optional
            Asked first; the window stays open where it says no.
        """
        self._on_close.append(close)
        if may_close is not None:
            self._may_close.append(may_close)

    def start(self) -> None:
        """Look as in the last session, once every panel is there."""
        self.docks["records"].visibilityChanged.connect(self._room_changed)
        self.commands.menu(PANELS).addAction(self.toolbar.toggleViewAction())
        self.appearance.set_theme(self.settings.value.theme)
        self._restore_geometry()
        self._show_record()

    # Showing the document ---------------------------------------------------------------------

    def _show_record(self) -> None:
        recording = self.document.recording
        self.pages.setCurrentIndex(0 if recording is None else 1)
        self._show_overview()
        self.notes.set_notes(recording.notes if recording is not None else ())
        # The system remembers titles: none that tells who the patient is.
        title = "ECG Viewer"
        if recording is not None and not names_patient(recording, recording.name):
            title = f"{recording.name} – {title}"
        self.setWindowTitle(title)
        self.status.forget_record(recording.unit if recording is not None else "mV")
        if recording is None:
            self._show_recent()
            return
        if self.focusWidget() is None or self.pages.isAncestorOf(self.focusWidget()):
            self.traces.setFocus()

    def _show_recent(self) -> None:
        if self.document.recording is None:
            self.start_page.set_recent(self.settings.value.recent)

    def _show_record_error(self, error: Exception) -> None:
        """Say what went wrong with the open record, and with which."""
        recording, text = self.document.recording, describe(error)
        named = isinstance(error, EcgViewerError) and error.path is not None
        if recording is not None and not named:
            text = f"{recording.name}: {text}"
        self.messages.record_error(text)

    def _forget_remarks(self) -> None:
        """Take away what was said before reading blind: it may tell an opinion."""
        self.messages.forget_info()
        self.status.clearMessage()

    # Looks ------------------------------------------------------------------------------------

    def _restore_geometry(self) -> None:
        settings = self.settings.value
        self.resize(*DEFAULT_SIZE)
        self.panels.arrange()
        if settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(settings.geometry.encode()))
        if settings.window_state:
            self.restoreState(QByteArray.fromBase64(settings.window_state.encode()), STATE_VERSION)
            self.docks["records"].hide()
        # Qt leaves tab bars behind that belong to no panel; those in use it shows again itself.
        for bar in self.findChildren(QTabBar):
            bar.hide()

    def _traces_only(self, on: bool) -> None:
        if on:
            self.panels.hide_all()
        else:
            self.panels.show_hidden()
        self.toolbar.setVisible(not on)

    def _set_overview(self, on: bool) -> None:
        self.settings.value.overview = on
        self._show_overview()

    def _show_overview(self) -> None:
        """Show the overview bar where it tells more than the traces above it."""
        recording = self.document.recording
        short = recording is not None and recording.duration_s <= SHORT_S
        roomy = self.height() >= ROOMY_PX or not short
        self.overview.setVisible(self.settings.value.overview and roomy)

    def _room_changed(self) -> None:
        self._side_timer.start()

    def _fit_side(self) -> None:
        page_px = self.traces.page_px(PAGE_S, SPEEDS_MM_S[1])
        self.panels.fit_side(self.pages.width(), page_px)

    # Qt's events ------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the room for the traces on a small screen."""
        super().resizeEvent(event)
        self._show_overview()
        self._room_changed()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        urls = event.mimeData().urls()
        paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.session.open_paths(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End all work, keep the settings; not while edits are in memory only."""
        if not all(may_close() for may_close in self._may_close):
            event.ignore()
            return
        settings = self.settings.value
        self.hide()
        settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        settings.window_state = bytes(self.saveState(STATE_VERSION).toBase64().data()).decode()
        self.settings.save()
        self.traces.stop_loading()
        while self._on_close:
            self._on_close.pop()()
        self.session.close()
        event.accept()
