"""What the models agree on: places in leads, findings in leads, and the record as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from ecgviewer.core.analysis import Analysis, Finding, WindowScore
from ecgviewer.core.consensus import compare, disputed
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.reference import NormalReference

NORMALS = NormalReference.from_scores(np.linspace(0.0, 1.0, 101))
ST = Finding("ST lower", ("II", "V2"))


def analysis(
    places: Mapping[str, tuple[float, float]] | None = None,
    findings: Mapping[str, Finding] | None = None,
) -> Analysis:
    """Return 10 s in which leads are flagged from and to these times, and windows by parts."""
    score_map = np.zeros((12, 1000), np.float32)
    for lead, (start_s, stop_s) in (places or {}).items():
        score_map[STANDARD_LEADS.index(lead), round(start_s * 100) : round(stop_s * 100)] = 9.0
    found = findings or {}
    window = WindowScore(0.0, 10.0, 3.0, 0.0, 0.001, dict.fromkeys(found, 0.001), found)
    zeros = np.zeros_like(score_map)
    return Analysis(
        model="any", bundle_sha256="0" * 64, recording_sha256="1" * 64, record_name="",
        preprocessing={}, leads=STANDARD_LEADS, duration_s=10.0, score=2.0, raw_score=0.0,
        p_value=0.01, parts={}, windows=(window,), map_fs_hz=100.0, score_map=score_map,
        reconstruction_mv=zeros, model_input_mv=zeros, model_output_mv=zeros,
        record_reference=NORMALS, map_reference=NORMALS,
    )  # fmt: skip


def lead(name: str) -> int:
    return STANDARD_LEADS.index(name)


def test_models_that_all_find_st_lower_in_a_lead_agree_there() -> None:
    agreed = compare({m: analysis(findings={"st": (ST,)}) for m in "abc"}, 0.95, 100)
    assert agreed.findings[:, lead("II")].all() and agreed.findings[:, lead("V2")].all()
    assert not agreed.places.any()
    assert agreed.agreement(lead("II")) == agreed.agreement() == 1.0
    assert np.isnan(agreed.agreement(lead("V5")))


def test_places_and_findings_are_compared_each_with_its_own_kind() -> None:
    place = {"II": (2.0, 3.0)}
    both = compare({"a": analysis(place, {"st": (ST,)}), "b": analysis(place)}, 0.95, 100)
    assert disputed(both.places).sum() == 0
    assert disputed(both.findings)[0, lead("II")].all()
    # 10 bins of a place in both, 100 of a finding in one alone.
    assert both.agreement(lead("II")) == pytest.approx(10 / 110)
    assert both.agreement(lead("V2")) == 0.0


def test_a_rhythm_is_of_no_lead_and_told_by_model() -> None:
    rhythm = {"rhythm": (Finding("irregular"),), "intervals": (Finding("QT long"),)}
    found = compare(
        {"a": analysis(findings=rhythm), "b": analysis(findings={"rhythm": (Finding("fast"),)})},
        0.95, 100,
    )  # fmt: skip
    assert dict(found.without_leads) == {"rhythm": ("a", "b"), "intervals": ("a",)}
    assert not found.findings.any() and np.isnan(found.agreement())


def test_the_beginning_of_a_run_under_way_stands_at_its_own_time() -> None:
    whole = analysis({"V1": (1.0, 2.0)})
    begun = replace(whole, score_map=whole.score_map[:, :400], analysed_s=4.0)
    found = compare({"a": whole, "b": begun}, 0.95, 100)
    assert np.array_equal(found.places[0], found.places[1])


def test_no_analysis_is_no_consensus() -> None:
    nothing = compare({}, 0.95, 10)
    assert nothing.models == () and np.isnan(nothing.agreement())
