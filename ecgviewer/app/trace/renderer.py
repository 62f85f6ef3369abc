"""Paints a scene: paper, shading, traces, strips, tracks and frame, in that order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from ecgviewer.app.trace import furniture
from ecgviewer.app.trace.color_scales import color_table
from ecgviewer.app.trace.data.levels import Columns, query
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.layout import STRIP_PX, Lane
from ecgviewer.app.trace.paint_traces import hatch, paint_gaps, paint_trace
from ecgviewer.app.trace.paper import Paper, grid_for
from ecgviewer.app.trace.scene import Scene
from ecgviewer.app.trace.state import ViewState
from ecgviewer.app.trace.strips import paint_spans, paint_strip, pixel_row
from ecgviewer.app.trace.tracks import Bar, paint_track, row_height, span_pixels

EMPTY_TEXT = "Open an ECG record: File > Open, or drop a file or folder here"


class Renderer:
    """Draws the still part of the view; crosshair and calipers are drawn over it."""

    def __init__(self) -> None:
        self._paper = Paper()
        self.flag_bars: list[Bar] = []
        self.annotation_bars: list[Bar] = []

    def paint(self, painter: QPainter, scene: Scene, state: ViewState, frame: Frame) -> None:
        """Draw everything of this moment."""
        self.flag_bars = []
        self.annotation_bars = []
        page, theme = frame.page, frame.theme
        area = QRectF(0, page.top, page.right, page.bottom - page.top)
        self._paper.paint(painter, area, grid_for(state), theme, frame.x(0.0), frame.lane_y(0.0))
        if scene.recording is None:
            painter.setPen(theme.color("muted"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, EMPTY_TEXT)
            self._frame_lines(painter, scene, state, frame)
            return
        painter.setClipRect(area)
        traces = area.adjusted(page.left, 0, 0, 0)
        furniture.paint_calibration(painter, frame)
        furniture.paint_columns(painter, frame)
        self._shade(painter, scene, state, frame)
        if state.overlays["r_peaks"]:
            _paint_r_peaks(painter, scene, frame, traces)
        self._traces(painter, scene, state, frame, traces)
        self._strips(painter, scene, state, frame)
        self._beyond_the_end(painter, scene, frame, traces)
        furniture.paint_lead_names(painter, frame)
        painter.setClipping(False)
        self._tracks(painter, scene, state, frame)
        self._frame_lines(painter, scene, state, frame)
        if scene.problem:
            painter.setPen(theme.color("danger"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, scene.problem)

    def _shade(self, painter: QPainter, scene: Scene, state: ViewState, frame: Frame) -> None:
        """Shade what flags and annotations cover in their leads; hatch what cannot be judged."""
        theme = frame.theme
        layers = []
        if state.overlays["annotations"]:
            layers.append((scene.annotation_track.spans, "annotation", 30, 120))
        if state.overlays["flags"]:
            layers.append((scene.flag_track.spans, "flag", 38, 110))
        for spans, role, fill, edge in layers:
            seen = spans.within(frame.start_s, frame.stop_s)
            for lane in frame.page.lanes:
                on = spans.on_lead(lane.lead, seen)
                if on.size == 0 or not frame.shows(lane):
                    continue
                x0, x1 = span_pixels(frame, spans, on)
                paint_spans(
                    painter, x0, x1, _trace_rect(frame, lane), theme.color(role, fill),
                    theme.color(role, edge),
                )  # fmt: skip
        self._selected_flag(painter, scene, state, frame)
        if state.overlays["quality"]:
            seen = scene.quality.within(frame.start_s, frame.stop_s)
            for lane in frame.page.lanes:
                for index in scene.quality.on_lead(lane.lead, seen)[:200]:
                    rect = _trace_rect(frame, lane)
                    rect.setLeft(max(frame.x(scene.quality.starts[index]), lane.x0))
                    rect.setRight(min(frame.x(scene.quality.stops[index]), lane.x1))
                    if rect.width() > 0:
                        hatch(painter, rect, theme.color("hatch", 130))

    def _selected_flag(
        self, painter: QPainter, scene: Scene, state: ViewState, frame: Frame
    ) -> None:
        if scene.selected_flag is None or not state.overlays["flags"]:
            return
        if scene.selected_flag >= len(scene.flags):
            return
        flag = scene.flags[scene.selected_flag]
        x0, x1 = frame.x(flag.start_s), frame.x(flag.stop_s)
        color = frame.theme.color("flag_selected")
        for lane in frame.page.lanes:
            if flag.leads and lane.lead not in flag.leads:
                continue
            rect = _trace_rect(frame, lane)
            rect.setLeft(max(x0, lane.x0))
            rect.setRight(min(x1, lane.x1))
            if rect.width() <= 0:
                continue
            if flag.leads:
                painter.fillRect(rect, frame.theme.color("flag_selected", 45))
            painter.setPen(QPen(color, 1.0))
            for x in (x0, x1):
                if lane.x0 <= x <= lane.x1:
                    at = round(x) + 0.5
                    painter.drawLine(QPointF(at, rect.top()), QPointF(at, rect.bottom()))

    def _traces(
        self, painter: QPainter, scene: Scene, state: ViewState, frame: Frame, traces: QRectF
    ) -> None:
        recording, store = scene.recording, scene.store
        assert recording is not None and store is not None
        seen_by_model = state.overlays["model_input"] and scene.analysis is not None
        centre = scene.centre()
        signal: Columns | None = None
        if not seen_by_model:
            per_pixel = recording.fs_hz / frame.px_per_s
            start, stop = _samples(frame, recording.fs_hz)
            signal = store.columns(start, stop, per_pixel)
            self._gaps(painter, scene, frame, signal)
        over = self._model_columns(
            scene, frame, "model_output" if seen_by_model else "reconstruction"
        )
        under = self._model_columns(scene, frame, "model_input") if seen_by_model else None
        show_over = state.overlays["reconstruction"]
        for lane in frame.page.lanes:
            if not frame.shows(lane):
                continue
            clip = QRectF(lane.x0, traces.top(), lane.x1 - lane.x0, traces.height())
            row = recording.leads.index(lane.lead)
            level = float(centre[row])
            if signal is not None:
                self._lane(painter, frame, lane, signal, row, recording.fs_hz, level, "trace", clip)
            analysis = scene.analysis
            if analysis is None or lane.lead not in analysis.leads:
                continue
            map_row = analysis.leads.index(lane.lead)
            fs_hz = analysis.map_fs_hz
            if under is not None:
                self._lane(painter, frame, lane, under, map_row, fs_hz, 0.0, "trace", clip)
            if over is not None and show_over:
                self._lane(
                    painter, frame, lane, over, map_row, fs_hz,
                    0.0 if seen_by_model else level, "reconstruction", clip,
                )  # fmt: skip

    def _model_columns(self, scene: Scene, frame: Frame, name: str) -> Columns | None:
        if scene.analysis is None or name not in scene.maps:
            return None
        fs_hz = scene.analysis.map_fs_hz
        start, stop = _samples(frame, fs_hz)
        return query(scene.maps[name], start, stop, fs_hz / frame.px_per_s)

    def _lane(
        self,
        painter: QPainter,
        frame: Frame,
        lane: Lane,
        columns: Columns,
        row: int,
        fs_hz: float,
        level_mv: float,
        role: str,
        clip: QRectF,
    ) -> None:
        x = frame.x(0.0) + columns.centres() * (frame.px_per_s / fs_hz)
        first, last = np.searchsorted(x, (lane.x0, lane.x1))
        part = slice(max(int(first) - 1, 0), int(last) + 1)
        base = frame.lane_y(lane.baseline)
        scale = -lane.sign * frame.px_per_mv
        top = base + (columns.hi[row, part] - level_mv) * np.float32(scale)
        bottom = top
        if columns.step > 1:
            bottom = base + (columns.lo[row, part] - level_mv) * np.float32(scale)
            if lane.sign < 0:
                top, bottom = bottom, top
        painter.setClipRect(clip)
        paint_trace(painter, x[part], top, bottom, frame.theme.color(role), clip)

    def _gaps(self, painter: QPainter, scene: Scene, frame: Frame, columns: Columns) -> None:
        recording = scene.recording
        assert recording is not None
        x = frame.x(0.0) + columns.centres() * (frame.px_per_s / recording.fs_hz)
        real = (columns.first + np.arange(x.size) * columns.step) < recording.n_samples
        color = frame.theme.color("hatch")
        pending = columns.pending
        for lane in frame.page.lanes:
            if not frame.shows(lane):
                continue
            area = _trace_rect(frame, lane)
            missing = ~np.isfinite(columns.hi[recording.leads.index(lane.lead)]) & real
            if pending is not None:
                missing &= ~pending
            paint_gaps(painter, x, missing, area, color, "no signal")
        if pending is not None:
            page = frame.page
            area = QRectF(page.left, page.top, page.right - page.left, page.bottom - page.top)
            _paint_pending(painter, frame, x, pending & real, area)

    def _strips(self, painter: QPainter, scene: Scene, state: ViewState, frame: Frame) -> None:
        analysis = scene.analysis
        if analysis is None:
            return
        for at, name in enumerate(scene.strip_names(state.overlays)):
            columns = self._model_columns(scene, frame, name)
            if columns is None:
                continue
            heat = name == "score"
            table = color_table("heat" if heat else "attention", frame.theme.dark)
            levels = scene.heat_levels if heat else scene.attention_levels
            values, left = pixel_row(
                columns, analysis.map_fs_hz, frame, frame.page.left, frame.page.right
            )
            for lane in frame.page.lanes:
                if lane.lead not in analysis.leads or not frame.shows(lane):
                    continue
                row = values[analysis.leads.index(lane.lead)]
                a, b = round(lane.x0 - left), round(lane.x1 - left)
                rect = QRectF(left + a, frame.lane_y(lane.strips[at]), b - a, STRIP_PX)
                paint_strip(painter, row[a:b], rect, levels, table)

    def _beyond_the_end(
        self, painter: QPainter, scene: Scene, frame: Frame, traces: QRectF
    ) -> None:
        end = frame.x(scene.duration_s)
        if end < traces.right():
            rect = QRectF(traces)
            rect.setLeft(max(end, traces.left()))
            painter.setClipRect(traces)
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
            ("annotations", scene.annotation_track, scene.selected_annotation_index()),
        ):
            if not state.overlays[name] or track.n_rows == 0:
                continue
            painter.setClipRect(header)
            painter.setPen(frame.theme.color("text_muted"))
            painter.drawText(
                QRectF(6, top, frame.page.left - 8, height),
                Qt.AlignmentFlag.AlignVCenter,
                "Flags" if name == "flags" else "Notes",
            )
            bars = paint_track(painter, frame, track, selected, top, height)
            if name == "flags":
                self.flag_bars = bars
            else:
                self.annotation_bars = bars
            top += track.n_rows * height
        painter.setClipping(False)

    def _frame_lines(self, painter: QPainter, scene: Scene, state: ViewState, frame: Frame) -> None:
        height = (frame.height - frame.page.bottom) / 2
        axis = QRectF(0, frame.page.bottom, frame.width, height)
        furniture.paint_time_axis(painter, frame, axis, scene.duration_s)
        line = QRectF(0, frame.page.bottom + height, frame.width, height)
        scale = furniture.scale_text(
            frame.px_per_s, frame.px_per_mv, frame.pixels_per_mm, state.fit
        )
        words = [scale, self._signal_text(scene, state, frame)]
        if scene.recording is not None and not scene.recording.units_known:
            words.append("amplitude unknown")
        furniture.paint_scale_line(
            painter, frame, line, " · ".join(word for word in words if word), state.fit,
            scene.legends(state.overlays),
        )  # fmt: skip

    def _signal_text(self, scene: Scene, state: ViewState, frame: Frame) -> str:
        recording = scene.recording
        if recording is None:
            return ""
        if state.overlays["model_input"] and scene.analysis is not None:
            spec = scene.analysis.preprocessing
            band = f"{spec.get('low_hz', '?')}-{spec.get('high_hz', '?')} Hz"
            return f"what the model saw ({band}, {spec.get('fs_hz', '?')} samples/s)"
        assert scene.store is not None
        start, stop = _samples(frame, recording.fs_hz)
        close = scene.store.chunks_for(start, stop, recording.fs_hz / frame.px_per_s)
        if scene.display.active and not close:
            return "unfiltered (filters show in closer views)"
        return scene.display.text()


def _samples(frame: Frame, fs_hz: float) -> tuple[int, int]:
    return int(frame.start_s * fs_hz) - 1, int(np.ceil(frame.stop_s * fs_hz)) + 2


def _trace_rect(frame: Frame, lane: Lane) -> QRectF:
    """Return where a lane's trace is, without its strips."""
    bottom = lane.strips[0] if lane.strips else lane.bottom
    top = frame.lane_y(lane.top)
    return QRectF(lane.x0, top, lane.x1 - lane.x0, frame.lane_y(bottom) - top)


