"""What the commands depend on: one frozen value, and the conditions that rows of the table name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Context:
    """What may be seen and done now.

    Attributes
    ----------
    record_open : bool
    questions : bool
        The open record's file leaves something open that can be answered anew.
    judgeable : bool
        Models can judge the open record.
    blind : bool
        What models, the file and other readers say is hidden.
    running : bool
        An analysis is under way.
    analysed : bool
        An analysis can be seen.
    n_flags : int
        Flags that can be seen.
    flag_selected : bool
    review_open, editable : bool
        The review is there; it can be changed.
    n_annotations : int
        The reader's own.
    marked, annotation_selected : bool
        A span waits for its label; an annotation of the reader is selected.
    can_undo, can_redo : bool
    measured : bool
        The calipers hold a measurement.
    listed, queued : bool
        There are records in the list; in the work list.
    recent : bool
        There are recent files.
    annotators : bool
        Annotations came with the file and may be seen.
    """

    record_open: bool = False
    questions: bool = False
    judgeable: bool = False
    blind: bool = False
    running: bool = False
    analysed: bool = False
    n_flags: int = 0
    flag_selected: bool = False
    review_open: bool = False
    editable: bool = False
    n_annotations: int = 0
    marked: bool = False
    annotation_selected: bool = False
    can_undo: bool = False
    can_redo: bool = False
    measured: bool = False
    listed: bool = False
    queued: bool = False
    recent: bool = False
    annotators: bool = False


When = Callable[[Context], bool]


def always(_context: Context) -> bool:
    """Nothing is needed."""
    return True


def record_open(context: Context) -> bool:
    """A record is open."""
    return context.record_open


def has_questions(context: Context) -> bool:
    """The open record's file leaves something open."""
    return context.record_open and context.questions


def sighted(context: Context) -> bool:
    """The reader does not read blind."""
    return not context.blind


def record_seen(context: Context) -> bool:
    """A record is open, and what others say of it may be seen."""
    return context.record_open and not context.blind


def can_analyse(context: Context) -> bool:
    """A model can be run on the open record, and its result seen."""
    return record_seen(context) and context.judgeable and not context.running


def running(context: Context) -> bool:
    """An analysis is under way."""
    return context.running


def can_calibrate(context: Context) -> bool:
    """There is a work list, and what models say of it may be seen."""
    return context.queued and not context.blind


def can_clear(context: Context) -> bool:
    """There are results to forget."""
    return context.analysed and not context.blind and not context.running


def has_flags(context: Context) -> bool:
    """There are flags to go to."""
    return context.n_flags > 0 and not context.blind


def has_annotations(context: Context) -> bool:
    """There are annotations to go to."""
    return context.n_annotations > 0


def review_open(context: Context) -> bool:
    """The review of the open record is there."""
    return context.review_open


def can_compare(context: Context) -> bool:
    """Other readers' reviews may be seen."""
    return context.review_open and not context.blind


def editable(context: Context) -> bool:
    """The review can be changed."""
    return context.editable


def flag_selected(context: Context) -> bool:
    """There is a flag to judge."""
    return context.editable and context.flag_selected and not context.blind


def span_chosen(context: Context) -> bool:
    """There is a span to change: the marked one, or the selected annotation."""
    return context.editable and (context.marked or context.annotation_selected)


def annotation_selected(context: Context) -> bool:
    """There is an annotation to change."""
    return context.editable and context.annotation_selected


def span_marked(context: Context) -> bool:
    """A span waits for its label."""
    return context.editable and context.marked


def can_undo(context: Context) -> bool:
    """There is an edit to take back."""
    return context.editable and context.can_undo


def can_redo(context: Context) -> bool:
    """There is an edit to do again."""
    return context.editable and context.can_redo


def measured(context: Context) -> bool:
    """The calipers hold a measurement."""
    return context.measured


def can_keep_measured(context: Context) -> bool:
    """The calipers hold a measurement, and the review can take it."""
    return context.measured and context.editable


def listed(context: Context) -> bool:
    """There are records in the list."""
    return context.listed


def queued(context: Context) -> bool:
    """There are records in the work list."""
    return context.queued


def has_recent(context: Context) -> bool:
    """There are recent files."""
    return context.recent


def has_annotators(context: Context) -> bool:
    """Annotations came with the file and may be seen."""
    return context.annotators and not context.blind
