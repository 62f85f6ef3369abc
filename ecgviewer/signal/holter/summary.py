"""The rhythm of a long recording in figures: rates, pauses, ectopic beats, irregular time.

Prematurity as an RR below 80 % of the running median of nine; irregular time by the median
successive difference of RR and the coefficient of sample entropy (Lake and Moorman 2011), over
30-s windows without ectopic beats. Rates are means of eight RR intervals, as long-term analysers
give them, so that a single premature beat is no maximum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.signal.gaps import BoolArray, DoubleArray, runs
from ecgviewer.signal.heartbeats.rhythm import PREMATURE, sample_entropy
from ecgviewer.signal.holter.record_beats import RecordBeats
from ecgviewer.signal.scipy_parts import median_filter

PAUSE_S = 2.0
"""A pause of clinical interest (ACC/AHA/HRS 2018 bradycardia guideline: 3 s; monitors: 2 s)."""
RATE_BEATS = 8
WINDOW_S, STEP_S = 30.0, 10.0
IRREGULAR = 0.08
"""Median change from one RR to the next, relative to RR: .01 to .05 in sinus rhythm."""
ENTROPY = -1.4
"""Coefficient of sample entropy above which RR intervals are irregularly irregular."""
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A figure and where in the recording it is."""

    value: float
    at_s: float


@dataclass(frozen=True, slots=True)
class Ectopy:
    """Ectopic beats of one kind.

    Attributes
    ----------
    beats, singles, pairs, runs : int
        ``runs`` are three or more in a row.
    per_hour : float
        Beats per hour of readable time.
    share : float
        Of all beats.
    longest_run : Moment or None
        Beats, and where it begins.
    first_s : float or None
    at_s : tuple of float
        Every one of them.
    """

    beats: int
    singles: int
    pairs: int
    runs: int
    per_hour: float
    share: float
    longest_run: Moment | None
    first_s: float | None
    at_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Hour:
    """One row of the hourly table; rates are None where there are too few beats."""

    start_s: float
    beats: int
    mean_bpm: float | None
    min_bpm: float | None
    max_bpm: float | None
    wide: int
    narrow: int
    pauses: int
    irregular_s: float
    unreadable_s: float


@dataclass(frozen=True, slots=True)
class RhythmSummary:
    """The rhythm of a recording.

    Attributes
    ----------
    duration_s, readable_s, missing_s, noisy_s, irregular_s : float
    beats : int
    mean_bpm : float or None
        Beats by the time that their RR intervals cover.
    min_bpm, max_bpm, longest_rr_s : Moment or None
    pauses : tuple of Moment
        RR intervals of 2 s or more, none of them over missing signal.
    wide, narrow : Ectopy
        Wide beats of another shape; premature beats that are not wide. In irregular time early
        narrow beats mean nothing and are not counted.
    irregular : tuple of (start_s, stop_s)
    hours : tuple of Hour
    """

    duration_s: float
    readable_s: float
    missing_s: float
    noisy_s: float
    irregular_s: float
    beats: int
    mean_bpm: float | None
    min_bpm: Moment | None
    max_bpm: Moment | None
    longest_rr_s: Moment | None
    pauses: tuple[Moment, ...]
    wide: Ectopy
    narrow: Ectopy
    irregular: tuple[tuple[float, float], ...]
    hours: tuple[Hour, ...]


def summarize(beats: RecordBeats) -> RhythmSummary:
    """Return the summary of a recording whose beats are known."""
    times = beats.times_s
    rr = np.diff(times)
    unreadable = beats.missing | beats.noisy
    whole = _without_gap(times, unreadable)
    is_wide = np.array([family.wide for family in beats.families], dtype=np.bool_)
    wide = is_wide[beats.family] if times.size and is_wide.size else np.zeros(0, dtype=np.bool_)
    early = _premature(times, rr, whole)
    irregular = _irregular(times, rr, whole, wide, early, beats.duration_s)
    in_irregular = _inside(times, irregular)
    narrow = early & ~wide & ~in_irregular
    rates = _rates(times, rr, whole)
    kept = rr[whole]
    readable_s = max(beats.duration_s - float(unreadable.sum()), 0.0)
    pauses = np.flatnonzero(whole & (rr >= PAUSE_S))
    longest = int(np.argmax(np.where(whole, rr, 0.0))) if whole.any() else None
    return RhythmSummary(
        duration_s=beats.duration_s,
        readable_s=readable_s,
        missing_s=float(beats.missing.sum()),
        noisy_s=float(beats.noisy.sum()),
        irregular_s=float(sum(stop - start for start, stop in irregular)),
        beats=int(times.size),
        mean_bpm=60.0 / float(kept.mean()) if kept.size else None,
        min_bpm=_extreme(rates, np.argmin),
        max_bpm=_extreme(rates, np.argmax),
        longest_rr_s=None if longest is None else Moment(float(rr[longest]), float(times[longest])),
        pauses=tuple(Moment(float(rr[at]), float(times[at])) for at in pauses),
        wide=_ectopy(times, wide, readable_s),
        narrow=_ectopy(times, narrow, readable_s),
        irregular=irregular,
        hours=_hours(beats, rr, whole, rates, wide, narrow, pauses, irregular),
    )


def _without_gap(times: DoubleArray, unreadable: BoolArray) -> BoolArray:
    """Return which RR intervals have signal throughout [B - 1]."""
    if times.size < 2 or unreadable.size == 0:
        return np.ones(max(times.size - 1, 0), dtype=np.bool_)
    before = np.concatenate([[0], np.cumsum(unreadable)])
    low = np.clip(np.floor(times[:-1]).astype(np.int64), 0, unreadable.size - 1)
    high = np.clip(np.floor(times[1:]).astype(np.int64), 0, unreadable.size - 1)
    return np.asarray(before[high + 1] == before[low], dtype=np.bool_)


