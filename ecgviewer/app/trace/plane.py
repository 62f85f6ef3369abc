"""The traces as last painted: what is still in view is reused while the view scrolls in time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QPainter, QTransform

from ecgviewer.app.trace import page_marks
from ecgviewer.app.trace.cut_marks import Beyond
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.map_strips import draw_strips
from ecgviewer.app.trace.paper import Paper, grid_for
from ecgviewer.app.trace.pixel_columns import FloatArray, Stretch
from ecgviewer.app.trace.raster import Picture
from ecgviewer.app.trace.scene import Scene
from ecgviewer.app.trace.shading import looks_of, paint_r_peaks, paint_shading
from ecgviewer.app.trace.state import ViewState
from ecgviewer.app.trace.trace_painter import TracePainter

REUSED_SHARE = 0.5
"""Share of the width that must still be in view; painting all at once is cheaper otherwise."""
PAD = 4
"""Columns painted beside a strip and not kept: Qt draws wide lines otherwise where they are cut."""
CENTRE_STEP = 4
"""Every so many columns tell where the baseline of what is in view is."""


@dataclass
class _Ring:
    """Device columns of the time axis, each at its number modulo the width.

    Attributes
    ----------
    base : int
        A column of the time axis that is at the first place of the ring.
    first : int
        The leftmost column in view.
    lo_mv, hi_mv : array [L, width] or None
        Extremes of the recording per column, where that is shown.
    """

    picture: Picture
    key: tuple[object, ...]
    base: int
    first: int
    beyond: Beyond
    lo_mv: FloatArray | None
    hi_mv: FloatArray | None

    @property
    def width(self) -> int:
        return self.picture.pixels.shape[1]

    def places(self, first: int, stop: int) -> list[tuple[slice, slice]]:
        """Return where columns of the time axis are in the ring, and among themselves."""
        at, width = (first - self.base) % self.width, stop - first
        until_end = min(self.width - at, width)
        places = [(slice(at, at + until_end), slice(0, until_end))]
        if until_end < width:
            places.append((slice(0, width - until_end), slice(until_end, width)))
        return places


class Plane:
    """Paints the part of the page that scrolls: paper, shading, strips and traces."""

    def __init__(self) -> None:
        self._ring: _Ring | None = None
        self._paper: Paper | None = None
        self._reusable = False

    def forget(self) -> None:
        """Paint everything anew next time."""
        if self._ring is not None:
            self._ring.key = ()

    def update(
        self, scene: Scene, state: ViewState, frame: Frame, font: QFont, complete: bool
    ) -> None:
        """Bring the picture up to a moment.

        Parameters
        ----------
        complete : bool
            Everything in view was read; what is painted now need not be painted again.
        """
        self._paper = Paper(grid_for(state), frame)
        key = self._key(scene, state, frame, font)
        if (
            self._ring is None
            or self._ring.key != key
            or not self._scroll(scene, state, frame, font)
        ):
            self._paint_all(scene, state, frame, font)
            assert self._ring is not None
            self._ring.key = key if self._reusable else ()
        if not complete:
            self.forget()

    def pieces(self) -> list[tuple[Picture, int, int, int]]:
        """Return what to show from left to right: picture, its first column and the one after
        its last, and where it goes in columns from the left edge of the traces."""
        ring = self._ring
        if ring is None:
            return []
        places = ring.places(ring.first, ring.first + ring.width)
        return [(ring.picture, part.start, part.stop, to.start) for part, to in places]

    def beyond(self) -> Beyond:
        """Return where the traces in view are cut for good."""
        assert self._ring is not None
        return self._ring.beyond.rolled((self._ring.first - self._ring.base) % self._ring.width)

    @property
    def paper(self) -> Paper:
        """The paper of the moment that was painted last."""
        assert self._paper is not None
        return self._paper

    def _key(self, scene: Scene, state: ViewState, frame: Frame, font: QFont) -> tuple[object, ...]:
        """Return everything that the picture depends on, but the time at its left edge."""
        moment = replace(frame, origin_column=0)
        if scene.recording is None:
            return (moment,)
        return (
            moment, tuple(state.overlays.items()), looks_of(scene, state, frame),
            scene.sources(frame.stretch, frame.px_per_s), font.key(),
        )  # fmt: skip

    def _scroll(self, scene: Scene, state: ViewState, frame: Frame, font: QFont) -> bool:
        """Paint what came into view; return False where that does not do."""
        ring = self._ring
        assert ring is not None
        wanted = frame.stretch
        shift = wanted.first - ring.first
        if abs(shift) > ring.width * (1.0 - REUSED_SHARE):
            return False
        if shift == 0:
            return True
        first = ring.first + ring.width if shift > 0 else wanted.first
        stop = first + abs(shift)
        strip = replace(wanted, first=first - PAD, stop=stop + PAD)
        traces = TracePainter(scene, state, frame, strip)
        if traces.has_gaps:
            return False
        ring.first = wanted.first
        places = [
            (to, slice(part.start + PAD, part.stop + PAD)) for to, part in ring.places(first, stop)
        ]
        self._keep_extremes(traces, places)
        if self._recentre(scene, frame):
            return False
        picture = Picture(strip.width, ring.picture.pixels.shape[0], frame.ratio)
        beyond = self._paint(picture, traces, scene, state, frame, font, strip)
        for to, part in places:
            ring.picture.pixels[:, to] = picture.pixels[:, part]
            ring.beyond.above[:, to] = beyond.above[:, part]
            ring.beyond.below[:, to] = beyond.below[:, part]
        return True

    def _paint_all(self, scene: Scene, state: ViewState, frame: Frame, font: QFont) -> None:
        stretch = frame.stretch
        width, height = stretch.width, round(frame.height * frame.ratio)
        old = self._ring.picture if self._ring is not None else None
        if old is None or old.pixels.shape != (height, width) or old.ratio != frame.ratio:
            old = Picture(width, height, frame.ratio)
        nowhere = Beyond.nowhere(len(frame.page.lanes), width)
        ring = self._ring = _Ring(old, (), stretch.first, stretch.first, nowhere, None, None)
        if scene.recording is None:
            self.paper.fill(old, 0, self.paper.columns(stretch.first, width))
            self._reusable = False
            return
        traces = TracePainter(scene, state, frame, stretch)
        extremes = traces.extremes_mv
        if extremes is not None:
            ring.lo_mv, ring.hi_mv = (part.copy() for part in extremes)
            self._recentre(scene, frame)
        ring.beyond = self._paint(old, traces, scene, state, frame, font, stretch)
        self._reusable = not traces.has_gaps and not page_marks.among_traces(frame, font)

    def _keep_extremes(self, traces: TracePainter, places: list[tuple[slice, slice]]) -> None:
        ring, extremes = self._ring, traces.extremes_mv
        assert ring is not None
        if extremes is None or ring.lo_mv is None or ring.hi_mv is None:
            return
        for to, part in places:
            ring.lo_mv[:, to] = extremes[0][:, part]
            ring.hi_mv[:, to] = extremes[1][:, part]

    def _recentre(self, scene: Scene, frame: Frame) -> bool:
        """Let leads whose baseline wandered be shown; return whether any moved."""
        ring = self._ring
        assert ring is not None
        if ring.lo_mv is None or ring.hi_mv is None:
            return False
        at = (np.arange(ring.first, ring.first + ring.width, CENTRE_STEP) - ring.base) % ring.width
        room_mv = 0.3 * frame.page.pitch / frame.px_per_mv if frame.px_per_mv else 0.0
        return scene.recentre(ring.lo_mv.take(at, axis=1), ring.hi_mv.take(at, axis=1), room_mv)

    def _paint(
        self,
        picture: Picture,
        traces: TracePainter,
        scene: Scene,
        state: ViewState,
        frame: Frame,
        font: QFont,
        stretch: Stretch,
    ) -> Beyond:
        """Paint a stretch of the time axis into a picture of just its columns."""
        page = frame.page
        self.paper.fill(picture, 0, self.paper.columns(stretch.first, stretch.width))
        area = QRectF(page.left, page.top, page.right - page.left, page.bottom - page.top)
        painter = QPainter(picture.plain)
        painter.setFont(font)
        # By whole pixels, which would not survive a division by an odd ratio.
        before = frame.left_column + stretch.first - frame.origin_column
        ratio = frame.ratio
        painter.setTransform(QTransform(ratio, 0.0, 0.0, ratio, -before, 0.0))
        painter.setClipRect(area)
        page_marks.paint_columns(painter, frame)
        paint_shading(painter, scene, state, frame)
        if state.overlays["r_peaks"]:
            paint_r_peaks(painter, scene, frame, area)
        traces.paint_gaps(painter)
        if page_marks.among_traces(frame, font):
            # Under the traces: no name may hide a wave.
            page_marks.paint_lead_names(painter, frame)
        painter.end()
        # Under the traces: no colour may hide the end of a deep wave.
        draw_strips(picture, scene, state, frame, stretch)
        return traces.draw(picture)
