"""The evidence card: each lead's median beat over its reconstruction, and the intervals."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ecgviewer.app.evidence.measurements import POST_S, PRE_S, Evidence
from ecgviewer.app.qt.theme import LIGHT, Theme
from ecgviewer.app.trace.polyline import polygon
from ecgviewer.signal.measures.interval_words import interval_texts

COLUMNS = 4
PAD_PX = 12.0
GAP_PX = 8.0
STATEMENT_LINES = 4
LEAST_MV = 1.0
"""A panel spans at least this, so that noise of a flat lead is not blown up."""


def st_text(evidence: Evidence, lead: str) -> str:
    """Return a lead's ST level 60 ms after the J point."""
    level = evidence.intervals.st_mv.get(lead)
    if level is None or level.value is None:
        return "ST not measurable"
    error = f" ± {level.uncertainty:.2f}" if level.uncertainty is not None else ""
    value = round(level.value, 2) + 0.0  # no negative zero
    return f"ST {value:+.2f}{error} {evidence.unit}"


class EvidenceCard(QWidget):
    """Shows an :class:`Evidence`; paints itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._evidence: Evidence | None = None
        self._theme: Theme = LIGHT
        self.setAccessibleName("Evidence card")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        self.update()

    def set_evidence(self, evidence: Evidence | None) -> None:
        """Show the beats and intervals of a range, or nothing."""
        self._evidence = evidence
        self.setAccessibleDescription(self.text())
        self.update()

    def text(self) -> str:
        """Return everything measured in words, for the clipboard and screen readers."""
        evidence = self._evidence
        if evidence is None:
            return ""
        lines = [f"{evidence.start_s:.1f}-{evidence.stop_s:.1f} s"]
        lines += [f"{name}: {value}" for name, value in interval_texts(evidence.intervals)]
        lines += evidence.statements
        lines += [f"{lead}: {st_text(evidence, lead)} at J + 60 ms" for lead in evidence.leads]
        return "\n".join(lines)

    def sizeHint(self) -> QSize:
        """Return a size at which every panel can be read."""
        return QSize(760, 620)

    def minimumSizeHint(self) -> QSize:
        """Return the least size at which nothing overlaps."""
        return QSize(560, 480)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("base"))
        evidence = self._evidence
        if evidence is None:
            painter.setPen(self._theme.color("text_muted"))
            painter.drawText(
                self.rect(), Qt.AlignmentFlag.AlignCenter, "No beats were measured yet"
            )
            painter.end()
            return
        metrics = QFontMetricsF(painter.font())
        area = QRectF(self.rect()).adjusted(PAD_PX, PAD_PX, -PAD_PX, -PAD_PX)
        top = self._paint_measures(painter, area, evidence, metrics)
        legend = self._paint_legend(painter, area, evidence, metrics)
        panels = QRectF(area.left(), top, area.width(), legend - top - GAP_PX)
        self._paint_panels(painter, panels, evidence)
        painter.end()

    def _paint_measures(
        self, painter: QPainter, area: QRectF, evidence: Evidence, metrics: QFontMetricsF
    ) -> float:
        """Draw the intervals in two columns; return the lower edge."""
        rows = interval_texts(evidence.intervals)
        line = metrics.height() + 4
        per_column = -(-len(rows) // 2)
        name_width = max(metrics.horizontalAdvance(name) for name, _ in rows) + 14
        for index, (name, value) in enumerate(rows):
            column, row = divmod(index, per_column)
            x = area.left() + column * area.width() / 2
            y = area.top() + row * line
            painter.setPen(self._theme.color("text_muted"))
            painter.drawText(QRectF(x, y, name_width, line), Qt.AlignmentFlag.AlignVCenter, name)
            painter.setPen(self._theme.color("text"))
            room = QRectF(x + name_width, y, area.width() / 2 - name_width - 6, line)
            words = metrics.elidedText(value, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
        bottom = area.top() + per_column * line
        if evidence.statements:
            room = QRectF(area.left(), bottom, area.width(), line * STATEMENT_LINES)
            flags = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(room, flags, "  ·  ".join(evidence.statements))
            taken = painter.boundingRect(room, flags, "  ·  ".join(evidence.statements))
            bottom += min(taken.height(), room.height())
        return bottom + GAP_PX

    def _paint_legend(
        self, painter: QPainter, area: QRectF, evidence: Evidence, metrics: QFontMetricsF
    ) -> float:
        """Draw what the lines are at the bottom; return the upper edge."""
        top = area.bottom() - metrics.height()
        x = area.left()
        entries = [("trace", "median beat")]
        if evidence.reconstruction_mv is not None:
            entries.append(("reconstruction", "its reconstruction"))
        middle = top + metrics.height() / 2
        for role, words in entries:
            painter.setPen(QPen(self._theme.color(role), 2.0))
            painter.drawLine(QPointF(x, middle), QPointF(x + 18, middle))
            painter.setPen(self._theme.color("text_muted"))
            painter.drawText(QPointF(x + 24, top + metrics.ascent()), words)
            x += 24 + metrics.horizontalAdvance(words) + 18
        unit = evidence.unit
        words = f"ST in {unit} at J + 60 ms  ·  squares 0.2 s × 0.5 {unit}"
        room = QRectF(x, top, area.right() - x, metrics.height())
        painter.drawText(
            room,
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            metrics.elidedText(words, Qt.TextElideMode.ElideRight, room.width()),
        )
        return top

    def _paint_panels(self, painter: QPainter, area: QRectF, evidence: Evidence) -> None:
        n_leads = len(evidence.leads)
        n_rows = max(-(-n_leads // COLUMNS), 1)
        width = (area.width() - GAP_PX * (COLUMNS - 1)) / COLUMNS
        height = (area.height() - GAP_PX * (n_rows - 1)) / n_rows
        span = _common_span_mv(evidence)
        for index, lead in enumerate(evidence.leads):
            # Down the columns first, as on a printed 3x4 page.
            column, row = divmod(index, n_rows)
            rect = QRectF(
                area.left() + column * (width + GAP_PX), area.top() + row * (height + GAP_PX),
                width, height,
            )  # fmt: skip
            self._paint_panel(painter, rect, evidence, index, lead, span)

    def _paint_panel(
        self,
        painter: QPainter,
        rect: QRectF,
        evidence: Evidence,
        row: int,
        lead: str,
        span: tuple[float, float],
    ) -> None:
        theme = self._theme
        painter.fillRect(rect, theme.color("paper"))
        metrics = QFontMetricsF(painter.font())
        inner = rect.adjusted(0, metrics.height() + 2, 0, -2)
        low, high = span
        x_of, y_of = inner.width() / (PRE_S + POST_S), inner.height() / (high - low)
        painter.setClipRect(rect)
        painter.setPen(QPen(theme.color("grid_major"), 1.0))
        for step in range(-1, 3):
            across = round(inner.left() + (PRE_S + step * 0.2) * x_of)
            painter.drawLine(QPointF(across, rect.top()), QPointF(across, rect.bottom()))
        for half in range(int(np.ceil(low / 0.5)), int(high / 0.5) + 1):
            level = round(inner.bottom() - (half * 0.5 - low) * y_of)
            painter.drawLine(QPointF(rect.left(), level), QPointF(rect.right(), level))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        layers = [(evidence.beats_mv[row], evidence.fs_hz, "trace")]
        if evidence.reconstruction_mv is not None:
            beat = evidence.reconstruction_mv[row]
            layers.insert(0, (beat, evidence.reconstruction_fs_hz, "reconstruction"))
        rest_mv = _level(evidence, row)
        for beat, fs_hz, role in layers:
            known = np.flatnonzero(np.isfinite(beat))
            x = inner.left() + known / fs_hz * x_of
            y = inner.bottom() - (beat[known] - rest_mv - low) * y_of
            painter.setPen(QPen(theme.color(role), 1.6))
            painter.drawPolyline(polygon(x, y))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        font = QFont(painter.font())
        bold = QFont(font)
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(theme.color("lead_name"))
        painter.drawText(QPointF(rect.left() + 5, rect.top() + metrics.ascent() + 1), lead)
        left = rect.left() + 12 + QFontMetricsF(bold).horizontalAdvance(lead)
        painter.setFont(font)
        painter.setPen(theme.color("muted"))
        room = QRectF(left, rect.top() + 1, rect.right() - left - 5, metrics.height())
        words = st_text(evidence, lead)
        if metrics.horizontalAdvance(words) > room.width():
            words = words.removesuffix(f" {evidence.unit}").removeprefix("ST ")
        painter.drawText(
            room,
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            metrics.elidedText(words, Qt.TextElideMode.ElideRight, room.width()),
        )
        painter.setClipping(False)
        painter.setPen(theme.color("border"))
        painter.drawRect(rect)


def _level(evidence: Evidence, row: int) -> float:
    """Return the resting level of a lead's median beat: the median before the QRS."""
    before = evidence.beats_mv[row, : round(0.22 * evidence.fs_hz)]
    before = before[np.isfinite(before)]
    return float(np.median(before)) if before.size else 0.0


def _common_span_mv(evidence: Evidence) -> tuple[float, float]:
    """Return the lowest and highest mV of all panels, so that leads compare at a glance."""
    low, high = -LEAST_MV / 2, LEAST_MV / 2
    for row in range(len(evidence.leads)):
        beat = evidence.beats_mv[row] - _level(evidence, row)
        beat = beat[np.isfinite(beat)]
        if beat.size:
            low, high = min(low, float(beat.min())), max(high, float(beat.max()))
    room = 0.06 * (high - low)
    return low - room, high + room
