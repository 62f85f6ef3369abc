"""The open record's score and its parts against the distribution of normal records."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt

from ecgviewer.app.plots.record_sheet import RecordSheet
from ecgviewer.app.plots.saving import Table
from ecgviewer.app.qt.texts import PART_TITLES, p_text
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.core.analysis import Analysis, score_of
from ecgviewer.core.percent import percent_text

BINS = 40
MOST_SCORE = 12.0
"""What is beyond is drawn there."""


class NormalsSheet(RecordSheet):
    """Above the normal records with this one among them, below the parts of its score."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__("Score and its parts among normals", bench)
        self._analysis: Analysis | None = None
        self._scores = self.add(0, 0, "", "normal records")
        self._parts = self.add(1, 0, "score (−log10 p)", "")
        self._parts.setXLink(self._scores)
        self._parts.getAxis("left").setWidth(112)
        self._scores.getAxis("left").setWidth(112)
        self._scores.setMouseEnabled(y=False)
        self._parts.setMouseEnabled(y=False)

    def refresh(self) -> None:
        """Take the active model's analysis, as far as it may be seen."""
        document = self.bench.document
        self._analysis = document.shown.analysis
        self.draw()
        analysis = self._analysis
        if document.blind:
            self.say("Reading blind: what models say is hidden.")
        elif analysis is None:
            self.say("Not analysed: choose a model and press Analyse (F5).")
        elif not math.isfinite(analysis.score):
            self.say(f"Nothing in this record can be judged: {analysis.quality_text()}")
        else:
            normals = analysis.record_reference.scores
            self.say(
                f"Score {analysis.score:.2f}, p {p_text(analysis.p_value)}: "
                f"{percent_text(float((normals >= analysis.score).mean()))} of the model's "
                f"{normals.size} normal records score as high. Dashed: the threshold "
                f"({percent_text(document.specificity, 2)} of normals stay below)."
            )

    def draw(self) -> None:
        """Draw histogram, marks and bars."""
        self.clear_plots()
        analysis, theme = self._analysis, self.theme
        if analysis is None or not math.isfinite(analysis.score):
            return
        specificity = self.bench.document.specificity
        threshold = analysis.threshold(specificity)
        normals = analysis.record_reference.scores
        parts = [(name, p) for name, p in analysis.parts.items() if math.isfinite(p)]
        reached = [float(normals.max()), threshold, analysis.score]
        most = min(max(1.0, *reached, *(score_of(p) for _name, p in parts)) * 1.08, MOST_SCORE)
        edges = np.linspace(0.0, most, BINS + 1)
        counts, _ = np.histogram(np.clip(normals, 0.0, most), edges)
        self._scores.addItem(
            pyqtgraph.BarGraphItem(
                x0=edges[:-1], x1=edges[1:], height=counts, brush=theme.color("envelope", 150),
                pen=theme.color("base"),
            )
        )  # fmt: skip
        rows = np.arange(len(parts))[::-1]
        lengths = np.array([min(score_of(p), most) for _name, p in parts])
        over = lengths >= score_of(1.0 - specificity)
        for which, role in ((over, "flag"), (~over, "accent")):
            self._parts.addItem(
                pyqtgraph.BarGraphItem(
                    x0=0.0, y=rows[which], width=np.maximum(lengths[which], 0.005), height=0.6,
                    brush=theme.color(role, 170), pen=theme.color(role),
                )
            )  # fmt: skip
        names = [
            (float(row), f"{PART_TITLES.get(name, name)}\np {p_text(p)}")
            for row, (name, p) in zip(rows, parts, strict=True)
        ]
        self._parts.getAxis("left").setTicks([names])
        self._parts.setYRange(-0.6, max(len(parts), 1) - 0.4, padding=0.0)
        for plot in (self._scores, self._parts):
            limit = pyqtgraph.InfiniteLine(
                threshold,
                pen=pyqtgraph.mkPen(theme.color("text_muted"), style=Qt.PenStyle.DashLine),
            )
            mark = pyqtgraph.InfiniteLine(
                min(analysis.score, most),
                pen=pyqtgraph.mkPen(theme.color("flag_selected"), width=2),
            )
            plot.addItem(limit, ignoreBounds=True)
            if plot is self._scores:
                plot.addItem(mark, ignoreBounds=True)
        self._scores.setYRange(0.0, max(int(counts.max()), 1), padding=0.06)
        self._scores.setXRange(0.0, most, padding=0.02)

    def table(self) -> Table:
        """Return the record's score and parts, and the quantiles of normals."""
        analysis = self._analysis
        if analysis is None:
            return Table((), ())
        rows: list[tuple[str, object, object]] = [
            ("record", f"{analysis.score:.4f}", f"{analysis.p_value:.6g}")
        ]
        rows += [
            (f"part {name}", f"{score_of(p):.4f}", f"{p:.6g}") for name, p in analysis.parts.items()
        ]
        rows += [
            (f"normal records, quantile {q:.2f}",
             f"{np.quantile(analysis.record_reference.scores, q):.4f}", None)
            for q in (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
        ]  # fmt: skip
        return Table(("what", "score (-log10 p)", "p"), rows)
