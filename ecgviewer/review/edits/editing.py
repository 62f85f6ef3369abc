"""Commands on a review, each as a reversible edit, and unlimited undo and redo.

An :class:`Edit` holds what it takes away and what it puts in their place, so that every command,
its undo, its redo and its replay from the journal are the same operation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from ecgviewer.review.annotations import (
    VERDICTS,
    Annotation,
    Code,
    FlagVerdict,
    RecordState,
    Review,
    new_id,
    utc_now,
)
from ecgviewer.review.errors import EditError

T = TypeVar("T", Annotation, FlagVerdict)


@dataclass(frozen=True, slots=True)
class Edit:
    """A reversible change. ``text`` names it in the Undo menu.

    Attributes
    ----------
    annotations, verdicts : pair of tuples
        What is taken away, and what takes its place.
    state : pair of RecordState, or None
        The record's state before and after.
    """

    text: str
    annotations: tuple[tuple[Annotation, ...], tuple[Annotation, ...]] = ((), ())
    verdicts: tuple[tuple[FlagVerdict, ...], tuple[FlagVerdict, ...]] = ((), ())
    state: tuple[RecordState, RecordState] | None = None

    def inverse(self) -> Edit:
        """Return the edit that takes this one back."""
        return Edit(
            self.text,
            (self.annotations[1], self.annotations[0]),
            (self.verdicts[1], self.verdicts[0]),
            None if self.state is None else (self.state[1], self.state[0]),
        )


def apply(review: Review, edit: Edit, lenient: bool = False) -> Review:
    """Return the review after an edit.

    Parameters
    ----------
    lenient : bool
        Put the new entries in even where the old ones are not as the edit remembers them; for
        replaying what follows a damaged journal entry.

    Raises
    ------
    EditError
        When the review is not as the edit expects it.
    """
    if edit.state is not None and not lenient and review.state != edit.state[0]:
        raise EditError("the record's state has changed since")
    return replace(
        review,
        annotations=_exchange(review.annotations, *edit.annotations, lenient),
        verdicts=_exchange(review.verdicts, *edit.verdicts, lenient),
        state=review.state if edit.state is None else edit.state[1],
    )


def _exchange(
    items: tuple[T, ...], old: tuple[T, ...], new: tuple[T, ...], lenient: bool
) -> tuple[T, ...]:
    if not old and not new:
        return items
    by_id = {item.id: item for item in items}
    for item in old:
        found = by_id.pop(item.id, None)
        if found != item and not lenient:
            raise EditError("an entry has changed since")
    for item in new:
        if item.id in by_id and not lenient:
            raise EditError("an entry exists already")
        by_id[item.id] = item
    return tuple(sorted(by_id.values(), key=lambda item: (item.start_s, item.end_s, item.id)))


def add(review: Review, annotations: Sequence[Annotation]) -> Edit:
    """Add annotations made by :func:`make` (or imported)."""
    for item in annotations:
        _check_span(review, item.start_s, item.end_s)
        _check_leads(review, item.leads)
    text = f"Add {annotations[0].label}" if len(annotations) == 1 else f"Add {len(annotations)}"
    return Edit(text, ((), tuple(annotations)))


def make(
    review: Review,
    start_s: float,
    end_s: float,
    leads: Sequence[str],
    label: str,
    codes: Sequence[Code] = (),
    note: str = "",
) -> Annotation:
    """Return a new annotation by this review's author; edges may come in either order.

    A span that reaches beyond the recording is cut; raises EditError where nothing is left.
    """
    start_s, end_s = sorted((start_s, end_s))
    start_s, end_s = max(start_s, 0.0), min(end_s, review.record.duration_s)
    _check_span(review, start_s, end_s)
    _check_leads(review, leads)
    now = utc_now()
    return Annotation(
        new_id(),
        start_s,
        end_s,
        _lead_order(review, leads),
        clean(label),
        tuple(codes),
        clean(note),
        review.author,
        now,
        now,
    )


def move_edges(review: Review, annotation_id: str, start_s: float, end_s: float) -> Edit:
    """Move one or both edges."""
    start_s, end_s = sorted((start_s, end_s))
    start_s, end_s = max(start_s, 0.0), min(end_s, review.record.duration_s)
    _check_span(review, start_s, end_s)
    return _change(review, annotation_id, "Move", start_s=start_s, end_s=end_s)


def set_leads(review: Review, annotation_id: str, leads: Sequence[str]) -> Edit:
    """Change the leads; none means all."""
    _check_leads(review, leads)
    return _change(review, annotation_id, "Change leads of", leads=_lead_order(review, leads))


def relabel(review: Review, annotation_id: str, label: str, codes: Sequence[Code] = ()) -> Edit:
    """Change the label and its codes."""
    label = clean(label)
    return _change(review, annotation_id, f"Relabel as {label}:", label=label, codes=tuple(codes))


def set_note(review: Review, annotation_id: str, note: str) -> Edit:
    """Change the note."""
    return _change(review, annotation_id, "Note on", note=clean(note))


def split(review: Review, annotation_id: str, at_s: float) -> Edit:
    """Cut an annotation in two at a moment inside it; the first part keeps the id."""
    old = _find(review, annotation_id)
    if not old.start_s < at_s < old.end_s:
        raise EditError(f"{old.label} cannot be split at {at_s:.3f} s: that is not inside it")
    now = utc_now()
    first = replace(old, end_s=at_s, modified=now)
    second = replace(old, id=new_id(), start_s=at_s, modified=now)
    return Edit(f"Split {old.label}", ((old,), (first, second)))


def merge(review: Review, annotation_ids: Sequence[str]) -> Edit:
    """Join annotations of one label into one from the first start to the last end.

    The leads are those of all; the earliest annotation keeps its id, origin and codes; different
    notes are kept one under the other.
    """
    old = sorted((_find(review, item) for item in set(annotation_ids)), key=lambda a: a.start_s)
    if len(old) < 2:
        raise EditError("two annotations or more are needed for a merge")
    if len({item.label for item in old}) > 1:
        raise EditError("only annotations of the same label can be merged")
    leads: tuple[str, ...] = ()
    if all(item.leads for item in old):
        leads = _lead_order(review, [lead for item in old for lead in item.leads])
    notes = list(dict.fromkeys(item.note for item in old if item.note))
    joined = replace(
        old[0],
        end_s=max(item.end_s for item in old),
        leads=leads,
        note="\n".join(notes),
        modified=utc_now(),
    )
    return Edit(f"Merge {len(old)} {joined.label}", (tuple(old), (joined,)))


def delete(review: Review, annotation_ids: Iterable[str]) -> Edit:
    """Delete annotations."""
    old = tuple(_find(review, item) for item in dict.fromkeys(annotation_ids))
    if not old:
        raise EditError("nothing is selected")
    text = f"Delete {old[0].label}" if len(old) == 1 else f"Delete {len(old)} annotations"
    return Edit(text, (old, ()))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What changes with the verdict on one flag.

    Attributes
    ----------
    verdict : FlagVerdict or None
        None takes the verdict back.
    previous : FlagVerdict or None
        The verdict that is replaced. The annotation that it created is deleted with it, unless
        the reader deleted it before.
    annotation : Annotation or None
        What an accepted flag becomes.
    """

    verdict: FlagVerdict | None
    previous: FlagVerdict | None = None
    annotation: Annotation | None = None


