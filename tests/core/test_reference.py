"""P-values and thresholds against a sample of normal scores."""

from __future__ import annotations

import numpy as np
import pytest

from ecgviewer.core.reference import NormalReference


def test_threshold_holds_its_specificity_on_fresh_normals() -> None:
    rng = np.random.default_rng(7)
    reference = NormalReference.from_scores(rng.gamma(3.0, 1.0, 2000))
    fresh = rng.gamma(3.0, 1.0, 20_000)
    for specificity in (0.80, 0.90, 0.95, 0.99):
        below = float(np.mean(fresh < reference.threshold(specificity)))
        assert below == pytest.approx(specificity, abs=0.03)


def test_p_value_and_threshold_are_inverse_in_the_tail() -> None:
    reference = NormalReference.from_scores(np.random.default_rng(1).normal(size=400))
    for specificity in (0.95, 0.99, 0.999):
        p = reference.p_value(reference.threshold(specificity))
        assert p == pytest.approx(1 - specificity, rel=1e-6)


def test_p_value_never_rises_with_the_score() -> None:
    reference = NormalReference.from_scores(np.random.default_rng(2).normal(size=100))
    scores = np.linspace(-5, 12, 500)
    p = np.array([reference.p_value(float(score)) for score in scores])
    assert np.all(np.diff(p) <= 1e-12)
    assert 0 < p[-1] < p[0] <= 1


def test_scores_beyond_every_normal_keep_distinct_p_values() -> None:
    reference = NormalReference.from_scores(np.arange(50.0))
    assert reference.p_value(100.0) < reference.p_value(80.0) < 1 / 51


def test_missing_score_has_no_p_value() -> None:
    assert np.isnan(NormalReference.from_scores(np.arange(50.0)).p_value(float("nan")))


def test_too_few_normals_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        NormalReference.from_scores([1.0, 2.0, float("nan")])


def test_impossible_specificity_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        NormalReference.from_scores(np.arange(50.0)).threshold(1.0)
