"""Figures of merit, from scores and labels. Scores: higher is less normal; labels: 1 is abnormal.

Only numpy and scipy; no resampling without a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import genpareto, rankdata

from ecgviewer.core.reference import NormalReference

DoubleArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Statistic = Callable[[BoolArray, DoubleArray], float]


def auroc(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the area under the ROC curve: P(abnormal > normal) + P(equal) / 2.

    NaN without both classes. Mann & Whitney's U divided by the number of pairs.
    """
    y, s = _pair(labels, scores)
    positives = int(y.sum())
    negatives = y.size - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    ranks = rankdata(s)
    u = float(ranks[y].sum()) - positives * (positives + 1) / 2
    return u / (positives * negatives)


def average_precision(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the area under the precision-recall curve as a step function (AUPRC)."""
    y, s = _pair(labels, scores)
    if not y.any():
        return float("nan")
    recall, precision = precision_recall(y, s)
    return float(np.sum(np.diff(np.concatenate([[0.0], recall])) * precision))


def precision_recall(
    labels: npt.ArrayLike, scores: npt.ArrayLike
) -> tuple[DoubleArray, DoubleArray]:
    """Return recall and precision at every distinct score, from the highest down."""
    y, s = _pair(labels, scores)
    order = np.argsort(-s, kind="stable")
    last = np.append(np.flatnonzero(np.diff(s[order])), s.size - 1)
    hits = np.cumsum(y[order])[last]
    return hits / max(int(y.sum()), 1), hits / (last + 1.0)


def roc(labels: npt.ArrayLike, scores: npt.ArrayLike) -> tuple[DoubleArray, DoubleArray]:
    """Return the false-alarm rate and recall at every distinct score, from the highest down."""
    y, s = _pair(labels, scores)
    order = np.argsort(-s, kind="stable")
    last = np.append(np.flatnonzero(np.diff(s[order])), s.size - 1)
    hits, alarms = np.cumsum(y[order])[last], np.cumsum(~y[order])[last]
    start = np.zeros(1)
    return (
        np.concatenate([start, alarms / max(int((~y).sum()), 1)]),
        np.concatenate([start, hits / max(int(y.sum()), 1)]),
    )


@dataclass(frozen=True, slots=True)
class Operating:
    """Counts and rates at one threshold (a score at or above it is an alarm)."""

    threshold: float
    recall: float
    precision: float
    f1: float
    specificity: float


def at_threshold(labels: npt.ArrayLike, scores: npt.ArrayLike, threshold: float) -> Operating:
    """Return the rates at a threshold; NaN where there is nothing to divide by."""
    y, s = _pair(labels, scores)
    alarm = s >= threshold
    hits = int((alarm & y).sum())
    recall = hits / y.sum() if y.any() else float("nan")
    precision = hits / alarm.sum() if alarm.any() else float("nan")
    f1 = 2 * hits / (alarm.sum() + y.sum()) if alarm.any() or y.any() else float("nan")
    specificity = float((~alarm & ~y).sum() / (~y).sum()) if (~y).any() else float("nan")
    return Operating(float(threshold), float(recall), float(precision), float(f1), specificity)


def bootstrap_interval(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    statistic: Statistic,
    n: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the percentile interval of a statistic over resampled records.

    Normal and abnormal records are resampled separately, so that the prevalence stays. NaN
    without both classes.
    """
    y, s = _pair(labels, scores)
    positive, negative = np.flatnonzero(y), np.flatnonzero(~y)
    if positive.size == 0 or negative.size == 0:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    values = np.empty(n)
    for k in range(n):
        chosen = np.concatenate(
            [rng.choice(positive, positive.size), rng.choice(negative, negative.size)]
        )
        values[k] = statistic(y[chosen], s[chosen])
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a proportion (Wilson 1927)."""
    if n == 0:
        return float("nan"), float("nan")
    z = 1.959964
    p = hits / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(float(centre - half), 0.0), min(float(centre + half), 1.0)


def best_f1_threshold(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the score with the highest F1."""
    y, s = _pair(labels, scores)
    recall, precision = precision_recall(y, s)
    f1 = 2 * recall * precision / np.maximum(recall + precision, 1e-12)
    return float(np.unique(s)[::-1][int(np.argmax(f1))])


def youden_threshold(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the score with the highest recall + specificity - 1 (Youden's J)."""
    y, s = _pair(labels, scores)
    alarms, hits = roc(y, s)
    return float(np.unique(s)[::-1][int(np.argmax((hits - alarms)[1:]))])


def percentile_threshold(normal_scores: npt.ArrayLike, specificity: float = 0.95) -> float:
    """Return the percentile of normal scores."""
    return float(np.quantile(_finite(normal_scores), specificity))


def peaks_over_threshold(
    normal_scores: npt.ArrayLike, specificity: float = 0.95, tail: float = 0.2
) -> float:
    """Return the threshold from a generalised Pareto fit to the highest share of normal scores.

    Falls back on an exponential tail where the fit is not finite (few or equal values).
    """
    values = _finite(normal_scores)
    start = float(np.quantile(values, 1 - tail))
    excess = values[values > start] - start
    if excess.size < 10:
        return NormalReference.from_scores(values).threshold(specificity)
    shape, _, scale = genpareto.fit(excess, floc=0.0)
    share = excess.size / values.size
    level = start + float(genpareto.isf((1 - specificity) / share, shape, loc=0.0, scale=scale))
    if not np.isfinite(level):
        return NormalReference.from_scores(values).threshold(specificity)
    return level


def dice(found: BoolArray, truth: BoolArray) -> float:
    """Return the overlap of two masks: 2 |A and B| / (|A| + |B|); NaN when both are empty."""
    total = int(found.sum()) + int(truth.sum())
    return 2.0 * int((found & truth).sum()) / total if total else float("nan")


def _pair(labels: npt.ArrayLike, scores: npt.ArrayLike) -> tuple[BoolArray, DoubleArray]:
    y = np.asarray(labels).astype(bool)
    s = np.asarray(scores, dtype=np.float64)
    if y.shape != s.shape:
        raise ValueError(f"{y.size} labels for {s.size} scores")
    finite = np.isfinite(s)
    return y[finite], s[finite]


def _finite(values: npt.ArrayLike) -> DoubleArray:
    x = np.asarray(values, dtype=np.float64)
    return x[np.isfinite(x)]
