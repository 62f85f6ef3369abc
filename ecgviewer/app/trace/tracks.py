"""The rows above the traces: flags and annotations, stacked, with labels in view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from ecgviewer.app.qt.texts import finding_text, leads_text, p_text
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.strips import Spans, paint_spans
from ecgviewer.core.analysis import Flag
from ecgviewer.review.annotations import WFDB, Annotation

MAX_ROWS = 3
MANY = 120
"""Annotations in view beyond which single labels could not be read anyway."""
ROW_PAD = 5.0
LEAST_BAR_PX = 3.0
LEAST_TEXT_PX = 64.0
"""A label cut shorter than this says nothing."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A clickable bar of a track."""

    rect: QRectF
    index: int


def row_height(metrics: QFontMetricsF) -> float:
    """Return the height of a track row for a font."""
    return round(metrics.height() + ROW_PAD)


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


@dataclass(frozen=True)
class Track:
    """Everything one track shows, prepared once per change.

    Attributes
    ----------
    spans : Spans
        In order of start.
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
    """

    spans: Spans
    texts: tuple[str, ...]
    letters: tuple[str, ...]
    rows: tuple[int, ...]
    n_rows: int
    role: str
    selected_role: str
    noun: str
    whole: npt.NDArray[np.bool_]


def flag_track(flags: Sequence[Flag]) -> Track:
    """Return the track of an analysis's flags."""
    spans = Spans([f.start_s for f in flags], [f.stop_s for f in flags], [f.leads for f in flags])
    rows = stack(spans, MAX_ROWS)
    texts = tuple(flag_text(flag) for flag in flags)
    whole = np.array([not flag.placed for flag in flags], dtype=bool)
    letters = ("",) * len(texts)
    return Track(spans, texts, letters, rows, _used(rows), "flag", "flag_selected", "flags", whole)


def annotation_track(annotations: Sequence[Annotation]) -> Track:
    """Return the track of a review's annotations."""
    spans = Spans(
        [a.start_s for a in annotations],
        [a.end_s for a in annotations],
        [a.leads for a in annotations],
    )
    rows = stack(spans, MAX_ROWS)
    texts = tuple(annotation_text(annotation) for annotation in annotations)
    whole = np.zeros(len(annotations), dtype=bool)
    letters = tuple(wfdb_letter(annotation) for annotation in annotations)
    return Track(
        spans, texts, letters, rows, _used(rows), "annotation", "annotation", "annotations", whole
    )


def _used(rows: tuple[int, ...]) -> int:
    return max(rows, default=-1) + 1


def paint_track(
    painter: QPainter, frame: Frame, track: Track, selected: int | None, top: float, height: float
) -> list[Bar]:
    """Draw a track whose rows are ``height`` high and return its bars, topmost last."""
    theme = frame.theme
    left, right = frame.page.left, frame.page.right
    seen = track.spans.within(frame.start_s, frame.stop_s)
    area = QRectF(left, top, right - left, height * track.n_rows)
    if seen.size > MANY:
        _paint_many(painter, frame, track, seen, area, height)
        return []
    # From the right: the text of a bar may run up to the next one.
    places: list[tuple[Bar, float]] = []
    next_left: dict[int, float] = {}
    hidden = 0
    x0, x1 = (x.tolist() for x in span_pixels(frame, track.spans, seen))
    for at in range(seen.size - 1, -1, -1):
        index = int(seen[at])
        row = track.rows[index]
        if row < 0:
            hidden += 1
            continue
        begin, end = max(x0[at], left), min(max(x1[at], x0[at] + LEAST_BAR_PX), right)
        line = top + row * height + 1
        rect = QRectF(begin, line, max(end - begin, LEAST_BAR_PX), height - 2)
        places.append((Bar(rect, index), min(next_left.get(row, right), right)))
        next_left[row] = begin
    _paint_bars(painter, frame, track, selected, places)
    if hidden:
        painter.setPen(theme.color(track.role))
        painter.drawText(
            area.adjusted(0, 0, -4, 0),
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom,
            f"+{hidden} more",
        )
    return [bar for bar, _ in places]


