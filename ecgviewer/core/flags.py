"""Flags from an analysis and a threshold; no model runs here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ecgviewer.core.analysis import FAMILY_WINDOWS, Analysis, Finding, Flag, WindowScore
from ecgviewer.core.overlap import common_share
from ecgviewer.core.system.mapped_arrays import read_columns

MIN_FLAG_S = 0.04
"""Shorter excursions are noise: one small square of ECG paper."""
JOIN_S = 0.12
"""Excursions of one lead closer than this belong to the same flag (within a QRS-T)."""
MIN_COMMON_LEADS = 0.5
"""Windows with one finding share a flag where this much of all their leads is common."""


def derive_flags(analysis: Analysis, specificity: float) -> tuple[Flag, ...]:
    """Return the spans whose score passes the threshold of this specificity, in time order.

    A record has a flag exactly when it passes as a whole: only windows that pass are looked into
    (:meth:`Analysis.passing`), so that a healthy record carries no flag as often as the
    specificity says. In such a window, excursions of the score map above its threshold are joined
    within a lead, then across leads where they overlap in time. What has no single place on the
    map becomes a flag over the window: a rhythm or an interval that passes; ST, T, R or S levels
    that every beat shows, with their leads; and without any of these, the part of its score that
    is least normal, so that none is called abnormal without a reason. Windows that follow each
    other with the same finding, in nearly the same leads, share a flag.

    Parameters
    ----------
    specificity : float
        Share of normal records that should stay without a flag, between 0 and 1.
    """
    places, findings = _place_flags(analysis, specificity, 0), finding_flags(analysis, specificity)
    return _in_order([*places, *findings])


def finding_flags(analysis: Analysis, specificity: float) -> tuple[Flag, ...]:
    """Return those of :func:`derive_flags` that concern whole windows."""
    return _in_order(_joined([], [], _window_flags(analysis, specificity, analysis.windows)))


def extend_flags(
    flags: tuple[Flag, ...], earlier: Analysis, analysis: Analysis, specificity: float
) -> tuple[Flag, ...]:
    """Return ``derive_flags(analysis, specificity)``, having looked at its new part alone.

    Parameters
    ----------
    flags : tuple of Flag
        Those of ``earlier`` at the same specificity.
    earlier : Analysis
        The part of ``analysis`` that was known before (:meth:`Analysis.continues`).
    """
    if len(earlier.windows) < min(len(analysis.windows), FAMILY_WINDOWS):
        # Each window is one of more: what it takes to pass has grown for all of them.
        return derive_flags(analysis, specificity)
    fs = analysis.map_fs_hz
    join = max(round(JOIN_S * fs), 1)
    start = max(earlier.score_map.shape[1] - 2 * join, 0)
    kept = [flag for flag in flags if flag.placed]
    # What may still grow, or join with what comes, is looked at again from its beginning.
    while any(round(flag.stop_s * fs) >= start - join for flag in kept):
        border = start - join
        start = min(round(f.start_s * fs) for f in kept if round(f.stop_s * fs) >= border)
        start = min(start, border + join)
        kept = [flag for flag in kept if round(flag.stop_s * fs) < border]
    known = len(earlier.windows)
    before = _window_flags(analysis, specificity, analysis.windows[max(known - 1, 0) : known])
    windows = _joined(
        [flag for flag in flags if not flag.placed],
        before[0] if before else [],
        _window_flags(analysis, specificity, analysis.windows[known:]),
    )
    return _in_order([*kept, *_place_flags(analysis, specificity, start), *windows])


def _in_order(flags: list[Flag]) -> tuple[Flag, ...]:
    return tuple(sorted(flags, key=lambda flag: (flag.start_s, flag.stop_s, flag.parts)))


def _joined(joined: list[Flag], before: list[Flag], windows: list[list[Flag]]) -> list[Flag]:
    """Return flags of windows, those that touch and say the same as one.

    Parameters
    ----------
    joined : list of Flag
        Of the windows before, joined already.
    before : list of Flag
        Of the last window before, by itself.
    windows : list of list of Flag
        Of each window that follows.
    """
    joined = list(joined)
    near = list(range(len(joined)))
    for flags in windows:
        near = [at for at in near if flags and joined[at].stop_s + JOIN_S >= flags[0].start_s]
        free = list(near)  # each goes on with one flag of a window
        for flag in flags:
            at = next((at for at in free if _goes_on(joined[at], before, flag)), None)
            if at is None:
                near.append(len(joined))
                joined.append(flag)
                continue
            free.remove(at)
            # What it says stays that of its first window: all others are compared with that.
            joined[at] = replace(
                joined[at],
                stop_s=max(joined[at].stop_s, flag.stop_s),
                score=max(joined[at].score, flag.score),
                p_value=min(joined[at].p_value, flag.p_value),
            )
        before = flags
    return joined


def _goes_on(flag: Flag, before: list[Flag], window: Flag) -> bool:
    """Return whether a window says what the flag of those before it says.

    A single window may leave out or add a lesser word, as ``QRS wide, QT long`` does between
    ``QRS wide`` and ``QRS wide``; where the window before said it too, it is another finding.
    """
    if flag.parts != window.parts:
        return False
    if flag.reason == window.reason and flag.leads == window.leads:
        return True
    if common_share(flag.leads, window.leads) < MIN_COMMON_LEADS:
        return False
    said, says = words_of(flag.reason), words_of(window.reason)
    return set(said) == set(says) or (
        _nearly_the_same(said, says)
        and all(f.parts != window.parts or set(words_of(f.reason)) != set(says) for f in before)
    )


def _nearly_the_same(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Return whether each has the other's first word, and no word contradicts one of the other."""
    if a[0] not in b or b[0] not in a:
        return False
    subjects = ({word.rpartition(" ")[0] for word in set(x) - set(y)} for x, y in ((a, b), (b, a)))
    return not set.intersection(*subjects)


