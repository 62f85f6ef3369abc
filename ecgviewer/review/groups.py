"""Flags that are alike as one group: the same finding, in nearly the same leads, of one shape.

A record with 153 ventricular beats has one thing to decide, not 153. Flags on places of the map
are alike when what the model could not restore has the same shape over the beat; flags of whole
windows when they say the same words of nearly the same leads. Groups are derived from flags and
never stored: verdicts stay with each flag.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgviewer.core.analysis import Analysis, Flag, FloatArray
from ecgviewer.core.flags import words_of
from ecgviewer.core.overlap import common_share
from ecgviewer.core.system.mapped_arrays import read_columns
from ecgviewer.signal.heartbeats.shapes import group_alike, unit_rows

BEFORE_S, AFTER_S = 0.30, 0.60
"""What is compared around the R peak of a flagged beat."""
BIN_S = 0.04
"""One small square of ECG paper: shapes are compared without what is finer."""
ALIKE = 0.70
"""Correlation of two residuals, over all leads and the flagged part of the beat, above which
they are of one kind: two premature beats of one focus have .8 to .95, of two foci under .5."""
LONGEST_BEAT_FLAG_S = 1.2
"""A longer flag is no event of one beat and is compared by its words and leads."""
SAME_LEADS = 0.5
AT_ONCE = 512
"""Flags whose residuals are read at one time: a day of maps does not fit into memory."""


@dataclass(frozen=True, slots=True)
class FlagGroup:
    """Flags that are alike.

    Attributes
    ----------
    members : tuple of int
        Positions among the flags that were grouped, in time order.
    reason : str
        In words, as most of them say it.
    leads : tuple of str
        The leads that at least half of them have; empty: not of a lead.
    start_s, stop_s : float
        From the first to the end of the last.
    p_value : float
        The lowest of them.
    typical : int
        The member that is most like all others.
    """

    members: tuple[int, ...]
    reason: str
    leads: tuple[str, ...]
    start_s: float
    stop_s: float
    p_value: float
    typical: int

    @property
    def count(self) -> int:
        """How many flags it has."""
        return len(self.members)

    def rate_per_hour(self, duration_s: float) -> float:
        """Return how many there are per hour of a recording of this length."""
        return 3600.0 * len(self.members) / duration_s if duration_s > 0 else float("nan")


def group_flags(
    flags: Sequence[Flag], analysis: Analysis, r_peaks_s: npt.ArrayLike = ()
) -> tuple[FlagGroup, ...]:
    """Return the flags in groups of those that are alike; the largest group first.

    Parameters
    ----------
    flags : sequence of Flag
        Of this analysis, in time order.
    r_peaks_s : array [B]
        Seconds of the R peaks, ascending; residuals are aligned at them. Without them, at the
        highest point of each flag.
    """
    groups: list[tuple[list[int], int]] = []
    of_beats = [
        at
        for at, flag in enumerate(flags)
        if flag.placed and flag.stop_s - flag.start_s <= LONGEST_BEAT_FLAG_S
    ]
    if of_beats:
        shapes = _shapes(
            [flags[at] for at in of_beats], analysis, np.asarray(r_peaks_s, dtype=np.float64)
        )
        for rows, typical in group_alike(shapes, ALIKE):
            members = [of_beats[k] for k in rows]
            groups += _sharing_leads(flags, members, of_beats[typical])
    beats = set(of_beats)
    by_words = _by_words(flags, [at for at in range(len(flags)) if at not in beats])
    groups += [(members, members[0]) for members in by_words]
    made = [_group(flags, analysis.leads, members, typical) for members, typical in groups]
    return tuple(sorted(made, key=lambda group: (-group.count, group.start_s, group.members)))


def group_of(groups: Sequence[FlagGroup], flag: int) -> int | None:
    """Return which group a flag is in."""
    return next((at for at, group in enumerate(groups) if flag in group.members), None)


def _group(
    flags: Sequence[Flag], order: Sequence[str], members: list[int], typical: int
) -> FlagGroup:
    own = [flags[at] for at in members]
    leads = Counter(lead for flag in own for lead in flag.leads)
    return FlagGroup(
        members=tuple(members),
        reason=Counter(flag.reason for flag in own).most_common(1)[0][0],
        leads=tuple(lead for lead in order if 2 * leads[lead] >= len(own)),
        start_s=own[0].start_s,
        stop_s=max(flag.stop_s for flag in own),
        p_value=min(flag.p_value for flag in own),
        typical=typical,
    )


def _sharing_leads(
    flags: Sequence[Flag], members: list[int], typical: int
) -> list[tuple[list[int], int]]:
    """Return flags of one shape, those apart that share no lead with the most typical one."""
    groups = []
    while members:
        leads = set(flags[typical].leads)
        groups.append(([at for at in members if leads & set(flags[at].leads)], typical))
        members = [at for at in members if not leads & set(flags[at].leads)]
        typical = members[0] if members else typical
    return groups


def _by_words(flags: Sequence[Flag], members: list[int]) -> list[list[int]]:
    """Return flags that say the same words, in any order, of nearly the same leads."""
    groups: dict[tuple[object, ...], list[list[int]]] = {}
    for at in members:
        flag = flags[at]
        key = (flag.placed, flag.parts, frozenset(words_of(flag.reason)))
        alike = groups.setdefault(key, [])
        for group in alike:
            first = flags[group[0]]
            if not (first.leads or flag.leads) or (
                common_share(first.leads, flag.leads) >= SAME_LEADS
            ):
                group.append(at)
                break
        else:
            alike.append([at])
    return [group for alike in groups.values() for group in alike]


def _shapes(
    flags: Sequence[Flag], analysis: Analysis, r_peaks_s: npt.NDArray[np.float64]
) -> FloatArray:
    """Return what the model left over within each flag, aligned at its beat, at unit length.

    Returns
    -------
    float32 array [F, 12 * bins]
    """
    fs, columns = analysis.map_fs_hz, analysis.score_map.shape[1]
    width = max(round(BIN_S * fs), 1)
    before = round(BEFORE_S * fs)
    size = -(-(before + round(AFTER_S * fs)) // width) * width
    start = np.array([flag.start_s for flag in flags])
    stop = np.array([flag.stop_s for flag in flags])
    first = np.round(_alignment_s(0.5 * (start + stop), r_peaks_s) * fs).astype(np.int64) - before
    offsets = np.arange(size)
    result = np.empty((len(flags), len(analysis.leads) * (size // width)), dtype=np.float32)
    for low in range(0, len(flags), AT_ONCE):
        part = slice(low, min(low + AT_ONCE, len(flags)))
        at = first[part, np.newaxis] + offsets
        origin, end = max(int(at.min()), 0), min(int(at.max()) + 1, columns)
        left_over = read_columns(analysis.model_input_mv, origin, end) - read_columns(
            analysis.model_output_mv, origin, end
        )
        seconds = at / fs
        inside = (seconds >= start[part, np.newaxis] - BIN_S) & (
            seconds <= stop[part, np.newaxis] + BIN_S
        )
        inside &= (at >= origin) & (at < end)
        beats = left_over[:, np.clip(at - origin, 0, max(left_over.shape[1] - 1, 0))]
        beats = np.where(inside, np.nan_to_num(beats), np.float32(0.0))
        binned = beats.reshape(beats.shape[0], beats.shape[1], -1, width).mean(axis=3)
        result[part] = binned.transpose(1, 0, 2).reshape(beats.shape[1], -1)
    return unit_rows(result)


def _alignment_s(
    middle_s: npt.NDArray[np.float64], r_peaks_s: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the R peak that each flag belongs to: the last that its middle is not far before."""
    if r_peaks_s.size == 0:
        return middle_s
    at = np.searchsorted(r_peaks_s, middle_s + BEFORE_S, side="right") - 1
    r = r_peaks_s[np.maximum(at, 0)]
    near = (middle_s - r > -BEFORE_S) & (middle_s - r < AFTER_S) & (at >= 0)
    return np.where(near, r, middle_s)
