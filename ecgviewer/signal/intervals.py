"""PR, QRS, QT, QTc and ST level of a recording, each with an uncertainty or a reason.

Check against LUDB's manual marks (``tests/signal/test_ludb.py`` prints it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.delineation import AverageBeat, Marks, average_beat, marks_of
from ecgviewer.signal.gaps import FloatArray
from ecgviewer.signal.r_peaks import IntArray, detect_r_peaks

ST_AFTER_J_S = 0.06
METHOD_ERROR_S = {"pr": 0.005, "qrs": 0.006, "qt": 0.011}
"""Median absolute difference to LUDB's marks: no measurement is more certain than that."""
MOST_APART_S = {"pr": 0.03}
"""Where two halves of the beats differ by more, they have not got one interval to measure."""


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
        Median RR; its uncertainty is the spread between beats (1.4826 median deviations).
    pr_s, qrs_s, qt_s : Measure
        On the median of the dominant beats of all leads.
    qtc_bazett_s : Measure
        QT / sqrt(RR) (Bazett 1920), RR in seconds.
    qtc_fridericia_s : Measure
        QT / cbrt(RR) (Fridericia 1920).
    st_mv : mapping of lead to Measure
        Level 60 ms after the end of QRS, relative to the PR level, on the unfiltered recording:
        median and spread over beats, in its unit.
    marks : Marks or None
        Where the waves begin and end, in seconds from the R peak.
    n_beats : int
        Dominant beats measured.
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


def measure(
    signal_mv: npt.ArrayLike,
    fs_hz: float,
    leads: Sequence[str],
    r_peaks: IntArray | None = None,
    average: AverageBeat | None = None,
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
    """
    x = np.asarray(signal_mv, dtype=np.float32)
    if x.ndim != 2 or x.shape[0] != len(leads):
        raise ValueError(f"{len(leads)} lead names for a signal of shape {x.shape}")
    x = np.where(np.isfinite(x), x, np.float32(np.nan))
    live = np.isfinite(x).any(axis=1)
    r = detect_r_peaks(x[live], fs_hz) if r_peaks is None else np.asarray(r_peaks, dtype=np.int64)
    if average is None and r.size >= 2 and live.any():
        average = average_beat(x[live], fs_hz, r)
    rr = _rr(r, fs_hz)
    if average is None or average.beats_mv.shape[0] < 2 or rr.value is None:
        none = Measure(None, reason="fewer than 2 similar beats")
        st = dict.fromkeys(leads, none)
        return Intervals(rr, none, none, none, none, none, st, None, 0)
    marks = average.marks
    pr, qrs, qt = _waves(average)
    return Intervals(
        rr_s=rr,
        pr_s=pr,
        qrs_s=qrs,
        qt_s=qt,
        qtc_bazett_s=_corrected(qt, rr.value, 1 / 2),
        qtc_fridericia_s=_corrected(qt, rr.value, 1 / 3),
        st_mv=_st_levels(x, fs_hz, leads, r, marks),
        marks=marks,
        n_beats=average.beats_mv.shape[0],
    )


def _rr(r_peaks: IntArray, fs_hz: float) -> Measure:
    if r_peaks.size < 2:
        return Measure(None, reason="fewer than 2 beats")
    rr = np.diff(r_peaks) / fs_hz
    return Measure(float(np.median(rr)), _spread(rr))


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
    """Return PR, QRS and QT; the uncertainty comes from measuring two halves of the beats."""
    values = _differences(average.marks)
    halves = [
        _differences(marks_of(average.beats_mv[part::2], average.rr_s)) for part in (0, 1)
    ] if average.beats_mv.shape[0] >= 4 else []  # fmt: skip
    limits = {"pr": (0.06, 0.45), "qrs": (0.04, 0.25), "qt": (0.18, 0.72)}
    reasons = {
        "pr": "no P wave that repeats from beat to beat",
        "qrs": "QRS limits not clear",
        "qt": "end of the T wave not clear",
    }
    measures = []
    for k, (name, (low, high)) in enumerate(limits.items()):
        value = values[k]
        if value is None or not low <= value <= high:
            measures.append(Measure(None, reason=reasons[name]))
            continue
        both = [half[k] for half in halves]
        # Two halves differ by sqrt(2) x sqrt(2) of what the whole varies.
        apart_s = (
            abs(both[0] - both[1])
            if len(both) == 2 and both[0] is not None and both[1] is not None
            else 2 * METHOD_ERROR_S[name]
        )
        if apart_s > MOST_APART_S.get(name, np.inf):
            measures.append(Measure(None, reason="differs from beat to beat"))
            continue
        measures.append(Measure(value, float(np.hypot(apart_s / 2, METHOD_ERROR_S[name]))))
    return measures[0], measures[1], measures[2]


def _corrected(qt: Measure, rr_s: float, exponent: float) -> Measure:
    if qt.value is None or qt.uncertainty is None:
        return qt
    factor = rr_s**-exponent
    return Measure(qt.value * factor, qt.uncertainty * factor)


def _st_levels(
    x: FloatArray, fs_hz: float, leads: Sequence[str], r_peaks: IntArray, marks: Marks
) -> dict[str, Measure]:
    if marks.qrs_on_s is None or marks.qrs_off_s is None:
        return {lead: Measure(None, reason="QRS limits not clear") for lead in leads}
    reference = _level(x, r_peaks + round((marks.qrs_on_s - 0.012) * fs_hz), 0.008, fs_hz)
    st = _level(x, r_peaks + round((marks.qrs_off_s + ST_AFTER_J_S) * fs_hz), 0.010, fs_hz)
    difference = st - reference
    levels = {}
    for row, lead in enumerate(leads):
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
