"""Flags and annotations: their bars and shades can be clicked."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPointF, Qt

from ecgviewer.app.trace.geometry.pointing import span_at
from ecgviewer.app.trace.geometry.track_bars import AnyTrack, Bar
from ecgviewer.app.trace.layers.layer import Layer


class MarkLayer(Layer):
    """Spans with bars above the traces and shades within them."""

    overlay = ""

    @property
    def bars(self) -> list[Bar]:
        """The bars in view, topmost last."""
        rows = self.view.moment().tracks.get(self.overlay)
        return rows.bars if rows is not None else []

    @abstractmethod
    def _track(self) -> AnyTrack:
        """Return the spans and where their bars are."""

    @abstractmethod
    def _click(self, index: int) -> None:
        """Do what a click on a span means."""

    def hit(self, at: QPointF) -> Callable[[], None] | None:
        """Return what a click on a bar does, or in the span's leads."""
        for bar in reversed(self.bars):
            if bar.rect.contains(at):
                return partial(self._click, bar.index)
        return None

    def hit_shade(self, at: QPointF) -> Callable[[], None] | None:
        """Return what a click on the shortest span here does that shades this lead."""
        geometry = self.view.moment().geometry
        lane = geometry.lane_at(at.x(), at.y())
        if lane is None or not self.view.state.overlays[self.overlay]:
            return None
        index = span_at(self._track().spans, geometry, at.x(), lane.lead)
        return None if index is None else partial(self._click, index)

    def cursor(self, at: QPointF) -> Qt.CursorShape | None:
        """Return a hand over a bar."""
        over = any(bar.rect.contains(at) for bar in self.bars)
        return Qt.CursorShape.PointingHandCursor if over else None


class FlagLayer(MarkLayer):
    """The flags of an analysis."""

    overlay = "flags"

    def _track(self) -> AnyTrack:
        return self.view.scene.flag_track

    def _click(self, index: int) -> None:
        self.view.flagClicked.emit(index)


class AnnotationLayer(MarkLayer):
    """The annotations of a review."""

    overlay = "annotations"

    def _track(self) -> AnyTrack:
        return self.view.scene.annotation_track

    def _click(self, index: int) -> None:
        self.view.annotationClicked.emit(self.view.scene.annotations[index].id)
