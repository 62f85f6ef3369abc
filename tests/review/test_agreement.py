"""Two readers: kappa, interval F1, what the third must judge; verdicts found again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecgviewer.core.analysis import Flag
from ecgviewer.review.agreement import cohen_kappa, compare, interval_agreement
from ecgviewer.review.annotations import FlagOrigin, FlagVerdict, Review
from ecgviewer.review.edits import editing
from ecgviewer.review.labels import DEFAULT_LABELS, Label, LabelSet, load_labels
from ecgviewer.review.matching import match_verdicts


def test_kappa_of_the_textbook_example() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 0.7, expected 0.5, kappa 0.4.
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    kappa = cohen_kappa(first, second)
    assert kappa.value == pytest.approx(0.4)
    assert (kappa.observed, kappa.expected) == (pytest.approx(0.7), pytest.approx(0.5))
    assert kappa.standard_error == pytest.approx((0.7 * 0.3 / 50) ** 0.5 / 0.5)
    assert kappa.table[("yes", "no")] == 5


def test_kappa_has_no_value_where_chance_explains_everything() -> None:
    assert cohen_kappa(["normal"] * 5, ["normal"] * 5).value is None
    assert cohen_kappa([], []).value is None
    with pytest.raises(ValueError, match="same records"):
        cohen_kappa(["a"], [])


def review_of(empty: Review, author: str, *spans: tuple[float, float, str, list[str]]) -> Review:
    review = replace(empty, author=author)
    made = [editing.make(review, start, end, leads, label) for start, end, label, leads in spans]
    return editing.apply(review, editing.add(review, made)) if made else review


def test_comparison_pairs_the_same_findings(empty) -> None:
    ann = review_of(empty, "Ann", (1, 3, "AFIB", []), (10, 11, "PVC", ["V1"]), (20, 21, "STE", []))
    bob = review_of(empty, "Bob", (1.2, 3, "AFIB", []), (10, 11, "PAC", ["V1"]), (40, 41, "x", []))
    found = compare(ann, bob)
    assert [item.kind for item in found] == ["agree", "label differs", "only first", "only second"]
    counts = interval_agreement(found)
    assert (counts.matched, counts.only_first, counts.only_second) == (1, 2, 2)
    assert counts.f1 == pytest.approx(2 / 6)
    assert interval_agreement(compare(ann, replace(ann, author="Bob"))).f1 == 1.0
    assert interval_agreement([]).f1 is None


def test_other_leads_are_another_finding(empty) -> None:
    ann = review_of(empty, "Ann", (1, 3, "STE", ["V1", "V2"]))
    bob = review_of(empty, "Bob", (1, 3, "STE", ["II"]))
    assert [item.kind for item in compare(ann, bob)] == ["only first", "only second"]


def test_the_best_overlap_is_paired_first(empty) -> None:
    ann = review_of(empty, "Ann", (0, 10, "AFIB", []), (9, 20, "AFIB", []))
    bob = review_of(empty, "Bob", (5, 15, "AFIB", []), (9, 19, "AFIB", []))
    pairs = [item for item in compare(ann, bob) if item.kind == "agree"]
    assert [(pair.first.start_s, pair.second.start_s) for pair in pairs] == [(9, 9)]


def verdict(start: float, end: float, leads: tuple[str, ...], said: str, bundle: str = "b1"):
    origin = FlagOrigin("cae", bundle, 5.0, 0.01)
    return FlagVerdict(f"v{start:g}", said, start, end, leads, "residual", origin, decided=str(end))


def flag(start: float, end: float, *leads: str) -> Flag:
    return Flag(start, end, leads, 6.0, 0.01, "residual")


def test_verdicts_survive_another_threshold_and_model() -> None:
    given = [verdict(2.0, 3.0, ("V1", "V2"), "accepted"), verdict(8.0, 9.0, (), "rejected")]
    narrower = [flag(2.4, 2.6, "V1"), flag(8.0, 9.0), flag(5.0, 5.5, "V1")]
    first, second, third = match_verdicts(narrower, given, "b1")
    assert first is not None and first.verdict.verdict == "accepted"
    assert first.agreement == pytest.approx(0.2 * 0.5)
    assert "10\u00a0% overlap" in first.text()
    assert second is not None and second.agreement == 1.0
    assert second.text() == "same flag"
    assert third is None
    other = match_verdicts([flag(2.0, 3.0, "V1", "V2")], given, "b2")[0]
    assert other is not None and not other.same_model
    assert "given on cae" in other.text()


def test_a_finding_elsewhere_or_in_other_leads_takes_no_verdict() -> None:
    given = [verdict(2.0, 3.0, ("V1",), "accepted")]
    flags = [flag(2.0, 3.0, "II"), flag(2.0, 3.0), flag(2.9, 4.0, "V1"), flag(4.0, 5.0, "V1")]
    assert match_verdicts(flags, given, "b1") == [None] * 4


def test_a_verdict_on_a_whole_window_is_on_what_it_says_only() -> None:
    place = flag(2.0, 2.2, "V1")
    whole = Flag(0.0, 10.0, ("V1", "V2"), 6.0, 0.01, "ST lower, T lower", ("st",))
    given = [replace(verdict(0.0, 10.0, whole.leads, "rejected"), reason=whole.reason)]
    others = [
        replace(whole, reason=words) for words in ("T lower, ST lower", "ST lower", "S deeper")
    ]
    found = match_verdicts([place, whole, *others], given, "b1")
    agreement = [match and (match.agreement, match.decides) for match in found]
    assert agreement == [None, (1.0, True), (1.0, True), (0.5, True), None]
    on_place = [verdict(2.0, 2.2, ("V1",), "accepted")]
    assert match_verdicts([whole, place], on_place, "b1")[0] is None


def test_a_verdict_on_a_minute_decides_nothing_of_an_hour() -> None:
    minute = replace(verdict(0.0, 60.0, (), "rejected"), reason="irregular")
    grown = [Flag(0.0, stop, (), 6.0, 0.01, "irregular", ("rhythm",)) for stop in (90.0, 200, 3600)]
    found = match_verdicts(grown, [minute], "b1")
    assert [match and match.decides for match in found] == [True, False, None]


def test_a_verdict_given_before_findings_had_words_is_found_by_the_part_of_the_score() -> None:
    earlier = replace(verdict(0.0, 10.0, (), "accepted"), reason="rhythm")
    rhythm = Flag(0.0, 10.0, (), 6.0, 0.01, "irregular, no constant P", ("rhythm",))
    intervals = replace(rhythm, reason="QRS wide", parts=("intervals",))
    first, second = match_verdicts([rhythm, intervals], [earlier], "b1")
    assert first is not None and first.decides
    assert second is None


def test_a_flag_that_joined_two_judged_ones_says_that_they_differ() -> None:
    given = [verdict(2.0, 3.0, ("V1",), "accepted"), verdict(3.2, 3.5, ("V1",), "rejected")]
    (match,) = match_verdicts([flag(2.0, 3.5, "V1")], given, "b1")
    assert match is not None and match.contested
    assert match.verdict.verdict == "accepted"


def test_label_sets_can_be_edited_and_kept(tmp_path) -> None:
    path = tmp_path / "config" / "labels.json"
    assert load_labels(path) is DEFAULT_LABELS
    assert DEFAULT_LABELS.by_key("1").name == "Atrial fibrillation"
    assert [DEFAULT_LABELS.by_key(str(key)) is not None for key in range(10)] == [False] + [
        True
    ] * 9
    assert DEFAULT_LABELS.neutral.name == "Other finding"
    DEFAULT_LABELS.save(path)
    assert load_labels(path) == DEFAULT_LABELS
    own = LabelSet("mine", (Label("Pausé", "rhythm", key="1"),))
    own.save(path)
    assert load_labels(path) == own
    assert own.neutral.name == "Pausé", "the last label where there is no such name"


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format": "ecgviewer-labels", "version": 9, "labels": []}',
     '{"format": "ecgviewer-labels", "version": 1, "labels": [{"name": "a"}, {"name": "a"}]}',
     '{"format": "ecgviewer-labels", "version": 1, "labels": [{"name": "a", "key": "x"}]}'],
)  # fmt: skip
def test_damaged_label_sets_are_refused(content, tmp_path) -> None:
    from ecgviewer.core.errors import ReviewError

    path = tmp_path / "labels.json"
    path.write_text(content)
    with pytest.raises(ReviewError):
        load_labels(path)
