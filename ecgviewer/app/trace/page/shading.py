"""What lies under the traces: shaded spans, hatching of what cannot be judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.moment import Moment
from ecgviewer.app.trace.geometry.track_bars import AnyTrack, span_columns, span_pixels
from ecgviewer.app.trace.raster.color_rows import paint_spans
from ecgviewer.app.trace.scene.scene import Scene
from ecgviewer.app.trace.scene.tracks import ACCEPTED, OPEN, REJECTED, UNSURE

FEW_SPANS = 40
"""Spans per lane that are shaded over its whole height; more are a bar along its upper edge."""
BAR_PX = 3.0
DOT_PX = 3.0
"""Length of the dots at the edges of what a reader is unsure of, and between them."""
HATCH_PX = 8
"""Size of Qt's hatching."""


@dataclass(frozen=True, slots=True)
class _Shading:
    """Spans that shade lanes, with their colour and its opacity inside and at the edges."""

    track: AnyTrack
    inside: int
    edge: int
    steps_back: bool = False

    def drawn(self, on: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], bool]:
        """Return which of some spans shade a lane, and whether only along its upper edge."""
        if self.track.judged:
            on = on[self.track.verdicts[on] != REJECTED]
        return on, self.steps_back or on.size > FEW_SPANS


def _shadings(moment: Moment) -> list[_Shading]:
    scene, state = moment.scene, moment.state
    found = []
    if state.overlays["annotations"]:
        found.append(_Shading(scene.annotation_track, 30, 120))
    if state.overlays["flags"]:
        found.append(_Shading(scene.flag_track, 38, 110, scene.much_is_flagged))
    return found


def looks_of(moment: Moment) -> tuple[object, ...]:
    """Return what decides how things are drawn by how many of them are in view.

    While it stays the same, what was drawn can be moved along with the view.
    """
    geometry = moment.geometry
    crowded = []
    for shading in _shadings(moment):
        spans = shading.track.spans
        seen = spans.within(geometry.start_s, geometry.stop_s)
        if seen.size > FEW_SPANS:
            crowded.append(
                tuple(
                    shading.drawn(seen[spans.names(lane.lead, seen)])[1]
                    for lane in geometry.page.lanes
                )
            )
        else:
            crowded.append(())
    return tuple(crowded)


def paint_shading(painter: QPainter, moment: Moment) -> None:
    """Shade what flags and annotations cover in their leads; hatch what cannot be judged.

    Flags that were rejected shade nothing. Where most of the record is flagged, shading would set
    nothing apart: flags are bars along the upper edges of the lanes then, but the selected one.
    """
    scene, state, geometry = moment.scene, moment.state, moment.geometry
    theme = geometry.theme
    # The edge of a span that has just left may still reach into the view.
    reach_s = 1.0 / geometry.px_per_s
    for level, shading in enumerate(_shadings(moment)):
        track = shading.track
        spans, role = track.spans, track.role
        seen = spans.within(geometry.start_s - reach_s, geometry.stop_s + reach_s)
        if seen.size == 0:
            continue
        for lane in geometry.page.lanes:
            on, along_edge = shading.drawn(seen[spans.names(lane.lead, seen)])
            if on.size == 0 or not geometry.shows(lane):
                continue
            rect = geometry.trace_rect(lane)
            if along_edge:
                bar = QRectF(rect.left(), rect.top() + level * BAR_PX, rect.width(), BAR_PX)
                before = (lane.x0 - geometry.page.left) * geometry.ratio
                x0, x1 = (x - before for x in span_columns(geometry, spans, on))
                paint_spans(painter, x0, x1, bar, theme.color(role, 150), geometry.ratio)
                continue
            for verdict in np.unique(track.verdicts[on]).tolist() if track.judged else (OPEN,):
                those = on[track.verdicts[on] == verdict] if track.judged else on
                _shade(
                    painter, geometry, spans.starts[those], spans.stops[those], rect,
                    theme.color(role, shading.inside),
                    theme.color(role, 255 if verdict == ACCEPTED else shading.edge),
                    dotted=verdict == UNSURE,
                )  # fmt: skip
    if state.overlays["flags"]:
        _paint_selected_flag(painter, scene, geometry)
    if state.overlays["quality"]:
        seen = scene.quality.within(geometry.start_s, geometry.stop_s)
        for lane in geometry.page.lanes if seen.size else ():
            on = seen[scene.quality.names(lane.lead, seen)]
            x0, x1 = span_pixels(geometry, scene.quality, on)
            for rect in clipped(x0, x1, geometry.trace_rect(lane)):
                hatch(painter, geometry, rect, theme.color("hatch", 130))


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
    geometry: Geometry,
    starts_s: npt.NDArray[np.float64],
    stops_s: npt.NDArray[np.float64],
    rect: QRectF,
    inside: QColor,
    edge: QColor,
    dotted: bool = False,
) -> None:
    line = max(round(geometry.ratio), 1) / geometry.ratio
    first, last = (round(x * geometry.ratio) / geometry.ratio for x in (rect.left(), rect.right()))
    lane = QRectF(first, rect.top(), last - first, rect.height())
    for start_s, stop_s in zip(starts_s.tolist(), stops_s.tolist(), strict=True):
        left, right = geometry.snapped_x(start_s), geometry.snapped_x(stop_s)
        width = max(right, left + 1) - left
        painter.fillRect(lane.intersected(QRectF(left, lane.top(), width, lane.height())), inside)
        for x in (left, right):
            side = lane.intersected(QRectF(x, lane.top(), line, lane.height()))
            if dotted:
                _fill_dots(painter, side, edge)
            else:
                painter.fillRect(side, edge)


def _fill_dots(painter: QPainter, side: QRectF, color: QColor) -> None:
    top = side.top()
    while side.width() > 0 and top < side.bottom():
        height = min(DOT_PX, side.bottom() - top)
        painter.fillRect(QRectF(side.left(), top, side.width(), height), color)
        top += 2 * DOT_PX


def _paint_selected_flag(painter: QPainter, scene: Scene, geometry: Geometry) -> None:
    if scene.selected_flag is None or scene.selected_flag >= len(scene.flags):
        return
    flag = scene.flags[scene.selected_flag]
    starts_s, stops_s = np.array([flag.start_s]), np.array([flag.stop_s])
    edge = geometry.theme.color("flag_selected")
    inside = geometry.theme.color("flag_selected", 45 if flag.leads else 0)
    for lane in geometry.page.lanes:
        if not flag.leads or lane.lead in flag.leads:
            _shade(painter, geometry, starts_s, stops_s, geometry.trace_rect(lane), inside, edge)


def hatch(painter: QPainter, geometry: Geometry, rect: QRectF, color: QColor) -> None:
    """Fill a rectangle with diagonal hatching, which moves with the traces.

    In device pixels: where the painter scales, Qt neither scales a hatching nor moves it by as
    many pixels as all else.
    """
    to_device = painter.transform()
    painter.save()
    painter.resetTransform()
    painter.setBrushOrigin(QPointF((to_device.dx() - geometry.origin_column) % HATCH_PX, 0.0))
    painter.fillRect(to_device.mapRect(rect), QBrush(color, Qt.BrushStyle.BDiagPattern))
    painter.restore()
