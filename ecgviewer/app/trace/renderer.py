"""Paints a scene: paper, shading, traces, strips, tracks and frame, in that order."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from ecgviewer.app.trace import furniture
from ecgviewer.app.trace.cut_waves import CUT_TEXT, paint_cut_waves
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.paint_lanes import (
    draw_strips,
    paint_r_peaks,
    paint_shading,
    samples_in_view,
)
from ecgviewer.app.trace.paper import Paper, grid_for
from ecgviewer.app.trace.raster import Picture
from ecgviewer.app.trace.scene import Scene
from ecgviewer.app.trace.state import TRACK_TITLES, ViewState
from ecgviewer.app.trace.trace_painter import TracePainter
from ecgviewer.app.trace.tracks import Bar, paint_track, row_height

EMPTY_TEXT = "Open an ECG record: File > Open, or drop a file or folder here"


class Renderer:
    """Draws the still part of the view; crosshair and calipers are drawn over it."""

    def __init__(self) -> None:
        self._paper = Paper()
        self.flag_bars: list[Bar] = []
        self.annotation_bars: list[Bar] = []

    def forget_bars(self) -> None:
        """Let no click find what was drawn of another content."""
        self.flag_bars = []
        self.annotation_bars = []

    def paint(
        self, picture: Picture, scene: Scene, state: ViewState, frame: Frame, font: QFont
    ) -> None:
        """Draw everything of this moment into a picture."""
        self.forget_bars()
        page = frame.page
        area = QRectF(0, page.top, page.right, page.bottom - page.top)
        traces = area.adjusted(page.left, 0, 0, 0)
        painter = QPainter(picture.image)
        painter.setFont(font)
        beside = QRectF(page.right, 0, frame.width - page.right, frame.height)
        painter.fillRect(beside, frame.theme.color("window"))
        self._paper.paint(
            painter, area, grid_for(state), frame.theme, frame.x(0.0), frame.lane_y(0.0)
        )
        cut = False
        if scene.recording is not None:
            painter.setClipRect(area)
            furniture.paint_calibration(painter, frame)
            furniture.paint_columns(painter, frame)
            painter.setClipRect(traces)
            paint_shading(painter, scene, state, frame)
            if state.overlays["r_peaks"]:
                paint_r_peaks(painter, scene, frame, traces)
            trace_painter = TracePainter(scene, state, frame, picture.ratio)
            trace_painter.paint_gaps(painter)
            painter.setClipRect(area)
            # Under the traces as well: no name may hide a wave.
            furniture.paint_lead_names(painter, frame)
            painter.end()
            # Under the traces: no colour may hide the end of a deep wave.
            draw_strips(picture, scene, state, frame)
            trace_painter.draw(picture)
            cut = bool(trace_painter.cuts)
            painter.begin(picture.image)
            painter.setFont(font)
            painter.setClipRect(traces)
            self._beyond_the_end(painter, scene, frame, traces)
            paint_cut_waves(painter, frame, trace_painter.cuts)
            painter.setClipping(False)
            self._tracks(painter, scene, state, frame)
        self._frame_lines(painter, scene, state, frame, cut)
        self._message(painter, scene, frame, area)
        painter.end()

    def _message(self, painter: QPainter, scene: Scene, frame: Frame, area: QRectF) -> None:
        words = scene.problem if scene.recording is not None else EMPTY_TEXT
        if words:
            painter.setPen(frame.theme.color("danger" if scene.problem else "muted"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)

    def _beyond_the_end(
        self, painter: QPainter, scene: Scene, frame: Frame, traces: QRectF
    ) -> None:
        end = frame.x(scene.duration_s)
        if end < traces.right():
            rect = QRectF(traces)
            rect.setLeft(max(end, traces.left()))
            painter.fillRect(rect, frame.theme.color("window", 120))
            painter.setPen(QPen(frame.theme.color("border"), 1.0))
            painter.drawLine(rect.topLeft(), rect.bottomLeft())

    def _tracks(self, painter: QPainter, scene: Scene, state: ViewState, frame: Frame) -> None:
        header = QRectF(0, 0, frame.width, frame.page.top)
        painter.fillRect(header, frame.theme.color("window"))
        painter.setPen(frame.theme.color("border"))
        painter.drawLine(header.bottomLeft(), header.bottomRight())
        height = row_height(QFontMetricsF(painter.font()))
        top = 2.0
        for name, track, selected in (
            ("flags", scene.flag_track, scene.selected_flag),
            ("annotations", scene.annotation_track, scene.selected_annotation),
        ):
            if not state.overlays[name] or track.n_rows == 0:
                continue
            painter.setClipRect(header)
            painter.setPen(frame.theme.color("text_muted"))
            painter.drawText(
                QRectF(6, top, frame.page.left - 8, height),
                Qt.AlignmentFlag.AlignVCenter,
                TRACK_TITLES[name],
            )
            bars = paint_track(painter, frame, track, selected, top, height)
            if name == "flags":
                self.flag_bars = bars
            else:
                self.annotation_bars = bars
            top += track.n_rows * height
        painter.setClipping(False)

    def _frame_lines(
        self, painter: QPainter, scene: Scene, state: ViewState, frame: Frame, cut: bool
    ) -> None:
        height = (frame.height - frame.page.bottom) / 2
        axis = QRectF(0, frame.page.bottom, frame.width, height)
        furniture.paint_time_axis(painter, frame, axis, scene.duration_s)
        line = QRectF(0, frame.page.bottom + height, frame.width, height)
        unit = scene.recording.unit if scene.recording is not None else "mV"
        scale = furniture.scale_text(
            frame.px_per_s, frame.px_per_mv, frame.pixels_per_mm, state.fit, unit
        )
        parts = [(scale, "danger" if state.fit else "")]
        if scene.recording is not None:
            altered = scene.display.active or state.overlays["model_input"]
            parts.append((self._signal_text(scene, state, frame), "accent" if altered else ""))
            if not scene.recording.units_known:
                parts.append(("amplitude unknown", "danger"))
            if cut:
                parts.append((CUT_TEXT, "danger"))
            if state.focus is not None:
                parts.append((f"only {state.focus} (+ larger, Esc: all leads)", ""))
        furniture.paint_scale_line(painter, frame, line, parts, scene.legends(state.overlays))

    def _signal_text(self, scene: Scene, state: ViewState, frame: Frame) -> str:
        recording = scene.recording
        if recording is None:
            return ""
        if state.overlays["model_input"] and scene.analysis is not None:
            low, high, rate = (
                f"{value:g}" if isinstance(value, int | float) else "?"
                for value in map(scene.analysis.preprocessing.get, ("low_hz", "high_hz", "fs_hz"))
            )
            return f"what the model saw ({low}-{high} Hz, {rate} samples/s)"
        assert scene.store is not None
        start, stop = samples_in_view(frame, recording.fs_hz)
        close = scene.store.chunks_for(start, stop, recording.fs_hz / frame.px_per_s)
        if scene.display.active and not close:
            return "unfiltered (filters show in closer views)"
        return scene.display.text()
