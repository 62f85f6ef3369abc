"""Figures of merit against values worked out by hand, and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from trainer.judging import metrics


def test_auroc_counts_pairs_and_halves_ties() -> None:
    # Pairs (abnormal, normal): 3>1, 3>2, 2>1, 2=2 -> (3 + 0.5) / 4.
    assert metrics.auroc([0, 0, 1, 1], [1, 2, 2, 3]) == pytest.approx(3.5 / 4)
    assert np.isnan(metrics.auroc([1, 1], [0.1, 0.2]))


def test_auroc_is_mann_whitney() -> None:
    rng = np.random.default_rng(1)
    normal, abnormal = rng.normal(size=83), rng.normal(0.7, size=41).round(1)
    u = mannwhitneyu(abnormal, normal).statistic
    labels = np.r_[np.zeros(83), np.ones(41)]
    assert metrics.auroc(labels, np.r_[normal, abnormal]) == pytest.approx(u / (83 * 41))


def test_average_precision_by_hand() -> None:
    # Ranking 1, 0, 1, 0: precision 1/1 at recall 1/2 and 2/3 at recall 1.
    assert metrics.average_precision([1, 0, 1, 0], [4, 3, 2, 1]) == pytest.approx((1 + 2 / 3) / 2)
    # Ties are one step: all equal gives the prevalence.
    assert metrics.average_precision([1, 0, 0, 0], [1, 1, 1, 1]) == pytest.approx(0.25)


def test_rates_at_a_threshold() -> None:
    got = metrics.at_threshold([1, 1, 1, 0, 0, 0, 0], [5, 4, 1, 4, 2, 2, 0], 4)
    assert got.recall == pytest.approx(2 / 3)
    assert got.precision == pytest.approx(2 / 3)
    assert got.f1 == pytest.approx(2 / 3)
    assert got.specificity == pytest.approx(3 / 4)


def test_four_threshold_rules() -> None:
    normal, labels = np.arange(100.0), np.r_[np.zeros(100), np.ones(20)]
    scores = np.r_[normal, np.arange(90.0, 110.0)]
    assert metrics.percentile_threshold(normal, 0.95) == pytest.approx(np.quantile(normal, 0.95))
    assert metrics.peaks_over_threshold(normal, 0.95) == pytest.approx(95, abs=2)
    assert metrics.youden_threshold(labels, scores) == 90
    # F1 with threshold t in 90..99: hits 110 - t, alarms 110 - t + 100 - t.
    best = max(range(90, 110), key=lambda t: 2 * (110 - t) / (110 - t + max(100 - t, 0) + 20))
    assert metrics.best_f1_threshold(labels, scores) == best


def test_bootstrap_interval_covers_and_repeats() -> None:
    rng = np.random.default_rng(0)
    labels = np.r_[np.zeros(200), np.ones(200)]
    scores = np.r_[rng.normal(size=200), rng.normal(1.0, size=200)]
    low, high = metrics.bootstrap_interval(labels, scores, metrics.auroc, n=200)
    assert low < metrics.auroc(labels, scores) < high
    assert high - low < 0.12
    assert (low, high) == metrics.bootstrap_interval(labels, scores, metrics.auroc, n=200)


def test_wilson_interval_by_hand() -> None:
    low, high = metrics.wilson_interval(0, 20)
    assert low == pytest.approx(0.0, abs=1e-9)
    assert high == pytest.approx(1.959964**2 / (20 + 1.959964**2))


def test_dice() -> None:
    a, b = np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 0], bool)
    assert metrics.dice(a, b) == 0.5


def test_labels_and_scores_must_match() -> None:
    with pytest.raises(ValueError, match="3 labels for 2 scores"):
        metrics.auroc([0, 1, 1], [0.1, 0.2])
