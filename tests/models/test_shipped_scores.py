"""What the shipped bundles promise of their scores, from the normals that they carry."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ecgviewer.models.bundle.bundle import Bundle, shipped_bundle
from ecgviewer.models.networks.architectures import model_ids
from ecgviewer.models.score.fusion import Scorer


@pytest.fixture(scope="module", params=model_ids())
def scorer(request: pytest.FixtureRequest) -> Scorer:
    return Bundle.load(shipped_bundle(request.param)).scorer()


def test_a_specificity_is_the_share_of_normals_below_it_with_and_without_millivolts(
    scorer: Scorer,
) -> None:
    assert scorer.record_reference.threshold(0.95) == pytest.approx(-math.log10(0.05), abs=0.03)
    in_mv = list(scorer.densities).index("beat_mv")
    scores = np.array([scorer.fused(row)[0] for row in scorer.log_p])
    for judged in (np.isfinite(scorer.log_p[:, in_mv]), ~np.isfinite(scorer.log_p[:, in_mv])):
        assert judged.sum() > 100
        assert np.mean(scores[judged] >= -math.log10(0.05)) == pytest.approx(0.05, abs=0.015)


def test_shapes_do_not_count_beside_what_is_judged_in_millivolts(scorer: Scorer) -> None:
    names = list(scorer.densities)
    row = next(row for row in scorer.log_p if np.isfinite(row).all()).copy()
    before = scorer.fused(row)
    row[[names.index(name) for name in ("beat_shape", "st_shape")]] = 9.0
    assert scorer.fused(row) == before
    row[names.index("raw")] = 9.0
    assert scorer.fused(row)[0] > before[0]