def judge(
    review: Review,
    verdict: FlagVerdict | None,
    previous: FlagVerdict | None = None,
    annotation: Annotation | None = None,
) -> Edit:
    """Give, change or take back the verdict on a flag; the parameters are of a Judgement."""
    return judge_all(review, [Judgement(verdict, previous, annotation)])


def judge_all(review: Review, judgements: Sequence[Judgement]) -> Edit:
    """Give, change or take back the verdicts on flags, all of them in one edit.

    Raises
    ------
    EditError
        When there is nothing to judge, or a verdict is none of VERDICTS.
    """
    if not judgements:
        raise EditError("there is no flag to judge")
    for said in (item.verdict for item in judgements):
        if said is not None and said.verdict not in VERDICTS:
            raise EditError(f"a verdict cannot be {said.verdict!r}")
    made = {item.previous.annotation_id for item in judgements if item.previous is not None}
    given = [item.verdict for item in judgements if item.verdict is not None]
    words = sorted({item.verdict for item in given})
    many = f"{len(judgements)} flags" if len(judgements) > 1 else "Flag"
    return Edit(
        f"{many} {' and '.join(words)}"
        if words
        else "Reset verdict" + (f" on {many}" if len(judgements) > 1 else ""),
        (
            tuple(item for item in review.annotations if item.id in made - {""}),
            tuple(item.annotation for item in judgements if item.annotation is not None),
        ),
        (
            tuple(item.previous for item in judgements if item.previous is not None),
            tuple(given),
        ),
    )


