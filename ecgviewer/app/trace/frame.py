"""One moment's geometry of the trace view: what every painter and the mouse agree on."""

from __future__ import annotations

from dataclasses import dataclass

from ecgviewer.app.qt.theme import Theme
from ecgviewer.app.trace.layout import Lane, PageLayout


@dataclass(frozen=True, slots=True)
class Frame:
    """Geometry, scale and theme of a picture of the view; logical pixels throughout.

    Attributes
    ----------
    origin_px : float
        Distance from time 0 to the left edge of the traces, a whole number of device pixels
        so that panning moves everything together.
    scroll_y : float
        How far the page is scrolled down.
    """

    page: PageLayout
    theme: Theme
    px_per_s: float
    px_per_mv: float
    pixels_per_mm: float
    origin_px: float
    scroll_y: float
    width: float
    height: float

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

    def shows(self, lane: Lane) -> bool:
        """Return whether any of a lane is in the visible part of the page."""
        return self.lane_y(lane.bottom) > self.page.top and self.lane_y(lane.top) < self.page.bottom
