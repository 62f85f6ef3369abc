"""The widget under the trace view: the moment it shows, Qt's events, the mouse."""

from __future__ import annotations

import time
from dataclasses import replace
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
from ecgviewer.app.trace.data.scene_data import SceneData
from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.moment import Moment
from ecgviewer.app.trace.geometry.solve import shown_maps, solve
from ecgviewer.app.trace.geometry.viewport import Viewport
from ecgviewer.app.trace.layers.layer import Layer
from ecgviewer.app.trace.layers.stack import Stack
from ecgviewer.app.trace.page.page import Page
from ecgviewer.app.trace.page.track_rows import row_height
from ecgviewer.app.trace.scene.scene import Scene
from ecgviewer.app.trace.state import TRACK_TITLES, ViewState
from ecgviewer.app.trace.tools.pointer import Pointer
from ecgviewer.app.work.stepping_aside import QUIET_S, STEPPING_ASIDE

if TYPE_CHECKING:
    from ecgviewer.app.trace.host import Host

PATIENCE_MS = 80
"""How long a record that was opened may take to read before the view says that it is read."""
RESTYLED = (QEvent.Type.FontChange, QEvent.Type.PaletteChange, QEvent.Type.StyleChange)
LABEL_PAD_PX = 8.0
WANDER_SHARE = 0.3
"""Share of a row's height by which a baseline may wander before it is brought back."""


