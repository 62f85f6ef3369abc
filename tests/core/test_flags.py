"""Flags follow the score map and the threshold, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgviewer.core.analysis import Analysis, Finding, Flag, WindowScore
from ecgviewer.core.flags import derive_flags, extend_flags
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.quality import QualityFinding
from ecgviewer.core.reference import NormalReference

FS_HZ = 100.0


def make_analysis(
    score_map: np.ndarray, parts: dict[str, float] | None = None, *windows: WindowScore
) -> Analysis:
    reference = NormalReference.from_scores(np.linspace(0.0, 4.0, 200))
    records = NormalReference.from_scores(-np.log10(np.linspace(0.0025, 0.9975, 200)))
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
        windows=windows or (WindowScore(0.0, 10.0, 3.0, 1.0, 0.001, parts or {}),),
        map_fs_hz=FS_HZ,
        score_map=score_map,
        reconstruction_mv=zeros,
        model_input_mv=zeros,
        model_output_mv=zeros,
        record_reference=records,
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


def test_a_record_within_the_normal_range_has_no_flag_whatever_its_map_shows(
    quiet_map: np.ndarray,
) -> None:
    quiet_map[7, 200:230] = 9.0
    within = window(0.0, 0.06, rhythm=0.001, st=0.0001)
    assert derive_flags(make_analysis(quiet_map, None, within), 0.95) == ()
    assert derive_flags(make_analysis(quiet_map, None, within), 0.90)


def test_a_window_passes_as_one_of_many_and_from_an_hour_on_as_one_of_an_hour(
    quiet_map: np.ndarray,
) -> None:
    def flagged(n: int, p_value: float) -> bool:
        usual = [window(10.0 * k, 0.5, rhythm=0.5) for k in range(n - 1)]
        one = window(10.0 * n, p_value, rhythm=0.001)
        return bool(derive_flags(make_analysis(quiet_map, None, *usual, one), 0.95))

    assert flagged(1, 0.04) and not flagged(6, 0.04) and flagged(6, 0.01)
    assert flagged(360, 0.0007) and flagged(8640, 0.0007) and not flagged(360, 0.002)


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


FOUND = {
    "st": (Finding("ST lower", ("V5", "V6")),),
    "rhythm": (Finding("irregular"),),
    "intervals": (Finding("QRS wide"),),
    "residual": (Finding("unlike the reconstruction", ("V1",)),),
    "latent": (Finding("unusual as a whole"),),
}


def window(start_s: float, p_value: float, **parts: float) -> WindowScore:
    score = -np.log10(p_value)
    return WindowScore(start_s, start_s + 10.0, score, 1.0, p_value, parts, FOUND)


def test_what_every_beat_shows_flags_a_window_that_passes_with_its_leads(
    quiet_map: np.ndarray,
) -> None:
    passing = make_analysis(quiet_map, None, window(0.0, 0.01, st=0.002, residual=0.001))
    (flag,) = derive_flags(passing, 0.95)
    assert (flag.leads, flag.reason, flag.parts) == (("V5", "V6"), "ST lower", ("st",))
    assert flag.p_value == 0.002 and not flag.placed
    usual = make_analysis(quiet_map, None, window(0.0, 0.2, st=0.002, residual=0.001))
    assert derive_flags(usual, 0.95) == ()


def test_findings_of_different_leads_are_a_flag_each(quiet_map: np.ndarray) -> None:
    one = window(0.0, 0.01, st=0.002)
    both = (Finding("T lower", ("I", "V6")), Finding("ST higher", ("V1", "V2")))
    flags = derive_flags(make_analysis(quiet_map, None, replace(one, findings={"st": both})), 0.95)
    assert {(flag.reason, flag.leads) for flag in flags} == {(f.text, f.leads) for f in both}
    assert {flag.p_value for flag in flags} == {0.002}


def test_a_window_that_passes_by_many_weak_signs_says_which_is_the_clearest(
    quiet_map: np.ndarray,
) -> None:
    analysis = make_analysis(quiet_map, None, window(0.0, 0.03, st=0.09, residual=0.08, latent=0.2))
    (flag,) = derive_flags(analysis, 0.95)
    assert (flag.leads, flag.reason, flag.p_value) == (("V1",), "unlike the reconstruction", 0.08)


def test_rhythm_and_intervals_share_a_flag_and_neighbouring_windows_too(
    quiet_map: np.ndarray,
) -> None:
    analysis = make_analysis(
        quiet_map, None,
        window(0.0, 0.01, rhythm=0.02), window(10.0, 0.01, rhythm=0.01),
        window(20.0, 0.3, rhythm=0.4), window(30.0, 0.01, rhythm=0.02, intervals=0.001),
        window(40.0, 0.01, rhythm=0.03),
    )  # fmt: skip
    spans = [(f.start_s, f.stop_s, f.reason, f.p_value) for f in derive_flags(analysis, 0.95)]
    assert spans == [
        (0.0, 20.0, "irregular", 0.01),
        (30.0, 40.0, "irregular + QRS wide", 0.001),
        (40.0, 50.0, "irregular", 0.03),
    ]


def saying(start_s: float, **found: Finding) -> WindowScore:
    """Return a window that passes by the findings given."""
    one = window(start_s, 0.0005, **dict.fromkeys(found, 0.01))
    return replace(one, findings={part: (finding,) for part, finding in found.items()})


def spans(flags: tuple[Flag, ...]) -> list[tuple[float, float, str, tuple[str, ...]]]:
    return [(flag.start_s, flag.stop_s, flag.reason, flag.leads) for flag in flags]


def test_a_window_that_says_something_else_is_another_flag(quiet_map: np.ndarray) -> None:
    lateral, right = ("V4", "V5", "V6"), ("V1", "V2")
    analysis = make_analysis(
        quiet_map, None,
        saying(0.0, st=Finding("ST lower, T lower", lateral)),
        saying(10.0, st=Finding("T lower, ST lower", ("V5", "V6"))),
        saying(20.0, st=Finding("ST higher", lateral)),
        saying(30.0, st=Finding("ST higher", right)),
    )  # fmt: skip
    assert spans(derive_flags(analysis, 0.95)) == [
        (0.0, 20.0, "ST lower, T lower", lateral),
        (20.0, 30.0, "ST higher", lateral),
        (30.0, 40.0, "ST higher", right),
    ]


def test_a_lesser_word_for_one_window_is_passed_over_and_for_two_is_a_finding(
    quiet_map: np.ndarray,
) -> None:
    wide, long, left = "QRS wide", "QRS wide, QT long", "QRS wide, T axis left"
    words = [wide, long, wide, left, wide, long, long, wide, "QRS narrow"]
    windows = [saying(10.0 * k, intervals=Finding(word)) for k, word in enumerate(words)]
    whole = make_analysis(quiet_map, None, *windows)
    assert [span[:3] for span in spans(derive_flags(whole, 0.95))] == [
        (0.0, 60.0, wide), (60.0, 80.0, long), (80.0, 90.0, "QRS narrow"),
    ]  # fmt: skip
    flags: tuple[Flag, ...] = ()
    part = replace(whole, windows=())
    for k in range(1, len(words) + 1):
        longer = replace(whole, windows=tuple(windows[:k]))
        flags, part = extend_flags(flags, part, longer, 0.95), longer
        assert flags == derive_flags(longer, 0.95)


def test_a_day_of_one_finding_that_wavers_is_few_flags(quiet_map: np.ndarray) -> None:
    rng = np.random.default_rng(5)
    windows = []
    for k in range(8640):
        words = "QRS wide, T axis left" if k % 7 == 3 else "QRS wide, QT long"
        chest = tuple(lead for lead in STANDARD_LEADS[6:] if rng.random() < 0.9)
        levels = Finding("ST lower", ("I", "aVL", *chest))
        windows.append(saying(10.0 * k, intervals=Finding(words), st=levels))
    flags = derive_flags(make_analysis(quiet_map, None, *windows), 0.95)
    assert [f.stop_s - f.start_s for f in flags if f.parts == ("intervals",)] == [86400.0]
    assert len(flags) < 100


def test_flags_grow_with_the_analysis_as_if_it_had_been_whole(quiet_map: np.ndarray) -> None:
    windows = [
        window(10.0 * k, 0.01, rhythm=0.02 if k % 4 else 0.3, st=0.01 if k < 6 else 0.5)
        for k in range(9)
    ]
    whole = make_analysis(quiet_map, None, *windows)
    flags: tuple[Flag, ...] = ()
    part = replace(whole, windows=())
    for k in range(1, 10):
        longer = replace(whole, windows=tuple(windows[:k]))
        flags, part = extend_flags(flags, part, longer, 0.95), longer
    assert flags == derive_flags(whole, 0.95)
    assert [f.stop_s - f.start_s for f in flags if f.parts == ("st",)] == [60.0]


def test_quality_is_ok_or_names_the_leads(quiet_map: np.ndarray) -> None:
    analysis = make_analysis(quiet_map)
    assert analysis.quality_text() == "ok"
    findings = (QualityFinding("V1", "flat", 0, 10), QualityFinding("V2", "flat", 0, 10))
    assert replace(analysis, quality=findings).quality_text() == "flat V1 V2"


def _quality_of(quiet_map: np.ndarray, *found: tuple[str, str, float, float], **changes) -> str:
    """Return what a minute says of findings (leads, kind, start, stop)."""
    quality = tuple(
        QualityFinding(lead, kind, start, stop)
        for leads, kind, start, stop in found
        for lead in leads.split()
    )
    analysis = replace(make_analysis(quiet_map), duration_s=60.0, quality=quality)
    return replace(analysis, **changes).quality_text()


def test_quality_tells_a_dropout_from_leads_that_are_not_there(quiet_map: np.ndarray) -> None:
    twelve, chest = " ".join(STANDARD_LEADS), "V1 V2 V3 V4 V5 V6"
    dropout = (twelve, "missing", 2.0, 3.0)
    assert _quality_of(quiet_map, dropout) == "missing 2.0-3.0 s all leads"
    assert _quality_of(quiet_map, (chest, "missing", 0, 60), dropout) == (
        f"missing {chest}; missing 2.0-3.0 s all leads"
    )
    assert _quality_of(
        quiet_map, ("V3", "flat", 0, 59.998), ("V1", "noisy", 7.04, 9), ("V2", "noisy", 7, 8.96)
    ) == ("flat V3; noisy 7.0-9.0 s V1 V2"), "to a tenth of a second the two are one span"
    assert _quality_of(quiet_map, ("V1", "missing", 1.0, 1.002)) == "missing 1.0-1.1 s V1"
    assert (
        _quality_of(quiet_map, ("V1", "missing", 0.002, 60), ("V1", "flat", 0, 0.002))
        == "missing V1"
    ), "there is nothing else to say of a lead that is bad throughout"
    so_far = ("V3", "flat", 0.0, 20.0)
    assert _quality_of(quiet_map, so_far) == "flat 0.0-20.0 s V3"
    assert _quality_of(quiet_map, so_far, analysed_s=20.0) == "flat V3"


def test_quality_stays_short_for_hundreds_of_spans(quiet_map: np.ndarray) -> None:
    noisy = [("V3 V4", "noisy", 100.0 * k, 100.0 * k + 1) for k in range(1, 800)]
    noisy[10] = (" ".join(STANDARD_LEADS), "noisy", 1_100.0, 1_101.0)
    noisy[500] = ("V1", "noisy", 50_100.0, 50_190.0)
    noisy[600] = ("V3 V4", "noisy", 60_100.0, 60_102.0)
    text = _quality_of(quiet_map, *noisy, duration_s=86_400.0)
    assert text == (
        "noisy 1100.0-1101.0 s all leads, 50100.0-50190.0 s V1, 60100.0-60102.0 s V3 V4 "
        "and 796 more"
    )