def set_state(
    review: Review,
    status: str | None = None,
    conclusion: str | None = None,
    note: str | None = None,
) -> Edit:
    """Change the record's status, conclusion or note; what is omitted stays."""
    new = RecordState(
        review.state.status if status is None else status,
        review.state.conclusion if conclusion is None else conclusion,
        review.state.note if note is None else clean(note),
        utc_now(),
    )
    if conclusion is not None:
        text = f"Conclude {conclusion or 'nothing yet'}"
    else:
        text = f"Mark as {new.status}" if status is not None else "Note on the record"
    return Edit(text, state=(review.state, new))


class History:
    """The edits that can be undone and redone. Unlimited."""

    def __init__(self) -> None:
        self._done: list[Edit] = []
        self._undone: list[Edit] = []

    @property
    def undo_text(self) -> str:
        """What undo would take back; empty when there is nothing."""
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        """What redo would do again; empty when there is nothing."""
        return self._undone[-1].text if self._undone else ""

    def next_undo(self) -> Edit | None:
        """Return the edit that takes back the last one done."""
        return self._done[-1].inverse() if self._done else None

    def next_redo(self) -> Edit | None:
        """Return the edit that was undone last."""
        return self._undone[-1] if self._undone else None

    def record(self, operation: str, edit: Edit) -> None:
        """Remember that ``edit`` was applied by ``do``, ``undo`` or ``redo``."""
        if operation == "undo":
            if self._done:
                self._done.pop()
            self._undone.append(edit.inverse())
        else:
            if operation == "do":
                self._undone.clear()
            elif self._undone:
                self._undone.pop()
            self._done.append(edit)


def clean(text: str) -> str:
    """Return text without characters that no file could hold (lone surrogates, NUL)."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _change(review: Review, annotation_id: str, what: str, **changes: object) -> Edit:
    old = _find(review, annotation_id)
    new = replace(old, **changes, modified=utc_now())  # type: ignore[arg-type]
    return Edit(f"{what} {old.label}", ((old,), (new,)))


def _find(review: Review, annotation_id: str) -> Annotation:
    try:
        return review.annotation(annotation_id)
    except KeyError:
        raise EditError("there is no such annotation (any more)") from None


def _check_span(review: Review, start_s: float, end_s: float) -> None:
    if not 0.0 <= start_s <= end_s <= review.record.duration_s:
        raise EditError(f"a span cannot run from {start_s:.3f} to {end_s:.3f} s in this record")


def _check_leads(review: Review, leads: Sequence[str]) -> None:
    unknown = [lead for lead in leads if lead not in review.record.leads]
    if unknown:
        raise EditError(f"the record has no lead {', '.join(unknown)}")


def _lead_order(review: Review, leads: Sequence[str]) -> tuple[str, ...]:
    """Return the leads once each, in the record's order; all of them become none."""
    chosen = tuple(lead for lead in review.record.leads if lead in leads)
    return () if chosen == review.record.leads else chosen
