"""Median beats as linked plots: single beats, reconstruction, residual, median of the file."""

from __future__ import annotations

import numpy as np
import pyqtgraph

from ecgviewer.app.evidence.measurements import POST_S, PRE_S, Evidence
from ecgviewer.app.evidence.words import short_st_text
from ecgviewer.app.plots.saving import Table
from ecgviewer.app.plots.sheet import Places, PlotSheet
from ecgviewer.core.leads import STANDARD_LEADS

COLUMNS = 4
LEAST_MV = 1.0
"""A panel spans at least this, so that noise of a flat lead is not blown up."""
LAYERS = {
    "each": ("Beats", "muted"),
    "median": ("Median beat", "trace"),
    "reconstruction": ("Reconstruction", "reconstruction"),
    "residual": ("Residual", "flag"),
    "file": ("Median of the file", "annotation"),
}
"""What can be drawn: its title and the role of its colour."""


class BeatSheet(PlotSheet):
    """One plot per lead, all with one zoom. A click on a beat goes to it."""

    def __init__(self) -> None:
        super().__init__("Median beats, lead by lead")
        self._evidence: Evidence | None = None
        self._leads: dict[str, pyqtgraph.PlotItem] = {}
        self.layers = {"each", "median", "reconstruction", "file"}
        self.ci.layout.setSpacing(2)

    def set_evidence(self, evidence: Evidence | None) -> None:
        """Show the beats of a range, or nothing."""
        self._evidence = evidence
        leads = in_usual_order(evidence.leads) if evidence is not None else ()
        if tuple(self._leads) != leads:
            self._lay_out(leads)
        self.draw()
        if evidence is not None and self._leads:
            first = next(iter(self._leads.values()))
            first.setXRange(-PRE_S, POST_S, padding=0.0)
            first.setYRange(*_common_span(evidence), padding=0.04)

    def set_layer(self, name: str, on: bool) -> None:
        """Draw one of ``LAYERS``, or not."""
        self.layers = self.layers | {name} if on else self.layers - {name}
        self.draw()

    def _lay_out(self, leads: tuple[str, ...]) -> None:
        for plot in self._leads.values():
            self.remove_plot(plot)
        self._leads = {}
        n_rows = max(-(-len(leads) // COLUMNS), 1)
        unit = self._evidence.unit if self._evidence is not None else "mV"
        for index, lead in enumerate(leads):
            # Down the columns first, as on a printed 3x4 page.
            column, row = divmod(index, n_rows)
            last = row == n_rows - 1 or index == len(leads) - 1
            plot = self.add(
                row, column, "from R (s)" if last else "", unit if column == 0 else "", title=lead
            )
            plot.getAxis("bottom").setStyle(showValues=last)
            plot.getAxis("left").setStyle(showValues=column == 0)
            if self._leads:
                first = next(iter(self._leads.values()))
                plot.setXLink(first)
                plot.setYLink(first)
            self._leads[lead] = plot

    def draw(self) -> None:
        """Draw the layers that are on."""
        self.clear_plots()
        evidence, theme = self._evidence, self.theme
        if evidence is None:
            return
        residual = evidence.residual_mv() if "residual" in self.layers else None
        time_s = np.arange(evidence.beats_mv.shape[1]) / evidence.fs_hz - PRE_S
        for lead, plot in self._leads.items():
            row = evidence.leads.index(lead)
            level = _level(evidence, row)
            note = f"<span style='color:{theme.text_muted}'>{short_st_text(evidence, lead)}</span>"
            plot.setTitle(f"<b>{lead}</b>&nbsp;&nbsp;{note}")
            if "each" in self.layers and evidence.each_s.size:
                gap = np.full((evidence.each_s.size, 1), np.nan)
                every = np.hstack([evidence.each_mv[:, row] - level, gap]).ravel()
                at = np.tile(np.append(time_s, np.nan), evidence.each_s.size)
                self.curve(plot, at, every, theme.color("muted", 90))
                when = (evidence.each_s[:, np.newaxis] + np.append(time_s, 0.0)).ravel()
                self.link(plot, Places(at, every, when))
            if evidence.reconstruction_mv is not None:
                n = evidence.reconstruction_mv.shape[1]
                at = np.arange(n) / evidence.reconstruction_fs_hz - PRE_S
                if "reconstruction" in self.layers:
                    beat = evidence.reconstruction_mv[row] - level
                    self.curve(plot, at, beat, theme.color("reconstruction"), 2.0)
                if residual is not None:
                    self.curve(plot, at, residual[row], theme.color("flag"))
            if evidence.file_median is not None and "file" in self.layers:
                beat = evidence.file_median.beats_mv[row]
                if np.isfinite(beat).any():
                    rest = beat[(evidence.file_median.time_s < -0.08) & np.isfinite(beat)]
                    beat = beat - (np.median(rest) if rest.size else np.nanmedian(beat))
                    self.curve(
                        plot, evidence.file_median.time_s, beat, theme.color("annotation"), 1.5
                    )
            if "median" in self.layers:
                self.curve(plot, time_s, evidence.beats_mv[row] - level, theme.color("trace"), 1.5)

    def table(self) -> Table:
        """Return every lead's median beat and reconstruction by the time from the R peak."""
        evidence = self._evidence
        if evidence is None:
            return Table((), ())
        unit = evidence.unit
        time_s = np.arange(evidence.beats_mv.shape[1]) / evidence.fs_hz - PRE_S
        columns = [f"{lead} median [{unit}]" for lead in evidence.leads]
        values = list(evidence.beats_mv)
        others: list[tuple[str, np.ndarray, np.ndarray]] = []
        if evidence.reconstruction_mv is not None:
            n = evidence.reconstruction_mv.shape[1]
            at = np.arange(n) / evidence.reconstruction_fs_hz - PRE_S
            others.append(("reconstruction", at, evidence.reconstruction_mv))
        if evidence.file_median is not None:
            median = evidence.file_median
            others.append(("median of the file", median.time_s, median.beats_mv))
        for name, at, beats in others:
            columns += [f"{lead} {name} [{unit}]" for lead in evidence.leads]
            values += [np.interp(time_s, at, beat, np.nan, np.nan) for beat in beats]
        rows = [
            [f"{t:.4f}", *(f"{v:.5f}" if np.isfinite(v) else None for v in row)]
            for t, row in zip(time_s, np.asarray(values).T, strict=True)
        ]
        return Table(("from R [s]", *columns), rows)


def in_usual_order(leads: tuple[str, ...]) -> tuple[str, ...]:
    """Return the standard leads in their order, the others behind them."""
    standard = tuple(lead for lead in STANDARD_LEADS if lead in leads)
    return standard + tuple(lead for lead in leads if lead not in standard)


def _level(evidence: Evidence, row: int) -> float:
    """Return the resting level of a lead's median beat: the median before the QRS."""
    before = evidence.beats_mv[row, : round(0.22 * evidence.fs_hz)]
    before = before[np.isfinite(before)]
    return float(np.median(before)) if before.size else 0.0


def _common_span(evidence: Evidence) -> tuple[float, float]:
    """Return the lowest and highest value of all panels, so that leads compare at a glance."""
    low, high = -LEAST_MV / 2, LEAST_MV / 2
    for row in range(len(evidence.leads)):
        beat = evidence.beats_mv[row] - _level(evidence, row)
        beat = beat[np.isfinite(beat)]
        if beat.size:
            low, high = min(low, float(beat.min())), max(high, float(beat.max()))
    return low, high
