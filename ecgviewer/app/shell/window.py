"""The main window: arranges the parts, shows the document, sends commands to the session."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QChildEvent, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QScrollArea,
    QStackedWidget,
    QTabBar,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.commands.actions import Commands
from ecgviewer.app.commands.analyse import AnalyseCommands
from ecgviewer.app.commands.current_context import CurrentContext
from ecgviewer.app.commands.file import FileCommands
from ecgviewer.app.commands.table import TABLE, VIEW
from ecgviewer.app.commands.tools import ToolCommands
from ecgviewer.app.commands.view import ViewCommands
from ecgviewer.app.panels.analysis_panel import AnalysisPanel
from ecgviewer.app.panels.consensus_panel import ConsensusPanel
from ecgviewer.app.panels.flags_panel import FlagsPanel
from ecgviewer.app.panels.record_panel import RecordPanel
from ecgviewer.app.panels.records_panel import RecordsPanel
from ecgviewer.app.qt import icons
from ecgviewer.app.qt.handler_errors import guard_overrides
from ecgviewer.app.qt.style import extra_style
from ecgviewer.app.qt.theme import LIGHT, Theme, apply_theme
from ecgviewer.app.review.parts import ReviewParts
from ecgviewer.app.shell.context import always, sighted
from ecgviewer.app.shell.document import Document
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.header import HeaderBar
from ecgviewer.app.shell.notices import Messages, NoteStrip
from ecgviewer.app.shell.session import Session
from ecgviewer.app.shell.start_page import StartPage
from ecgviewer.app.shell.status import StatusLine
from ecgviewer.app.shell.toolbar import ToolBar
from ecgviewer.app.trace.layout import left_margin
from ecgviewer.app.trace.overview import OverviewBar
from ecgviewer.app.trace.state import SPEEDS_MM_S
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.review.privacy.identity import names_patient

DEFAULT_SIZE = (1440, 900)
SIDE_WIDTH, LEAST_SIDE_WIDTH = 326, 240
STATE_VERSION = 1
"""Of the arrangement of panels; 0 could hold floating groups, on which Qt crashes when freed."""
PAGE_S = 10.0
"""The panels beside the traces yield until a record this long is in view at 25 mm/s."""
SPARE_PX = 4
LIST_WIDTH = 210
SHORT_S = 15.0
"""A record this short is (almost) in view as a whole."""
ROOMY_PX = 800


def show_title(dock: QDockWidget, shown: bool) -> None:
    """Give a panel its title bar (to drag it back) or take it away."""
    dock.setTitleBarWidget(None if shown else QWidget(dock))  # type: ignore[arg-type]


def set_apart(dock: QDockWidget, apart: bool) -> None:
    """Give a panel a window of its own, or put it back where it was."""
    dock.show()
    dock.setFloating(apart)
    dock.raise_()


def least_width(panel: QScrollArea) -> int:
    """Return the width at which nothing in a panel is cut; more with larger letters."""
    inner = panel.widget()
    least = inner.minimumSizeHint().width() if inner is not None else 0
    return least + panel.verticalScrollBar().sizeHint().width()


class MainWindow(QMainWindow):
    """One window on one document."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.document: Document = session.document
        self.settings = session.settings
        self.theme: Theme = LIGHT
        self._side_width = 0
        self._opinions: list[str] = []
        self._hidden: list[str] = []
        self._in_front: list[str] = []
        # Of its own: what waits for the event loop must not outlive the window.
        self._side_timer = QTimer(self, singleShot=True, interval=0)
        self._side_timer.timeout.connect(self._fit_side)
        self.setWindowTitle("ECG Viewer")
        self.setAcceptDrops(True)
        # Without GroupedDragging: Qt 6.11 can crash when it frees a window of floating tabs.
        self.setDockNestingEnabled(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.commands = Commands(TABLE, self)
        self.commands.fill(self.menuBar())
        self.docks: dict[str, QDockWidget] = {}
        self._build_centre()
        self._build_panels()
        self._build_toolbar()
        self.status = StatusLine()
        self.status.cancel_button.clicked.connect(self.commands.action("analyse.cancel").trigger)
        self.setStatusBar(self.status)
        self._connect()
        self.view_commands = ViewCommands(
            self.commands, self.traces, self.document, self.settings.value, self
        )
        self.file_commands = FileCommands(self)
        self.analyse_commands = AnalyseCommands(self)
        self.tool_commands = ToolCommands(self)
        self.review = ReviewParts(self)
        self.context = CurrentContext(
            session,
            self.review.document,
            self.review.file_annotations,
            self.review.worklist,
            self.records.model,
            self.traces,
        )
        self.context.changed.connect(self.commands.apply)
        self.context.update()
        self.set_theme(self.settings.value.theme)
        self._restore_geometry()
        self._show_record()
        guard_overrides()

    # Building ---------------------------------------------------------------------------------

    def _build_centre(self) -> None:
        self.header = HeaderBar(self.document)
        self.notes = NoteStrip(self.commands.action("file.answers"))
        self.traces = TraceView()
        self.overview = OverviewBar(self.traces)
        self.messages = Messages()
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
        column.addWidget(self.messages)
        self.setCentralWidget(centre)

    def _build_panels(self) -> None:
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        self.records = RecordsPanel()
        self.analysis_panel = AnalysisPanel(self.document, self.commands)
        self.flags_panel = FlagsPanel(self.document)
        self.record_panel = RecordPanel(self.document)
        self.consensus_panel = ConsensusPanel(self.session)
        self.add_panel("records", "Records", self.records, left, "Ctrl+Alt+1").hide()
        self.docks["records"].visibilityChanged.connect(self._room_changed)
        for name, title, panel, key in (
            ("analysis", "Analysis", self.analysis_panel, "Ctrl+Alt+2"),
            ("consensus", "Models", self.consensus_panel, "Ctrl+Alt+3"),
        ):
            self.add_panel(name, title, panel, right, key, opinion=True)
        self.add_panel("record", "Record", self.record_panel, right, "Ctrl+Alt+4")
        self.add_panel("flags", "Flags", self.flags_panel, right, "Ctrl+Alt+5", opinion=True)
        self.add_tab("analysis", "consensus")
        self.add_tab("analysis", "record")

    def add_panel(
        self,
        name: str,
        title: str,
        panel: QWidget,
        area: Qt.DockWidgetArea,
        key: str = "",
        opinion: bool = False,
    ) -> QDockWidget:
        """Put a panel into a dock, with an entry in View › Panels.

        Parameters
        ----------
        opinion : bool
            It shows what models say: it is put away while the reader reads blind.
        """
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock.{name}")
        dock.setWidget(panel)
        self.addDockWidget(area, dock)
        action = dock.toggleViewAction()
        action.setObjectName(f"view.panel.{name}")
        if key:
            action.setShortcut(key)
        self.addAction(action)
        self.commands.menu(f"{VIEW}/&Panels").addAction(action)
        # The only way out: tabs can be dragged out with GroupedDragging alone (see __init__).
        apart = QAction(f"{title} apart", self, checkable=True)
        apart.setObjectName(f"view.apart.{name}")
        apart.triggered.connect(lambda checked: set_apart(dock, checked))
        dock.topLevelChanged.connect(apart.setChecked)
        self.commands.menu(f"{VIEW}/A&part").addAction(apart)
        self.docks[name] = dock
        if opinion:
            self._opinions.append(name)
        for way in (action, apart):
            self.commands.add(way, sighted if opinion else always)
        return dock

    def add_tab(self, first: str, second: str) -> None:
        """Put the second panel as a tab behind the first; the tabs then serve as titles."""
        self.tabifyDockWidget(self.docks[first], self.docks[second])
        for dock in (self.docks[first], self.docks[second]):
            show_title(dock, dock.isFloating())
            dock.topLevelChanged.connect(partial(show_title, dock))
        self.docks[first].raise_()

    def _build_toolbar(self) -> None:
        self.toolbar = ToolBar(self.commands, self.traces)
        self.addToolBar(self.toolbar)
        self.commands.menu(f"{VIEW}/&Panels").addAction(self.toolbar.toggleViewAction())

    def _connect(self) -> None:
        document, session = self.document, self.session
        document.recordingChanged.connect(self._show_record)
        document.heartChanged.connect(self._show_heart)
        document.analysisChanged.connect(self._show_analysis)
        document.flagsChanged.connect(self._show_flags)
        document.selectedFlagChanged.connect(self._show_selected_flag)
        document.recordingChanged.connect(self.messages.record_changed)
        document.blindChanged.connect(self._show_blind)
        session.errorRaised.connect(self.messages.error)
        session.recordErrorRaised.connect(self._show_record_error)
        session.informed.connect(self.messages.info)
        session.listCleared.connect(self.records.model.clear)
        session.recordsFound.connect(self._add_records)
        session.recordFailed.connect(self.records.model.set_failure)
        session.questionAnswered.connect(self.records.model.set_answered)
        self.records.recordChosen.connect(session.open_ref)
        self.traces.flagClicked.connect(self.select_flag)
        self.traces.cursorMoved.connect(self.status.show_cursor)
        self.traces.readFailed.connect(self.messages.record_error)
        self.flags_panel.flagActivated.connect(self.select_flag)
        self.consensus_panel.momentChosen.connect(self.traces.center_on)
        # A method, not a lambda: the hints outlive the window, and a lambda would keep it for ever.
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_theme_changed)

    # Showing the document ---------------------------------------------------------------------

    def _show_record(self) -> None:
        recording = self.document.recording
        self.pages.setCurrentIndex(0 if recording is None else 1)
        self.traces.set_recording(recording)
        self.show_overview()
        self.notes.set_notes(recording.notes if recording is not None else ())
        # The system remembers titles: none that tells who the patient is.
        title = "ECG Viewer"
        if recording is not None and not names_patient(recording, recording.name):
            title = f"{recording.name} – {title}"
        self.setWindowTitle(title)
        if recording is None:
            self.start_page.set_recent(self.settings.value.recent)
            return
        self.status.unit = recording.unit
        if self.document.ref is not None:
            self.records.select(self.document.ref)
        if self.focusWidget() is None or self.pages.isAncestorOf(self.focusWidget()):
            self.traces.setFocus()

    def _show_record_error(self, error: Exception) -> None:
        """Say what went wrong with the open record, and with which."""
        recording, text = self.document.recording, describe(error)
        named = isinstance(error, EcgViewerError) and error.path is not None
        if recording is not None and not named:
            text = f"{recording.name}: {text}"
        self.messages.record_error(text)

    def _show_heart(self) -> None:
        heart = self.document.heart
        if heart is not None:
            self.traces.set_r_peaks(heart.r_peaks)

    def _show_analysis(self) -> None:
        self.traces.set_analysis(self.document.shown.analysis, self.document.specificity)

    def _show_flags(self) -> None:
        self.traces.set_specificity(self.document.specificity)
        self.traces.set_flags(self.document.shown.flags, self.document.selected_flag)

    def _show_selected_flag(self) -> None:
        self.traces.select_flag(self.document.selected_flag)

    def select_flag(self, index: int) -> None:
        """Make a flag the current one and bring it into view."""
        self.document.select_flag(index)
        if self.document.selected_flag == index and index < len(self.document.shown.flags):
            flag = self.document.shown.flags[index]
            self.traces.center_on(flag.start_s, flag.stop_s)

    def _show_blind(self) -> None:
        """Put the panels with opinions away, or back where they were."""
        self.messages.forget_info()
        self.status.clearMessage()
        if self.document.blind:
            shown = [name for name, dock in self.docks.items() if not dock.isHidden()]
            self._in_front = [n for n in shown if not self.docks[n].visibleRegion().isEmpty()]
            self._hidden = [name for name in self._opinions if name in shown]
            for name in self._hidden:
                self.docks[name].hide()
            self.docks["review"].show()
            return
        for name in self._hidden:
            self.docks[name].show()
        for name in self._in_front:
            self.docks[name].raise_()

    def _add_records(self, entries: list[object]) -> None:
        self.records.model.append(entries)  # type: ignore[arg-type]
        if entries and not self.docks["records"].isVisible():
            self.docks["records"].show()
            self.resizeDocks([self.docks["records"]], [LIST_WIDTH], Qt.Orientation.Horizontal)

    # Looks ------------------------------------------------------------------------------------

    def set_theme(self, choice: str) -> None:
        """Use a theme: ``system``, ``light`` or ``dark``."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.settings.value.theme = choice
        self.theme = apply_theme(app, choice)
        app.setStyleSheet(app.styleSheet() + extra_style(self.theme))
        self.commands.check(f"view.theme.{choice}")
        theme = self.theme
        faint = theme.border
        self.commands.set_icons(
            lambda name: icons.draw(name, theme.text_muted, theme.accent_text, faint)
        )
        self.traces.set_theme(theme)
        self.consensus_panel.set_theme(theme)

    def _system_theme_changed(self) -> None:
        if self.settings.value.theme == "system":
            self.set_theme("system")

    def _restore_geometry(self) -> None:
        settings = self.settings.value
        self.resize(*DEFAULT_SIZE)
        side = [self.docks["analysis"], self.docks["flags"]]
        self.resizeDocks(side, [SIDE_WIDTH, SIDE_WIDTH], Qt.Orientation.Horizontal)
        self.resizeDocks(side, [560, 300], Qt.Orientation.Vertical)
        if settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(settings.geometry.encode()))
        if settings.window_state:
            self.restoreState(QByteArray.fromBase64(settings.window_state.encode()), STATE_VERSION)
            self.docks["records"].hide()
        # Qt leaves tab bars behind that belong to no panel; those in use it shows again itself.
        for bar in self.findChildren(QTabBar):
            bar.hide()

    def show_overview(self) -> None:
        """Show the overview bar where it tells more than the traces above it."""
        recording = self.document.recording
        short = recording is not None and recording.duration_s <= SHORT_S
        roomy = self.height() >= ROOMY_PX or not short
        self.overview.setVisible(self.settings.value.overview and roomy)

    def _room_changed(self) -> None:
        self._side_timer.start()

    def _fit_side(self) -> None:
        """Make the panels beside the traces as wide as they may be, unless the user sized them."""
        side = [self.docks["analysis"], self.docks["flags"]]
        width = max(dock.width() for dock in side)
        visible = any(dock.isVisible() and not dock.isFloating() for dock in side)
        if self._side_width == 0 and LEAST_SIDE_WIDTH <= width <= SIDE_WIDTH:
            self._side_width = width
        if not visible or self._side_width != width:
            return
        state = self.traces.state
        page = left_margin(state) + PAGE_S * SPEEDS_MM_S[1] * state.pixels_per_mm
        room = self.pages.width() + width - page - SPARE_PX
        needed = [least_width(panel) for panel in (self.analysis_panel, self.consensus_panel)]
        wanted = max(min(int(room), SIDE_WIDTH), LEAST_SIDE_WIDTH, *needed)
        if wanted != width:
            self.resizeDocks(side, [wanted, wanted], Qt.Orientation.Horizontal)
        self._side_width = max(dock.width() for dock in side)

    # Qt's events ------------------------------------------------------------------------------

    def childEvent(self, event: QChildEvent) -> None:
        """Guard the dialogs that are imported when they are first opened."""
        super().childEvent(event)
        if event.added():
            guard_overrides()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the room for the traces on a small screen."""
        super().resizeEvent(event)
        self.show_overview()
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
        if not self.review.may_close():
            event.ignore()
            return
        settings = self.settings.value
        self.hide()
        settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        settings.window_state = bytes(self.saveState(STATE_VERSION).toBase64().data()).decode()
        self.settings.save()
        self.traces.stop_loading()
        self.session.close()
        event.accept()
