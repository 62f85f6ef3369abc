"""A site's thresholds without labels: the stretch of normals is found among abnormal records."""

from __future__ import annotations

import numpy as np
import pytest

from ecgviewer.core.reference import NormalReference
from ecgviewer.models.bundle.site import MIN_RECORDS, CalibrationError, stretch_of

SHIPPED = NormalReference.from_scores(-np.log10(np.linspace(0.0005, 0.9995, 1000)))


@pytest.mark.parametrize(("factor", "abnormal"), [(1.0, 0), (1.0, 100), (1.8, 0), (1.8, 100)])
def test_the_stretch_of_normals_is_found(factor: float, abnormal: int) -> None:
    rng = np.random.default_rng(2)
    normal = -np.log10(rng.random(400)) * factor
    scores = np.concatenate([normal, 3.0 + rng.random(abnormal)])
    found = stretch_of(scores, SHIPPED)
    assert found.factor == pytest.approx(factor, rel=0.25)
    alarms = np.mean(normal >= SHIPPED.threshold(0.95) * found.factor)
    assert 0.01 <= alarms <= 0.1


def test_few_records_are_refused() -> None:
    with pytest.raises(CalibrationError, match="40 are needed"):
        stretch_of(np.ones(MIN_RECORDS - 1), SHIPPED)
