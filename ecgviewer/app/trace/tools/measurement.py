"""Calipers: time and voltage between two points, marched out over the following beats."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from ecgviewer.app.trace.geometry.moment import Moment
from ecgviewer.app.trace.geometry.pointing import Point


@dataclass(frozen=True, slots=True)
class Caliper:
    """A measurement between two points of one lead, amplitudes in ``unit``."""

    first: Point
    second: Point
    unit: str = "mV"

    @property
    def seconds(self) -> float:
        """Time between the points, never negative."""
        return abs(self.second.time_s - self.first.time_s)

    @property
    def mv(self) -> float:
        """Voltage from the earlier to the later point."""
        a, b = sorted((self.first, self.second), key=lambda point: point.time_s)
        return b.mv - a.mv

    def time_text(self) -> str:
        """Return the interval in ms, with the rate it would be as an RR interval."""
        if self.seconds <= 0.0:
            return "0 ms"
        text = f"{self.seconds * 1000:.0f} ms"
        rate = 60.0 / self.seconds
        return f"{text} · {rate:.0f} bpm" if 10.0 <= rate <= 400.0 else text

    def text(self) -> str:
        """Return the whole measurement, for the clipboard."""
        start = min(self.first.time_s, self.second.time_s)
        return f"{self.first.lead} at {start:.3f} s: {self.time_text()}, {self.level_text()}"

    def level_text(self) -> str:
        """Return the voltage with its sign; a leg where the lead has no sample has none."""
        if not isfinite(self.mv):
            return "no signal at a leg"
        return f"{self.mv:+.2f} {self.unit}"


def rr_caliper(moment: Moment, now: Caliper | None) -> Caliper | None:
    """Return calipers on an RR interval: the one in the middle of the view, or that after ``now``.

    It is measured in the rhythm strip or the rhythm lead where the page shows that, else in the
    first lead that does. None without two R peaks in view.
    """
    scene, geometry = moment.scene, moment.geometry
    recording = scene.recording
    if recording is None or scene.r_peaks.size < 2:
        return None
    times_s = scene.r_peaks / recording.fs_hz
    stop_s = min(geometry.stop_s, scene.duration_s)
    if now is not None:
        after_s = max(now.first.time_s, now.second.time_s) - 0.5 / recording.fs_hz
    else:
        after_s = (geometry.start_s + stop_s - float(np.median(np.diff(times_s)))) / 2
    at = int(np.searchsorted(times_s, after_s))
    if at + 1 >= times_s.size or times_s[at + 1] > stop_s:
        at = int(np.searchsorted(times_s, geometry.start_s))
    if at + 1 >= times_s.size or times_s[at + 1] > stop_s:
        return None
    start_s, end_s = float(times_s[at]), float(times_s[at + 1])
    lanes = [
        lane
        for lane in geometry.page.lanes
        if lane.rhythm or lane.x0 <= geometry.x(start_s) <= lane.x1
    ]
    if not lanes:
        return None
    lane = max(lanes, key=lambda lane: (lane.rhythm, lane.lead == moment.state.rhythm_lead))
    first, second = (
        Point(time_s, moment.data.value_at(lane.lead, time_s), lane.lead, lane.rhythm)
        for time_s in (start_s, end_s)
    )
    return Caliper(first, second, recording.unit)


def nudged(caliper: Caliper, moment: Moment, leg: int, step: int) -> Caliper:
    """Return calipers whose earlier (0) or later (1) leg moved along the trace.

    A step is a sample, or a pixel where that is longer.
    """
    recording = moment.scene.recording
    assert recording is not None
    fs_hz, last = recording.fs_hz, recording.n_samples - 1
    legs = sorted((caliper.first, caliper.second), key=lambda point: point.time_s)
    samples = max(1, round(fs_hz / moment.geometry.px_per_s))
    sample = min(max(round(legs[leg].time_s * fs_hz) + step * samples, 0), last)
    mv = moment.data.value_at(legs[leg].lead, sample / fs_hz)
    legs[leg] = replace(legs[leg], time_s=sample / fs_hz, mv=mv)
    return replace(caliper, first=legs[0], second=legs[1])
