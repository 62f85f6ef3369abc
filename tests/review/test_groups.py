"""Flags that are alike are one group; what differs stays apart."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import numpy as np

from ecgviewer.core.analysis import Analysis, Flag, WindowScore
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.reference import NormalReference
from ecgviewer.review.annotations import FlagOrigin, FlagVerdict, Review, new_id
from ecgviewer.review.edits import editing
from ecgviewer.review.groups import group_flags, group_of

FS_HZ = 100.0


def wave(kind: int, n: int = 30) -> np.ndarray:
    """Return what the model left over of one beat: a shape over 12 leads."""
    rng = np.random.default_rng(kind)
    t = np.arange(n)
    middles = rng.uniform(4, n - 4, (12, 1))
    size = rng.uniform(-1, 1, (12, 1))
    return np.asarray(size * np.exp(-0.5 * ((t - middles) / 3.0) ** 2), dtype=np.float32)


def record_of(kinds: list[int], rr_s: float = 0.8) -> tuple[Analysis, list[Flag], np.ndarray]:
    """Return an analysis whose beats differ from normal by a shape each, and a flag on each."""
    rng = np.random.default_rng(0)
    n = round((len(kinds) + 2) * rr_s * FS_HZ)
    left_over = rng.normal(0, 0.03, (12, n)).astype(np.float32)
    r_peaks = (np.arange(len(kinds)) + 1) * rr_s
    flags = []
    for r, kind in zip(r_peaks, kinds, strict=True):
        at = round(r * FS_HZ) - 10
        left_over[:, at : at + 30] += wave(kind)
        leads = tuple(rng.permutation(STANDARD_LEADS)[:9])  # a few leads are missed each time
        flags.append(Flag(at / FS_HZ, (at + 30) / FS_HZ, leads, 9.0, 1e-4, "shape"))
    reference = NormalReference.from_scores(np.linspace(0.0, 4.0, 200))
    zeros = np.zeros_like(left_over)
    analysis = Analysis(
        model="cae", bundle_sha256="b", recording_sha256="r", record_name="", preprocessing={},
        leads=STANDARD_LEADS, duration_s=n / FS_HZ, score=9.0, raw_score=1.0, p_value=1e-4,
        parts={}, windows=(WindowScore(0.0, 10.0, 9.0, 1.0, 1e-4, {}),), map_fs_hz=FS_HZ,
        score_map=np.abs(left_over), reconstruction_mv=zeros, model_input_mv=left_over,
        model_output_mv=zeros, record_reference=reference, map_reference=reference,
    )  # fmt: skip
    return analysis, flags, r_peaks


def test_beats_of_two_foci_are_two_groups() -> None:
    kinds = [1, 2, 1, 1, 2, 1, 1, 1, 2, 1]
    analysis, flags, r_peaks = record_of(kinds)
    first, second = group_flags(flags, analysis, r_peaks)
    assert [kinds[at] for at in first.members] == [1] * 7
    assert [kinds[at] for at in second.members] == [2] * 3
    assert group_of((first, second), 4) == 1
    assert first.start_s == flags[0].start_s and first.stop_s == flags[-1].stop_s
    assert len(first.leads) == 12  # each is in at least half of the flags
    assert first.rate_per_hour(analysis.duration_s) == 3600 * 7 / analysis.duration_s


def test_one_shape_in_leads_that_have_nothing_in_common_is_two_groups() -> None:
    analysis, flags, r_peaks = record_of([1, 1, 1, 1])
    flags = [replace(flag, leads=("II",) if k < 3 else ("V5",)) for k, flag in enumerate(flags)]
    assert [g.members for g in group_flags(flags, analysis, r_peaks)] == [(0, 1, 2), (3,)]


def test_without_beats_the_flags_themselves_are_aligned() -> None:
    analysis, flags, _ = record_of([1, 2, 1, 2, 1])
    assert [group.count for group in group_flags(flags, analysis)] == [3, 2]


def test_findings_of_windows_are_grouped_by_words_and_leads() -> None:
    analysis, _, _ = record_of([1])
    one = Flag(0.0, 10.0, ("V1", "V2"), 5.0, 0.01, "ST lower, T lower", ("st",))
    other_order = replace(one, start_s=20.0, stop_s=30.0, reason="T lower, ST lower")
    elsewhere = replace(one, start_s=40.0, stop_s=50.0, leads=("II", "III"))
    rhythm = Flag(0.0, 10.0, (), 5.0, 0.002, "irregular", ("rhythm",))
    groups = group_flags([one, rhythm, other_order, elsewhere], analysis)
    assert Counter(group.members for group in groups) == Counter([(0, 2), (1,), (3,)])
    assert groups[0].reason in ("ST lower, T lower", "T lower, ST lower")
    assert groups[0].p_value == 0.01


def test_no_flags_no_groups() -> None:
    analysis, _, _ = record_of([1])
    assert group_flags([], analysis) == ()


def test_a_day_of_flags_is_grouped_while_one_waits() -> None:
    rng = np.random.default_rng(3)
    analysis, flags, r_peaks = record_of(list(rng.integers(0, 12, 20_000)))
    start = time.process_time()
    groups = group_flags(flags, analysis, r_peaks)
    assert time.process_time() - start < 2.0
    assert sum(group.count for group in groups) == len(flags)
    assert sum(group.count for group in groups[:12]) > 0.95 * len(flags)


def test_a_verdict_on_a_group_is_one_edit_that_undo_takes_back(empty: Review) -> None:
    origin = FlagOrigin("cae", "b", 5.0, 0.01)
    made = [editing.make(empty, at, at + 0.5, ["II"], "PVC") for at in range(3)]
    said = [
        FlagVerdict(
            new_id(), "accepted", item.start_s, item.end_s, ("II",), "shape", origin,
            annotation_id=item.id,
        )
        for item in made
    ]  # fmt: skip
    edit = editing.judge_all(
        empty,
        [editing.Judgement(v, None, a) for v, a in zip(said, made, strict=True)],
    )
    after = editing.apply(empty, edit)
    assert edit.text == "3 flags accepted"
    assert len(after.verdicts) == len(after.annotations) == 3
    changed = editing.judge_all(
        after,
        [editing.Judgement(replace(v, verdict="rejected", annotation_id=""), v) for v in said],
    )
    rejected = editing.apply(after, changed)
    assert {v.verdict for v in rejected.verdicts} == {"rejected"} and not rejected.annotations
    assert editing.apply(rejected, changed.inverse()) == after
    assert editing.apply(after, edit.inverse()) == empty
