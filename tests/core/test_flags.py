"""Flags follow the score map and the threshold, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgviewer.core.analysis import Analysis, QualityFinding, WindowScore
from ecgviewer.core.flags import derive_flags
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.reference import NormalReference

FS_HZ = 100.0


def make_analysis(score_map: np.ndarray, parts: dict[str, float] | None = None) -> Analysis:
    reference = NormalReference.from_scores(np.linspace(0.0, 4.0, 200))
    zeros = np.zeros_like(score_map)
    return Analysis(
        model="cae",
        bundle_sha256="b",
        recording_sha256="r",
        record_name="record",
        preprocessing={},
        leads=STANDARD_LEADS,
        duration_s=10.0,
        score=1.0,
        raw_score=1.0,
        p_value=0.5,
        parts=parts or {},
        windows=(WindowScore(0.0, 10.0, 1.0, 1.0, 0.5, parts or {}),),
        map_fs_hz=FS_HZ,
        score_map=score_map,
        reconstruction_mv=zeros,
        model_input_mv=zeros,
        model_output_mv=zeros,
        record_reference=reference,
        map_reference=reference,
    )


@pytest.fixture
def quiet_map() -> np.ndarray:
    return np.zeros((12, 1000), np.float32)


def test_a_quiet_map_has_no_flags(quiet_map: np.ndarray) -> None:
    assert derive_flags(make_analysis(quiet_map), 0.95) == ()


def test_a_peak_is_flagged_where_and_in_the_lead_it_is(quiet_map: np.ndarray) -> None:
    quiet_map[7, 200:230] = 9.0
    (flag,) = derive_flags(make_analysis(quiet_map), 0.95)
    assert flag.leads == ("V2",)
    assert (flag.start_s, flag.stop_s) == (2.0, 2.3)
    assert flag.score == pytest.approx(9.0)
    assert flag.p_value < 0.05


def test_leads_that_overlap_in_time_share_a_flag_and_gaps_within_a_beat_are_joined(
    quiet_map: np.ndarray,
) -> None:
    quiet_map[7, 200:230] = 9.0
    quiet_map[7, 235:250] = 8.0
    quiet_map[8, 225:260] = 7.0
    quiet_map[1, 600:640] = 7.0
    first, second = derive_flags(make_analysis(quiet_map), 0.95)
    assert first.leads == ("V2", "V3") and (first.start_s, first.stop_s) == (2.0, 2.6)
    assert second.leads == ("II",)


def test_single_samples_and_masked_samples_are_never_flagged(quiet_map: np.ndarray) -> None:
    quiet_map[3, 500] = 50.0
    quiet_map[4] = np.nan
    assert derive_flags(make_analysis(quiet_map), 0.95) == ()


def test_a_higher_specificity_never_adds_flagged_time(quiet_map: np.ndarray) -> None:
    rng = np.random.default_rng(4)
    analysis = make_analysis(rng.gamma(2.0, 1.0, quiet_map.shape).astype(np.float32))
    flagged = [
        sum(flag.stop_s - flag.start_s for flag in derive_flags(analysis, specificity))
        for specificity in (0.8, 0.9, 0.95, 0.99)
    ]
    assert flagged == sorted(flagged, reverse=True)


def test_a_rhythm_finding_flags_its_window_without_naming_leads(quiet_map: np.ndarray) -> None:
    analysis = make_analysis(quiet_map, {"rhythm": 0.001, "residual": 0.001})
    (flag,) = derive_flags(analysis, 0.95)
    assert flag.leads == () and flag.reason == "rhythm"
    assert (flag.start_s, flag.stop_s) == (0.0, 10.0)
    assert derive_flags(analysis, 0.9999) == ()


def test_quality_is_ok_or_names_the_leads(quiet_map: np.ndarray) -> None:
    analysis = make_analysis(quiet_map)
    assert analysis.quality_text() == "ok"
    findings = (QualityFinding("V1", "flat", 0, 10), QualityFinding("V2", "flat", 0, 10))
    assert replace(analysis, quality=findings).quality_text() == "flat V1 V2"
