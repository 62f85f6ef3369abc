"""The traces: what the recording and the model's reconstruction look like in this view."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from ecgviewer.app.trace.data.levels import Columns
from ecgviewer.app.trace.geometry.lanes import Lane
from ecgviewer.app.trace.geometry.moment import Moment
from ecgviewer.app.trace.page.cut_marks import OVERLAP, Beyond, cut_borders
from ecgviewer.app.trace.page.shading import clipped, hatch
from ecgviewer.app.trace.raster.color_rows import paint_spans
from ecgviewer.app.trace.raster.picture import Picture, Runs, fill
from ecgviewer.app.trace.raster.pixel_columns import FloatArray, Stretch, to_pixels

LINE_PX = 1.0
BOLD_PX = 2.6
DENSE_SAMPLES_PER_PX = 16.0
"""From here on the traces are envelopes, drawn lighter and kept within their lanes."""
Bools = npt.NDArray[np.bool_]
Leads = tuple[str, ...]


class TracePainter:
    """The traces of a stretch of one moment: fetched once, then hatched where missing and drawn.

    Parameters
    ----------
    stretch : Stretch
        Device columns of the time axis, in view; the picture that is drawn to holds just these.
    """

    def __init__(self, moment: Moment, stretch: Stretch) -> None:
        scene, state, geometry = moment.scene, moment.state, moment.geometry
        data, px_per_s = moment.data, geometry.px_per_s
        self._scene, self._geometry, self._stretch = scene, geometry, stretch
        self._ratio = geometry.ratio
        seen_by_model = state.overlays["model_input"] and scene.analysis is not None
        self._centred = not seen_by_model
        self._signal: Columns | None = None
        rate = scene.recording.fs_hz if scene.recording is not None else 0.0
        self._dense = rate / px_per_s >= DENSE_SAMPLES_PER_PX
        recording, analysis = scene.recording, scene.analysis
        assert recording is not None and data.store is not None
        layers: list[tuple[Columns | None, float, Leads, str]] = []
        if state.overlays["reconstruction"] and analysis is not None:
            name = "model_output" if seen_by_model else "reconstruction"
            columns = data.map_columns(name, stretch, px_per_s)
            layers.append((columns, analysis.map_fs_hz, analysis.leads, "reconstruction"))
        if seen_by_model and analysis is not None:
            columns = data.map_columns("model_input", stretch, px_per_s)
            layers.append((columns, analysis.map_fs_hz, analysis.leads, "trace"))
        else:
            fs_hz = recording.fs_hz
            samples = stretch.samples(fs_hz)
            self._signal = data.store.columns(*samples, fs_hz / px_per_s)
            layers.append((self._signal, fs_hz, recording.leads, "trace"))
        # The reconstruction comes first and is bolder: the eye sees where the trace leaves it.
        self._layers = [
            (*to_pixels(columns, fs_hz, stretch), leads, role)
            for columns, fs_hz, leads, role in layers
            if columns is not None
        ]
        width = stretch.width
        inside = np.arange(stretch.first, stretch.stop) + 0.5 < self._end()
        self._pending = np.zeros(width, dtype=bool)
        self._missing = np.zeros((0, width), dtype=bool)
        if self._signal is not None:
            if self._signal.pending is not None:
                x = stretch.positions(self._signal, recording.fs_hz) - stretch.first
                nearest = np.searchsorted(x, np.arange(width) + 0.5)
                nearest = np.clip(nearest, 0, max(x.size - 1, 0))
                self._pending = self._signal.pending[nearest] & inside
            self._missing = ~np.isfinite(self._layers[-1][1]) & (inside & ~self._pending)

    def _end(self) -> float:
        """Return where the recording ends, in columns of the time axis."""
        return self._scene.duration_s * self._stretch.px_per_s + self._stretch.offset

    @property
    def has_gaps(self) -> bool:
        """Whether the recording holds no signal somewhere, or is still being read."""
        return bool(self._pending.any() or self._missing.any())

    def paint_gaps(self, painter: QPainter) -> None:
        """Hatch where the recording holds no signal; tint what is still being read."""
        recording, geometry = self._scene.recording, self._geometry
        if self._signal is None or recording is None or not self.has_gaps:
            return
        color = geometry.theme.color("hatch")
        for lane in geometry.page.lanes:
            row = self._missing[recording.leads.index(lane.lead)]
            if row.any() and geometry.shows(lane):
                self._hatch_runs(painter, row, lane, color)
        if self._pending.any():
            page = geometry.page
            area = QRectF(page.left, page.top, page.right - page.left, page.bottom - page.top)
            at = np.flatnonzero(self._pending).astype(np.float64)
            tint = geometry.theme.color("muted", 22)
            paint_spans(painter, at, at + 1, area, tint, self._ratio)
            painter.setPen(geometry.theme.color("muted"))
            area.setLeft(page.left + float(at[0]) / self._ratio + 8)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, "reading…")

    def _hatch_runs(self, painter: QPainter, missing: Bools, lane: Lane, color: QColor) -> None:
        edges = np.flatnonzero(np.diff(missing.astype(np.int8), prepend=0, append=0))
        left = self._geometry.page.left
        x = left + edges.reshape(-1, 2) / self._ratio
        words = "no signal"
        room = QFontMetricsF(painter.font()).horizontalAdvance(words) + 12
        for rect in clipped(x[:, 0], x[:, 1], self._geometry.trace_rect(lane)):
            hatch(
                painter, self._geometry, rect, QColor(color.red(), color.green(), color.blue(), 110)
            )
            if rect.width() > room:
                painter.setPen(color)
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)

    def draw(self, picture: Picture) -> Beyond:
        """Write every layer into the picture, which no painter may be using.

        Returns
        -------
        Beyond
            Where traces are cut for good.
        """
        geometry = self._geometry
        beyond = Beyond.nowhere(len(geometry.page.lanes), self._stretch.width)
        for lo, hi, leads, role in self._layers:
            color = "envelope" if self._dense and role == "trace" else role
            fill(picture, self._groups(lo, hi, leads, role, beyond), geometry.theme.color(color))
        return beyond

    def _groups(
        self, lo_mv: FloatArray, hi_mv: FloatArray, leads: Leads, role: str, beyond: Beyond
    ) -> list[Runs]:
        """Return what a layer fills, lanes that share their columns together."""
        columns: dict[tuple[int, int], list[Lane]] = {}
        for lane in self._geometry.page.lanes:
            if lane.lead in leads and self._geometry.shows(lane):
                part = self._geometry.lane_columns(lane, self._stretch)
                if part[0] < part[1]:
                    columns.setdefault(part, []).append(lane)
        return [
            self._runs(group, part, lo_mv, hi_mv, leads, role, beyond)
            for part, group in columns.items()
        ]

    def _runs(
        self,
        lanes: list[Lane],
        columns: tuple[int, int],
        lo_mv: FloatArray,
        hi_mv: FloatArray,
        leads: Leads,
        role: str,
        beyond: Beyond,
    ) -> Runs:
        """Return what a layer fills in lanes that share their columns."""
        geometry, ratio = self._geometry, self._ratio
        part = slice(*columns)
        rows = [leads.index(lane.lead) for lane in lanes]
        scale = column_of([lane.sign * geometry.px_per_mv * ratio for lane in lanes])
        base = column_of([geometry.lane_y(lane.baseline) * ratio for lane in lanes])
        if self._centred:
            base = base + column_of([lane.level_mv for lane in lanes]) * scale
        ends = base - hi_mv[rows, part] * scale, base - lo_mv[rows, part] * scale
        thick = (BOLD_PX if role == "reconstruction" else LINE_PX) * max(ratio * 0.8, 1.0) / 2
        # In a lane drawn upside down the lowest value is at the top.
        top, bottom = np.minimum(*ends), np.maximum(*ends)
        top -= np.float32(thick)
        bottom += np.float32(thick)
        if role == "trace" and not self._dense:
            for at, lane in enumerate(lanes):
                self._find_cuts(lane, part, top[at], bottom[at], beyond)
        clip = np.array([self._clip(lane) for lane in lanes])
        return Runs(part.start, top, bottom, clip)

    def _find_cuts(
        self, lane: Lane, part: slice, top: FloatArray, bottom: FloatArray, beyond: Beyond
    ) -> None:
        """Note where a lane's trace is cut for good: at an end of the page, or of its reach.

        What only the scrolled view cuts is a matter of scrolling.
        """
        at = self._geometry.page.lanes.index(lane)
        upper, lower = cut_borders(self._geometry, lane)
        if upper is not None:
            beyond.above[at, part] = top < upper * self._ratio - LINE_PX
        if lower is not None:
            beyond.below[at, part] = bottom > lower * self._ratio + LINE_PX

    def _clip(self, lane: Lane) -> tuple[int, int]:
        """Return the rows a lane may draw on: tall beats reach into its neighbours, as on paper,
        but envelopes would bury them."""
        geometry = self._geometry
        over = 0.0 if self._dense else OVERLAP * geometry.page.pitch
        rect = geometry.trace_rect(lane)
        top = max(rect.top() - over, geometry.page.top)
        bottom = min(rect.bottom() + over, geometry.page.bottom)
        return round(top * self._ratio), max(round(bottom * self._ratio), round(top * self._ratio))


def column_of(values: list[float]) -> FloatArray:
    """Return one value per lane, to be combined with arrays ``[n_lanes, width]``."""
    return np.array(values, dtype=np.float32)[:, np.newaxis]
