"""The widget under the trace view: geometry, cached picture, loading, Qt's events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QFocusEvent,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QScreen,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QScrollBar, QWidget

from ecgviewer.app.qt.theme import LIGHT, Theme
from ecgviewer.app.trace import scale
from ecgviewer.app.trace.data.loader import Loader
from ecgviewer.app.trace.data.samples import RecordingSamples
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.layers.layer import Layer
from ecgviewer.app.trace.layers.stack import Stack
from ecgviewer.app.trace.layout import PageLayout, build_layout, left_margin
from ecgviewer.app.trace.page import Page
from ecgviewer.app.trace.pointer import Pointer
from ecgviewer.app.trace.pointing import value_at
from ecgviewer.app.trace.scene import Scene
from ecgviewer.app.trace.state import TRACK_TITLES, ViewState
from ecgviewer.app.trace.tracks import row_height
from ecgviewer.app.work.stepping_aside import QUIET_S, STEPPING_ASIDE
from ecgviewer.core.recording import Recording

if TYPE_CHECKING:
    from ecgviewer.app.trace.host import Host

SHORT_CHUNKS = 4
"""Of a recording of up to so many chunks the overview is drawn from the samples themselves."""
LABEL_PAD_PX = 8.0


class TraceCanvas(QWidget):
    """Shows a scene: the page, and over it the layers that the mouse meets."""

    viewChanged = Signal()
    """The visible range, scale or layout changed."""
    dataChanged = Signal()
    """More of the recording was read, or R peaks were found."""
    contentChanged = Signal()
    """Another recording, analysis, theme, or other flags or annotations are shown."""
    spanSelected = Signal(float, float, object)
    """start_s, stop_s, tuple of leads (empty: all)."""
    flagClicked = Signal(int)
    annotationClicked = Signal(str)
    annotationEdited = Signal(str, float, float)
    """id, start_s, stop_s after an edge was dragged."""
    cursorMoved = Signal(float, str, float)
    """Time, lead and the trace's mV there (NaN when unknown)."""
    calipersChanged = Signal(str)
    leadDoubleClicked = Signal(str)
    screenChanged = Signal()
    """The view is on another screen, or its screen's resolution changed."""
    readFailed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = ViewState()
        self.scene = Scene()
        self.theme: Theme = LIGHT
        self.pointer: QPointF | None = None
        self.layers = Stack(self)
        self._page = Page()
        self._mouse = Pointer(self, self.layers)
        self._host: Host | None = None
        self._loader: Loader | None = None
        self._frame: Frame | None = None
        self._stale = True
        self._measured_screen = False
        self._later = QTimer(self, singleShot=True, interval=round(QUIET_S * 1000))
        self._later.timeout.connect(self.redraw)
        self._screen: QScreen | None = None
        self._rows = QScrollBar(Qt.Orientation.Vertical, self)
        self._rows.setAccessibleName("Leads")
        self._rows.valueChanged.connect(self.redraw)
        self._rows.hide()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 200)
        self.setAccessibleName("ECG traces")

    # Geometry --------------------------------------------------------------------------------

    def frame(self) -> Frame:
        """Return the geometry of this moment."""
        if self._frame is None:
            self._frame = self._make_frame()
        return self._frame

    def traces_width(self) -> float:
        """Return the width of the traces in logical pixels."""
        page = self.frame().page
        return page.right - page.left

    def visible_range(self) -> tuple[float, float]:
        """Return the times at the left and right edge, the latter within the recording."""
        frame = self.frame()
        return frame.start_s, min(frame.stop_s, max(self.scene.duration_s, frame.start_s))

    def goto(self, start_s: float) -> None:
        """Put this time at the left edge, as far as the recording reaches."""
        self.state.start_s = start_s
        self.view_changed()

    def zoom(self, factor: float, at_s: float | None = None) -> None:
        """Stretch time by a factor around a moment (the middle by default)."""
        if at_s is None:
            at_s = sum(self.visible_range()) / 2
        scale.zoom(self.state, factor, at_s, self.traces_width(), self.scene.duration_s)
        self.view_changed()

    def scroll_rows(self, pixels: float) -> None:
        """Scroll the lanes where they do not fit."""
        self._rows.setValue(self._rows.value() + round(pixels))

    def _make_frame(self) -> Frame:
        state, scene = self.state, self.scene
        metrics = QFontMetricsF(self.font())
        row = row_height(metrics)
        state.label_px = metrics.horizontalAdvance(TRACK_TITLES["annotations"]) + LABEL_PAD_PX
        tracks = sum(
            track.n_rows
            for name, track in (
                ("flags", scene.flag_track),
                ("annotations", scene.annotation_track),
            )
            if state.overlays[name]
        )
        header = tracks * row + 4.0 if tracks else 1.0
        footer = 2.0 * (row + 2.0)
        duration = scene.duration_s
        leads = scene.recording.leads if scene.recording is not None else ()
        n_strips = len(scene.strip_names(state.overlays))
        width, height = float(self.width()), float(self.height())

        def lay_out(width: float) -> PageLayout:
            if state.fit:
                state.fit_px_per_s = max(width - left_margin(state), 20.0) / state.fit_span_s
            return build_layout(
                leads, state, width, height, header, footer, n_strips, duration, scene.reach()
            )

        page = lay_out(width)
        bar = self._rows.sizeHint().width() if page.scrolls else 0
        if bar:
            page = lay_out(width - bar)
        room = page.bottom - page.top
        with QSignalBlocker(self._rows):
            self._rows.setVisible(page.scrolls)
            self._rows.setRange(0, max(round(page.page_height - room), 0))
            self._rows.setPageStep(round(room))
            self._rows.setSingleStep(round(max(page.pitch / 2, 1)))
            self._rows.setGeometry(round(width) - bar, round(page.top), bar, round(room))
        if state.fit and page.lanes:
            state.fit_px_per_mv = page.px_per_mv / state.fit_gain
        visible_s = (page.right - page.left) / state.px_per_s
        state.start_s = min(max(state.start_s, 0.0), max(scene.duration_s - visible_s, 0.0))
        ratio = self.devicePixelRatioF()
        return Frame(
            page=page,
            theme=self.theme,
            px_per_s=state.px_per_s,
            px_per_mv=state.px_per_mv,
            pixels_per_mm=state.pixels_per_mm,
            origin_column=round(state.start_s * state.px_per_s * ratio),
            scroll_y=float(self._rows.value()) if page.scrolls else 0.0,
            width=width,
            height=height,
            ratio=ratio,
        )

    def redraw(self) -> None:
        """Paint the picture anew: it shows something else now, or more."""
        self._page.forget()
        self._moved()

    def _moved(self) -> None:
        """Paint what came into view, or everything where the geometry changed."""
        self._frame = None
        self._stale = True
        if self._host is not None:
            self._host.page_changed()

    def layer_changed(self, layer: Layer) -> None:
        """Paint one layer anew."""
        if self._host is not None:
            self._host.layer_changed(layer)

    def forget_bars(self) -> None:
        """Let no click find what was painted of another content."""
        for mark in self.layers.marks:
            mark.bars = []

    def content_changed(self) -> None:
        """Paint anew and tell that something else is shown."""
        self.forget_bars()
        self.redraw()
        self.contentChanged.emit()

    def view_changed(self) -> None:
        """Paint anew and tell that the visible range, scale or layout changed."""
        STEPPING_ASIDE.view_moved()
        self._moved()
        self.frame()
        self.viewChanged.emit()

    # Loading ---------------------------------------------------------------------------------

    def start_loading(self, recording: Recording) -> None:
        """Read a recording in the background."""
        assert self.scene.store is not None
        self._loader = Loader(RecordingSamples(recording), self.scene.store, self.scene.display)
        self._loader.loaded.connect(self._chunk_came)
        self._loader.swept.connect(self._more_read)
        self._loader.failed.connect(self._read_failed)

    def stop_loading(self) -> None:
        """Stop reading; waits for the chunk in hand."""
        if self._loader is not None:
            self._loader.close()
            self._loader = None
        self.scene.close_maps()

    def reload_filtered(self) -> None:
        """Read the samples in view again, through the display filter."""
        if self._loader is not None:
            self._loader.set_filter(self.scene.display)
        self.redraw()

    def _samples_in_view(self, fs_hz: float) -> tuple[int, int, float]:
        """Return the first sample in view, the one after the last, and samples per pixel."""
        frame = self.frame()
        return *frame.stretch.samples(fs_hz), fs_hz / frame.px_per_s

    def _request(self) -> None:
        """Ask for the samples in view, then for their neighbours."""
        scene = self.scene
        if self._loader is not None and scene.store is not None and scene.recording is not None:
            view = self._samples_in_view(scene.recording.fs_hz)
            wanted = scene.store.chunks_for(*view)
            self._loader.request(scene.store.with_neighbours(wanted))
        if scene.maps is not None and scene.analysis is not None:
            scene.maps.show(scene.shown_maps(self.state.overlays))
            scene.maps.request(*self._samples_in_view(scene.analysis.map_fs_hz))

    def _is_loaded(self) -> bool:
        scene = self.scene
        if scene.store is None or scene.recording is None:
            return True
        if not scene.store.ready(*self._samples_in_view(scene.recording.fs_hz)):
            return False
        maps, analysis = scene.maps, scene.analysis
        if maps is None or analysis is None:
            return True
        return maps.ready(*self._samples_in_view(analysis.map_fs_hz))

    def _chunk_came(self) -> None:
        assert self.scene.store is not None
        if self.scene.store.n_chunks <= SHORT_CHUNKS:
            self._more_read()
        else:
            self._show_more()

    def _more_read(self) -> None:
        self._show_more()
        self.dataChanged.emit()

    def _show_more(self) -> None:
        """Paint anew; of a moving view, the next frame shows what came."""
        if STEPPING_ASIDE.moving:
            self._later.start()
        else:
            self.redraw()

    def _read_failed(self, reason: str) -> None:
        self.scene.problem = reason
        self.redraw()
        self.readFailed.emit(reason)

    def wait_until_loaded(self, timeout_s: float = 10.0) -> bool:
        """Process events until the samples in view are there; for pictures and tests.

        Returns
        -------
        bool
            False when they did not come in time, or cannot be read.
        """
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and not self.scene.problem:
            self._request()
            if self._is_loaded():
                self.redraw()
                return True
            QCoreApplication.processEvents()
            time.sleep(0.002)
        return False

    # Qt's events -----------------------------------------------------------------------------

    def _paint_page(self, painter: QPainter) -> None:
        """Show the page, brought up to this moment."""
        if self._stale:
            self._request()
            frame, complete = self.frame(), self._is_loaded()
            self._page.update(self.scene, self.state, frame, self.font(), complete)
            for mark in self.layers.marks:
                mark.bars = self._page.bars.get(mark.overlay, [])
            self._stale = False
        painter.setFont(self.font())
        self._page.paint(painter, self.scene)
        if self.hasFocus():
            painter.setPen(self.theme.color("accent"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._host is not None:
            self._host.set_size(self.width(), self.height())
        self.view_changed()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._host is None:
            # Imported here: a window without a record needs no pyqtgraph, and starts without.
            from ecgviewer.app.trace.host import Host

            self._host = Host(self, self._paint_page, self.layers.all, self.frame)
            self._host.set_size(self.width(), self.height())
            self._host.show()
            self._rows.raise_()
        window = self.window().windowHandle()
        if window is not None:
            window.screenChanged.connect(self._screen_changed, Qt.ConnectionType.UniqueConnection)
        self._screen_changed()

    def _screen_changed(self) -> None:
        screen = self.screen()
        if screen is not self._screen:
            self._screen = screen
            # A screen may change its resolution or zoom while the window stays on it.
            screen.physicalDotsPerInchChanged.connect(self._resolution_changed)
            screen.logicalDotsPerInchChanged.connect(self._resolution_changed)
        self._resolution_changed()

    def _resolution_changed(self) -> None:
        if not self._measured_screen:
            self.state.pixels_per_mm = scale.screen_pixels_per_mm(self.screen())
            self.view_changed()
        self.screenChanged.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange):
            self.redraw()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._resolution_changed()
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._focus_changed()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._focus_changed()

    def _focus_changed(self) -> None:
        if self._host is not None:
            self._host.page_changed()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse.move(event)
        if not event.buttons():
            self._tell_cursor(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._mouse.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        lead = self._mouse.double_click(event)
        if lead is None:
            self._mouse.press(event)
        else:
            self.leadDoubleClicked.emit(lead)

    def leaveEvent(self, event: QEvent) -> None:
        self._mouse.leave()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._mouse.wheel(event)

    def _tell_cursor(self, at: QPointF) -> None:
        frame = self.frame()
        lane = frame.lane_at(at.x(), at.y())
        if lane is not None and at.x() >= frame.page.left:
            time_s = frame.time(at.x())
            self.cursorMoved.emit(time_s, lane.lead, value_at(self.scene, lane.lead, time_s))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.stop_loading()
        super().closeEvent(event)
