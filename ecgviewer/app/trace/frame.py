"""One moment's geometry of the trace view: what every painter and the mouse agree on."""

from __future__ import annotations

from dataclasses import dataclass

from ecgviewer.app.qt.theme import Theme
from ecgviewer.app.trace.layout import Lane, PageLayout
from ecgviewer.app.trace.pixel_columns import Stretch


@dataclass(frozen=True, slots=True)
class Frame:
    """Geometry, scale and theme of a picture of the view; logical pixels unless said otherwise.

    Attributes
    ----------
    origin_column : int
        Distance from time 0 to the left edge of the traces in device pixels: a whole number, so
        that panning moves everything together.
    scroll_y : float
        How far the page is scrolled down.
    """

    page: PageLayout
    theme: Theme
    px_per_s: float
    px_per_mv: float
    pixels_per_mm: float
    origin_column: int
    scroll_y: float
    width: float
    height: float
    ratio: float = 1.0

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