def _paint_many(
    painter: QPainter,
    frame: Frame,
    track: Track,
    seen: npt.NDArray[np.int64],
    area: QRectF,
    height: float,
) -> None:
    x0, x1 = span_columns(frame, track.spans, seen)
    color = frame.theme.color(track.role, 130)
    paint_spans(painter, x0, x1, area.adjusted(0, 1, 0, -1), color, frame.ratio)
    text = f"{seen.size:,} {track.noun} in view: zoom in to read them"
    width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 12
    box = QRectF(area.left() + 6, area.top() + 1, width, height - 2)
    painter.fillRect(box, frame.theme.color("paper", 230))
    painter.setPen(frame.theme.color(track.role))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def span_pixels(
    frame: Frame, spans: Spans, seen: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return where the spans of these indices begin and end."""
    offset = frame.page.left - frame.origin_px
    return (
        spans.starts[seen] * frame.px_per_s + offset,
        spans.stops[seen] * frame.px_per_s + offset,
    )


def span_columns(
    frame: Frame, spans: Spans, seen: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return where they begin and end, in device pixels from the left edge of the traces."""
    px_per_s = frame.px_per_s * frame.ratio
    return (
        spans.starts[seen] * px_per_s - frame.origin_column,
        spans.stops[seen] * px_per_s - frame.origin_column,
    )


def _paint_bars(
    painter: QPainter,
    frame: Frame,
    track: Track,
    selected: int | None,
    places: list[tuple[Bar, float]],
) -> None:
    """Draw bars with their texts, each with where the room on its right ends."""
    plain, chosen = (frame.theme.color(role) for role in (track.role, track.selected_role))
    fill = QColor(plain)
    fill.setAlpha(60)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(plain)
    painter.setBrush(fill)
    for bar, _ in places:
        if bar.index == selected:
            painter.save()
            painter.setPen(chosen)
            painter.setBrush(chosen)
        painter.drawRoundedRect(bar.rect.adjusted(0.5, 0.5, -0.5, -0.5), 2.5, 2.5)
        if bar.index == selected:
            painter.restore()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    metrics = QFontMetricsF(painter.font())
    within = {False: frame.theme.color("trace"), True: frame.theme.color("paper")}
    for bar, free_until in places:
        text, is_selected = track.texts[bar.index], bar.index == selected
        wanted = metrics.horizontalAdvance(text)
        box, inside = _text_box(bar.rect, free_until, wanted)
        letter = track.letters[bar.index]
        if letter and (box is None or box.width() < wanted):
            text, inside = letter, False
            box = _letter_box(bar.rect, free_until, metrics.horizontalAdvance(letter))
        if box is None:
            continue
        painter.setPen(within[is_selected] if inside else chosen if is_selected else plain)
        painter.drawText(
            box,
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width()),
        )


def _letter_box(rect: QRectF, free_until: float, wanted: float) -> QRectF | None:
    """Return where a letter goes behind its bar; None where even that has no room."""
    if free_until - rect.right() - 4 < wanted:
        return None
    return QRectF(rect.right() + 2, rect.top(), wanted + 2, rect.height())


def _text_box(rect: QRectF, free_until: float, wanted: float) -> tuple[QRectF | None, bool]:
    """Return where a bar's text goes, if anywhere, and whether that is inside the bar.

    It starts inside where there is room for all of it, or runs into free room on the right.
    """
    inside = rect.width() - 8
    if wanted > inside:
        free = free_until - rect.right() - 8
        if free >= min(wanted, LEAST_TEXT_PX):
            return QRectF(rect.right() + 4, rect.top(), free, rect.height()), False
        if inside < LEAST_TEXT_PX:
            return None, False
    return rect.adjusted(4, 0, -4, 0), True
