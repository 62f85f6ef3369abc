"""How p-values are spread by model and site: flat for normals, high on the left for others."""

from __future__ import annotations

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt

from ecgviewer.app.plots.saving import Table
from ecgviewer.app.plots.sheet import PlotSheet
from ecgviewer.models.networks.architectures import model_ids, model_title
from ecgviewer.review.results import Counts, ResultTable

BINS = 20
MOST_SITES = 4
ROLES = ("reconstruction", "flag", "beat", "caliper")
"""Colours of the sites."""


class ResultHistograms(PlotSheet):
    """One plot per model; in it a line per site, as shares of its records."""

    def __init__(self) -> None:
        super().__init__("p-values of the results by model and site")
        self._counts: dict[tuple[str, str], Counts] = {}
        self._models: list[str] = []
        self._shown: list[pyqtgraph.PlotItem] = []

    def show_results(self, results: ResultTable | None, site: str = "") -> str:
        """Count anew, and return what the lines are in words."""
        self._counts = {}
        self._models = results.models() if results is not None else []
        sites = results.sites() if results is not None else []
        chosen = [site] if site else sites if 1 < len(sites) <= MOST_SITES else [""]
        for model in self._models if results is not None else []:
            for one in chosen:
                assert results is not None
                self._counts[model, one] = results.histogram(model, one, BINS)
        for plot in self._shown:
            self.remove_plot(plot)
        self._shown = []
        for at, model in enumerate(self._models):
            last = at == len(self._models) - 1
            title = model_title(model) if model in model_ids() else model
            plot = self.add(at, 0, "p against normals" if last else "", "share", title=title)
            plot.setMouseEnabled(y=False)
            self._shown.append(plot)
        self.draw()
        if chosen == [""] and len(sites) > MOST_SITES:
            return f"All {len(sites)} sites together: choose one to see it alone. Dashed: normals."
        return "Dashed: as normal hearts would be."

    def draw(self) -> None:
        """Draw the lines."""
        self.clear_plots()
        edges = np.linspace(0.0, 1.0, BINS + 1)
        for model, plot in zip(self._models, self._shown, strict=True):
            highest = 1.0 / BINS
            if plot.legend is not None:
                plot.legend.clear()
            sites = [site for of, site in self._counts if of == model]
            if len(sites) > 1 and plot.legend is None:
                plot.addLegend(offset=(-4, 4), labelTextColor=self.theme.text)
            for number, site in enumerate(sites):
                counts = self._counts[model, site]
                shares = counts / max(int(counts.sum()), 1)
                highest = max(highest, float(shares.max()))
                pen = pyqtgraph.mkPen(self.theme.color(ROLES[number % len(ROLES)]), width=2)
                brush = self.theme.color(ROLES[number % len(ROLES)], 60)
                plot.plot(
                    edges, shares, stepMode="center", pen=pen, name=site.rpartition("/")[2] or site,
                    fillLevel=0.0 if len(sites) == 1 else None, brush=brush,
                )  # fmt: skip
            dashed = pyqtgraph.mkPen(self.theme.color("text_muted"), style=Qt.PenStyle.DashLine)
            plot.addItem(pyqtgraph.InfiniteLine(1.0 / BINS, angle=0, pen=dashed), ignoreBounds=True)
            plot.setXRange(0.0, 1.0, padding=0.02)
            plot.setYRange(0.0, highest, padding=0.06)

    def table(self) -> Table:
        """Return the counts."""
        rows = [
            (model, site, f"{k / BINS:g}", str(int(count)))
            for (model, site), counts in self._counts.items()
            for k, count in enumerate(counts)
        ]
        return Table(("model", "site", "p from", "records"), rows)
