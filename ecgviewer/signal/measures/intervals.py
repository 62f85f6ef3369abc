"""PR, QRS, QT, QTc and ST level of a recording, each with an uncertainty or a reason.

Check against LUDB's manual marks (``tests/signal/test_ludb.py`` prints it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecgviewer.core.leads import is_ecg_channel
from ecgviewer.signal import device_filter
from ecgviewer.signal.delineation import (
    P_ROOM_S,
    AverageBeat,
    Marks,
    average_beat,
    marks_of,
    p_room_s,
)
from ecgviewer.signal.device_filter import HighPass
from ecgviewer.signal.gaps import FloatArray, bridge_gaps, median_of
from ecgviewer.signal.heartbeats.beats import SAME_SHAPE, nan_median, prevailing
from ecgviewer.signal.heartbeats.pacing import (
    NO_STIMULI,
    Pacing,
    find_stimuli,
    pacing_of,
    without_stimuli,
)
from ecgviewer.signal.heartbeats.r_peaks import IntArray, detect_r_peaks
from ecgviewer.signal.measures.axes import Axes, axes_of
from ecgviewer.signal.measures.rate import Rate, rate_of, unseen_samples
from ecgviewer.signal.measures.waves import LeadWaves, lead_waves

ST_AFTER_J_S = 0.06
LEAST_ERROR_S = 0.003
"""To which a reader sets a mark on screen: nothing is more certain than that."""
LEAD_GROUPS = 4
READERS_FACTOR = {"pr": 1.3, "qrs": 1.35, "qt": 1.6}
"""How much further readers' marks are off than halves of a record's beats and leads are from each
other, so that 68 % lie within the uncertainty (LUDB 1-100, ``tests/signal/test_ludb.py``): halves
share the shape of the wave, and with it what is systematic."""
MOST_APART_S = {"pr": 0.03}
"""Where two halves of the beats differ by more, they have not got one interval to measure."""
ALIKE = 0.5
"""Median correlation of the beats with the prevailing one below which they are noise..."""
ALIKE_SHARE = 0.3
"""...unless so many are of its shape: where premature beats take turns, half are not."""
MOST_SPREAD = 0.25
"""Standard deviation of RR, relative to the mean, above which no one QTc holds."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured quantity.

    Attributes
    ----------
    value, uncertainty : float or None
        In the unit that the field's name says. The uncertainty is one robust standard deviation.
    reason : str
        Why there is no value; empty when there is one.
    """

    value: float | None
    uncertainty: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Intervals:
    """The measurements of one range of a recording.

    Attributes
    ----------
    rr_s : Measure
        Mean RR; its uncertainty is the standard deviation of the RR intervals.
    pr_s, qrs_s, qt_s : Measure
        On the median of the dominant beats of all leads. The uncertainty is how far halves of the
        beats and of the leads differ in this record.
    qtc_bazett_s : Measure
        QT / sqrt(RR) (Bazett 1920), mean RR in seconds.
    qtc_fridericia_s : Measure
        QT / cbrt(RR) (Fridericia 1920).
    st_mv : mapping of lead to Measure
        Level 60 ms after the end of QRS, relative to the PR level, on the unfiltered recording:
        median and spread over beats, in its unit.
    marks : Marks or None
        Where the waves begin and end, in seconds from the R peak.
    n_beats : int
        Dominant beats measured.
    rate : Rate
        Of all beats.
    pacing : Pacing
    axes : Axes
        Of P, QRS and T in the frontal plane.
    waves : mapping of lead to LeadWaves
        Heights on the median of the unfiltered dominant beats.
    highpass : HighPass or None
        Of the device: as its file states it, else as far as the trace tells. ST levels that it
        moved are left out.
    """

    rr_s: Measure
    pr_s: Measure
    qrs_s: Measure
    qt_s: Measure
    qtc_bazett_s: Measure
    qtc_fridericia_s: Measure
    st_mv: Mapping[str, Measure]
    marks: Marks | None
    n_beats: int
    rate: Rate
    pacing: Pacing
    axes: Axes
    waves: Mapping[str, LeadWaves]
    highpass: HighPass | None = None


def measure(
    signal_mv: npt.ArrayLike,
    fs_hz: float,
    leads: Sequence[str],
    r_peaks: IntArray | None = None,
    average: AverageBeat | None = None,
    stated_highpass_hz: float | None = None,
) -> Intervals:
    """Measure a range of a recording (10 s and up to some minutes make sense).

    Parameters
    ----------
    signal_mv : array [L, n]
        Unfiltered; NaN where missing. Leads without any valid sample are ignored.
    leads : sequence of str
        The name of each row.
    r_peaks : int array, optional
        Detected when omitted.
    average : AverageBeat, optional
        Of the same leads and peaks, where the caller has it already.
    stated_highpass_hz : float, optional
        Corner of the device's high-pass where the file gives it; measured when omitted.
    """
    x = np.asarray(signal_mv, dtype=np.float32)
    if x.ndim != 2 or x.shape[0] != len(leads):
        raise ValueError(f"{len(leads)} lead names for a signal of shape {x.shape}")
    x = np.where(np.isfinite(x), x, np.float32(np.nan))
    live = np.isfinite(x).any(axis=1) & np.asarray([is_ecg_channel(lead) for lead in leads], bool)
    stimuli = find_stimuli(x[live], fs_hz) if live.any() else NO_STIMULI
    x = without_stimuli(x, fs_hz, stimuli)
    if r_peaks is None:
        r = detect_r_peaks(x[live], fs_hz, NO_STIMULI) if live.any() else NO_STIMULI
    else:
        r = np.asarray(r_peaks, dtype=np.int64)
    if average is None and r.size >= 2 and live.any():
        average = average_beat(x[live], fs_hz, r, stimuli)
    if average is not None and not _resemble(average):
        return _nothing(leads, Rate(0), stimuli, "beats do not resemble each other")
    rate = rate_of(r, fs_hz, unseen_samples(x[live], fs_hz)) if r.size else Rate(0)
    if average is None or average.beats_mv.shape[0] < 2 or rate.rr_mean_s is None:
        return _nothing(leads, rate, stimuli, "fewer than 2 similar beats")
    marks = average.marks
    dominant = prevailing(average.correlation, r)
    if stated_highpass_hz is not None:
        highpass: HighPass | None = HighPass(stated_highpass_hz)
    else:
        highpass = device_filter.measure(x[live], fs_hz, r, marks, dominant)
    lost = highpass.st_lost if highpass is not None else ""
    pacing = pacing_of(stimuli, r, fs_hz, marks.qrs_on_s)
    pr, qrs, qt = _waves(average)
    if pacing.paced:
        pr = Measure(None, reason="paced")
        marks = replace(marks, p_on_s=None, p_peak_s=None)
    bazett, fridericia = (_corrected(qt, rate, pacing, power) for power in (1 / 2, 1 / 3))
    named = [lead for lead, there in zip(leads, live, strict=True) if there]
    return Intervals(
        rr_s=Measure(rate.rr_mean_s, rate.rr_sd_s),
        pr_s=pr,
        qrs_s=qrs,
        qt_s=qt,
        qtc_bazett_s=bazett,
        qtc_fridericia_s=fridericia,
        st_mv=(
            dict.fromkeys(leads, Measure(None, reason=lost))
            if lost
            else _st_levels(x, fs_hz, leads, r, marks)
        ),
        marks=marks,
        n_beats=average.beats_mv.shape[0],
        rate=rate,
        pacing=pacing,
        axes=axes_of(average.median_mv, named, marks),
        waves=lead_waves(x, fs_hz, leads, r[dominant], marks, st_levels=not lost),
        highpass=highpass,
    )


def _resemble(average: AverageBeat) -> bool:
    """Return whether the beats have something in common, as those of a heart do."""
    same = average.correlation >= SAME_SHAPE
    enough = same.sum() >= 3 and same.mean() >= ALIKE_SHARE
    return bool(enough or np.median(average.correlation) >= ALIKE)


def _nothing(leads: Sequence[str], rate: Rate, stimuli: IntArray, reason: str) -> Intervals:
    none = Measure(None, reason=reason)
    rr = none if rate.rr_mean_s is None else Measure(rate.rr_mean_s, rate.rr_sd_s)
    return Intervals(
        rr, none, none, none, none, none, dict.fromkeys(leads, none), None, 0, rate,
        pacing_of(stimuli, NO_STIMULI, 1.0, None), Axes(), {lead: LeadWaves() for lead in leads},
    )  # fmt: skip


def _spread(values: npt.NDArray[np.floating]) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


def _differences(marks: Marks) -> tuple[float | None, float | None, float | None]:
    def between(first: float | None, last: float | None) -> float | None:
        return None if first is None or last is None else last - first

    return (
        between(marks.p_on_s, marks.qrs_on_s),
        between(marks.qrs_on_s, marks.qrs_off_s),
        between(marks.qrs_on_s, marks.t_off_s),
    )


def _waves(average: AverageBeat) -> tuple[Measure, Measure, Measure]:
    """Return PR, QRS and QT; the uncertainty comes from halves of the beats and of the leads."""
    values = _differences(average.marks)
    beats = average.beats_mv
    medians = [average.median_mv]
    if beats.shape[0] >= 4:
        medians += [bridge_gaps(nan_median(beats[half::2]))[0] for half in (0, 1)]
    n_groups = min(LEAD_GROUPS, beats.shape[1] // 2)
    parts = [_differences(marks_of(median, average)) for median in medians[1:]]
    parts += [
        _differences(marks_of(medians[0][group::n_groups], average))
        for group in range(n_groups)
        if n_groups > 1
    ]
    limits = {"pr": (0.06, 0.45), "qrs": (0.04, 0.25), "qt": (0.18, 0.72)}
    reasons = {
        "pr": "no P wave that repeats from beat to beat",
        "qrs": "QRS limits not clear",
        "qt": "end of the T wave not clear",
    }
    if p_room_s(average.marks, average.before_s) < P_ROOM_S:
        reasons["pr"] = "P not separable from T"
    measures = []
    for k, (name, (low, high)) in enumerate(limits.items()):
        value = values[k]
        if value is None or not low <= value <= high:
            measures.append(Measure(None, reason=reasons[name]))
            continue
        others = np.asarray([part[k] for part in parts if part[k] is not None], dtype=np.float64)
        halves = [half[k] for half in parts[:2] if half[k] is not None]
        apart_s = float(np.ptp(np.asarray(halves))) if len(medians) == 3 == len(halves) + 1 else 0.0
        if apart_s > MOST_APART_S.get(name, np.inf):
            measures.append(Measure(None, reason="differs from beat to beat"))
            continue
        error_s = float(np.sqrt(np.mean((others - value) ** 2))) if others.size else 0.01
        error_s = READERS_FACTOR[name] * float(np.hypot(error_s, LEAST_ERROR_S))
        measures.append(Measure(value, error_s))
    return measures[0], measures[1], measures[2]


def _corrected(qt: Measure, rate: Rate, pacing: Pacing, exponent: float) -> Measure:
    if pacing.ventricular:
        return Measure(None, reason="paced")
    if rate.rr_mean_s is None or rate.rr_sd_s is None:
        return Measure(None, reason="no RR interval")
    if rate.rr_sd_s > MOST_SPREAD * rate.rr_mean_s:
        return Measure(None, reason="irregular")
    if qt.value is None or qt.uncertainty is None:
        return qt
    factor = rate.rr_mean_s**-exponent
    return Measure(qt.value * factor, qt.uncertainty * factor)


def _st_levels(
    x: FloatArray, fs_hz: float, leads: Sequence[str], r_peaks: IntArray, marks: Marks
) -> dict[str, Measure]:
    if marks.qrs_on_s is None or marks.qrs_off_s is None:
        return {lead: Measure(None, reason="QRS limits not clear") for lead in leads}
    reference = _level(x, r_peaks + round((marks.qrs_on_s - 0.012) * fs_hz), 0.008, fs_hz)
    st = _level(x, r_peaks + round((marks.qrs_off_s + ST_AFTER_J_S) * fs_hz), 0.010, fs_hz)
    difference = st - reference
    inside = np.isfinite(difference).any(axis=0)
    if inside.sum() < 2:
        return {lead: Measure(None, reason="lead missing") for lead in leads}
    whole = np.isfinite(difference[:, inside]).all(axis=1)
    middle = median_of(difference[:, inside])
    spread = 1.4826 * median_of(np.abs(difference[:, inside] - middle[:, np.newaxis]))
    levels = {}
    for row, lead in enumerate(leads):
        if whole[row]:
            levels[lead] = Measure(float(middle[row]), float(spread[row]))
            continue
        values = difference[row][np.isfinite(difference[row])]
        levels[lead] = (
            Measure(float(np.median(values)), _spread(values))
            if values.size >= 2
            else Measure(None, reason="lead missing")
        )
    return levels


def _level(x: FloatArray, at: IntArray, half_s: float, fs_hz: float) -> FloatArray:
    """Return the mean over ``at`` +- ``half_s`` [L, B]; NaN beyond the ends."""
    half = round(half_s * fs_hz)
    index = at[:, np.newaxis] + np.arange(-half, half + 1)
    inside = ((index >= 0) & (index < x.shape[1])).all(axis=1)
    level = x[:, np.clip(index, 0, x.shape[1] - 1)].mean(axis=2)
    level[:, ~inside] = np.nan
    return np.asarray(level, dtype=np.float32)
