"""The model's flags as the report tells them: with the verdicts of who read the record."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ecgviewer.app.qt.texts import VERDICT_WORDS, p_text, place_text
from ecgviewer.app.qt.time_texts import span_text
from ecgviewer.core.analysis import Flag
from ecgviewer.review.annotations import FlagVerdict
from ecgviewer.review.matching import match_verdicts

DIFFER = "differ"
"""What stands for the verdict where several readers do not say the same."""
WORDS = VERDICT_WORDS | {DIFFER: "? readers differ"}


@dataclass(frozen=True, slots=True)
class JudgedFlag:
    """A flag and what was said about it: a verdict, :data:`DIFFER`, or nothing."""

    flag: Flag
    verdict: str = ""

    def line(self) -> str:
        """Return the flag in one line of the page."""
        flag = self.flag
        said = f"{WORDS[self.verdict]}   " if self.verdict else ""
        span = span_text(flag.start_s, flag.stop_s, long=False)
        return f"{said}{span}   {flag.reason}   {place_text(flag)}   p {p_text(flag.p_value)}"


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
        JudgedFlag(flag, "" if not words else words[0] if len(set(words)) == 1 else DIFFER)
        for flag, words in zip(flags, said, strict=True)
    ]
    return sorted(judged, key=_place)


def _place(judged: JudgedFlag) -> tuple[int, float]:
    score = judged.flag.score if math.isfinite(judged.flag.score) else -1.0
    return {"accepted": 0, "rejected": 2}.get(judged.verdict, 1), -score


def count_text(judged: Sequence[JudgedFlag]) -> str:
    """Return how many flags there are and how many of them got which verdict."""
    counts = Counter(one.verdict for one in judged)
    told = [f"{counts[verdict]} {WORDS[verdict][2:]}" for verdict in WORDS if counts[verdict]]
    return f"{len(judged)}" + (f": {', '.join(told)}" if told else "")
