"""Scale arithmetic: screens, steps, zoom around a moment, fitting the window."""

from __future__ import annotations

from PySide6.QtGui import QScreen

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.state import MIN_VISIBLE_S, MM_PER_INCH, SPEEDS_MM_S, ViewState

PLAUSIBLE_DPI = (40.0, 500.0)
FIT_LONGEST_S = 120.0
"""Beats of a longer record could not be told apart in one view: fitting it keeps the time in view
and only fits the height; the overview bar shows all of it."""


def screen_pixels_per_mm(screen: QScreen | None) -> float:
    """Return a screen's logical pixels per millimetre, from its reported physical size.

    Projectors and virtual screens report nonsense; then the logical resolution counts.
    """
    if screen is None:
        return 96.0 / MM_PER_INCH
    dpi = screen.physicalDotsPerInch()
    if not PLAUSIBLE_DPI[0] <= dpi <= PLAUSIBLE_DPI[1]:
        dpi = screen.logicalDotsPerInch()
    return dpi / MM_PER_INCH


def screen_name(screen: QScreen | None) -> str:
    """Return a name that tells a monitor from others, also from one on the same plug later."""
    if screen is None:
        return ""
    parts = (screen.manufacturer(), screen.model(), screen.serialNumber())
    return " ".join(part for part in parts if part) or screen.name()


def next_of(steps: tuple[float, ...], value: float, step: int) -> float:
    """Return the next larger (+1) or smaller (-1) of the steps, or the last one."""
    if step > 0:
        return next((s for s in steps if s > value * 1.001), steps[-1])
    return next((s for s in reversed(steps) if s < value * 0.999), steps[0])


def zoom(
    state: ViewState, geometry: Geometry, factor: float, at_s: float, duration_s: float
) -> None:
    """Stretch time by ``factor`` while ``at_s`` stays where it is on the screen."""
    width_px = geometry.page.right - geometry.page.left
    before = geometry.px_per_s
    longest = max(duration_s, 10.0)
    after = min(max(before * factor, width_px / longest), width_px / MIN_VISIBLE_S)
    if state.fit:
        state.fit_span_s = width_px / after
    else:
        speed = after / state.pixels_per_mm
        state.mm_per_s = next((s for s in SPEEDS_MM_S if abs(speed / s - 1) < 0.01), speed)
        after = state.mm_per_s * state.pixels_per_mm
    state.start_s = at_s - (at_s - geometry.left_s) * before / after


def fit_record(state: ViewState, duration_s: float) -> None:
    """Fit a record as a whole, if it is short: of a longer one the time in view stays."""
    if 0.0 < duration_s <= FIT_LONGEST_S:
        state.fit_span_s = max(duration_s, MIN_VISIBLE_S)
