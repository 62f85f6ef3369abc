"""Draws what belongs to the lanes: shading, hatching, traces, strips, R peaks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen

from ecgviewer.app.trace.color_scales import color_words
from ecgviewer.app.trace.data.levels import Columns
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.layout import STRIP_PX, Lane
from ecgviewer.app.trace.raster import Picture
from ecgviewer.app.trace.scene import Scene
from ecgviewer.app.trace.state import ViewState
from ecgviewer.app.trace.strips import colors_of, draw_colors, paint_spans, strip_values
from ecgviewer.app.trace.tracks import span_pixels

FEW_SPANS = 40
"""Spans per lane that are shaded over its whole height; more are a bar along its upper edge."""
BAR_PX = 3.0


def samples_in_view(frame: Frame, fs_hz: float) -> tuple[int, int]:
    """Return the samples [start, stop) that touch the view."""
    return int(frame.start_s * fs_hz) - 1, int(np.ceil(frame.stop_s * fs_hz)) + 2


def map_columns(scene: Scene, frame: Frame, name: str) -> Columns | None:
    """Return the columns of one of the analysis's maps, if there is one."""
    if scene.analysis is None or scene.maps is None or name not in scene.maps:
        return None
    fs_hz = scene.analysis.map_fs_hz
    return scene.maps.columns(name, *samples_in_view(frame, fs_hz), fs_hz / frame.px_per_s)


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
        if seen.size == 0:
            continue
        left, right = span_pixels(frame, spans, seen)
        for lane in frame.page.lanes:
            on = np.flatnonzero(spans.names(lane.lead, seen))
            if on.size == 0 or not frame.shows(lane):
                continue
            x0, x1 = left[on], right[on]
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
        for lane in frame.page.lanes if seen.size else ():
            on = seen[scene.quality.names(lane.lead, seen)]
            x0, x1 = span_pixels(frame, scene.quality, on)
            for rect in clipped(x0, x1, trace_rect(frame, lane)):
                hatch(painter, rect, theme.color("hatch", 130))


def clipped(x0: npt.NDArray[np.float64], x1: npt.NDArray[np.float64], rect: QRectF) -> list[QRectF]:
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


def draw_strips(picture: Picture, scene: Scene, state: ViewState, frame: Frame) -> None:
    """Write the maps as rows of colour under each lane; no painter may be using the picture."""
    analysis, maps = scene.analysis, scene.maps
    if analysis is None or maps is None:
        return
    page = frame.page
    left = round(page.left)
    for at, name in enumerate(scene.strip_names(state.overlays)):
        columns = map_columns(scene, frame, name)
        if columns is None:
            continue
        heat = name == "score"
        table = color_words("heat" if heat else "attention", frame.theme.dark)
        levels = scene.heat_levels if heat else maps.usual_range(name)
        values = strip_values(columns, analysis.map_fs_hz, frame, page.left, page.right)
        colors = colors_of(values, levels, table)
        for lane in page.lanes:
            if lane.lead not in analysis.leads or not frame.shows(lane):
                continue
            row = colors[analysis.leads.index(lane.lead)]
            begin, end = round(lane.x0), round(lane.x1)
            top = frame.lane_y(lane.strips[at])
            upper, lower = max(top, page.top), min(top + STRIP_PX, page.bottom)
            rect = QRectF(begin, upper, end - begin, lower - upper)
            draw_colors(picture, row[begin - left : end - left], rect)


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
        room = frame.x(b) - frame.x(a)
        for text in (f"{(b - a) * 1000:.0f} ms", f"{(b - a) * 1000:.0f}"):
            if room > metrics.horizontalAdvance(text) + 6:
                box = QRectF(frame.x(a), traces.top(), room, metrics.height())
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
                break
