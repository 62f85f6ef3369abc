"""How the p-values of a work list are spread: flat for normals, high on the left for others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt

from ecgviewer.app.plots.record_sheet import RecordSheet
from ecgviewer.app.plots.saving import Table
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.models.networks.architectures import model_title
from ecgviewer.review.queue import QueueRow

BINS = 20
ROLES = ("reconstruction", "flag", "beat", "caliper")


class FolderSheet(RecordSheet):
    """One histogram per model, over each other; the open record's own p is a line."""

    def __init__(self, bench: Workbench, rows: Callable[[], Sequence[QueueRow]]) -> None:
        super().__init__("p-values of the work list", bench)
        self._rows = rows
        self._values: dict[str, list[tuple[str, float]]] = {}
        self._stack: list[pyqtgraph.PlotItem] = []

    def refresh(self) -> None:
        """Take the scores of the work list, as far as they may be seen."""
        blind = self.bench.document.blind
        rows = () if blind else self._rows()
        self._values = {}
        for row in rows:
            for model, score in row.scores.items():
                if math.isfinite(score.p_value):
                    self._values.setdefault(model, []).append((row.key, score.p_value))
        for plot in self._stack:
            self.remove_plot(plot)
        self._stack = []
        last = len(self._values) - 1
        for at, model in enumerate(sorted(self._values)):
            plot = self.add(
                at, 0, "p against normals" if at == last else "", "records",
                title=model_title(model),
            )  # fmt: skip
            plot.setMouseEnabled(y=False)
            if self._stack:
                plot.setXLink(self._stack[0])
            self._stack.append(plot)
        self.draw()
        if blind:
            self.say("Reading blind: what models say is hidden.")
        elif not self._values:
            self.say("No record of the work list is screened yet (Review › Screen).")
        else:
            parts = [
                f"{model_title(model)}: {len(values)} records, "
                f"{np.mean([p <= 0.05 for _key, p in values]):.0%} with p ≤ 0.05"
                for model, values in sorted(self._values.items())
            ]
            self.say("; ".join(parts) + ". Dashed: as normal hearts would be; line: this record.")

    def draw(self) -> None:
        """Draw the histograms."""
        self.clear_plots()
        analyses = self.bench.document.shown.analyses
        edges = np.linspace(0.0, 1.0, BINS + 1)
        for number, (model, plot) in enumerate(zip(sorted(self._values), self._stack, strict=True)):
            values = np.array([p for _key, p in self._values[model]])
            counts, _ = np.histogram(values, edges)
            color = self.theme.color(ROLES[number % len(ROLES)], 170)
            plot.addItem(
                pyqtgraph.BarGraphItem(
                    x0=edges[:-1], x1=edges[1:], height=counts, brush=color,
                    pen=self.theme.color("base"),
                )
            )  # fmt: skip
            dashed = pyqtgraph.mkPen(self.theme.color("text_muted"), style=Qt.PenStyle.DashLine)
            level = values.size / BINS
            plot.addItem(pyqtgraph.InfiniteLine(level, angle=0, pen=dashed), ignoreBounds=True)
            own = next((a for a in analyses.values() if a.model == model), None)
            if own is not None and math.isfinite(own.p_value):
                pen = pyqtgraph.mkPen(self.theme.color("text"), width=2)
                plot.addItem(pyqtgraph.InfiniteLine(own.p_value, pen=pen), ignoreBounds=True)
            plot.setXRange(0.0, 1.0, padding=0.02)
            plot.setYRange(0.0, max(int(counts.max()), 1), padding=0.06)

    def table(self) -> Table:
        """Return every record's p-value by model."""
        rows = [
            (key, model, f"{p:.6g}")
            for model, values in sorted(self._values.items())
            for key, p in values
        ]
        return Table(("record", "model", "p"), rows)
