"""The verdict of an analysis, and what its score is made of."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ecgviewer.app.qt.texts import PART_TITLES, p_text
from ecgviewer.core.analysis import Analysis
from ecgviewer.core.percent import percent_text
from ecgviewer.models.networks.architectures import model_title

SMALLEST_P = 1e-4


def verdict_text(analysis: Analysis, specificity: float) -> tuple[str, str]:
    """Return the verdict's headline and its figures."""
    if not math.isfinite(analysis.score):
        part = "this part" if analysis.is_partial else "this record"
        return "No verdict", f"Nothing in {part} can be judged. {analysis.quality_text()}"
    abnormal = analysis.is_abnormal(specificity)
    figures = (
        f"Score {analysis.score:.2f}, p {p_text(analysis.p_value)} against normals; "
        f"threshold {analysis.threshold(specificity):.2f} at {percent_text(specificity, 2)} "
        f"specificity. Quality: {analysis.quality_text()}."
    )
    if abnormal is None:
        return "No verdict: not readable enough", (
            f"Quality: {analysis.quality_text()}. What is suspicious in the leads that can be read "
            "is marked all the same."
        )
    verdict = "Abnormal" if abnormal else "Within the normal range"
    if not analysis.is_partial:
        return verdict, figures
    extent = f"Partial: {analysis.extent_text()}."
    return f"So far: {verdict.lower()}", f"{extent} {figures}"


class VerdictCard(QFrame):
    """Headline and figures of one analysis."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("verdict")
        self.setAccessibleName("Verdict")
        self.headline = QLabel()
        font = self.headline.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.2)
        self.headline.setFont(font)
        self.headline.setWordWrap(True)
        self.figures = QLabel()
        self.figures.setWordWrap(True)
        self.figures.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.model = QLabel()
        self.model.setProperty("quiet", True)
        self.model.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(3)
        for label in (self.headline, self.figures, self.model):
            column.addWidget(label)

    def show_analysis(
        self,
        analysis: Analysis | None,
        specificity: float,
        obstacle: str = "",
        blind: bool = False,
        running: bool = False,
    ) -> None:
        """Show an analysis, or what to do to get one, or why there is none to see."""
        verdict = ""
        if blind:
            self.headline.setText("Reading blind")
            self.figures.setText("What models say is hidden.")
            self.model.clear()
        elif analysis is None and obstacle:
            self.headline.setText("No model can judge this record")
            self.figures.setText(f"{obstacle[0].upper()}{obstacle[1:]}.")
            self.model.clear()
        elif analysis is None and running:
            self.headline.setText("Analysing…")
            self.figures.setText("The verdict appears as soon as the first windows are judged.")
            self.model.clear()
        elif analysis is None:
            self.headline.setText("Not analysed")
            self.figures.setText("Choose a model and press Analyse (F5).")
            self.model.clear()
        else:
            headline, figures = verdict_text(analysis, specificity)
            self.headline.setText(headline)
            self.figures.setText(figures)
            self.model.setText(
                f"{model_title(analysis.model)} · {analysis.device} · "
                f"{_time_text(analysis.elapsed_s)} · a research aid, not a diagnosis"
            )
            if math.isfinite(analysis.score):
                judged = analysis.is_abnormal(specificity)
                verdict = {True: "abnormal", False: "normal", None: ""}[judged]
        self.model.setVisible(analysis is not None)
        if self.property("verdict") != verdict:
            self.setProperty("verdict", verdict)
            for widget in (self, self.headline):
                widget.style().unpolish(widget)
                widget.style().polish(widget)


class ScoreParts(QWidget):
    """One bar per part of the score: how far out among normals, on a log scale of p."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Parts of the score")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._rows: list[tuple[str, float]] = []
        self._specificity = 0.95
        self.hide()

    def rows(self) -> list[tuple[str, float]]:
        """Return (title, p-value) of each part on show."""
        return list(self._rows)

    def show_analysis(self, analysis: Analysis | None, specificity: float) -> None:
        """Show the parts of an analysis."""
        parts = analysis.parts if analysis is not None else {}
        self._rows = [
            (PART_TITLES.get(part, part), p) for part, p in parts.items() if math.isfinite(p)
        ]
        self._specificity = specificity
        self.setAccessibleDescription(", ".join(f"{t} p {p_text(p)}" for t, p in self._rows))
        self.setVisible(bool(self._rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for every row and the caption."""
        return QSize(200, self._row_px() * (len(self._rows) + 1))

    def minimumSizeHint(self) -> QSize:
        """Return the same height: the rows do not scroll."""
        return QSize(120, self.sizeHint().height())

    def _row_px(self) -> int:
        return self.fontMetrics().height() + 4

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw caption, titles, bars and the threshold."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        metrics, row_px = self.fontMetrics(), self._row_px()
        title_px = max(metrics.horizontalAdvance(title) for title, _p in self._rows) + 8
        value_px = metrics.horizontalAdvance("<0.0001") + 8
        bar_px = max(self.width() - title_px - value_px, 10)
        quiet = palette.placeholderText().color()
        painter.setPen(quiet)
        caption = QRectF(0, 0, self.width(), row_px)
        painter.drawText(caption, Qt.AlignmentFlag.AlignVCenter, "Parts of the score")
        painter.drawText(caption, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, "p")
        limit = _reach(1.0 - self._specificity)
        for at, (title, p_value) in enumerate(self._rows, start=1):
            top = at * row_px
            painter.setPen(palette.text().color())
            area = QRectF(0, top, title_px, row_px)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, title)
            area = QRectF(title_px + bar_px, top, value_px, row_px)
            painter.drawText(
                area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, p_text(p_value)
            )
            groove = QRectF(title_px, top + row_px * 0.3, bar_px, row_px * 0.4)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.midlight())
            painter.drawRoundedRect(groove, 3, 3)
            reach = _reach(p_value)
            painter.setBrush(palette.accent() if reach >= limit else palette.placeholderText())
            groove.setWidth(max(bar_px * reach, 2.0))
            painter.drawRoundedRect(groove, 3, 3)
        painter.setPen(palette.text().color())
        x = title_px + bar_px * limit
        painter.drawLine(round(x), row_px, round(x), row_px * (len(self._rows) + 1) - 2)
        painter.end()


def _time_text(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _reach(p_value: float) -> float:
    """Return how much of the bar a p-value fills (p = 0.0001 fills it)."""
    return min(math.log10(max(p_value, SMALLEST_P)) / math.log10(SMALLEST_P), 1.0)
