"""Where the bars of flags and annotations are above the traces: for painting and for the mouse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.scene.scene import Scene
from ecgviewer.app.trace.scene.spans import Spans
from ecgviewer.app.trace.scene.tracks import Track
from ecgviewer.app.trace.state import ViewState
from ecgviewer.core.analysis import Flag
from ecgviewer.review.annotations import Annotation

MANY = 120
"""Marks in view beyond which single texts could not be read anyway."""
LEAST_BAR_PX = 3.0
FIRST_ROW_PX = 2.0

AnyTrack = Track[Flag] | Track[Annotation]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a track that can be clicked; its text may run up to ``free_until``."""

    rect: QRectF
    index: int
    free_until: float


@dataclass(frozen=True, slots=True)
class TrackRows:
    """The rows of one track.

    Attributes
    ----------
    area : QRectF
        Of all its rows.
    row_px : float
    seen : int array
        The marks in view.
    bars : list of Bar
        From right to left, topmost last; empty where too many are in view.
    hidden : int
        Marks in view that overlap too many others to have a bar.
    """

    area: QRectF
    row_px: float
    seen: npt.NDArray[np.int64]
    bars: list[Bar]
    hidden: int

    @property
    def crowded(self) -> bool:
        """Whether too many marks are in view to tell them apart."""
        return self.seen.size > MANY


def shown_tracks(scene: Scene, state: ViewState) -> dict[str, AnyTrack]:
    """Return the tracks that are on by the names of their overlays, from above."""
    tracks: dict[str, AnyTrack] = {
        "flags": scene.flag_track, "annotations": scene.annotation_track
    }  # fmt: skip
    return {name: track for name, track in tracks.items() if state.overlays[name] and track.n_rows}


def track_rows(scene: Scene, state: ViewState, geometry: Geometry) -> dict[str, TrackRows]:
    """Return where the rows of every track that is on are."""
    rows, top = {}, FIRST_ROW_PX
    for name, track in shown_tracks(scene, state).items():
        rows[name] = _rows(geometry, track, top)
        top += track.n_rows * geometry.viewport.row_px
    return rows


def _rows(geometry: Geometry, track: AnyTrack, top: float) -> TrackRows:
    left, right = geometry.page.left, geometry.page.right
    height = geometry.viewport.row_px
    seen = track.spans.within(geometry.start_s, geometry.stop_s)
    area = QRectF(left, top, right - left, height * track.n_rows)
    if seen.size > MANY:
        return TrackRows(area, height, seen, [], 0)
    # From the right: the text of a bar may run up to the next one.
    bars: list[Bar] = []
    next_left: dict[int, float] = {}
    x0, x1 = (x.tolist() for x in span_pixels(geometry, track.spans, seen))
    for at in range(seen.size - 1, -1, -1):
        index = int(seen[at])
        row = track.rows[index]
        if row < 0:
            continue
        begin, end = max(x0[at], left), min(max(x1[at], x0[at] + LEAST_BAR_PX), right)
        line = top + row * height + 1
        rect = QRectF(begin, line, max(end - begin, LEAST_BAR_PX), height - 2)
        bars.append(Bar(rect, index, min(next_left.get(row, right), right)))
        next_left[row] = begin
    return TrackRows(area, height, seen, bars, seen.size - len(bars))


def span_pixels(
    geometry: Geometry, spans: Spans, seen: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return where the spans of these indices begin and end."""
    offset = geometry.page.left - geometry.origin_px
    return (
        spans.starts[seen] * geometry.px_per_s + offset,
        spans.stops[seen] * geometry.px_per_s + offset,
    )


def span_columns(
    geometry: Geometry, spans: Spans, seen: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return where they begin and end, in device pixels from the left edge of the traces."""
    px_per_s = geometry.px_per_s * geometry.ratio
    return (
        spans.starts[seen] * px_per_s - geometry.origin_column,
        spans.stops[seen] * px_per_s - geometry.origin_column,
    )
