"""The tools: what a drag that grasps nothing does."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent

from ecgviewer.app.trace.layers.calipers import CaliperLayer
from ecgviewer.app.trace.layers.layer import Drag, PageView
from ecgviewer.app.trace.layers.selection import SelectionLayer, SpanDrag


class Tool(Protocol):
    """What dragging does while it is chosen.

    Attributes
    ----------
    cursor : CursorShape
    opens_leads : bool
        Whether a double click gives a lead the whole page.
    """

    cursor: Qt.CursorShape
    opens_leads: bool

    def drag(self, at: QPointF, event: QMouseEvent) -> Drag: ...


class PanTool:
    """Dragging moves the page."""

    cursor = Qt.CursorShape.ArrowCursor
    opens_leads = True

    def __init__(self, view: PageView) -> None:
        self._view = view

    def drag(self, at: QPointF, event: QMouseEvent) -> Drag:
        """Return a grip on the page here."""
        return PageDrag(self._view, at)


class SelectTool:
    """Dragging selects a span of some leads."""

    cursor = Qt.CursorShape.CrossCursor
    opens_leads = True

    def __init__(self, layer: SelectionLayer) -> None:
        self._layer = layer

    def drag(self, at: QPointF, event: QMouseEvent) -> Drag:
        """Return a span that begins here."""
        return SpanDrag(self._layer, at)


class MeasureTool:
    """Dragging measures with calipers."""

    cursor = Qt.CursorShape.CrossCursor
    opens_leads = False

    def __init__(self, layer: CaliperLayer) -> None:
        self._layer = layer

    def drag(self, at: QPointF, event: QMouseEvent) -> Drag:
        """Return a leg of the calipers here."""
        return self._layer.measure_from(at, event)


class PageDrag:
    """The page follows the pointer."""

    covers_pointer = True

    def __init__(self, view: PageView, origin: QPointF) -> None:
        self._view, self._x, self._y = view, origin.x(), origin.y()
        self._start_s = view.moment().geometry.left_s

    def move(self, at: QPointF, event: QMouseEvent) -> None:
        """Move the page, and its rows where they do not fit."""
        view = self._view
        geometry = view.moment().geometry
        view.setCursor(Qt.CursorShape.ClosedHandCursor)
        view.goto(self._start_s - (at.x() - self._x) / geometry.px_per_s)
        if geometry.page.scrolls:
            view.scroll_rows(self._y - at.y())
            self._y = at.y()

    def finish(self, at: QPointF) -> None:
        """Leave the page where it is."""
