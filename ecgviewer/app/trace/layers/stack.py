"""All layers over a page, in the order in which they lie on it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt

from ecgviewer.app.trace.layers.calipers import CaliperLayer
from ecgviewer.app.trace.layers.crosshair import CrosshairLayer
from ecgviewer.app.trace.layers.handles import HandleLayer
from ecgviewer.app.trace.layers.layer import Drag, Layer, PageView
from ecgviewer.app.trace.layers.selection import SelectionLayer
from ecgviewer.app.trace.layers.span_bars import AnnotationLayer, FlagLayer, MarkLayer
from ecgviewer.app.trace.layers.time_cursor import TimeCursorLayer


class Stack:
    """The layers of one view."""

    def __init__(self, view: PageView) -> None:
        self.flags = FlagLayer(view)
        self.annotations = AnnotationLayer(view)
        self.time_cursor = TimeCursorLayer(view)
        self.calipers = CaliperLayer(view)
        self.handles = HandleLayer(view)
        self.selection = SelectionLayer(view)
        self.crosshair = CrosshairLayer(view)
        self.marks: tuple[MarkLayer, ...] = (self.flags, self.annotations)
        self.all: tuple[Layer, ...] = (
            *self.marks, self.time_cursor, self.calipers, self.handles, self.selection,
            self.crosshair,
        )  # fmt: skip

    def drag(self, at: QPointF) -> Drag | None:
        """Return what dragging from here does: the topmost layer that is grasped."""
        drags = (layer.drag(at) for layer in reversed(self.all))
        return next((drag for drag in drags if drag is not None), None)

    def hit(self, at: QPointF) -> Callable[[], None] | None:
        """Return what a click here does: on a bar, else on a shaded lane."""
        hits = [mark.hit for mark in self.marks] + [mark.hit_shade for mark in self.marks]
        return next((found for hit in hits if (found := hit(at)) is not None), None)

    def cursor(self, at: QPointF) -> Qt.CursorShape | None:
        """Return the pointer's shape here, if a layer has a say."""
        shapes = (layer.cursor(at) for layer in reversed(self.all))
        return next((shape for shape in shapes if shape is not None), None)