class TraceCanvas(QWidget):
    """Shows a scene: the page, and over it the layers that the mouse meets."""

    viewChanged = Signal()
    """The visible range, scale or layout changed."""
    contentChanged = Signal()
    """The scene as a whole looks different now."""
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
        self.data = SceneData()
        self.data.came.connect(self._more_came)
        self.data.swept.connect(self._more_came)
        self.data.failed.connect(self._read_failed)
        self.theme: Theme = LIGHT
        self.pointer: QPointF | None = None
        self.layers = Stack(self)
        self._page = Page()
        self._mouse = Pointer(self, self.layers)
        self._host: Host | None = None
        self._moment: Moment | None = None
        self._stale, self._complete, self._waiting = True, False, False
        self._measured_screen = False
        self._later = QTimer(self, singleShot=True, interval=round(QUIET_S * 1000))
        self._later.timeout.connect(self.redraw)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self.redraw)
        self._letters: tuple[float, float, float] | None = None
        self._screen: QScreen | None = None
        self._rows = QScrollBar(Qt.Orientation.Vertical, self)
        self._rows.setAccessibleName("Leads")
        self._rows.valueChanged.connect(self._scroll_to)
        self._rows.hide()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 200)
        self.setAccessibleName("ECG traces")

    # What is shown, and where ----------------------------------------------------------------

    def show_scene(self, scene: Scene) -> None:
        """Show this scene; a recording other than before from its beginning, with all leads."""
        before, self.scene = self.scene, scene
        opened = scene.recording is not before.recording
        if opened:
            self.state.start_s = self.state.scroll_y = 0.0
            self.state.focus, self.state.leads = None, ()
            self.layers.calipers.caliper = None
            if self.state.fit:
                scale.fit_record(self.state, scene.duration_s)
            self._wait_for_samples()
        self.data.show(scene, self.state.display)
        if opened:
            self.view_changed()
        elif self._page_parts(scene) != self._page_parts(before):
            self._moved()
        elif self._moment is not None:
            self._moment = replace(self._moment, scene=scene)
        if scene.edited_annotation is not before.edited_annotation:
            self.layers.handles.drag_to(None)
        if scene.cursor_s != before.cursor_s:
            self.layers.time_cursor.changed()
        if _overview_parts(scene) != _overview_parts(before):
            self.contentChanged.emit()

    def _page_parts(self, scene: Scene) -> tuple[object, ...]:
        """Return what of a scene the page shows, told apart as objects."""
        beats = scene.r_peaks if self.state.overlays["r_peaks"] else None
        parts = (
            scene.recording, scene.analysis, scene.flag_track, scene.annotation_track, beats,
            scene.stimuli,
        )  # fmt: skip
        return (
            *map(id, parts), scene.specificity, scene.selected_flag, scene.selected_annotation,
            scene.clock,
        )  # fmt: skip

    def moment(self) -> Moment:
        """Return the scene as it is shown now; asks for the samples in view."""
        if self._moment is None:
            scene, state = self.scene, self.state.copy()
            geometry = solve(scene, state, self._viewport(), self.data.reach())
            view = geometry.stretch, geometry.px_per_s
            self.data.request(*view, shown_maps(scene, state))
            room_mv = WANDER_SHARE * geometry.page.pitch / geometry.px_per_mv
            levels = self.data.levels_for(*view, room_mv)
            if levels is not None and scene.recording is not None:
                leads = scene.recording.leads
                geometry = geometry.with_levels(dict(zip(leads, levels.tolist(), strict=True)))
            self._moment = Moment(scene, state, geometry, self.data)
            self._show_rows(geometry)
        return self._moment

    def _viewport(self) -> Viewport:
        if self._letters is None:
            metrics = QFontMetricsF(self.font())
            label_px = metrics.horizontalAdvance(TRACK_TITLES["annotations"]) + LABEL_PAD_PX
            self._letters = row_height(metrics), label_px, float(self._rows.sizeHint().width())
        size = float(self.width()), float(self.height())
        return Viewport(*size, self.theme, self.devicePixelRatioF(), *self._letters)

    def traces_width(self) -> float:
        """Return the width of the traces in logical pixels."""
        page = self.moment().geometry.page
        return page.right - page.left

    def visible_range(self) -> tuple[float, float]:
        """Return the times at the left and right edge, the latter within the recording."""
        geometry = self.moment().geometry
        return geometry.start_s, min(geometry.stop_s, max(self.scene.duration_s, geometry.start_s))

    def goto(self, start_s: float) -> None:
        """Put this time at the left edge, as far as the recording reaches."""
        self.state.start_s = start_s
        self.view_changed()

    def zoom(self, factor: float, at_s: float | None = None) -> None:
        """Stretch time by a factor around a moment (the middle by default)."""
        if at_s is None:
            at_s = sum(self.visible_range()) / 2
        scale.zoom(self.state, self.moment().geometry, factor, at_s, self.scene.duration_s)
        self.view_changed()

    def scroll_rows(self, pixels: float) -> None:
        """Scroll the lanes where they do not fit."""
        self._rows.setValue(self._rows.value() + round(pixels))

    def _scroll_to(self, pixels: int) -> None:
        self.state.scroll_y = float(pixels)
        self._moved()

    def _show_rows(self, geometry: Geometry) -> None:
        """Let the scroll bar say which lanes are in view."""
        page, bar = geometry.page, self._rows
        room, width = page.bottom - page.top, round(geometry.viewport.bar_px)
        with QSignalBlocker(bar):
            bar.setVisible(page.scrolls)
            if page.scrolls:
                bar.setRange(0, max(round(page.page_height - room), 0))
                bar.setPageStep(round(room))
                bar.setSingleStep(round(max(page.pitch / 2, 1)))
                bar.setValue(round(geometry.scroll_y))
                bar.setGeometry(self.width() - width, round(page.top), width, round(room))

    def redraw(self) -> None:
        """Paint the picture anew: there is more to see of what it shows."""
        self._waiting = False
        self._patience.stop()
        self._page.forget()
        self._moved()

    def _moved(self) -> None:
        """Paint what came into view, or everything where that looks different now."""
        self._moment = None
        self._stale = True
        if self._host is not None:
            self._host.page_changed()

    def layer_changed(self, layer: Layer) -> None:
        """Paint one layer anew."""
        if self._host is not None:
            self._host.layer_changed(layer)

    def view_changed(self) -> None:
        """Paint anew and tell that the visible range, scale or layout changed."""
        STEPPING_ASIDE.view_moved()
        self._moved()
        self.viewChanged.emit()

    # Reading ---------------------------------------------------------------------------------

    def stop_loading(self) -> None:
        """Stop reading; waits for the chunk in hand."""
        self.data.close()

    def _wait_for_samples(self) -> None:
        """Show bare paper for a moment: most records are read before it is over."""
        self._waiting = self.scene.recording is not None
        if self._waiting:
            self._patience.start()

    def _more_came(self) -> None:
        """Paint what was not complete; of a moving view, the next picture shows it."""
        if self._complete and not self._waiting:
            return
        if STEPPING_ASIDE.moving and not self._waiting:
            self._later.start()
        else:
            self.redraw()

    def _read_failed(self, reason: str) -> None:
        self.redraw()
        self.readFailed.emit(reason)

    def _is_loaded(self) -> bool:
        where = self.moment().geometry
        return self.data.ready(where.stretch, where.px_per_s)

    def wait_until_loaded(self, timeout_s: float = 10.0) -> bool:
        """Process events until the samples in view are there; for pictures and tests.

        Returns
        -------
        bool
            False when they did not come in time, or cannot be read.
        """
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and not self.data.problem:
            if self._is_loaded():
                self.redraw()
                return True
            QCoreApplication.processEvents()
            time.sleep(0.002)
        return False

    # Qt's events -----------------------------------------------------------------------------

    def _painted_moment(self) -> Moment | None:
        """Return what layers paint over; None while there is bare paper."""
        return None if self._waiting else self.moment()

    def _paint_page(self, painter: QPainter) -> None:
        """Show the page, brought up to this moment."""
        if self._waiting:
            painter.fillRect(self.rect(), self.theme.color("paper"))
            return
        if self._stale:
            moment, self._complete = self.moment(), self._is_loaded()
            self._page.update(moment, self.font(), self._complete)
            self._stale = False
            if self._complete:
                self._later.stop()
        painter.setFont(self.font())
        self._page.paint(painter)
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

            self._host = Host(self, self._paint_page, self.layers.all, self._painted_moment)
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
        if event.type() in RESTYLED:
            self._letters = None
            self.redraw()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._letters = None
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
        geometry = self.moment().geometry
        lane, time_s = geometry.lane_at(at.x(), at.y()), geometry.time(at.x())
        if lane is not None and at.x() >= geometry.page.left:
            self.cursorMoved.emit(time_s, lane.lead, self.data.value_at(lane.lead, time_s))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.stop_loading()
        super().closeEvent(event)


def _overview_parts(scene: Scene) -> tuple[object, ...]:
    """Return what of a scene the overview shows, told apart as objects."""
    parts = scene.recording, scene.analysis, scene.flag_track, scene.annotation_track, scene.r_peaks
    return (*map(id, parts), scene.clock)
