"""Verdicts on the flags of the open analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ecgviewer.app.shell.reviewing.review_document import ReviewDocument
from ecgviewer.core.analysis import Analysis, Flag
from ecgviewer.core.flags import words_of
from ecgviewer.review.annotations import (
    Annotation,
    FlagVerdict,
    Review,
    flag_origin,
    new_id,
    utc_now,
)
from ecgviewer.review.edits import editing
from ecgviewer.review.labels import Label
from ecgviewer.review.matching import VerdictMatch, match_verdicts
from ecgviewer.review.proposals import propose


class FlagVerdicts:
    """Finds the verdicts that fit the document's flags, and gives new ones."""

    def __init__(self, review: ReviewDocument) -> None:
        self._review = review
        self._document = review.document

    def matches(self) -> list[VerdictMatch | None]:
        """Return, for each flag of the document, the verdict that fits it."""
        review, analysis = self._review.review, self._document.shown.analysis
        if review is None or analysis is None:
            return [None] * len(self._document.shown.flags)
        return match_verdicts(self._document.shown.flags, review.verdicts, analysis.bundle_sha256)

    def label_for(self, flag: Flag) -> Label:
        """Return the label that a flag gets when it is accepted without naming one.

        That is the one its words suggest, else the one that the reader gave to the same words in
        this record, else one that says no more than the flag does.
        """
        labels = self._review.labels
        return propose(flag.reason, labels) or self._given_before(flag) or labels.neutral

    def _given_before(self, flag: Flag) -> Label | None:
        """Return the label of the flag accepted last with these words; places have none."""
        review = self._review.review
        if review is None or flag.placed:
            return None
        words = set(words_of(flag.reason))
        made = {a.id: a for a in review.annotations}
        same = [v for v in review.verdicts if v.annotation_id in made]
        same = [v for v in same if set(words_of(v.reason)) == words]
        if not same:
            return None
        latest = made[max(same, key=lambda verdict: verdict.decided).annotation_id]
        return self._review.labels.by_name(latest.label)

    def find(self, verdict: FlagVerdict) -> int | None:
        """Return the flag of the document that a verdict is on, if it is there."""
        analysis = self._document.shown.analysis
        if analysis is None:
            return None
        matches = match_verdicts(self._document.shown.flags, [verdict], analysis.bundle_sha256)
        fits = {at: match.agreement for at, match in enumerate(matches) if match and match.decides}
        return max(fits, key=fits.__getitem__, default=None)

    def judge(self, verdict: str, label: Label | None = None) -> bool:
        """Give the verdict on the selected flag (empty takes it back)."""
        index, analysis = self._document.selected_flag, self._document.shown.analysis
        review = self._review.review
        if index is None or analysis is None or review is None:
            self._review.informed.emit("No flag is selected (N goes to the next one).")
            return False
        previous = _on_this_flag(self.matches()[index])
        if not verdict:
            if previous is None:
                self._review.informed.emit("There is no verdict on this flag.")
                return False
            return self._review.perform(editing.judge(review, None, previous))
        if previous is not None and previous.verdict == verdict:
            return self._judge_again(previous, label)
        flag = self._document.shown.flags[index]
        said = self._judgement(analysis, review, flag, verdict, previous, label)
        return self._review.perform(editing.judge_all(review, [said]))

    def judge_all(self, verdict: str, flags: Sequence[int]) -> bool:
        """Give one verdict on several flags, as one edit.

        Those that have a verdict of their own keep it, unless all of them have one.
        """
        analysis, review = self._document.shown.analysis, self._review.review
        if analysis is None or review is None:
            return False
        previous = {at: _on_this_flag(match) for at, match in enumerate(self.matches())}
        due = [at for at in flags if previous[at] is None] or [
            at for at in flags if (before := previous[at]) and before.verdict != verdict
        ]
        if not due:
            return True
        said = [
            self._judgement(
                analysis, review, self._document.shown.flags[at], verdict, previous[at], None
            )
            for at in due
        ]
        return self._review.perform(editing.judge_all(review, said))

    def _judgement(
        self,
        analysis: Analysis,
        review: Review,
        flag: Flag,
        verdict: str,
        previous: FlagVerdict | None,
        label: Label | None,
    ) -> editing.Judgement:
        origin = flag_origin(analysis, flag)
        annotation = None
        if verdict == "accepted":
            annotation = self._annotation_of(review, flag, label or self.label_for(flag))
            annotation = replace(annotation, origin=origin)
        said = FlagVerdict(
            new_id(),
            verdict,
            flag.start_s,
            flag.stop_s,
            flag.leads,
            flag.reason,
            origin,
            review.author,
            utc_now(),
            annotation.id if annotation is not None else "",
        )
        return editing.Judgement(said, previous, annotation)

    def _judge_again(self, previous: FlagVerdict, label: Label | None) -> bool:
        """Repeat a verdict: an accepted flag's annotation takes the label given, if any."""
        made, review = previous.annotation_id, self._review.review
        if label is not None and review and any(a.id == made for a in review.annotations):
            return self._review.attempt(lambda r: editing.relabel(r, made, label.name, label.codes))
        return True

    def _annotation_of(self, review: Review, flag: Flag, label: Label) -> Annotation:
        leads = [lead for lead in flag.leads if lead in review.record.leads]
        # One label has room for one finding: the others that have a label are noted.
        named = [propose(word, self._review.labels) for word in words_of(flag.reason)]
        names = dict.fromkeys(one.name for one in named if one is not None)
        others = [name for name in names if name != label.name]
        note = f"also {', '.join(others)}" if label.name in names and others else ""
        return editing.make(
            review, flag.start_s, flag.stop_s, leads, label.name, label.codes, note=note
        )

    def is_undecided(self, flag: int) -> bool:
        """Return whether a flag of the document has no verdict of its own."""
        return _on_this_flag(self.matches()[flag]) is None

    def next_undecided(self, after: int) -> int | None:
        """Return the next flag without a verdict of its own, from ``after`` on and around."""
        decided = [match is not None and match.decides for match in self.matches()]
        count = len(decided)
        order = [(after + step) % count for step in range(1, count + 1)]
        return next((index for index in order if not decided[index]), None)


def _on_this_flag(match: VerdictMatch | None) -> FlagVerdict | None:
    """Return the verdict that is on the flag itself, not only on something that overlaps it."""
    return match.verdict if match is not None and match.decides else None
