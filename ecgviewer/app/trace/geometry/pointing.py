"""What is under the pointer: R peaks, extrema, spans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.lanes import Lane
from ecgviewer.app.trace.geometry.moment import Moment
from ecgviewer.app.trace.scene.spans import Spans

SNAP_PX = 9.0


@dataclass(frozen=True, slots=True)
class Point:
    """A place on a trace; ``rhythm`` says that it is on the long strip of a 3x4 page."""

    time_s: float
    mv: float
    lead: str
    rhythm: bool = False


def point_at(
    moment: Moment, x: float, y: float, snap: bool, lane: Lane | None = None
) -> Point | None:
    """Return the place in the lane under the pointer, or in a lane that is given.

    Parameters
    ----------
    snap : bool
        Move to an R peak, else to the lead's strongest extremum, within some pixels.
    lane : Lane, optional
        The lead that is measured, wherever the pointer strays to.
    """
    scene, geometry = moment.scene, moment.geometry
    lane = lane or geometry.lane_at(x, y)
    if lane is None or scene.recording is None:
        return None
    time_s = min(max(geometry.time(x), 0.0), scene.duration_s)
    snapped = _snap(moment, lane, time_s) if snap else None
    if snapped is None:
        return Point(time_s, geometry.mv(lane, y), lane.lead, lane.rhythm)
    return Point(snapped, moment.data.value_at(lane.lead, snapped), lane.lead, lane.rhythm)


def lane_of(geometry: Geometry, point: Point) -> Lane | None:
    """Return the lane that shows a point: the one it was taken from, while the page has it."""
    x = geometry.x(point.time_s)
    lanes = [
        lane
        for lane in geometry.page.lanes
        if lane.lead == point.lead and (lane.rhythm or lane.x0 - 1 <= x <= lane.x1 + 1)
    ]
    return next((lane for lane in lanes if lane.rhythm == point.rhythm), next(iter(lanes), None))


def _snap(moment: Moment, lane: Lane, time_s: float) -> float | None:
    scene, geometry = moment.scene, moment.geometry
    recording, store = scene.recording, moment.data.store
    assert recording is not None and store is not None
    reach_s = SNAP_PX / geometry.px_per_s
    if scene.r_peaks.size:
        seconds = scene.r_peaks / recording.fs_hz
        nearest = float(seconds[np.abs(seconds - time_s).argmin()])
        if abs(nearest - time_s) <= reach_s:
            return nearest
    start = max(int((time_s - reach_s) * recording.fs_hz), 0)
    stop = min(int((time_s + reach_s) * recording.fs_hz) + 1, recording.n_samples)
    if stop - start < 3 or stop - start > 5000:
        return None
    values = store.slice(1, start, stop)[1][recording.leads.index(lane.lead)]
    if not np.isfinite(values).all():
        return None
    # An extremum at the border of the neighbourhood is only a slope.
    best = max(
        (int(values.argmax()), int(values.argmin())),
        key=lambda i: abs(float(values[i]) - float(np.median(values))),
    )
    if best in (0, values.size - 1):
        return None
    return (start + best) / recording.fs_hz


def span_at(spans: Spans, geometry: Geometry, x: float, lead: str) -> int | None:
    """Return the shortest span on a lead under a place, if any."""
    reach_s = 2.0 / geometry.px_per_s
    time_s = geometry.time(x)
    seen = spans.within(time_s - reach_s, time_s + reach_s)
    seen = seen[spans.names(lead, seen)]
    if seen.size == 0:
        return None
    lengths = spans.stops[seen] - spans.starts[seen]
    return int(seen[lengths.argmin()])
