"""Draws what belongs to the lanes: shading, hatching, traces, strips, R peaks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen

from ecgviewer.app.trace.color_scales import color_table
from ecgviewer.app.trace.data.levels import Columns, query
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.layout import STRIP_PX, Lane
from ecgviewer.app.trace.raster import FloatArray, Picture, Run, fill, to_pixels
from ecgviewer.app.trace.scene import Scene
from ecgviewer.app.trace.state import ViewState
from ecgviewer.app.trace.strips import paint_spans, paint_strip, pixel_row
from ecgviewer.app.trace.tracks import span_pixels

FEW_SPANS = 40
"""Spans per lane that are shaded over its whole height; more are a bar along its upper edge."""
BAR_PX = 3.0
LINE_PX = 1.0
BOLD_PX = 2.6
DENSE_SAMPLES_PER_PX = 16.0
"""From here on the traces are envelopes, drawn lighter and kept within their lanes."""
OVERLAP = 0.6
"""Share of a row's height by which a trace may reach beyond its lane."""
Bools = npt.NDArray[np.bool_]


def samples_in_view(frame: Frame, fs_hz: float) -> tuple[int, int]:
    """Return the samples [start, stop) that touch the view."""
    return int(frame.start_s * fs_hz) - 1, int(np.ceil(frame.stop_s * fs_hz)) + 2


def signal_columns(scene: Scene, frame: Frame) -> Columns:
    """Return the recording's columns for this view."""
    assert scene.recording is not None and scene.store is not None
    fs_hz = scene.recording.fs_hz
    return scene.store.columns(*samples_in_view(frame, fs_hz), fs_hz / frame.px_per_s)


def map_columns(scene: Scene, frame: Frame, name: str) -> Columns | None:
    """Return the columns of one of the analysis's maps, if there is one."""
    if scene.analysis is None or name not in scene.maps:
        return None
    fs_hz = scene.analysis.map_fs_hz
    return query(scene.maps[name], *samples_in_view(frame, fs_hz), fs_hz / frame.px_per_s)


def trace_rect(frame: Frame, lane: Lane) -> QRectF:
    """Return where a lane's trace is, without its strips."""
    bottom = lane.strips[0] if lane.strips else lane.bottom
    top = frame.lane_y(lane.top)
    return QRectF(lane.x0, top, lane.x1 - lane.x0, frame.lane_y(bottom) - top)


def paint_shading(painter: QPainter, scene: Scene, state: ViewState, frame: Frame) -> None:
    """Shade what flags and annotations cover in their leads; hatch what cannot be judged."""
    theme = frame.theme
    layers = []
    if state.overlays["annotations"]:
        layers.append((scene.annotation_track.spans, "annotation", 30, 120))
    if state.overlays["flags"]:
        layers.append((scene.flag_track.spans, "flag", 38, 110))
    for level, (spans, role, inside, edge) in enumerate(layers):
        seen = spans.within(frame.start_s, frame.stop_s)
        for lane in frame.page.lanes:
            on = spans.on_lead(lane.lead, seen)
            if on.size == 0 or not frame.shows(lane):
                continue
            x0, x1 = span_pixels(frame, spans, on)
            rect = trace_rect(frame, lane)
            if on.size > FEW_SPANS:
                bar = QRectF(rect.left(), rect.top() + level * BAR_PX, rect.width(), BAR_PX)
                paint_spans(painter, x0, x1, bar, theme.color(role, 150))
            else:
                _shade(painter, x0, x1, rect, theme.color(role, inside), theme.color(role, edge))
    if state.overlays["flags"]:
        _paint_selected_flag(painter, scene, frame)
    if state.overlays["quality"]:
        seen = scene.quality.within(frame.start_s, frame.stop_s)
        for lane in frame.page.lanes:
            on = scene.quality.on_lead(lane.lead, seen)
            x0, x1 = span_pixels(frame, scene.quality, on)
            for rect in _clipped(x0, x1, trace_rect(frame, lane)):
                hatch(painter, rect, theme.color("hatch", 130))


def _clipped(
    x0: npt.NDArray[np.float64], x1: npt.NDArray[np.float64], rect: QRectF
) -> list[QRectF]:
    """Return the parts of a rectangle that spans cover, at most as many as can be told apart."""
    parts: list[QRectF] = []
    for left, right in zip(x0.tolist(), x1.tolist(), strict=True):
        left, right = max(left, rect.left()), min(right, rect.right())
        if right <= left:
            continue
        if parts and left <= parts[-1].right():
            parts[-1].setRight(max(right, parts[-1].right()))
        else:
            parts.append(QRectF(left, rect.top(), right - left, rect.height()))
    return parts