@lru_cache(maxsize=1024)
def words_of(reason: str) -> tuple[str, ...]:
    """Return the words of a flag's reason, such as ``QRS wide`` and ``QT long``.

    Those of each part of the score stand together, the most prominent first.
    """
    return tuple(word.strip() for part in reason.split(" + ") for word in part.split(","))


def _place_flags(analysis: Analysis, specificity: float, first: int) -> list[Flag]:
    """Return the flags that have a place in some leads, from a sample of the map on."""
    level = analysis.map_threshold(specificity)
    spans: list[tuple[int, int, int, float]] = []
    join = max(round(JOIN_S * analysis.map_fs_hz), 1)
    judged = _passing(analysis, specificity)[first:]
    if not judged.any():
        return []
    shortest = max(round(MIN_FLAG_S * analysis.map_fs_hz), 1)
    for row in range(len(analysis.leads)):
        values = read_columns(analysis.score_map, first, rows=[row])[0]
        above = np.flatnonzero((np.nan_to_num(values, nan=-np.inf) >= level) & judged)
        if above.size == 0:
            continue
        for run in np.split(above, np.flatnonzero(np.diff(above) > join) + 1):
            start, stop = int(run[0]), int(run[-1]) + 1
            if stop - start >= shortest:
                highest = float(np.nanmax(values[start:stop]))
                spans.append((first + start, first + stop, row, highest))
    return [_as_flag(analysis, group) for group in _overlapping(spans)]


def _passing(analysis: Analysis, specificity: float) -> npt.NDArray[np.bool_]:
    """Return which samples of the map [T] lie in windows that pass."""
    fs = analysis.map_fs_hz
    inside = np.zeros(analysis.score_map.shape[1], dtype=bool)
    passing = analysis.passing(analysis.windows, specificity)
    for window, passes in zip(analysis.windows, passing, strict=True):
        if passes:
            inside[round(window.start_s * fs) : round(window.stop_s * fs)] = True
    return inside


def _overlapping(
    spans: list[tuple[int, int, int, float]],
) -> list[list[tuple[int, int, int, float]]]:
    groups: list[list[tuple[int, int, int, float]]] = []
    end = -1
    for span in sorted(spans):
        if groups and span[0] < end:
            groups[-1].append(span)
            end = max(end, span[1])
        else:
            groups.append([span])
            end = span[1]
    return groups


def _as_flag(analysis: Analysis, group: list[tuple[int, int, int, float]]) -> Flag:
    rows = sorted({span[2] for span in group})
    score = max(span[3] for span in group)
    return Flag(
        start_s=min(span[0] for span in group) / analysis.map_fs_hz,
        stop_s=max(span[1] for span in group) / analysis.map_fs_hz,
        leads=tuple(analysis.leads[row] for row in rows),
        score=score,
        p_value=analysis.map_reference.p_value(score),
        reason="shape",
    )


WITHOUT_LEADS = ("rhythm", "intervals")
"""Parts of the score that concern a window's time course; each flags a window by itself."""
EVERY_BEAT = ("st",)
"""Parts that concern what every beat shows in some leads."""


def _window_flags(
    analysis: Analysis, specificity: float, windows: Sequence[WindowScore]
) -> list[list[Flag]]:
    """Return what there is to flag in each window."""
    level = 1.0 - specificity
    flags: list[list[Flag]] = []
    for window, passes in zip(windows, analysis.passing(windows, specificity), strict=True):
        if not (window.parts and passes):
            flags.append([])
            continue
        passing = {part for part, p_value in window.parts.items() if p_value <= level}
        groups = [
            [part for part in group if part in passing] for group in (WITHOUT_LEADS, EVERY_BEAT)
        ]
        if not any(groups):
            groups.append([min(window.parts, key=window.parts.__getitem__)])
        found = [_of_window(window, tuple(parts)) for parts in groups if parts]
        flags.append([flag for part in found for flag in part])
    return flags


def _of_window(window: WindowScore, parts: tuple[str, ...]) -> list[Flag]:
    """Return one flag that names all parts, or the findings of a single part in a flag each."""
    found = [window.findings.get(part, (Finding(part),)) for part in parts]
    if len(found) > 1:
        found = [(Finding(" + ".join(finding[0].text for finding in found)),)]
    return [
        Flag(
            start_s=window.start_s,
            stop_s=window.stop_s,
            leads=finding.leads,
            score=window.score,
            p_value=min(window.parts[part] for part in parts),
            reason=finding.text,
            parts=parts,
        )
        for finding in found[0]
    ]