def _premature(times: DoubleArray, rr: DoubleArray, whole: BoolArray) -> BoolArray:
    """Return which beats came early [B]."""
    if rr.size == 0:
        return np.zeros(times.size, dtype=np.bool_)
    usual = median_filter(rr, size=min(9, rr.size), mode="nearest")
    return np.concatenate([[False], (rr < PREMATURE * usual) & whole])


def _rates(
    times: DoubleArray, rr: DoubleArray, whole: BoolArray
) -> tuple[DoubleArray, DoubleArray]:
    """Return the mean rate of eight RR intervals in a row, and when each begins."""
    if rr.size < RATE_BEATS:
        return np.zeros(0), np.zeros(0)
    usable = np.convolve(whole, np.ones(RATE_BEATS, dtype=np.int64), "valid") == RATE_BEATS
    span = times[RATE_BEATS:] - times[:-RATE_BEATS]
    return 60.0 * RATE_BEATS / span[usable], times[:-RATE_BEATS][usable]


def _extreme(
    rates: tuple[DoubleArray, DoubleArray], pick: Callable[[DoubleArray], np.intp]
) -> Moment | None:
    values, at = rates
    if values.size == 0:
        return None
    k = int(pick(values))
    return Moment(float(values[k]), float(at[k]))


def _irregular(
    times: DoubleArray,
    rr: DoubleArray,
    whole: BoolArray,
    wide: BoolArray,
    early: BoolArray,
    duration_s: float,
) -> tuple[tuple[float, float], ...]:
    """Return the spans in which RR is irregular without ectopic beats being the reason."""
    if rr.size < RATE_BEATS:
        return ()
    # An isolated early beat and the interval after it say nothing of the rhythm around them.
    single = early & ~np.append(early[1:], False) & ~np.append(False, early[:-1])
    odd = wide | single
    usable = whole & ~odd[1:] & ~odd[:-1]
    counts = max(int(np.ceil((duration_s - WINDOW_S) / STEP_S)) + 1, 1)
    starts = np.arange(counts) * STEP_S
    low, high = np.searchsorted(times, starts), np.searchsorted(times, starts + WINDOW_S)
    marked = np.zeros(counts, dtype=np.bool_)
    for k in range(counts):
        own = slice(low[k], max(high[k] - 1, low[k]))
        kept = rr[own][usable[own]]
        if kept.size < 12:
            continue
        change = float(np.median(np.abs(np.diff(kept))) / np.median(kept))
        marked[k] = change > IRREGULAR and sample_entropy(kept) > ENTROPY
    spans = runs(marked)
    return tuple(
        (float(starts[start]), float(min(starts[stop - 1] + WINDOW_S, duration_s)))
        for start, stop in spans
    )


def _inside(times: DoubleArray, spans: tuple[tuple[float, float], ...]) -> BoolArray:
    inside = np.zeros(times.size, dtype=np.bool_)
    for start, stop in spans:
        inside[np.searchsorted(times, start) : np.searchsorted(times, stop)] = True
    return inside


def _ectopy(times: DoubleArray, which: BoolArray, readable_s: float) -> Ectopy:
    spans = np.asarray(runs(which), dtype=np.int64).reshape(-1, 2)
    lengths = spans[:, 1] - spans[:, 0]
    longest = int(np.argmax(lengths)) if lengths.size else 0
    count = int(which.sum())
    return Ectopy(
        beats=count,
        singles=int((lengths == 1).sum()),
        pairs=int((lengths == 2).sum()),
        runs=int((lengths >= 3).sum()),
        per_hour=HOUR_S * count / readable_s if readable_s > 0 else float("nan"),
        share=count / times.size if times.size else float("nan"),
        longest_run=Moment(float(lengths[longest]), float(times[spans[longest, 0]]))
        if lengths.size and lengths[longest] >= 3
        else None,
        first_s=float(times[which][0]) if count else None,
        at_s=tuple(float(t) for t in times[which]),
    )


def _hours(
    beats: RecordBeats,
    rr: DoubleArray,
    whole: BoolArray,
    rates: tuple[DoubleArray, DoubleArray],
    wide: BoolArray,
    narrow: BoolArray,
    pauses: npt.NDArray[np.intp],
    irregular: tuple[tuple[float, float], ...],
) -> tuple[Hour, ...]:
    times = beats.times_s
    unreadable = beats.missing | beats.noisy
    rows = []
    for start in np.arange(0.0, beats.duration_s, HOUR_S):
        stop = start + HOUR_S
        own = slice(*np.searchsorted(times, [start, stop]))
        intervals = slice(own.start, max(min(own.stop, rr.size), own.start))
        kept = rr[intervals][whole[intervals]]
        values = rates[0][slice(*np.searchsorted(rates[1], [start, stop]))]
        rows.append(
            Hour(
                start_s=float(start),
                beats=own.stop - own.start,
                mean_bpm=60.0 / float(kept.mean()) if kept.size else None,
                min_bpm=float(values.min()) if values.size else None,
                max_bpm=float(values.max()) if values.size else None,
                wide=int(wide[own].sum()),
                narrow=int(narrow[own].sum()),
                pauses=int(((times[pauses] >= start) & (times[pauses] < stop)).sum()),
                irregular_s=float(
                    sum(max(min(b, stop) - max(a, start), 0.0) for a, b in irregular)
                ),
                unreadable_s=float(unreadable[int(start) : int(stop)].sum()),
            )
        )
    return tuple(rows)