def _shade(
    painter: QPainter,
    x0: npt.NDArray[np.float64],
    x1: npt.NDArray[np.float64],
    rect: QRectF,
    inside: QColor,
    edge: QColor,
) -> None:
    for left, right in zip(x0.tolist(), x1.tolist(), strict=True):
        begin, end = (
            max(round(left), rect.left()),
            min(max(round(right), round(left) + 1), rect.right()),
        )
        if end <= begin:
            continue
        painter.fillRect(QRectF(begin, rect.top(), end - begin, rect.height()), inside)
        for x in (left, right):
            if rect.left() <= x <= rect.right():
                painter.fillRect(QRectF(round(x), rect.top(), 1, rect.height()), edge)


def _paint_selected_flag(painter: QPainter, scene: Scene, frame: Frame) -> None:
    if scene.selected_flag is None or scene.selected_flag >= len(scene.flags):
        return
    flag = scene.flags[scene.selected_flag]
    x0, x1 = frame.x(flag.start_s), frame.x(flag.stop_s)
    edge = frame.theme.color("flag_selected")
    inside = frame.theme.color("flag_selected", 45 if flag.leads else 0)
    for lane in frame.page.lanes:
        if not flag.leads or lane.lead in flag.leads:
            _shade(
                painter, np.array([x0]), np.array([x1]), trace_rect(frame, lane), inside, edge
            )  # fmt: skip


def hatch(painter: QPainter, rect: QRectF, color: QColor) -> None:
    """Fill a rectangle with diagonal hatching."""
    painter.fillRect(rect, QBrush(color, Qt.BrushStyle.BDiagPattern))


