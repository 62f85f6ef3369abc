"""The traces as last painted: what is still in view is reused while the view scrolls in time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QPainter, QTransform

from ecgviewer.app.trace.geometry.moment import Moment
from ecgviewer.app.trace.page import lead_marks
from ecgviewer.app.trace.page.beats import beats_look, paint_r_peaks
from ecgviewer.app.trace.page.cut_marks import Beyond
from ecgviewer.app.trace.page.map_strips import draw_strips
from ecgviewer.app.trace.page.paper import Paper
from ecgviewer.app.trace.page.shading import looks_of, paint_shading
from ecgviewer.app.trace.page.stimuli import paint_stimuli, stimuli_look
from ecgviewer.app.trace.page.trace_painter import TracePainter
from ecgviewer.app.trace.raster.picture import Picture
from ecgviewer.app.trace.raster.pixel_columns import Stretch

REUSED_SHARE = 0.5
"""Share of the width that must still be in view; painting all at once is cheaper otherwise."""
PAD = 4
"""Columns painted beside a strip and not kept: Qt draws wide lines otherwise where they are cut."""


@dataclass
class _Ring:
    """Device columns of the time axis, each at its number modulo the width.

    Attributes
    ----------
    base : int
        A column of the time axis that is at the first place of the ring.
    first : int
        The leftmost column in view.
    """

    picture: Picture
    key: tuple[object, ...]
    base: int
    first: int
    beyond: Beyond

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


class _Same:
    """A value that equals only itself: arrays are not compared sample by sample."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._value is self._value

    __hash__ = None  # type: ignore[assignment]


class ScrolledPicture:
    """Paints the part of the page that scrolls: paper, shading, strips and traces."""

    def __init__(self) -> None:
        self._ring: _Ring | None = None
        self._paper: Paper | None = None
        self._reusable = self._names_among = False

    def forget(self) -> None:
        """Paint everything anew next time."""
        if self._ring is not None:
            self._ring.key = ()

    def update(self, moment: Moment, font: QFont, complete: bool) -> None:
        """Bring the picture up to a moment.

        Parameters
        ----------
        complete : bool
            Everything in view was read; what is painted now need not be painted again.
        """
        self._paper = Paper(moment.geometry)
        key = self._key(moment, font)
        if self._ring is None or self._ring.key != key or not self._scroll(moment, font):
            self._paint_all(moment, font)
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

    def _key(self, moment: Moment, font: QFont) -> tuple[object, ...]:
        """Return everything that the picture depends on, but the time at its left edge."""
        scene, state, geometry = moment.scene, moment.state, moment.geometry
        if scene.recording is None:
            return (geometry.unscrolled(),)
        parts = (
            scene.recording, scene.analysis, scene.flag_track, scene.annotation_track,
            scene.stimuli, scene.r_peaks if state.overlays["r_peaks"] else None,
        )  # fmt: skip
        return (
            *map(_Same, parts), scene.selected_flag, state.display, geometry.unscrolled(),
            tuple(state.overlays.items()),
            looks_of(moment), beats_look(moment), stimuli_look(moment),
            moment.data.sources(geometry.stretch, geometry.px_per_s), font.key(),
        )  # fmt: skip

    def _scroll(self, moment: Moment, font: QFont) -> bool:
        """Paint what came into view; return False where that does not do."""
        ring, geometry = self._ring, moment.geometry
        assert ring is not None
        wanted = geometry.stretch
        shift = wanted.first - ring.first
        if abs(shift) > ring.width * (1.0 - REUSED_SHARE):
            return False
        if shift == 0:
            return True
        first = ring.first + ring.width if shift > 0 else wanted.first
        stop = first + abs(shift)
        strip = replace(wanted, first=first - PAD, stop=stop + PAD)
        traces = TracePainter(moment, strip)
        if traces.has_gaps:
            return False
        ring.first = wanted.first
        places = [
            (to, slice(part.start + PAD, part.stop + PAD)) for to, part in ring.places(first, stop)
        ]
        picture = Picture(strip.width, ring.picture.pixels.shape[0], geometry.ratio)
        beyond = self._paint(picture, traces, moment, font, strip)
        for to, part in places:
            ring.picture.pixels[:, to] = picture.pixels[:, part]
            ring.beyond.above[:, to] = beyond.above[:, part]
            ring.beyond.below[:, to] = beyond.below[:, part]
        return True

    def _paint_all(self, moment: Moment, font: QFont) -> None:
        geometry = moment.geometry
        stretch = geometry.stretch
        width, height = stretch.width, round(geometry.height * geometry.ratio)
        old = self._ring.picture if self._ring is not None else None
        if old is None or old.pixels.shape != (height, width) or old.ratio != geometry.ratio:
            old = Picture(width, height, geometry.ratio)
        nowhere = Beyond.nowhere(len(geometry.page.lanes), width)
        ring = self._ring = _Ring(old, (), stretch.first, stretch.first, nowhere)
        if moment.scene.recording is None:
            self.paper.fill(old, 0, self.paper.columns(stretch.first, width))
            self._reusable = False
            return
        traces = TracePainter(moment, stretch)
        self._names_among = lead_marks.among_traces(geometry, font)
        ring.beyond = self._paint(old, traces, moment, font, stretch)
        self._reusable = not traces.has_gaps and not self._names_among

    def _paint(
        self,
        picture: Picture,
        traces: TracePainter,
        moment: Moment,
        font: QFont,
        stretch: Stretch,
    ) -> Beyond:
        """Paint a stretch of the time axis into a picture of just its columns."""
        geometry = moment.geometry
        page = geometry.page
        self.paper.fill(picture, 0, self.paper.columns(stretch.first, stretch.width))
        area = QRectF(page.left, page.top, page.right - page.left, page.bottom - page.top)
        painter = QPainter(picture.plain)
        painter.setFont(font)
        # By whole pixels, which would not survive a division by an odd ratio.
        before = geometry.left_column + stretch.first - geometry.origin_column
        ratio = geometry.ratio
        painter.setTransform(QTransform(ratio, 0.0, 0.0, ratio, -before, 0.0))
        painter.setClipRect(area)
        lead_marks.paint_columns(painter, geometry)
        paint_shading(painter, moment)
        if moment.state.overlays["r_peaks"]:
            paint_r_peaks(painter, moment, area)
        paint_stimuli(painter, moment)
        traces.paint_gaps(painter)
        if self._names_among:
            # Under the traces: no name may hide a wave.
            lead_marks.paint_lead_names(painter, geometry)
        painter.end()
        # Under the traces: no colour may hide the end of a deep wave.
        draw_strips(picture, moment, stretch)
        return traces.draw(picture)
