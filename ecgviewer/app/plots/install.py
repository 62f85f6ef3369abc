"""Puts the Plots panel beside the traces, and binds its commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from ecgviewer.app.plots.panel import Kind, PlotsPanel
from ecgviewer.app.plots.saving import ACTIONS
from ecgviewer.app.shell.workbench import Workbench

if TYPE_CHECKING:
    from ecgviewer.app.plots.record_sheet import RecordSheet
    from ecgviewer.review.queue import QueueRow

DOCK = "plots"
Rows = Callable[[], "Sequence[QueueRow]"]


class Plots(QObject):
    """The panel and its commands.

    Parameters
    ----------
    rows : callable
        Returns the rows of the work list.
    """

    def __init__(self, bench: Workbench, rows: Rows) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        self.panel = PlotsPanel(bench, kinds(rows))
        right = Qt.DockWidgetArea.RightDockWidgetArea
        bench.panels.add(DOCK, "Plots", self.panel, right, "Ctrl+Alt+8")
        bench.panels.add_tab("analysis", DOCK)
        bench.panels.docks[DOCK].hide()
        for kind in kinds(rows):
            bench.commands.bind(f"plots.{kind.name}", partial(self.show, kind.name))
        bench.commands.bind("plots.next", partial(self._step, 1))
        bench.commands.bind("plots.previous", partial(self._step, -1))
        for how, _title in ACTIONS:
            bench.commands.bind(f"plots.{how}", partial(self._save, how))

    def show(self, name: str) -> None:
        """Show a kind of plot."""
        self.panel.choose(name)
        self._bench.panels.bring_to_front(DOCK)

    def _step(self, step: int) -> None:
        """Show the next kind; first of all the one that was shown last."""
        if self.panel.isVisible():
            self.panel.step(step)
        self._bench.panels.bring_to_front(DOCK)

    def _save(self, how: str) -> None:
        self._bench.panels.bring_to_front(DOCK)
        self.panel.save(how)


def kinds(rows: Rows) -> tuple[Kind, ...]:
    """Return the kinds of plots, in their order."""
    return (
        Kind("rr", "RR intervals", _rr),
        Kind("poincare", "Poincaré plot", _poincare),
        Kind("rate", "Heart rate", _rate),
        Kind("families", "Beats by shape", _families),
        Kind("loops", "Vector loops", _loops),
        Kind("normals", "Score among normals", _normals),
        Kind("folder", "p of the work list", partial(_folder, rows)),
    )


def _rr(bench: Workbench) -> RecordSheet:
    from ecgviewer.app.plots.rhythm import Tachogram

    return Tachogram(bench)


def _poincare(bench: Workbench) -> RecordSheet:
    from ecgviewer.app.plots.rhythm import Poincare

    return Poincare(bench)


def _rate(bench: Workbench) -> RecordSheet:
    from ecgviewer.app.plots.rhythm import RateTrend

    return RateTrend(bench)


def _families(bench: Workbench) -> RecordSheet:
    from ecgviewer.app.plots.families import FamilySheet

    return FamilySheet(bench)


def _loops(bench: Workbench) -> RecordSheet:
    from ecgviewer.app.plots.loops import LoopSheet

    return LoopSheet(bench)


def _normals(bench: Workbench) -> RecordSheet:
    from ecgviewer.app.plots.normals import NormalsSheet

    return NormalsSheet(bench)


def _folder(rows: Rows, bench: Workbench) -> RecordSheet:
    from ecgviewer.app.plots.folder import FolderSheet

    return FolderSheet(bench, rows)