class TracePainter:
    """The traces of one moment: fetched once, then hatched where missing and drawn."""

    def __init__(self, scene: Scene, state: ViewState, frame: Frame, ratio: float) -> None:
        self._scene, self._frame, self._ratio = scene, frame, ratio
        self._left = round(frame.page.left * ratio)
        self._width = round(frame.page.right * ratio) - self._left
        seen_by_model = state.overlays["model_input"] and scene.analysis is not None
        self._centred = not seen_by_model
        self._signal: Columns | None = None
        rate = scene.recording.fs_hz if scene.recording is not None else 0.0
        self._dense = rate / frame.px_per_s >= DENSE_SAMPLES_PER_PX
        recording, analysis = scene.recording, scene.analysis
        assert recording is not None
        layers: list[tuple[Columns | None, float, tuple[str, ...], str]] = []
        if state.overlays["reconstruction"] and analysis is not None:
            name = "model_output" if seen_by_model else "reconstruction"
            columns = map_columns(scene, frame, name)
            layers.append((columns, analysis.map_fs_hz, analysis.leads, "reconstruction"))
        if seen_by_model and analysis is not None:
            columns = map_columns(scene, frame, "model_input")
            layers.append((columns, analysis.map_fs_hz, analysis.leads, "trace"))
        else:
            self._signal = signal_columns(scene, frame)
            layers.append((self._signal, recording.fs_hz, recording.leads, "trace"))
        # The reconstruction comes first and is bolder: the eye sees where the trace leaves it.
        self._layers = [
            (*self._pixels(columns, fs_hz), leads, role)
            for columns, fs_hz, leads, role in layers
            if columns is not None
        ]

    def _x(self, columns: Columns, fs_hz: float) -> npt.NDArray[np.float64]:
        """Return where the bins are, in device pixels from the left edge of the traces."""
        origin = self._frame.x(0.0) * self._ratio - self._left
        return origin + columns.centres() * (self._frame.px_per_s / fs_hz * self._ratio)

    def _pixels(self, columns: Columns, fs_hz: float) -> tuple[FloatArray, FloatArray]:
        return to_pixels(columns, self._x(columns, fs_hz), self._width)

    def paint_gaps(self, painter: QPainter) -> None:
        """Hatch where the recording holds no signal; tint what is still being read."""
        columns, recording = self._signal, self._scene.recording
        if columns is None or recording is None:
            return
        frame = self._frame
        hi = self._layers[-1][1]
        x = self._x(columns, recording.fs_hz)
        pixel = np.arange(self._width) + 0.5
        nearest = np.clip(np.searchsorted(x, pixel), 0, max(x.size - 1, 0))
        inside = frame.page.left * self._ratio + pixel
        inside = inside < frame.x(self._scene.duration_s) * self._ratio
        pending = np.zeros(self._width, dtype=bool)
        if columns.pending is not None and x.size:
            pending = columns.pending[nearest] & inside
        missing = ~np.isfinite(hi) & inside & ~pending
        color = frame.theme.color("hatch")
        for lane in frame.page.lanes:
            row = missing[recording.leads.index(lane.lead)]
            if row.any() and frame.shows(lane):
                self._hatch_runs(painter, row, lane, color)
        if pending.any():
            page = frame.page
            area = QRectF(page.left, page.top, page.right - page.left, page.bottom - page.top)
            at = page.left + np.flatnonzero(pending) / self._ratio
            paint_spans(painter, at, at + 1 / self._ratio, area, frame.theme.color("muted", 22))
            painter.setPen(frame.theme.color("muted"))
            area.setLeft(float(at[0]) + 8)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, "reading…")

    def _hatch_runs(self, painter: QPainter, missing: Bools, lane: Lane, color: QColor) -> None:
        edges = np.flatnonzero(np.diff(missing.astype(np.int8), prepend=0, append=0))
        left = self._frame.page.left
        x = left + edges.reshape(-1, 2) / self._ratio
        words = "no signal"
        room = QFontMetricsF(painter.font()).horizontalAdvance(words) + 12
        for rect in _clipped(x[:, 0], x[:, 1], trace_rect(self._frame, lane)):
            hatch(painter, rect, QColor(color.red(), color.green(), color.blue(), 110))
            if rect.width() > room:
                painter.setPen(color)
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)

    def draw(self, picture: Picture) -> None:
        """Write every layer into the picture, which no painter may be using."""
        frame, ratio = self._frame, self._ratio
        if self._signal is not None:
            room_mv = 0.3 * frame.page.pitch / frame.px_per_mv
            self._scene.recentre(*self._layers[-1][:2], room_mv)
        centre = self._scene.centre()
        recording = self._scene.recording
        assert recording is not None
        for lo, hi, leads, role in self._layers:
            thick = (BOLD_PX if role == "reconstruction" else LINE_PX) * max(ratio * 0.8, 1.0) / 2
            runs = []
            for lane in frame.page.lanes:
                if lane.lead not in leads or not frame.shows(lane):
                    continue
                row = leads.index(lane.lead)
                level = centre[recording.leads.index(lane.lead)] if self._centred else 0.0
                first = round(lane.x0 * ratio) - self._left
                clip = self._clip(lane)
                part = slice(max(first, 0), round(lane.x1 * ratio) - self._left)
                base = frame.lane_y(lane.baseline) * ratio
                scale = np.float32(lane.sign * frame.px_per_mv * ratio)
                upper, lower = (hi, lo) if lane.sign > 0 else (lo, hi)
                top = base - (upper[row, part] - level) * scale - thick
                bottom = base - (lower[row, part] - level) * scale + thick
                runs.append(Run(self._left + part.start, top, bottom, clip))
            if self._dense and role == "trace":
                role = "envelope"
            fill(picture, runs, frame.theme.color(role))

    def _clip(self, lane: Lane) -> tuple[int, int]:
        """Return the rows a lane may draw on: tall beats reach into its neighbours, as on paper,
        but envelopes would bury them."""
        frame = self._frame
        over = 0.0 if self._dense else OVERLAP * frame.page.pitch
        rect = trace_rect(frame, lane)
        top = max(rect.top() - over, frame.page.top)
        bottom = min(rect.bottom() + over, frame.page.bottom)
        return round(top * self._ratio), max(round(bottom * self._ratio), round(top * self._ratio))


def paint_strips(painter: QPainter, scene: Scene, state: ViewState, frame: Frame) -> None:
    """Draw the maps as rows of colour under each lane."""
    analysis = scene.analysis
    if analysis is None:
        return
    for at, name in enumerate(scene.strip_names(state.overlays)):
        columns = map_columns(scene, frame, name)
        if columns is None:
            continue
        heat = name == "score"
        table = color_table("heat" if heat else "attention", frame.theme.dark)
        levels = scene.heat_levels if heat else scene.attention_levels
        page = frame.page
        values, left = pixel_row(columns, analysis.map_fs_hz, frame, page.left, page.right)
        for lane in page.lanes:
            if lane.lead not in analysis.leads or not frame.shows(lane):
                continue
            row = values[analysis.leads.index(lane.lead)]
            a, b = round(lane.x0 - left), round(lane.x1 - left)
            rect = QRectF(left + a, frame.lane_y(lane.strips[at]), b - a, STRIP_PX)
            paint_strip(painter, row[a:b], rect, levels, table)


def paint_r_peaks(painter: QPainter, scene: Scene, frame: Frame, traces: QRectF) -> None:
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
