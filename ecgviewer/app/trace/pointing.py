"""What is under the pointer: sample values, R peaks, extrema, flags, annotations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.layout import Lane
from ecgviewer.app.trace.scene import Scene
from ecgviewer.app.trace.strips import Spans

SNAP_PX = 9.0


@dataclass(frozen=True, slots=True)
class Point:
    """A place on a trace; ``rhythm`` says that it is on the long strip of a 3x4 page."""

    time_s: float
    mv: float
    lead: str
    rhythm: bool = False


def value_at(scene: Scene, lead: str, time_s: float) -> float:
    """Return a lead's sample nearest to a time, in mV; NaN where none is in memory."""
    recording, store = scene.recording, scene.store
    if recording is None or store is None or lead not in recording.leads:
        return math.nan
    sample = round(time_s * recording.fs_hz)
    if not 0 <= sample < recording.n_samples:
        return math.nan
    _, hi = store.slice(1, sample, sample + 1)
    return float(hi[recording.leads.index(lead), 0])


def point_at(
    scene: Scene, frame: Frame, x: float, y: float, snap: bool, lane: Lane | None = None
) -> Point | None:
    """Return the place in the lane under the pointer, or in a lane that is given.

    Parameters
    ----------
    snap : bool
        Move to an R peak, else to the lead's strongest extremum, within some pixels.
    lane : Lane, optional
        The lead that is measured, wherever the pointer strays to.
    """
    lane = lane or frame.lane_at(x, y)
    if lane is None or scene.recording is None:
        return None
    time_s = min(max(frame.time(x), 0.0), scene.duration_s)
    level = _level(scene, lane.lead)
    mv = level - lane.sign * (y - frame.lane_y(lane.baseline)) / frame.px_per_mv
    snapped = _snap(scene, frame, lane, time_s) if snap else None
    if snapped is None:
        return Point(time_s, mv, lane.lead, lane.rhythm)
    return Point(snapped, value_at(scene, lane.lead, snapped), lane.lead, lane.rhythm)


def lane_of(frame: Frame, point: Point) -> Lane | None:
    """Return the lane that shows a point: the one it was taken from, while the page has it."""
    x = frame.x(point.time_s)
    lanes = [
        lane
        for lane in frame.page.lanes
        if lane.lead == point.lead and (lane.rhythm or lane.x0 - 1 <= x <= lane.x1 + 1)
    ]
    return next((lane for lane in lanes if lane.rhythm == point.rhythm), next(iter(lanes), None))


def y_of(scene: Scene, frame: Frame, lane: Lane, mv: float) -> float:
    """Return where a voltage is in a lane."""
    offset = lane.sign * (mv - _level(scene, lane.lead)) * frame.px_per_mv
    return frame.lane_y(lane.baseline) - offset


def _level(scene: Scene, lead: str) -> float:
    assert scene.recording is not None
    return float(scene.centre()[scene.recording.leads.index(lead)])


def _snap(scene: Scene, frame: Frame, lane: Lane, time_s: float) -> float | None:
    recording, store = scene.recording, scene.store
    assert recording is not None and store is not None
    reach_s = SNAP_PX / frame.px_per_s
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


def span_at(spans: Spans, frame: Frame, x: float, lead: str) -> int | None:
    """Return the shortest span on a lead under a place, if any."""
    reach_s = 2.0 / frame.px_per_s
    time_s = frame.time(x)
    seen = spans.within(time_s - reach_s, time_s + reach_s)
    seen = seen[spans.names(lead, seen)]
    if seen.size == 0:
        return None
    lengths = spans.stops[seen] - spans.starts[seen]
    return int(seen[lengths.argmin()])
