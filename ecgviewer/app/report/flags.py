"""The model's flags as the report tells them: with the verdicts of who read the record."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ecgviewer.app.qt.texts import VERDICT_WORDS, p_text, place_text
from ecgviewer.app.qt.time_texts import span_text
from ecgviewer.core.analysis import Flag
from ecgviewer.review.annotations import FlagVerdict
from ecgviewer.review.groups import FlagGroup
from ecgviewer.review.matching import match_verdicts

DIFFER = "differ"
"""What stands for the verdict where several readers do not say the same."""
WORDS = VERDICT_WORDS | {DIFFER: "? readers differ"}


@dataclass(frozen=True, slots=True)
class JudgedFlag:
    """A flag, its position among all, and what was said about it.

    That is a verdict, :data:`DIFFER`, or nothing.
    """

    flag: Flag
    at: int
    verdict: str = ""


def judge_flags(
    flags: Sequence[Flag], verdicts: Sequence[FlagVerdict], bundle_sha256: str
) -> list[JudgedFlag]:
    """Return the flags with their verdicts: accepted ones first, rejected ones last, by score.

    A verdict counts for the flag that it was given on, also where another threshold or model
    drew that a little differently; not for others that merely lie within its span.
    """
    said: list[list[str]] = [[] for _ in flags]
    for author in sorted({verdict.author for verdict in verdicts}):
        own = [verdict for verdict in verdicts if verdict.author == author]
        for at, match in enumerate(match_verdicts(flags, own, bundle_sha256)):
            if match is not None and match.decides:
                said[at].append(match.verdict.verdict)
    judged = [
        JudgedFlag(flag, at, "" if not words else words[0] if len(set(words)) == 1 else DIFFER)
        for at, (flag, words) in enumerate(zip(flags, said, strict=True))
    ]
    return sorted(judged, key=_place)


def _place(judged: JudgedFlag) -> tuple[int, float]:
    score = judged.flag.score if math.isfinite(judged.flag.score) else -1.0
    return {"accepted": 0, "rejected": 2}.get(judged.verdict, 1), -score


def flag_lines(judged: Sequence[JudgedFlag], groups: Sequence[FlagGroup]) -> list[str]:
    """Return the flags in lines of the page: those alike, with the same verdict, in one."""
    group_of = {at: k for k, group in enumerate(groups) for at in group.members}
    together: dict[tuple[str, int], list[Flag]] = {}
    for one in judged:
        key = one.verdict, group_of.get(one.at, -1 - one.at)
        together.setdefault(key, []).append(one.flag)
    return [
        _line(flags, verdict, groups[k] if k >= 0 else None)
        for (verdict, k), flags in together.items()
    ]


def _line(flags: Sequence[Flag], verdict: str, group: FlagGroup | None) -> str:
    first = flags[0]
    said = f"{WORDS[verdict]}   " if verdict else ""
    span = span_text(min(f.start_s for f in flags), max(f.stop_s for f in flags), long=False)
    many = f"{len(flags)} flags   " if len(flags) > 1 else ""
    shown = first if group is None or len(flags) == 1 else replace(first, leads=group.leads)
    p_value = min(flag.p_value for flag in flags)
    return f"{said}{many}{span}   {first.reason}   {place_text(shown)}   p {p_text(p_value)}"


def count_text(judged: Sequence[JudgedFlag]) -> str:
    """Return how many flags there are and how many of them got which verdict."""
    counts = Counter(one.verdict for one in judged)
    told = [f"{counts[verdict]} {WORDS[verdict][2:]}" for verdict in WORDS if counts[verdict]]
    return f"{len(judged)}" + (f": {', '.join(told)}" if told else "")
