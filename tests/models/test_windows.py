"""How recordings are cut into windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgviewer.core.errors import AnalysisError
from ecgviewer.core.quality import QualityFinding
from ecgviewer.models.run.windows import Windowing, merge_findings


@given(n=st.integers(250, 20_000), overlap=st.sampled_from([0.0, 0.25, 0.5]))
def test_every_sample_belongs_to_one_window(n: int, overlap: float) -> None:
    spans = Windowing(10.0, overlap).plan(n, 100.0)
    owned = np.zeros(n, dtype=int)
    for span in spans:
        assert 0 <= span.start <= span.own_start < span.own_stop <= span.stop <= n
        owned[span.own_start : span.own_stop] += 1
    assert (owned == 1).all()
    assert spans[-1].stop == n
    lengths = {span.stop - span.start for span in spans}
    assert lengths == {min(n, 1000)}


def test_too_short_names_the_length() -> None:
    with pytest.raises(AnalysisError, match=r"2\.00 s is too short for the model \(2\.5 s"):
        Windowing().plan(200, 100.0)
    assert len(Windowing().plan(250, 100.0)) == 1


@pytest.mark.parametrize("wrong", [(0.0, 0.0, 1.0), (10, 0.95, 2), (10, 0, 11), (500, 0, 2)])
def test_impossible_windows_are_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="not a way to cut"):
        Windowing(*wrong)


def test_findings_cut_by_windows_are_joined() -> None:
    cut = [
        QualityFinding("V1", "flat", 0.0, 10.0),
        QualityFinding("V2", "flat", 3.0, 4.0),
        QualityFinding("V1", "flat", 10.0, 12.5),
        QualityFinding("V1", "flat", 20.0, 21.0),
    ]
    assert merge_findings(cut) == (
        QualityFinding("V1", "flat", 0.0, 12.5),
        QualityFinding("V2", "flat", 3.0, 4.0),
        QualityFinding("V1", "flat", 20.0, 21.0),
    )
