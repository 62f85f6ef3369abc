"""What lies under the traces: shaded spans, hatching of what cannot be judged, R peaks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen

from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.layout import Lane
from ecgviewer.app.trace.scene import Scene
from ecgviewer.app.trace.state import ViewState
from ecgviewer.app.trace.strips import Spans, paint_spans
from ecgviewer.app.trace.tracks import span_columns, span_pixels

FEW_SPANS = 40
"""Spans per lane that are shaded over its whole height; more are a bar along its upper edge."""
BAR_PX = 3.0
HATCH_PX = 8
"""Size of Qt's hatching."""
LEAST_BEAT_PX = 6.0
"""R peaks closer than this on average would be a wall of lines."""


def trace_rect(frame: Frame, lane: Lane) -> QRectF:
    """Return where a lane's trace is, without its strips."""
    bottom = lane.strips[0] if lane.strips else lane.bottom
    top = frame.lane_y(lane.top)
    return QRectF(lane.x0, top, lane.x1 - lane.x0, frame.lane_y(bottom) - top)


def _shaded(scene: Scene, state: ViewState) -> list[tuple[Spans, str, int, int]]:
    """Return the spans that shade lanes, with colour and opacity inside and at the edges."""
    layers = []
    if state.overlays["annotations"]:
        layers.append((scene.annotation_track.spans, "annotation", 30, 120))
    if state.overlays["flags"]:
        layers.append((scene.flag_track.spans, "flag", 38, 110))
    return layers


def looks_of(scene: Scene, state: ViewState, frame: Frame) -> tuple[object, ...]:
    """Return what decides how things are drawn by how many of them are in view.

    While it stays the same, what was drawn can be moved along with the view.
    """
    crowded = []
    for spans, *_ in _shaded(scene, state):
        seen = spans.within(frame.start_s, frame.stop_s)
        if seen.size > FEW_SPANS:
            crowded.append(
                tuple(
                    np.count_nonzero(spans.names(lane.lead, seen)) > FEW_SPANS
                    for lane in frame.page.lanes
                )
            )
        else:
            crowded.append(())
    peaks = state.overlays["r_peaks"] and _peaks_shown(scene, frame)
    if peaks and not frame.ratio.is_integer():
        # Qt sets letters to other fractions of a pixel at every place then.
        return (frame.origin_column,)
    return *crowded, peaks


def paint_shading(painter: QPainter, scene: Scene, state: ViewState, frame: Frame) -> None:
    """Shade what flags and annotations cover in their leads; hatch what cannot be judged."""
    theme = frame.theme
    # The edge of a span that has just left may still reach into the view.
    reach_s = 1.0 / frame.px_per_s
    for level, (spans, role, inside, edge) in enumerate(_shaded(scene, state)):
        seen = spans.within(frame.start_s - reach_s, frame.stop_s + reach_s)
        if seen.size == 0:
            continue
        for lane in frame.page.lanes:
            on = seen[spans.names(lane.lead, seen)]
            if on.size == 0 or not frame.shows(lane):
                continue
            rect = trace_rect(frame, lane)
            if on.size > FEW_SPANS:
                bar = QRectF(rect.left(), rect.top() + level * BAR_PX, rect.width(), BAR_PX)
                before = (lane.x0 - frame.page.left) * frame.ratio
                x0, x1 = (x - before for x in span_columns(frame, spans, on))
                paint_spans(painter, x0, x1, bar, theme.color(role, 150), frame.ratio)
            else:
                _shade(
                    painter, frame, spans.starts[on], spans.stops[on], rect,
                    theme.color(role, inside), theme.color(role, edge),
                )  # fmt: skip
    if state.overlays["flags"]:
        _paint_selected_flag(painter, scene, frame)
    if state.overlays["quality"]:
        seen = scene.quality.within(frame.start_s, frame.stop_s)
        for lane in frame.page.lanes if seen.size else ():
            on = seen[scene.quality.names(lane.lead, seen)]
            x0, x1 = span_pixels(frame, scene.quality, on)
            for rect in clipped(x0, x1, trace_rect(frame, lane)):
                hatch(painter, frame, rect, theme.color("hatch", 130))


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
    frame: Frame,
    starts_s: npt.NDArray[np.float64],
    stops_s: npt.NDArray[np.float64],
    rect: QRectF,
    inside: QColor,
    edge: QColor,
) -> None:
    line = max(round(frame.ratio), 1) / frame.ratio
    first, last = (round(x * frame.ratio) / frame.ratio for x in (rect.left(), rect.right()))
    lane = QRectF(first, rect.top(), last - first, rect.height())
    for start_s, stop_s in zip(starts_s.tolist(), stops_s.tolist(), strict=True):
        left, right = frame.snapped_x(start_s), frame.snapped_x(stop_s)
        width = max(right, left + 1) - left
        painter.fillRect(lane.intersected(QRectF(left, lane.top(), width, lane.height())), inside)
        for x in (left, right):
            side = QRectF(x, lane.top(), line, lane.height())
            painter.fillRect(lane.intersected(side), edge)


def _paint_selected_flag(painter: QPainter, scene: Scene, frame: Frame) -> None:
    if scene.selected_flag is None or scene.selected_flag >= len(scene.flags):
        return
    flag = scene.flags[scene.selected_flag]
    starts_s, stops_s = np.array([flag.start_s]), np.array([flag.stop_s])
    edge = frame.theme.color("flag_selected")
    inside = frame.theme.color("flag_selected", 45 if flag.leads else 0)
    for lane in frame.page.lanes:
        if not flag.leads or lane.lead in flag.leads:
            _shade(painter, frame, starts_s, stops_s, trace_rect(frame, lane), inside, edge)


def hatch(painter: QPainter, frame: Frame, rect: QRectF, color: QColor) -> None:
    """Fill a rectangle with diagonal hatching, which moves with the traces.

    In device pixels: where the painter scales, Qt neither scales a hatching nor moves it by as
    many pixels as all else.
    """
    to_device = painter.transform()
    painter.save()
    painter.resetTransform()
    painter.setBrushOrigin(QPointF((to_device.dx() - frame.origin_column) % HATCH_PX, 0.0))
    painter.fillRect(to_device.mapRect(rect), QBrush(color, Qt.BrushStyle.BDiagPattern))
    painter.restore()


def _peaks_in_view(scene: Scene, frame: Frame) -> tuple[npt.NDArray[np.float64], int, int]:
    """Return the times of all R peaks, the first in view and the one after the last."""
    assert scene.recording is not None
    seconds = scene.r_peaks / scene.recording.fs_hz
    first, last = np.searchsorted(seconds, (frame.start_s, frame.stop_s))
    return seconds, int(first), int(last)


def _peaks_shown(scene: Scene, frame: Frame) -> bool:
    _, first, last = _peaks_in_view(scene, frame)
    return last - first <= (frame.page.right - frame.page.left) / LEAST_BEAT_PX


def paint_r_peaks(painter: QPainter, scene: Scene, frame: Frame, traces: QRectF) -> None:
    """Mark R peaks with a line, and the RR interval between two where there is room."""
    if not _peaks_shown(scene, frame):
        return
    seconds, first, last = _peaks_in_view(scene, frame)
    painter.setPen(QPen(frame.theme.color("beat", 150), 1.0, Qt.PenStyle.DotLine))
    # One more on either side: its line, a pixel wide, may reach into the view.
    for time_s in seconds[max(first - 1, 0) : last + 1].tolist():
        x = frame.snapped_x(time_s) + 0.5
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