def _paint_r_peaks(painter: QPainter, scene: Scene, frame: Frame, traces: QRectF) -> None:
    """Mark R peaks with a line, and the RR interval between two where there is room."""
    assert scene.recording is not None
    seconds = scene.r_peaks / scene.recording.fs_hz
    first, last = np.searchsorted(seconds, (frame.start_s, frame.stop_s))
    if last - first > traces.width() / 6:
        return
    painter.setPen(QPen(frame.theme.color("beat", 150), 1.0, Qt.PenStyle.DotLine))
    for time_s in seconds[first:last]:
        x = round(frame.x(time_s)) + 0.5
        painter.drawLine(QPointF(x, traces.top()), QPointF(x, traces.bottom()))
    metrics = QFontMetricsF(painter.font())
    painter.setPen(frame.theme.color("beat"))
    for a, b in pairwise(seconds[max(first - 1, 0) : last + 1].tolist()):
        text = f"{(b - a) * 1000:.0f}"
        middle = frame.x((a + b) / 2)
        if frame.x(b) - frame.x(a) > metrics.horizontalAdvance(text) + 6:
            box = QRectF(middle - 30, traces.top(), 60, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _paint_pending(
    painter: QPainter,
    frame: Frame,
    x: npt.NDArray[np.float64],
    pending: npt.NDArray[np.bool_],
    area: QRectF,
) -> None:
    """Tint what is still being read."""
    if not pending.any():
        return
    half = (x[1] - x[0]) / 2 if x.size > 1 else 0.5
    paint_spans(painter, x[pending] - half, x[pending] + half, area, frame.theme.color("muted", 22))
    left = max(float(x[pending][0]) - half, area.left())
    painter.setPen(frame.theme.color("muted"))
    painter.drawText(
        QRectF(left + 8, area.top(), 200, area.height()),
        Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
        "reading…",
    )
