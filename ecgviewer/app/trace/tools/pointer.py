"""The mouse on the page: layers are grasped and clicked, else the tool in use drags."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from ecgviewer.app.trace.layers.layer import Drag, PageView
from ecgviewer.app.trace.layers.stack import Stack
from ecgviewer.app.trace.tools.tool import PanTool, SelectTool, Tool

CLICK_PX = 4.0
WHEEL_SHARE = 0.1
"""Share of the visible time that one notch of the wheel pans."""
WHEEL_ROW_PX = 60.0
ZOOM_STEP = 2.0 ** (1.0 / 3.0)
"""Three notches double the paper speed, so that 12.5, 25 and 50 mm/s are all met."""


class Pointer:
    """Turns mouse events into what layers and tools do.

    Attributes
    ----------
    tool : Tool
        What a drag does that grasps no layer.
    """

    def __init__(self, view: PageView, layers: Stack) -> None:
        self._view, self._layers = view, layers
        self.tool: Tool = PanTool(view)
        self._drag: Drag | None = None
        self._origin = QPointF()
        self._moved = False

    def press(self, event: QMouseEvent) -> None:
        """Begin a drag or a click."""
        left = event.button() == Qt.MouseButton.LeftButton
        if not left and event.button() != Qt.MouseButton.MiddleButton:
            return
        at = event.position()
        grasped = self._layers.drag(at) if left else None
        if grasped is None:
            tool: Tool = PanTool(self._view)
            if left:
                shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                tool = SelectTool(self._layers.selection) if shift else self.tool
            grasped = tool.drag(at, event)
        self._drag, self._origin, self._moved = grasped, at, False

    def move(self, event: QMouseEvent) -> None:
        """Continue a drag, or follow the pointer."""
        at, drag = event.position(), self._drag
        self._view.pointer = at
        if drag is None:
            self._view.setCursor(self._cursor(at))
        else:
            if (at - self._origin).manhattanLength() > CLICK_PX:
                self._moved = True
            if not self._moved:
                return
            drag.move(at, event)
        self._layers.crosshair.show(drag is None or not drag.covers_pointer)

    def release(self, event: QMouseEvent) -> None:
        """Finish a drag or a click."""
        drag, self._drag = self._drag, None
        if drag is None:
            return
        at = event.position()
        if self._moved:
            drag.finish(at)
        elif event.button() == Qt.MouseButton.LeftButton:
            click = self._layers.hit(at)
            if click is not None:
                click()
        self._view.setCursor(self._cursor(at))
        self._layers.crosshair.show(True)

    def double_click(self, event: QMouseEvent) -> str | None:
        """Return the lead that was double-clicked; None where that means nothing."""
        geometry, at = self._view.moment().geometry, event.position()
        lane = geometry.lane_at(max(at.x(), geometry.page.left), at.y())
        left = event.button() == Qt.MouseButton.LeftButton
        if lane is None or not left or not self.tool.opens_leads:
            return None
        self._drag = None
        return lane.lead

    def leave(self) -> None:
        """The pointer left the view."""
        self._view.pointer = None
        self._layers.crosshair.changed()

    def wheel(self, event: QWheelEvent) -> None:
        """Pan, zoom (Ctrl) or scroll the rows (Shift)."""
        view, geometry = self._view, self._view.moment().geometry
        pixels, delta = event.pixelDelta(), event.angleDelta()
        notches = (delta.y() or delta.x()) / 120.0
        modifiers = event.modifiers()
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            view.zoom(ZOOM_STEP**notches, geometry.time(event.position().x()))
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            view.scroll_rows(-notches * WHEEL_ROW_PX)
        elif not pixels.isNull():
            longer = pixels.x() if abs(pixels.x()) > abs(pixels.y()) else pixels.y()
            view.goto(geometry.left_s - longer / geometry.px_per_s)
        else:
            view.goto(
                geometry.left_s - notches * WHEEL_SHARE * (geometry.stop_s - geometry.start_s)
            )
        event.accept()

    def _cursor(self, at: QPointF) -> Qt.CursorShape:
        shape = self._layers.cursor(at)
        return self.tool.cursor if shape is None else shape
