"""Beats of the open record over each other, one plot for each family of shapes."""

from __future__ import annotations

import numpy as np

from ecgviewer.app.plots.family_beats import (
    MOST_BEATS,
    POST_S,
    PRE_S,
    Families,
    gather_families,
)
from ecgviewer.app.plots.record_sheet import RecordSheet
from ecgviewer.app.plots.saving import Table
from ecgviewer.app.plots.sheet import Places
from ecgviewer.app.shell.workbench import Workbench

COLUMNS = 2


class FamilySheet(RecordSheet):
    """A click on a beat goes to it."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__("Beats by their shape", bench)
        self._families: Families | None = None
        self._of: tuple[int, str] | None = None

    def refresh(self) -> None:
        """Find the families once for each record and lead."""
        document = self.bench.document
        recording = document.recording
        if recording is None:
            self._of = None
            self._show(None)
            self.say("")
            return
        wanted = self.bench.traces.state.rhythm_lead
        lead = wanted if wanted in recording.leads else recording.leads[0]
        if self._of == (document.generation, lead):
            return
        self._of = (document.generation, lead)
        self._show(None)
        self.work(
            lambda progress, cancel: gather_families(recording, lead, progress, cancel), self._show
        )

    def _show(self, families: Families | None) -> None:
        self._families = families
        for plot in list(self._plots):
            self.remove_plot(plot)
        for at in range(len(families.families) if families is not None else 0):
            row, column = divmod(at, COLUMNS)
            plot = self.add(row, column, "from R (s)", self._unit() if column == 0 else "")
            if at:
                plot.setXLink(self._plots[0])
                plot.setYLink(self._plots[0])
        self.draw()
        if families is not None:
            left_out = families.n_families - len(families.families)
            more = f"; {left_out} smaller families are not drawn" if left_out else ""
            count = families.n_families
            self.say(
                f"{families.n_beats} beats in {count} {'family' if count == 1 else 'families'} by "
                f"shape, in lead {families.lead}; of each at most {MOST_BEATS} are drawn{more}"
            )

    def _unit(self) -> str:
        recording = self.bench.document.recording
        return recording.unit if recording is not None else "mV"

    def draw(self) -> None:
        """Draw the beats thin and their median thick."""
        self.clear_plots()
        found = self._families
        if found is None:
            return
        for number, (family, plot) in enumerate(zip(found.families, self._plots, strict=True), 1):
            n, m = family.beats_mv.shape
            time_s = np.arange(m) / found.fs_hz - PRE_S
            share = family.count / max(found.n_beats, 1)
            kind = ", wide" if family.wide else ""
            plot.setTitle(f"<b>{number}</b>&nbsp;&nbsp;{family.count} ({share:.0%}){kind}")
            at = np.tile(np.append(time_s, np.nan), n)
            every = np.hstack([family.beats_mv, np.full((n, 1), np.nan)]).ravel()
            self.curve(plot, at, every, self.theme.color("muted", 110))
            median = np.median(family.beats_mv, axis=0)
            role = "flag" if family.wide else "trace"
            self.curve(plot, time_s, median, self.theme.color(role), 1.5)
            when = (family.times_s[:, np.newaxis] + np.append(time_s, 0.0)).ravel()
            self.link(plot, Places(at, every, when))
        if self._plots:
            self._plots[0].setXRange(-PRE_S, POST_S, padding=0.0)

    def table(self) -> Table:
        """Return the beats that are drawn, sample by sample."""
        found = self._families
        if found is None:
            return Table((), ())
        rows: list[list[object]] = []
        for number, family in enumerate(found.families, 1):
            for time_s, beat in zip(family.times_s, family.beats_mv, strict=True):
                rows += [
                    [number, family.count, f"{time_s:.3f}", f"{k / found.fs_hz - PRE_S:.4f}",
                     f"{value:.4f}"]
                    for k, value in enumerate(beat) if np.isfinite(value)
                ]  # fmt: skip
        columns = ("family", "beats in it", "R peak at [s]", "from R [s]")
        return Table((*columns, f"{found.lead} [{self._unit()}]"), rows)
