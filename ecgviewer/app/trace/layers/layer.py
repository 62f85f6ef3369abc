"""What every layer over the page can do; by default nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.moment import Moment
from ecgviewer.app.trace.scene.scene import Scene
from ecgviewer.app.trace.state import ViewState

GRIP_PX = 6.0
"""How far from a line the pointer still grasps it."""


class Drag(Protocol):
    """A button held down: what its movements do, and what its end does."""

    covers_pointer: bool
    """Whether the crosshair would be in the way."""

    def move(self, at: QPointF, event: QMouseEvent) -> None:
        """Follow the pointer, which moved further than a click does."""

    def finish(self, at: QPointF) -> None:
        """The button was let go after that."""


class PageView(Protocol):
    """What a layer or a tool may know of the view that it belongs to."""

    scene: Scene
    state: ViewState
    pointer: QPointF | None
    """Where the pointer is; None beyond the view."""
    # Qt's signals have no type that could be told here.
    flagClicked: Any
    annotationClicked: Any
    annotationEdited: Any
    calipersChanged: Any
    spanSelected: Any

    def moment(self) -> Moment: ...
    def goto(self, start_s: float) -> None: ...
    def zoom(self, factor: float, at_s: float | None = None) -> None: ...
    def scroll_rows(self, pixels: float) -> None: ...
    def layer_changed(self, layer: Layer) -> None: ...
    def setCursor(self, shape: Qt.CursorShape, /) -> None: ...


class Layer:
    """One thing over the page."""

    def __init__(self, view: PageView) -> None:
        self.view = view

    def extent(self, geometry: Geometry) -> QRectF:
        """Return what part of the view it covers; empty while there is nothing to show."""
        return QRectF()

    def paint(self, painter: QPainter, geometry: Geometry) -> None:
        """Draw what it shows."""

    def hit(self, at: QPointF) -> Callable[[], None] | None:
        """Return what a click here does, if it is this layer's."""
        return None

    def cursor(self, at: QPointF) -> Qt.CursorShape | None:
        """Return the pointer's shape here, if this layer has a say."""
        return None

    def drag(self, at: QPointF) -> Drag | None:
        """Return what dragging from here does, if it grasps something of this layer."""
        return None

    def changed(self) -> None:
        """Show what there is now."""
        self.view.layer_changed(self)
