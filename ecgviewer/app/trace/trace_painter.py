"""The traces: what the recording and the model's reconstruction look like in this view."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from ecgviewer.app.trace.cut_waves import CutWave, cut_places
from ecgviewer.app.trace.data.levels import Columns
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.layout import Lane
from ecgviewer.app.trace.paint_lanes import (
    clipped,
    hatch,
    map_columns,
    samples_in_view,
    trace_rect,
)
from ecgviewer.app.trace.pixel_columns import FloatArray, to_pixels
from ecgviewer.app.trace.raster import Picture, Runs, fill
from ecgviewer.app.trace.scene import Scene
from ecgviewer.app.trace.state import ViewState
from ecgviewer.app.trace.strips import paint_spans

LINE_PX = 1.0
BOLD_PX = 2.6
DENSE_SAMPLES_PER_PX = 16.0
"""From here on the traces are envelopes, drawn lighter and kept within their lanes."""
OVERLAP = 2.0
"""Share of a row's height by which a trace may reach beyond its lane."""
Bools = npt.NDArray[np.bool_]
Leads = tuple[str, ...]


def signal_columns(scene: Scene, frame: Frame) -> Columns:
    """Return the recording's columns for this view."""
    assert scene.recording is not None and scene.store is not None
    fs_hz = scene.recording.fs_hz
    return scene.store.columns(*samples_in_view(frame, fs_hz), fs_hz / frame.px_per_s)


class TracePainter:
    """The traces of one moment: fetched once, then hatched where missing and drawn."""

    def __init__(self, scene: Scene, state: ViewState, frame: Frame, ratio: float) -> None:
        self._scene, self._frame, self._ratio = scene, frame, ratio
        self._left = round(frame.page.left * ratio)
        self._width = round(frame.page.right * ratio) - self._left
        seen_by_model = state.overlays["model_input"] and scene.analysis is not None
        self._centred = not seen_by_model
        self.cuts: list[CutWave] = []
        self._signal: Columns | None = None
        rate = scene.recording.fs_hz if scene.recording is not None else 0.0
        self._dense = rate / frame.px_per_s >= DENSE_SAMPLES_PER_PX
        recording, analysis = scene.recording, scene.analysis
        assert recording is not None
        layers: list[tuple[Columns | None, float, Leads, str]] = []
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
        end = (frame.x(self._scene.duration_s) - frame.page.left) * self._ratio
        inside = pixel < end
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
        for rect in clipped(x[:, 0], x[:, 1], trace_rect(self._frame, lane)):
            hatch(painter, rect, QColor(color.red(), color.green(), color.blue(), 110))
            if rect.width() > room:
                painter.setPen(color)
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)

    def draw(self, picture: Picture) -> None:
        """Write every layer into the picture, which no painter may be using."""
        frame, recording = self._frame, self._scene.recording
        assert recording is not None
        if self._signal is not None:
            room_mv = 0.3 * frame.page.pitch / frame.px_per_mv
            self._scene.recentre(*self._layers[-1][:2], room_mv)
        for lo, hi, leads, role in self._layers:
            color = "envelope" if self._dense and role == "trace" else role
            fill(picture, self._groups(lo, hi, leads, role), frame.theme.color(color))

    def _groups(self, lo_mv: FloatArray, hi_mv: FloatArray, leads: Leads, role: str) -> list[Runs]:
        """Return what a layer fills, lanes that share their columns together."""
        columns: dict[tuple[float, float], list[Lane]] = {}
        for lane in self._frame.page.lanes:
            if lane.lead in leads and self._frame.shows(lane):
                columns.setdefault((lane.x0, lane.x1), []).append(lane)
        return [self._runs(group, lo_mv, hi_mv, leads, role) for group in columns.values()]

    def _runs(
        self, lanes: list[Lane], lo_mv: FloatArray, hi_mv: FloatArray, leads: Leads, role: str
    ) -> Runs:
        """Return what a layer fills in lanes that share their columns."""
        frame, ratio, recording = self._frame, self._ratio, self._scene.recording
        assert recording is not None
        part = slice(
            max(round(lanes[0].x0 * ratio) - self._left, 0),
            round(lanes[0].x1 * ratio) - self._left,
        )
        rows = [leads.index(lane.lead) for lane in lanes]
        scale = column_of([lane.sign * frame.px_per_mv * ratio for lane in lanes])
        base = column_of([frame.lane_y(lane.baseline) * ratio for lane in lanes])
        if self._centred:
            level = self._scene.centre()[[recording.leads.index(lane.lead) for lane in lanes]]
            base = base + level[:, np.newaxis] * scale
        ends = base - hi_mv[rows, part] * scale, base - lo_mv[rows, part] * scale
        thick = (BOLD_PX if role == "reconstruction" else LINE_PX) * max(ratio * 0.8, 1.0) / 2
        # In a lane drawn upside down the lowest value is at the top.
        top, bottom = np.minimum(*ends), np.maximum(*ends)
        top -= np.float32(thick)
        bottom += np.float32(thick)
        if role == "trace" and not self._dense:
            for at, lane in enumerate(lanes):
                self._find_cuts(lane, part.start, top[at], bottom[at])
        clip = np.array([self._clip(lane) for lane in lanes])
        return Runs(self._left + part.start, top, bottom, clip)

    def _find_cuts(self, lane: Lane, first: int, top: FloatArray, bottom: FloatArray) -> None:
        """Note where a lane's trace is cut for good: at an end of the page, or of its reach.

        What only the scrolled view cuts is a matter of scrolling.
        """
        frame, page = self._frame, self._frame.page
        rect, over = trace_rect(frame, lane), OVERLAP * frame.page.pitch
        upper = max(rect.top() - over, frame.lane_y(0.0))
        lower = min(rect.bottom() + over, max(frame.lane_y(page.page_height), page.bottom))
        for y, beyond, upward in (
            (upper, top < upper * self._ratio - LINE_PX, True),
            (lower, bottom > lower * self._ratio + LINE_PX, False),
        ):
            if page.top <= y <= page.bottom and beyond.any():
                self.cuts += [
                    CutWave((self._left + first + x) / self._ratio, y, upward)
                    for x in cut_places(beyond)
                ]

    def _clip(self, lane: Lane) -> tuple[int, int]:
        """Return the rows a lane may draw on: tall beats reach into its neighbours, as on paper,
        but envelopes would bury them."""
        frame = self._frame
        over = 0.0 if self._dense else OVERLAP * frame.page.pitch
        rect = trace_rect(frame, lane)
        top = max(rect.top() - over, frame.page.top)
        bottom = min(rect.bottom() + over, frame.page.bottom)
        return round(top * self._ratio), max(round(bottom * self._ratio), round(top * self._ratio))


def column_of(values: list[float]) -> FloatArray:
    """Return one value per lane, to be combined with arrays ``[n_lanes, width]``."""
    return np.array(values, dtype=np.float32)[:, np.newaxis]
