"""Mouse on the trace view: pan, zoom, select a span, measure, click, edit an annotation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPen, QWheelEvent

from ecgviewer.app.qt.texts import leads_text
from ecgviewer.app.trace.calipers import Caliper, paint_caliper, paint_label
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.handles import handle_at, paint_handles
from ecgviewer.app.trace.pointing import Point, lane_of, point_at, span_at, value_at, y_of

if TYPE_CHECKING:
    from ecgviewer.app.trace.canvas import TraceCanvas

CLICK_PX = 4.0
GRIP_PX = 6.0
WHEEL_SHARE = 0.1
"""Share of the visible time that one notch of the wheel pans."""
ZOOM_STEP = 2.0 ** (1.0 / 3.0)
"""Three notches double the paper speed, so that 12.5, 25 and 50 mm/s are all met."""


class Mode(StrEnum):
    """What dragging does."""

    PAN = "pan"
    SELECT = "select"
    CALIPER = "caliper"


@dataclass
class Drag:
    """A button held down since ``origin``; ``kind`` says what it does."""

    kind: str
    origin: QPointF
    start_s: float
    now: QPointF
    moved: bool = False


class Interaction:
    """Turns mouse events into movements of the view and into its signals."""

    def __init__(self, view: TraceCanvas) -> None:
        self._view = view
        self.mode = Mode.PAN
        self.snap = True
        self.march = False
        self.caliper: Caliper | None = None
        self.hover: QPointF | None = None
        self.edited: str | None = None
        self.edit_range: tuple[float, float] = (0.0, 0.0)
        self._drag: Drag | None = None
        self._anchor: Point | None = None

    def press(self, event: QMouseEvent) -> None:
        """Begin a drag or a click."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return
        view, at = self._view, event.position()
        kind = "pan"
        edge = self._edge_at(at)
        if event.button() == Qt.MouseButton.LeftButton:
            if edge is not None:
                kind = edge
            elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                kind = "select"
            elif self.mode is not Mode.PAN:
                kind = self.mode.value
        self._drag = Drag(kind, at, view.state.start_s, at)
        if kind == "caliper":
            self._anchor = self._other_leg(at) or point_at(
                view.scene, view.frame(), at.x(), at.y(), self._snaps(event)
            )

    def double_click(self, event: QMouseEvent) -> bool:
        """Tell which lead was double-clicked; return False where that means nothing."""
        frame, at = self._view.frame(), event.position()
        lane = frame.lane_at(max(at.x(), frame.page.left), at.y())
        if lane is None or self.mode is Mode.CALIPER or event.button() != Qt.MouseButton.LeftButton:
            return False
        self._drag = None
        self._view.leadDoubleClicked.emit(lane.lead)
        return True

    def move(self, event: QMouseEvent) -> None:
        """Continue a drag, or follow the pointer."""
        view, at = self._view, event.position()
        self.hover = at
        drag = self._drag
        if drag is None:
            view.setCursor(self._cursor(at))
            self._announce(at)
            view.update()
            return
        drag.now = at
        if (at - drag.origin).manhattanLength() > CLICK_PX:
            drag.moved = True
        if not drag.moved:
            return
        frame = view.frame()
        if drag.kind == "pan":
            view.setCursor(Qt.CursorShape.ClosedHandCursor)
            view.goto(drag.start_s - (at.x() - drag.origin.x()) / frame.px_per_s)
            if frame.page.scrolls:
                view.scroll_rows(drag.origin.y() - at.y())
                drag.origin = QPointF(drag.origin.x(), at.y())
        elif drag.kind == "caliper":
            self._measure(at, event)
        elif drag.kind in ("start", "stop"):
            self._move_edge(drag.kind, frame.time(at.x()))
        view.update()

    def release(self, event: QMouseEvent) -> None:
        """Finish a drag or a click."""
        drag, self._drag = self._drag, None
        if drag is None:
            return
        view, at = self._view, event.position()
        if drag.kind in ("start", "stop"):
            if drag.moved and self.edited is not None:
                view.annotationEdited.emit(self.edited, *self.edit_range)
        elif drag.kind == "select" and drag.moved:
            frame = view.frame()
            start, stop = self._times(frame, drag)
            if stop > start:
                view.spanSelected.emit(start, stop, self._leads(frame, drag))
        elif not drag.moved and event.button() == Qt.MouseButton.LeftButton:
            self._click(at)
        view.setCursor(self._cursor(at))
        view.update()

    def leave(self) -> None:
        """The pointer left the view."""
        self.hover = None
        self._view.update()

    def wheel(self, event: QWheelEvent) -> None:
        """Pan, zoom (Ctrl) or scroll the rows (Shift)."""
        view, frame = self._view, self._view.frame()
        pixels = event.pixelDelta()
        delta = event.angleDelta()
        notches = (delta.y() or delta.x()) / 120.0
        modifiers = event.modifiers()
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            view.zoom(ZOOM_STEP**notches, frame.time(event.position().x()))
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            view.scroll_rows(-notches * 60.0)
        elif not pixels.isNull():
            longer = pixels.x() if abs(pixels.x()) > abs(pixels.y()) else pixels.y()
            view.goto(view.state.start_s - longer / frame.px_per_s)
        else:
            view.goto(view.state.start_s - notches * WHEEL_SHARE * (frame.stop_s - frame.start_s))
        event.accept()

    def edit(self, annotation_id: str | None) -> None:
        """Show handles on one annotation's edges, or on none."""
        self.edited = None
        for annotation in self._view.scene.annotations:
            if annotation.id == annotation_id:
                self.edited = annotation.id
                self.edit_range = (annotation.start_s, annotation.end_s)
        self._view.update()

    def _click(self, at: QPointF) -> None:
        view = self._view
        for bar in reversed(view.renderer.flag_bars):
            if bar.rect.contains(at):
                view.flagClicked.emit(bar.index)
                return
        for bar in reversed(view.renderer.annotation_bars):
            if bar.rect.contains(at):
                view.annotationClicked.emit(view.scene.annotations[bar.index].id)
                return
        frame = view.frame()
        lane = frame.lane_at(at.x(), at.y())
        if lane is None:
            return
        for overlay, track in (
            ("flags", view.scene.flag_track),
            ("annotations", view.scene.annotation_track),
        ):
            if not view.state.overlays[overlay]:
                continue
            index = span_at(track.spans, frame, at.x(), lane.lead)
            if index is not None:
                if overlay == "flags":
                    view.flagClicked.emit(index)
                else:
                    view.annotationClicked.emit(view.scene.annotations[index].id)
                return

    def _snaps(self, event: QMouseEvent) -> bool:
        return self.snap and not event.modifiers() & Qt.KeyboardModifier.AltModifier

    def _measure(self, at: QPointF, event: QMouseEvent) -> None:
        view, anchor = self._view, self._anchor
        lane = lane_of(view.frame(), anchor) if anchor is not None else None
        if anchor is None or lane is None:
            return
        point = point_at(view.scene, view.frame(), at.x(), at.y(), self._snaps(event), lane)
        if point is not None:
            assert view.scene.recording is not None
            self.set_caliper(Caliper(anchor, point, view.scene.recording.unit))

    def set_caliper(self, caliper: Caliper | None) -> None:
        """Show a measurement, or none."""
        self.caliper = caliper
        self._view.calipersChanged.emit(caliper.text() if caliper is not None else "")
        self._view.update()

    def _other_leg(self, at: QPointF) -> Point | None:
        """Return the leg that stays where it is when a drag begins on the other one."""
        if self.caliper is None:
            return None
        legs = (self.caliper.first, self.caliper.second)
        frame = self._view.frame()
        away = [abs(frame.x(leg.time_s) - at.x()) for leg in legs]
        if min(away) > GRIP_PX:
            return None
        return legs[0] if away[1] <= away[0] else legs[1]

    def _times(self, frame: Frame, drag: Drag) -> tuple[float, float]:
        limit = self._view.scene.duration_s
        times = sorted((frame.time(drag.origin.x()), frame.time(drag.now.x())))
        return max(times[0], 0.0), min(times[1], limit)

    def _leads(self, frame: Frame, drag: Drag) -> tuple[str, ...]:
        """Return the leads between the two ends of a selection; none named above the lanes."""
        if drag.origin.y() < frame.page.top:
            return ()
        top, bottom = sorted((drag.origin.y(), drag.now.y()))
        left, right = sorted((drag.origin.x(), drag.now.x()))
        found = dict.fromkeys(
            lane.lead
            for lane in frame.page.lanes
            if frame.lane_y(lane.top) < bottom
            and frame.lane_y(lane.bottom) > top
            and lane.x0 < right
            and lane.x1 > left
        )
        return tuple(found)

    def _edge_at(self, at: QPointF) -> str | None:
        if self.edited is None:
            return None
        return handle_at(self._view.frame(), self._edited_leads(), self.edit_range, at, GRIP_PX)

    def _edited_leads(self) -> tuple[str, ...]:
        annotations = self._view.scene.annotations
        return next((a.leads for a in annotations if a.id == self.edited), ())

    def _move_edge(self, which: str, time_s: float) -> None:
        time_s = min(max(time_s, 0.0), self._view.scene.duration_s)
        start, stop = self.edit_range
        self.edit_range = (
            (min(time_s, stop), stop) if which == "start" else (start, max(time_s, start))
        )

    def _cursor(self, at: QPointF) -> Qt.CursorShape:
        on_leg = self.mode is Mode.CALIPER and self._other_leg(at) is not None
        if on_leg or self._edge_at(at) is not None:
            return Qt.CursorShape.SizeHorCursor
        over_bar = any(
            bar.rect.contains(at)
            for bar in (*self._view.renderer.flag_bars, *self._view.renderer.annotation_bars)
        )
        if over_bar:
            return Qt.CursorShape.PointingHandCursor
        return Qt.CursorShape.ArrowCursor if self.mode is Mode.PAN else Qt.CursorShape.CrossCursor

    def _announce(self, at: QPointF) -> None:
        view = self._view
        frame = view.frame()
        lane = frame.lane_at(at.x(), at.y())
        if lane is not None and at.x() >= frame.page.left:
            time_s = frame.time(at.x())
            view.cursorMoved.emit(time_s, lane.lead, value_at(view.scene, lane.lead, time_s))

    def paint(self, painter: QPainter) -> None:
        """Draw what moves with the pointer, over the still picture."""
        view = self._view
        frame = view.frame()
        if self.caliper is not None:
            paint_caliper(painter, view.scene, frame, self.caliper, self.march)
        if self.edited is not None:
            paint_handles(painter, frame, self._edited_leads(), self.edit_range)
        drag = self._drag
        if drag is not None and drag.kind == "select" and drag.moved:
            self._paint_selection(painter, frame, drag)
        elif self.hover is not None and (drag is None or drag.kind != "pan"):
            self._paint_crosshair(painter, frame, self.hover)

    def _paint_crosshair(self, painter: QPainter, frame: Frame, at: QPointF) -> None:
        scene = self._view.scene
        lane = frame.lane_at(at.x(), at.y())
        if lane is None or at.x() < frame.page.left or scene.recording is None:
            return
        time_s = frame.time(at.x())
        if time_s > scene.duration_s:
            return
        color = frame.theme.color("muted")
        painter.setPen(QPen(frame.theme.color("muted", 150), 1.0))
        x = round(at.x()) + 0.5
        painter.drawLine(QPointF(x, frame.page.top), QPointF(x, frame.page.bottom))
        mv = value_at(scene, lane.lead, time_s)
        words = f"{lane.label}  {time_s:.3f} s"
        if mv == mv:
            y = y_of(scene, frame, lane, mv)
            painter.drawEllipse(QPointF(x, y), 3.0, 3.0)
            words += f"  {lane.sign * mv:+.2f} {scene.recording.unit}"
        paint_label(painter, frame, QPointF(at.x() + 12, at.y() + 14), words, color)

    def _paint_selection(self, painter: QPainter, frame: Frame, drag: Drag) -> None:
        start, stop = self._times(frame, drag)
        leads = self._leads(frame, drag)
        painter.setPen(frame.theme.color("accent"))
        for lane in frame.page.lanes:
            if leads and lane.lead not in leads:
                continue
            left, right = max(frame.x(start), lane.x0), min(frame.x(stop), lane.x1)
            if right > left and frame.shows(lane):
                rect = QRectF(left, frame.lane_y(lane.top), right - left, lane.bottom - lane.top)
                painter.fillRect(rect, frame.theme.color("accent", 50))
        words = f"{(stop - start) * 1000:.0f} ms · {leads_text(leads)}"
        at = QPointF(drag.now.x() + 12, drag.now.y() + 14)
        paint_label(painter, frame, at, words, frame.theme.color("accent"))
