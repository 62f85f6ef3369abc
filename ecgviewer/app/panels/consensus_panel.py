"""The models side by side: who flags what, where they agree and where not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.qt.texts import PART_TITLES, p_text
from ecgviewer.app.qt.theme import LIGHT, Theme
from ecgviewer.app.qt.time_texts import clock_text
from ecgviewer.app.shell.session import Session
from ecgviewer.core.analysis import Analysis
from ecgviewer.core.consensus import Consensus, compare, disputed
from ecgviewer.core.percent import percent_text
from ecgviewer.models.networks.architectures import model_ids

WAIT_MS = 60
LEAST_JUMP_S = 0.2
PALE_ALPHA = 80
MOST_BINS = 100_000
"""Finer than any screen, so that the shares do not depend on the width of the panel."""


class ConsensusPanel(QScrollArea):
    """Verdicts of every model that ran, and a picture of leads by time."""

    momentChosen = Signal(float, float)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setAccessibleName("Models side by side")
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        self.setWidget(body)
        self.verdicts = QLabel()
        self.verdicts.setWordWrap(True)
        self.verdicts.setAccessibleName("Verdicts of the models")
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setAccessibleName("How far the models agree")
        self.disagreement = QCheckBox("Only where they disagree")
        self.chart = ConsensusChart()
        self.chart.momentChosen.connect(self.momentChosen)
        self.disagreement.toggled.connect(self.chart.set_disagreement)
        column = QVBoxLayout(body)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.verdicts)
        column.addWidget(self.summary)
        column.addWidget(self.disagreement)
        column.addWidget(self.chart)
        column.addStretch(1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._show)
        session.document.analysisChanged.connect(self._timer.start)
        session.document.flagsChanged.connect(self._timer.start)
        session.document.blindChanged.connect(self._show)
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.chart.theme = theme
        self.chart.update()

    def _show(self) -> None:
        document = self._session.document
        analyses = document.shown.analyses
        several = len(analyses) > 1
        self.chart.setVisible(several)
        self.disagreement.setVisible(several)
        self.summary.setVisible(several)
        rows = "".join(
            _verdict_row(self._session.title_of(model), analysis, document.specificity)
            for model, analysis in _in_order(analyses)
        )
        if rows:
            self.verdicts.setText(f"<table cellpadding='2' width='100%'>{rows}</table>")
        if document.blind:
            self.summary.clear()
            self.verdicts.setText("Reading blind: what models say is hidden.")
            return
        if not several:
            if not rows:
                self.verdicts.setText("")
            self.verdicts.setText(
                self.verdicts.text()
                + "<p>Run all models (Shift+F5) to compare them lead by lead.</p>"
            )
            return
        longest = max(analysis.score_map.shape[1] for analysis in analyses.values())
        n_bins = max(min(longest, MOST_BINS), 1)
        consensus = compare(analyses, document.specificity, n_bins, model_ids())
        titles = [self._session.title_of(model) for model in consensus.models]
        self.chart.show_consensus(consensus, titles)
        self.summary.setText(summary_text(consensus, titles))


def summary_text(consensus: Consensus, titles: Sequence[str]) -> str:
    """Return how far the models agree about leads, and about the record as a whole."""
    agreement = consensus.agreement()
    if agreement == agreement:
        lines = [
            f"In the leads, {share_text(agreement)} of what any of the {len(titles)} models flags "
            "is flagged by all. Strong: places. Pale: what every beat shows. Click to go there."
        ]
    else:
        lines = [f"None of the {len(titles)} models flags a lead at this threshold."]
    by_name = dict(zip(consensus.models, titles, strict=True))
    for part, models in consensus.without_leads.items():
        who = "all" if len(models) == len(titles) else ", ".join(by_name[m] for m in models)
        lines.append(f"{PART_TITLES.get(part, part)}: flagged by {who}.")
    return "\n".join(lines)


def _in_order(analyses: Mapping[str, Analysis]) -> list[tuple[str, Analysis]]:
    known = [model for model in model_ids() if model in analyses]
    rest = [model for model in analyses if model not in model_ids()]
    return [(model, analyses[model]) for model in known + rest]


def _verdict_row(title: str, analysis: Analysis, specificity: float) -> str:
    abnormal = analysis.is_abnormal(specificity)
    verdict = {True: "abnormal", False: "in range", None: "no verdict"}[abnormal]
    if analysis.is_partial and abnormal is not None:
        verdict = f"{verdict} so far"
    return (
        f"<tr><td><b>{escape(title)}</b><br><nobr>score {analysis.score:.2f}, "
        f"p {escape(p_text(analysis.p_value))}</nobr></td><td align='right'>{verdict}</td></tr>"
    )


class ConsensusChart(QWidget):
    """Leads by time; each lane has one thin line per model.

    It is strong where the model flags a place, pale where a window has a finding in the lead.
    """

    momentChosen = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self.theme: Theme = LIGHT
        self._consensus: Consensus | None = None
        self._titles: list[str] = []
        self._shares: list[float] = []
        self._only_disagreement = False
        self.setAccessibleName("Agreement of the models, lead by lead")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)

    def show_consensus(self, consensus: Consensus, titles: list[str]) -> None:
        """Show a comparison; ``titles`` name its models."""
        self._consensus, self._titles = consensus, titles
        self._shares = [consensus.agreement(row) for row in range(len(consensus.leads))]
        self.updateGeometry()
        self.update()

    def set_disagreement(self, only: bool) -> None:
        """Show only places that some models flag and others do not."""
        self._only_disagreement = only
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for twelve leads and the legend."""
        n_leads = len(self._consensus.leads) if self._consensus is not None else 12
        return QSize(260, int(self._legend_px() + n_leads * self._lane_px()))

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(160, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw anew at the new width."""
        super().resizeEvent(event)
        self.update()

    def _label_px(self) -> float:
        return self.fontMetrics().horizontalAdvance("aVR ") + 4.0

    def _share_px(self) -> float:
        return self.fontMetrics().horizontalAdvance(f" {percent_text(1.0)}")

    def _chart_px(self) -> float:
        return max(self.width() - self._label_px() - self._share_px(), 1.0)

    def _lane_px(self) -> float:
        return max(self.fontMetrics().height() + 2.0, 16.0)

    def _legend_px(self) -> float:
        return (self.fontMetrics().height() + 2.0) * max(len(self._titles), 1) + 6.0

    def _colours(self) -> list[str]:
        theme = self.theme
        return [theme.reconstruction, theme.flag, theme.text]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the legend, the lanes, and a line per model."""
        consensus = self._consensus
        if consensus is None:
            return
        painter = QPainter(self)
        theme, label_px, lane_px = self.theme, self._label_px(), self._lane_px()
        colours = self._colours()
        row_px = self.fontMetrics().height() + 2.0
        for at, title in enumerate(self._titles):
            colour = theme.color("text") if at >= len(colours) else colours[at]
            painter.fillRect(QRectF(0, at * row_px + row_px / 2 - 3, 14, 6), colour)
            painter.setPen(theme.color("text"))
            painter.drawText(QPointF(20, at * row_px + self.fontMetrics().ascent()), title)
        painter.setPen(theme.color("text_muted"))
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        top = self._legend_px()
        painter.drawText(QRectF(0, 0, self.width(), top - 2), align, "agree")
        width = self._chart_px()
        kinds = [consensus.findings, consensus.places]
        if self._only_disagreement:
            kinds = [disputed(flagged) for flagged in kinds]
        kinds = [_coarser(flagged, round(width)) for flagged in kinds]
        bin_px = width / max(kinds[0].shape[2], 1)
        line_px = (lane_px - 4) / max(len(consensus.models), 1)
        for row, lead in enumerate(consensus.leads):
            y = top + row * lane_px
            painter.setPen(theme.color("text_muted"))
            painter.drawText(QRectF(0, y, label_px, lane_px), Qt.AlignmentFlag.AlignVCenter, lead)
            share = self._shares[row]
            painter.drawText(
                QRectF(0, y, self.width(), lane_px),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                share_text(share),
            )
            painter.fillRect(QRectF(label_px, y + 1, width, lane_px - 2), theme.color("base"))
            for model in range(len(consensus.models)):
                dark = QColor(theme.color("text") if model >= len(colours) else colours[model])
                pale = QColor(dark)
                pale.setAlpha(PALE_ALPHA)
                for flagged, colour in zip(kinds, (pale, dark), strict=True):
                    for start, stop in _runs(flagged[model, row]):
                        painter.fillRect(
                            QRectF(
                                label_px + start * bin_px, y + 2 + model * line_px,
                                max((stop - start) * bin_px, 1.0), max(line_px - 1, 1.0),
                            ),
                            colour,
                        )  # fmt: skip
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the moment under the pointer."""
        at_s = self._time_at(event.position().x())
        if at_s is not None:
            self.momentChosen.emit(at_s - LEAST_JUMP_S / 2, at_s + LEAST_JUMP_S / 2)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say which models flag the place under the pointer."""
        consensus, at = self._consensus, event.position()
        at_s = self._time_at(at.x())
        row = int((at.y() - self._legend_px()) // self._lane_px())
        if consensus is None or at_s is None or not 0 <= row < len(consensus.leads):
            return
        n_bins = consensus.places.shape[2]
        column = min(int(at_s / consensus.duration_s * n_bins), n_bins - 1)
        places, findings = consensus.places[:, row, column], consensus.findings[:, row, column]
        who = [
            title if at_place else f"{title} (every beat)"
            for title, at_place, in_window in zip(self._titles, places, findings, strict=True)
            if at_place or in_window
        ]
        words = ", ".join(who) if who else "no model"
        time = clock_text(at_s, consensus.duration_s > 120)
        QToolTip.showText(
            event.globalPosition().toPoint(), f"{consensus.leads[row]} {time}: {words}", self
        )

    def _time_at(self, x: float) -> float | None:
        label_px = self._label_px()
        if self._consensus is None or not label_px <= x <= label_px + self._chart_px():
            return None
        return (x - label_px) / self._chart_px() * self._consensus.duration_s


def share_text(share: float) -> str:
    """Return a share in per cent, 100 only for all of it; a dash for a share of nothing."""
    if share != share:
        return "–"
    return percent_text(int(100 * share + 1e-9) / 100 if share > 0.995 else share)


def _coarser(flagged: npt.NDArray[np.bool_], n_bins: int) -> npt.NDArray[np.bool_]:
    """Return the same in at most so many bins, each true where any part of it is."""
    fine = flagged.shape[2]
    if fine <= n_bins:
        return flagged
    starts = np.arange(n_bins) * fine // n_bins
    return np.logical_or.reduceat(flagged, starts, axis=2)


def _runs(row: object) -> list[tuple[int, int]]:
    padded = np.concatenate([[False], np.asarray(row, bool), [False]])
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
