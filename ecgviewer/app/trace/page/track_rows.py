"""Paints the rows above the traces: flags and annotations, with texts in view."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.track_bars import AnyTrack, Bar, TrackRows, span_columns
from ecgviewer.app.trace.raster.color_rows import paint_spans

ROW_PAD = 5.0
LOOKS = (
    (Qt.PenStyle.SolidLine, 60), (Qt.PenStyle.SolidLine, 120), (Qt.PenStyle.DashLine, 0),
    (Qt.PenStyle.DotLine, 30),
)  # fmt: skip
"""Outline and opacity of a bar by its verdict: open, accepted, rejected, unsure."""
LEAST_TEXT_PX = 64.0
"""A label cut shorter than this says nothing."""


def row_height(metrics: QFontMetricsF) -> float:
    """Return the height of a track row for a font."""
    return round(metrics.height() + ROW_PAD)


def paint_track(
    painter: QPainter, geometry: Geometry, track: AnyTrack, rows: TrackRows, selected: int | None
) -> None:
    """Draw the rows of a track."""
    if rows.crowded:
        _paint_many(painter, geometry, track, rows)
        return
    _paint_bars(painter, geometry, track, selected, rows.bars)
    if rows.hidden:
        painter.setPen(geometry.theme.color(track.role))
        painter.drawText(
            rows.area.adjusted(0, 0, -4, 0),
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom,
            f"+{rows.hidden} more",
        )


def _paint_many(painter: QPainter, geometry: Geometry, track: AnyTrack, rows: TrackRows) -> None:
    seen, area, height = rows.seen, rows.area, rows.row_px
    x0, x1 = span_columns(geometry, track.spans, seen)
    color = geometry.theme.color(track.role, 130)
    paint_spans(painter, x0, x1, area.adjusted(0, 1, 0, -1), color, geometry.ratio)
    text = f"{seen.size:,} {track.noun} in view: zoom in to read them"
    width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 12
    box = QRectF(area.left() + 6, area.top() + 1, width, height - 2)
    painter.fillRect(box, geometry.theme.color("paper", 230))
    painter.setPen(geometry.theme.color(track.role))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _paint_bars(
    painter: QPainter,
    geometry: Geometry,
    track: AnyTrack,
    selected: int | None,
    bars: list[Bar],
) -> None:
    """Draw bars with their texts."""
    plain, chosen = (geometry.theme.color(role) for role in (track.role, track.selected_role))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for bar in bars:
        selected_bar = bar.index == selected
        line, alpha = LOOKS[int(track.verdicts[bar.index])]
        color = QColor(chosen if selected_bar else plain)
        pen = QPen(color, 1.0, line)
        color.setAlpha(255 if selected_bar else alpha)
        painter.setPen(pen)
        painter.setBrush(color)
        painter.drawRoundedRect(bar.rect.adjusted(0.5, 0.5, -0.5, -0.5), 2.5, 2.5)
    painter.restore()
    metrics = QFontMetricsF(painter.font())
    within = {False: geometry.theme.color("trace"), True: geometry.theme.color("paper")}
    for bar in bars:
        text, is_selected = track.texts[bar.index], bar.index == selected
        wanted = metrics.horizontalAdvance(text)
        box, inside = _text_box(bar.rect, bar.free_until, wanted)
        letter = track.letters[bar.index]
        if letter and (box is None or box.width() < wanted):
            text, inside = letter, False
            box = _letter_box(bar.rect, bar.free_until, metrics.horizontalAdvance(letter))
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
