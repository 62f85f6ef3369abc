"""Flags and annotations as rows above the traces: prepared once, whatever is in view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from ecgviewer.app.qt.texts import finding_text, leads_text, p_text
from ecgviewer.app.trace.scene.spans import Spans
from ecgviewer.core.analysis import Flag
from ecgviewer.review.annotations import WFDB, Annotation

MAX_ROWS = 3
OPEN, ACCEPTED, REJECTED, UNSURE = range(4)
VERDICTS = ("", "accepted", "rejected", "unsure")
"""What a reader may have said of a flag; empty while nothing was said."""
VERDICT_MARKS = ("", "✓", "✗", "?")
"""How that is told without colours."""

Mark = TypeVar("Mark", Flag, Annotation)


@dataclass(frozen=True, eq=False)
class Track(Generic[Mark]):
    """Everything one track shows.

    Attributes
    ----------
    marks : tuple of Flag or Annotation
        In order of start.
    spans : Spans
        Of these.
    texts : tuple of str
    letters : tuple of str
        What stands for a text where there is no room for it; empty where nothing does.
    rows : tuple of int
        Row of each span; -1 where too many overlap.
    n_rows : int
        Rows in use anywhere in the record, so that panning never moves the page.
    role, selected_role : str
        Theme colours.
    noun : str
        For "10,000 annotations in view".
    whole : bool array
        Spans of whole windows: low in the overview, so that places stand out of them.
    verdicts : int array
        Of each span, an index of ``VERDICTS``.
    covered_s : float
        Time that spans cover which nobody rejected.
    judged : bool
        Whether there is any verdict.
    """

    marks: tuple[Mark, ...]
    spans: Spans
    texts: tuple[str, ...]
    letters: tuple[str, ...]
    rows: tuple[int, ...]
    n_rows: int
    role: str
    selected_role: str
    noun: str
    whole: npt.NDArray[np.bool_]
    verdicts: npt.NDArray[np.int8]
    covered_s: float = 0.0
    judged: bool = False


def flag_track(flags: Sequence[Flag], verdicts: Sequence[str] = ()) -> Track[Flag]:
    """Return the track of an analysis's flags.

    Parameters
    ----------
    flags : sequence of Flag
        In order of start, as derived.
    verdicts : sequence of str
        Of each flag, one of ``VERDICTS``; empty where all are open.
    """
    spans = Spans([f.start_s for f in flags], [f.stop_s for f in flags], [f.leads for f in flags])
    rows = stack(spans, MAX_ROWS)
    said = [VERDICTS.index(verdict) for verdict in verdicts] or [OPEN] * len(flags)
    marks = (f"{VERDICT_MARKS[verdict]} " if verdict else "" for verdict in said)
    return Track(
        marks=tuple(flags),
        spans=spans,
        texts=tuple(mark + flag_text(flag) for mark, flag in zip(marks, flags, strict=True)),
        letters=tuple(VERDICT_MARKS[verdict] for verdict in said),
        rows=rows,
        n_rows=_used(rows),
        role="flag",
        selected_role="flag_selected",
        noun="flags",
        whole=np.array([not flag.placed for flag in flags], dtype=bool),
        verdicts=np.array(said, dtype=np.int8),
        covered_s=_covered_s(spans, np.array(said, dtype=np.int8) != REJECTED),
        judged=any(said),
    )


def annotation_track(annotations: Sequence[Annotation]) -> Track[Annotation]:
    """Return the track of a review's annotations."""
    ordered = tuple(sorted(annotations, key=lambda annotation: annotation.start_s))
    spans = Spans(
        [a.start_s for a in ordered], [a.end_s for a in ordered], [a.leads for a in ordered]
    )
    rows = stack(spans, MAX_ROWS)
    return Track(
        marks=ordered,
        spans=spans,
        texts=tuple(annotation_text(annotation) for annotation in ordered),
        letters=tuple(wfdb_letter(annotation) for annotation in ordered),
        rows=rows,
        n_rows=_used(rows),
        role="annotation",
        selected_role="annotation",
        noun="annotations",
        whole=np.zeros(len(ordered), dtype=bool),
        verdicts=np.zeros(len(ordered), dtype=np.int8),
    )


def stack(spans: Spans, max_rows: int) -> tuple[int, ...]:
    """Return a row per span so that overlapping spans are in different rows; -1 where too many
    overlap.

    Spans must be in order of their start.
    """
    ends = [-np.inf] * max_rows
    rows = []
    for start, stop in zip(spans.starts.tolist(), spans.stops.tolist(), strict=True):
        row = next((r for r in range(max_rows) if ends[r] <= start), -1)
        if row >= 0:
            ends[row] = max(stop, start + 1e-9)
        rows.append(row)
    return tuple(rows)


def flag_text(flag: Flag) -> str:
    """Return a flag in a few words."""
    return f"{finding_text(flag)} · p {p_text(flag.p_value)}"


def annotation_text(annotation: Annotation) -> str:
    """Return an annotation in a few words."""
    if not annotation.leads:
        return annotation.label
    return f"{annotation.label} · {leads_text(annotation.leads)}"


def wfdb_letter(annotation: Annotation) -> str:
    """Return the letter by which a mark of a WFDB file is known; empty for other annotations."""
    return next((code.value for code in annotation.codes if code.system == WFDB), "")


def _covered_s(spans: Spans, which: npt.NDArray[np.bool_]) -> float:
    """Return how long any of some spans, in order of start, is there."""
    starts, stops = spans.starts[which], spans.stops[which]
    if starts.size == 0:
        return 0.0
    before = np.concatenate([[-np.inf], np.maximum.accumulate(stops)[:-1]])
    return float(np.maximum(stops - np.maximum(starts, before), 0.0).sum())


def _used(rows: tuple[int, ...]) -> int:
    return max(rows, default=-1) + 1
