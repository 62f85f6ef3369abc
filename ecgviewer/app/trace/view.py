"""The trace view: 12 leads on calibrated paper, with everything the program knows about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from ecgviewer.app.qt.theme import Theme
from ecgviewer.app.trace import scale
from ecgviewer.app.trace.canvas import TraceCanvas
from ecgviewer.app.trace.geometry.lanes import left_margin
from ecgviewer.app.trace.scene.display_filter import DisplayFilter
from ecgviewer.app.trace.state import (
    GAINS_MM_MV,
    MIN_VISIBLE_S,
    OVERLAYS,
    SPEEDS_MM_S,
    LayoutMode,
)
from ecgviewer.app.trace.tools.measurement import nudged, rr_caliper
from ecgviewer.app.trace.tools.pointer import ZOOM_STEP
from ecgviewer.app.trace.tools.tool import MeasureTool, PanTool, SelectTool, Tool

CTRL = Qt.KeyboardModifier.ControlModifier


class TraceView(TraceCanvas):
    """Shows a recording; see the signals for what the user does with it.

    The widget reads samples in a thread of its own and never blocks on the disk.
    """

    # How the scene is shown ------------------------------------------------------------------

    def set_overlay(self, name: str, on: bool) -> None:
        """Switch one of ``state.OVERLAYS`` on or off."""
        if name not in OVERLAYS:
            raise KeyError(name)
        self.state.overlays[name] = on
        self.view_changed()

    def set_display_filter(
        self, baseline: bool = False, mains_hz: float | None = None, muscle: bool = False
    ) -> None:
        """Filter the trace for display; the scale line names what is on."""
        display = DisplayFilter(baseline, mains_hz or None, muscle)
        if display != self.state.display:
            self.state.display = display
            self.data.set_filter(display)
            self.redraw()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.theme = theme
        self._moved()
        self.contentChanged.emit()

    def set_layout_mode(self, mode: str) -> None:
        """Lay the leads out as ``12x1``, ``6x2`` or ``3x4`` (with rhythm strip)."""
        self.state.mode = LayoutMode(mode)
        self.view_changed()

    def set_cabrera(self, on: bool) -> None:
        """Order the limb leads aVL, I, -aVR, II, aVF, III."""
        self.state.cabrera = on
        self.view_changed()

    def set_leads(self, leads: Sequence[str]) -> None:
        """Show only these leads; all when empty."""
        self.state.leads = tuple(leads)
        self.view_changed()

    def focus_lead(self, lead: str | None) -> None:
        """Give one lead the full height, or show all again."""
        self.state.focus = lead
        self.view_changed()

    def set_scale(self, mm_per_s: float | None = None, mm_per_mv: float | None = None) -> None:
        """Set paper speed and gain in true millimetres, and leave the fit mode."""
        centre = sum(self.visible_range()) / 2
        was_fit, self.state.fit = self.state.fit, False
        self.state.mm_per_s = mm_per_s or self.state.mm_per_s
        self.state.mm_per_mv = mm_per_mv or self.state.mm_per_mv
        if mm_per_s is not None or was_fit:
            px_per_s = self.state.mm_per_s * self.state.pixels_per_mm
            self.state.start_s = centre - self.traces_width() / px_per_s / 2
        self.view_changed()

    def set_fit(self, on: bool, span_s: float | None = None) -> None:
        """Fill the view with ``span_s`` seconds, not to scale.

        By default with the whole record, or where that is too long with the seconds in view.
        """
        if on and span_s is not None:
            self.state.fit_span_s = max(span_s, MIN_VISIBLE_S)
        elif on and not self.state.fit:
            geometry = self.moment().geometry
            self.state.fit_span_s = max(geometry.stop_s - geometry.start_s, MIN_VISIBLE_S)
            scale.fit_record(self.state, self.scene.duration_s)
        self.state.fit = on
        self.view_changed()

    def page_px(self, span_s: float, mm_per_s: float) -> float:
        """Return the width that shows a time at a paper speed, with the names beside it."""
        left = left_margin(self.state, self._viewport().label_px)
        return left + span_s * mm_per_s * self.state.pixels_per_mm

    def set_pixels_per_mm(self, pixels_per_mm: float | None) -> None:
        """Set the logical pixels per millimetre as measured; None asks the screen."""
        self._measured_screen = pixels_per_mm is not None
        self.state.pixels_per_mm = pixels_per_mm or scale.screen_pixels_per_mm(self.screen())
        self.view_changed()

    def gain_step(self, step: int) -> None:
        """Go to the next larger (+1) or smaller (-1) gain."""
        if self.state.fit:
            self.state.fit_gain *= 2.0**step
            self.view_changed()
        else:
            self.set_scale(mm_per_mv=scale.next_of(GAINS_MM_MV, self.state.mm_per_mv, step))

    def speed_step(self, step: int) -> None:
        """Go to the next faster (+1) or slower (-1) paper speed."""
        self.set_scale(mm_per_s=scale.next_of(SPEEDS_MM_S, self.state.mm_per_s, step))

    # Where it is -----------------------------------------------------------------------------

    def center_on(self, start_s: float, stop_s: float) -> None:
        """Bring a span to the middle, unless it is comfortably in view already."""
        first, last = self.visible_range()
        margin = 0.08 * (last - first)
        if first + margin <= start_s and stop_s <= last - margin:
            return
        span = self.traces_width() / self.moment().geometry.px_per_s
        middle = (start_s + stop_s) / 2 if stop_s - start_s < span else start_s + 0.4 * span
        self.goto(middle - span / 2)

    def page(self, step: float) -> None:
        """Move by a share of the visible time; 1 is a page forward."""
        first, _ = self.visible_range()
        self.goto(first + step * self.traces_width() / self.moment().geometry.px_per_s)

    def set_mode(self, mode: str) -> None:
        """Let dragging ``pan``, ``select`` a span or measure with the ``caliper``."""
        layers = self.layers
        tools: dict[str, Tool] = {
            "pan": PanTool(self),
            "select": SelectTool(layers.selection),
            "caliper": MeasureTool(layers.calipers),
        }
        self._mouse.tool = tools[mode]
        layers.calipers.measuring = mode == "caliper"
        self.setCursor(self._mouse.tool.cursor)

    def set_march_out(self, on: bool) -> None:
        """Repeat the caliper's interval over the whole view."""
        self.layers.calipers.set_march(on)

    def show_time(self, time_s: float | None) -> None:
        """Mark a moment that another panel points at, or none."""
        self.show_scene(replace(self.scene, cursor_s=time_s))

    def measure_rr(self) -> bool:
        """Put the calipers on an RR interval in view, or on the one after that measured now.

        Returns
        -------
        bool
            False when there are no two R peaks to measure between.
        """
        now = self.layers.calipers.caliper
        caliper = rr_caliper(self.moment(), now)
        if caliper is not None:
            self.layers.calipers.set_caliper(caliper)
        return caliper is not None

    def move_caliper(self, leg: int, step: int) -> None:
        """Move the earlier (0) or later (1) leg by a pixel's or a sample's time, left or right."""
        if self.layers.calipers.caliper is not None:
            moved = nudged(self.layers.calipers.caliper, self.moment(), leg, step)
            self.layers.calipers.set_caliper(moved)

    def set_snap(self, on: bool) -> None:
        """Let calipers snap to R peaks and extrema (Alt suspends it)."""
        self.layers.calipers.snap = on

    def clear_calipers(self) -> None:
        """Remove the measurement."""
        self.layers.calipers.set_caliper(None)

    def caliper_text(self) -> str:
        """Return the measurement in words; empty when there is none."""
        caliper = self.layers.calipers.caliper
        return caliper.text() if caliper is not None else ""

    # Keys ------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._keys().get((event.key(), event.modifiers() & CTRL))
        if action is None:
            super().keyPressEvent(event)
        else:
            action()

    def _keys(self) -> dict[tuple[int, Qt.KeyboardModifier], Callable[[], object]]:
        key, none = Qt.Key, Qt.KeyboardModifier.NoModifier
        return {
            (key.Key_Left, none): lambda: self.page(-0.1),
            (key.Key_Right, none): lambda: self.page(0.1),
            (key.Key_Left, CTRL): lambda: self.page(-0.5),
            (key.Key_Right, CTRL): lambda: self.page(0.5),
            (key.Key_PageUp, none): lambda: self.page(-1.0),
            (key.Key_PageDown, none): lambda: self.page(1.0),
            (key.Key_Home, none): lambda: self.goto(0.0),
            (key.Key_End, none): lambda: self.goto(self.scene.duration_s),
            (key.Key_Up, none): lambda: self.scroll_rows(-self.moment().geometry.page.pitch),
            (key.Key_Down, none): lambda: self.scroll_rows(self.moment().geometry.page.pitch),
            (key.Key_Plus, none): lambda: self.gain_step(1),
            (key.Key_Equal, none): lambda: self.gain_step(1),
            (key.Key_Minus, none): lambda: self.gain_step(-1),
            (key.Key_Plus, CTRL): lambda: self.zoom(ZOOM_STEP),
            (key.Key_Minus, CTRL): lambda: self.zoom(1.0 / ZOOM_STEP),
        }
