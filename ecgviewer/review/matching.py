"""Verdicts found again on other flags: another threshold, another model, another version."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from ecgviewer.core.analysis import Flag
from ecgviewer.core.flags import words_of
from ecgviewer.core.overlap import common_share
from ecgviewer.core.percent import percent_text
from ecgviewer.review.annotations import FlagVerdict

MIN_OVERLAP = 0.5
"""Share of the shorter span that must be common. A threshold grows and shrinks a flag around its
peak, so that the shorter span lies mostly inside the longer one."""
MIN_AGREEMENT = 0.05
"""A verdict that agrees less with a flag says nothing about it."""
SAME_FROM = 0.5
"""A verdict that agrees this far is on this very flag: it can be so with one of an analysis only
(or both halves), for its flags lie beside each other or say something else."""


@dataclass(frozen=True, slots=True)
class VerdictMatch:
    """A verdict that applies to a flag.

    Attributes
    ----------
    verdict : FlagVerdict
    agreement : float
        Intersection over union in time, times that of the leads and of the words; 1 is the very
        same flag.
    same_model : bool
        Whether the verdict was given on a flag of the same bundle.
    contested : bool
        Whether another verdict that fits as well says something else.
    """

    verdict: FlagVerdict
    agreement: float
    same_model: bool
    contested: bool

    @property
    def decides(self) -> bool:
        """Whether the verdict is on this flag, not only on something that overlaps with it."""
        return self.agreement >= SAME_FROM

    def text(self) -> str:
        """Return how well the verdict fits, in words."""
        fit = "same flag" if self.agreement > 0.999 else f"{percent_text(self.agreement)} overlap"
        model = "" if self.same_model else f", given on {self.verdict.origin.model}"
        return f"{fit}{model}" + (", other verdicts differ" if self.contested else "")


def span_iou(a_start: float, a_end: float, b_start: float, b_end: float) -> float:
    """Return intersection over union of two spans; equal moments agree fully."""
    union = max(a_end, b_end) - min(a_start, b_start)
    if union <= 0.0:
        return 1.0
    return max(min(a_end, b_end) - max(a_start, b_start), 0.0) / union


def match_verdicts(
    flags: Sequence[Flag], verdicts: Sequence[FlagVerdict], bundle_sha256: str
) -> list[VerdictMatch | None]:
    """Return, for each flag, the verdict that fits it best, or None.

    Several flags may share a verdict (a flag that a higher threshold split). Among verdicts that
    fit alike, the one of the same bundle wins, then the later one.
    """
    matches: list[VerdictMatch | None] = []
    ordered = sorted(verdicts, key=lambda item: item.start_s)
    starts = [item.start_s for item in ordered]
    longest = max((item.end_s - item.start_s for item in ordered), default=0.0)
    for flag in flags:
        fitting = []
        first = bisect.bisect_left(starts, flag.start_s - longest)
        for verdict in ordered[first : bisect.bisect_right(starts, flag.stop_s)]:
            agreement = _agreement(flag, verdict)
            if agreement >= MIN_AGREEMENT:
                same = verdict.origin.bundle_sha256 == bundle_sha256
                fitting.append((round(agreement, 6), same, verdict.decided, verdict))
        if not fitting:
            matches.append(None)
            continue
        agreement, same, _, best = max(fitting, key=lambda item: item[:3])
        contested = any(item[3].verdict != best.verdict for item in fitting)
        matches.append(VerdictMatch(best, agreement, same, contested))
    return matches


def _agreement(flag: Flag, verdict: FlagVerdict) -> float:
    """Return the agreement of a flag and a verdict; 0 when they are not about the same thing."""
    # No leads means the rhythm, which is something else than a finding in some leads.
    leads = common_share(flag.leads, verdict.leads)
    common = min(flag.stop_s, verdict.end_s) - max(flag.start_s, verdict.start_s)
    shorter = min(flag.stop_s - flag.start_s, verdict.end_s - verdict.start_s)
    if leads == 0.0 or common < 0.0 or common < MIN_OVERLAP * shorter:
        return 0.0
    span = span_iou(flag.start_s, flag.stop_s, verdict.start_s, verdict.end_s)
    return leads * span * _word_agreement(flag, verdict)


def _word_agreement(flag: Flag, verdict: FlagVerdict) -> float:
    """Return how far a flag says what the one that was judged said.

    A place on the score map says nothing that the finding of a whole window says. Before findings
    had words, the names of the parts of the score stood for them.
    """
    said = words_of(verdict.reason)
    return max(common_share(words_of(flag.reason), said), common_share(flag.parts, said))
