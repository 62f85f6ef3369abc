"""What every painter and the mouse agree on: where lanes, times and voltages are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF

from ecgviewer.app.qt.theme import Theme
from ecgviewer.app.trace.geometry.lanes import Lane, PageLayout
from ecgviewer.app.trace.geometry.viewport import Viewport
from ecgviewer.app.trace.raster.pixel_columns import Stretch


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where everything is in a viewport; logical pixels unless said otherwise.

    Attributes
    ----------
    fit : bool
        The page is not to scale.
    left_s : float
        Time wanted at the left edge of the traces, within the record; what is drawn begins at the
        nearest device pixel.
    origin_column : int
        Distance from time 0 to the left edge of the traces in device pixels: a whole number, so
        that panning moves everything together.
    scroll_y : float
        How far the page is scrolled down.
    """

    page: PageLayout
    viewport: Viewport
    pixels_per_mm: float = 1.0
    fit: bool = False
    left_s: float = 0.0
    origin_column: int = 0
    scroll_y: float = 0.0

    @property
    def theme(self) -> Theme:
        """The colours to draw with."""
        return self.viewport.theme

    @property
    def ratio(self) -> float:
        """Device pixels per logical pixel."""
        return self.viewport.ratio

    @property
    def width(self) -> float:
        """Width of the whole view."""
        return self.viewport.width

    @property
    def height(self) -> float:
        """Height of the whole view."""
        return self.viewport.height

    @property
    def px_per_s(self) -> float:
        """Logical pixels per second."""
        return self.page.px_per_s

    @property
    def px_per_mv(self) -> float:
        """Logical pixels per millivolt."""
        return self.page.px_per_mv

    def with_levels(self, level_mv: Mapping[str, float]) -> Geometry:
        """Return the same with the leads' resting levels where their baselines are drawn."""
        if all(lane.level_mv == level_mv.get(lane.lead, 0.0) for lane in self.page.lanes):
            return self
        lanes = tuple(
            replace(lane, level_mv=level_mv.get(lane.lead, 0.0)) for lane in self.page.lanes
        )
        return replace(self, page=replace(self.page, lanes=lanes))

    def unscrolled(self) -> Geometry:
        """Return the same at the start of the record: what time does not move."""
        return replace(self, origin_column=0, left_s=0.0)

    @property
    def origin_px(self) -> float:
        """Distance from time 0 to the left edge of the traces."""
        return self.origin_column / self.ratio

    @property
    def left_column(self) -> int:
        """Device column of the widget at which the traces begin."""
        return round(self.page.left * self.ratio)

    @property
    def stretch(self) -> Stretch:
        """Device columns of the time axis that are in view."""
        left = self.left_column
        first = self.origin_column
        stop = first + round(self.page.right * self.ratio) - left
        return Stretch(first, stop, self.px_per_s * self.ratio, self.page.left * self.ratio - left)

    @property
    def start_s(self) -> float:
        """Time at the left edge of the traces."""
        return self.origin_px / self.px_per_s

    @property
    def stop_s(self) -> float:
        """Time at the right edge of the traces."""
        return (self.origin_px + self.page.right - self.page.left) / self.px_per_s

    def x(self, time_s: float) -> float:
        """Return where a time is."""
        return self.page.left + time_s * self.px_per_s - self.origin_px

    def snapped_x(self, time_s: float) -> float:
        """Return where a time is, at the border of device pixels nearest to it."""
        stretch = self.stretch
        column = round(time_s * stretch.px_per_s + stretch.offset)
        return (column - self.origin_column + self.left_column) / self.ratio

    def time(self, x: float) -> float:
        """Return the time at a place."""
        return (x - self.page.left + self.origin_px) / self.px_per_s

    def lane_y(self, y: float) -> float:
        """Return where a height of the page is in the widget."""
        return y + self.page.top - self.scroll_y

    def y(self, lane: Lane, mv: float) -> float:
        """Return where a voltage is in a lane."""
        return self.lane_y(lane.baseline) - lane.sign * (mv - lane.level_mv) * self.px_per_mv

    def mv(self, lane: Lane, y: float) -> float:
        """Return the voltage at a place in a lane."""
        return lane.level_mv - lane.sign * (y - self.lane_y(lane.baseline)) / self.px_per_mv

    def trace_rect(self, lane: Lane) -> QRectF:
        """Return where a lane's trace is, without its strips."""
        bottom = lane.strips[0] if lane.strips else lane.bottom
        top = self.lane_y(lane.top)
        return QRectF(lane.x0, top, lane.x1 - lane.x0, self.lane_y(bottom) - top)

    def lane_at(self, x: float, y: float) -> Lane | None:
        """Return the lane under a point of the widget, if any.

        Above the first row and below the last, where their tallest waves reach, it is that row.
        """
        lanes = self.page.lanes
        at = y - self.page.top + self.scroll_y
        if not lanes or not self.page.top <= y < self.page.bottom or at >= self.page.page_height:
            return None
        at = min(max(at, lanes[0].top), max(lane.bottom for lane in lanes) - 0.5)
        for lane in lanes:
            if lane.top <= at < lane.bottom and lane.x0 <= x < lane.x1:
                return lane
        return None

    def lane_columns(self, lane: Lane, stretch: Stretch) -> tuple[int, int]:
        """Return a lane's device columns within a stretch that is in view, counted from there."""
        before = self.left_column + stretch.first - self.origin_column
        first, stop = (round(x * self.ratio) - before for x in (lane.x0, lane.x1))
        return min(max(first, 0), stretch.width), min(max(stop, 0), stretch.width)

    def shows(self, lane: Lane) -> bool:
        """Return whether any of a lane is in the visible part of the page."""
        return self.lane_y(lane.bottom) > self.page.top and self.lane_y(lane.top) < self.page.bottom
