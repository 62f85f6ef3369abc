"""How far two readers agree: Cohen's kappa on records, interval F1, and what a third must judge."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass

from ecgviewer.core.overlap import common_share
from ecgviewer.review.annotations import Annotation, Review
from ecgviewer.review.matching import span_iou

MIN_IOU = 0.5
"""Two intervals are the same finding from this intersection over union on."""


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa of two readers over the same records.

    Attributes
    ----------
    value : float or None
        None where both used one and the same category throughout, or there is no record.
    observed, expected : float
        Share of records on which they agree, and would agree by chance.
    standard_error : float or None
        Large-sample, of ``value``.
    n : int
    table : dict
        ``(first reader's category, second's) -> records``.
    """

    value: float | None
    observed: float
    expected: float
    standard_error: float | None
    n: int
    table: dict[tuple[str, str], int]


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> Kappa:
    """Return Cohen's kappa (Cohen 1960) of two lists of categories, record by record.

    Raises
    ------
    ValueError
        When the lists differ in length.
    """
    if len(first) != len(second):
        raise ValueError("both readers must have judged the same records")
    n = len(first)
    table: dict[tuple[str, str], int] = {}
    for pair in zip(first, second, strict=True):
        table[pair] = table.get(pair, 0) + 1
    if n == 0:
        return Kappa(None, math.nan, math.nan, None, 0, table)
    observed = sum(count for (a, b), count in table.items() if a == b) / n
    expected = sum(
        first.count(category) * second.count(category) for category in set(first) | set(second)
    ) / (n * n)
    if expected >= 1.0:
        return Kappa(None, observed, expected, None, n, table)
    error = math.sqrt(observed * (1.0 - observed) / n) / (1.0 - expected)
    return Kappa((observed - expected) / (1.0 - expected), observed, expected, error, n, table)


@dataclass(frozen=True, slots=True)
class IntervalAgreement:
    """How far the annotations of two readers are the same intervals."""

    matched: int
    only_first: int
    only_second: int

    @property
    def f1(self) -> float | None:
        """Twice the matched over all annotations of both; None when there is none."""
        total = 2 * self.matched + self.only_first + self.only_second
        return 2 * self.matched / total if total else None


@dataclass(frozen=True, slots=True)
class FindingPair:
    """One finding of one reader or both, for the third to decide.

    ``kind`` is ``agree``, ``label differs``, ``only first`` or ``only second``.
    """

    kind: str
    first: Annotation | None
    second: Annotation | None
    overlap: float

    @property
    def start_s(self) -> float:
        """Where the finding begins."""
        return min(item.start_s for item in (self.first, self.second) if item is not None)


def compare(first: Review, second: Review, min_iou: float = MIN_IOU) -> list[FindingPair]:
    """Return all findings of two readers of one record, in order of time.

    Pairs are formed one to one, best overlap first, those of the same label before others.
    Leads must have at least one in common (none means all).

    Raises
    ------
    ValueError
        When the reviews are about different records.
    """
    if first.record.sha256 != second.record.sha256:
        raise ValueError("the reviews are about different records")
    pairs = _pairs(first.annotations, second.annotations, min_iou)
    left = {item.id for item in first.annotations}
    right = {item.id for item in second.annotations}
    found = []
    for same_label, overlap, a, b in sorted(pairs, key=lambda pair: pair[:2], reverse=True):
        if a.id in left and b.id in right:
            left.remove(a.id)
            right.remove(b.id)
            found.append(FindingPair("agree" if same_label else "label differs", a, b, overlap))
    found.extend(
        FindingPair("only first", item, None, 0.0) for item in first.annotations if item.id in left
    )
    found.extend(
        FindingPair("only second", None, item, 0.0)
        for item in second.annotations
        if item.id in right
    )
    return sorted(found, key=lambda item: item.start_s)


def interval_agreement(comparisons: Sequence[FindingPair]) -> IntervalAgreement:
    """Return the counts behind the interval F1; different labels do not match."""
    kinds = [item.kind for item in comparisons]
    differing = kinds.count("label differs")
    return IntervalAgreement(
        kinds.count("agree"),
        kinds.count("only first") + differing,
        kinds.count("only second") + differing,
    )


def _pairs(
    first: Sequence[Annotation], second: Sequence[Annotation], min_iou: float
) -> list[tuple[bool, float, Annotation, Annotation]]:
    ordered = sorted(second, key=lambda item: item.start_s)
    starts = [item.start_s for item in ordered]
    longest = max((item.duration_s for item in ordered), default=0.0)
    pairs = []
    for a in first:
        begin = bisect.bisect_left(starts, a.start_s - longest)
        for b in ordered[begin : bisect.bisect_right(starts, a.end_s)]:
            overlap = span_iou(a.start_s, a.end_s, b.start_s, b.end_s)
            leads = not a.leads or not b.leads or common_share(a.leads, b.leads) > 0.0
            if overlap >= min_iou and leads:
                pairs.append((a.label == b.label, overlap, a, b))
    return pairs
