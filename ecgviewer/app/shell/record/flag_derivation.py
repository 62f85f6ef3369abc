"""Flags of an analysis at a threshold: at once, or in a worker where that takes too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ecgviewer.app.work.workers import Task, Workers
from ecgviewer.core.analysis import Analysis, Flag
from ecgviewer.core.flags import derive_flags, extend_flags

AT_ONCE_SAMPLES = 60_000
"""Length of (the new part of) a score map, ten minutes, whose flags are derived within a frame."""


@dataclass(frozen=True, eq=False)
class Derived:
    """The flags of an analysis at one threshold."""

    analysis: Analysis
    specificity: float
    flags: tuple[Flag, ...]

    def leads_to(self, analysis: Analysis | None, specificity: float) -> bool:
        """Return whether those of a later state of the same run can be made from these."""
        return (
            analysis is not None
            and analysis.continues(self.analysis)
            and specificity == self.specificity
        )


class FlagDerivation:
    """Derives flags for one document; the last analysis and threshold asked for win.

    Parameters
    ----------
    take : callable
        Gets the flags of what was asked for, or none as long as only those of another analysis
        are known.
    """

    def __init__(self, workers: Workers, take: Callable[[tuple[Flag, ...]], None]) -> None:
        self._workers = workers
        self._take = take
        self._task: Task | None = None
        self._under_way: Derived | None = None
        self._known: Derived | None = None
        self._wanted: Analysis | None = None

    def forget(self) -> None:
        """Stop, and know nothing: another recording is open."""
        self._drop()
        self._known = self._wanted = None

    def derive(self, analysis: Analysis | None, specificity: float) -> None:
        """Find the flags of an analysis (None has none) at a threshold."""
        self._wanted = analysis
        under_way = self._under_way
        if under_way is not None and under_way.leads_to(analysis, specificity):
            return  # its end will go on from there
        self._drop()
        if analysis is None:
            self._known = None
            self._take(())
            return
        known = self._known
        if known is not None and not known.leads_to(analysis, specificity):
            known = None
        done = 0 if known is None else known.analysis.score_map.shape[1]
        if analysis.score_map.shape[1] - done <= AT_ONCE_SAMPLES:
            self._on_derived(_derived(analysis, specificity, known))
            return
        # A day of maps takes too long for the window's thread; the last move of the slider wins.
        if not self._of_same_run(analysis):
            self._take(())  # those on show are of another model
        self._under_way = Derived(analysis, specificity, ())
        self._task = self._workers.start(
            lambda _progress, _cancel: _derived(analysis, specificity, known),
            on_result=self._on_derived,
            on_error=self._failed,
        )

    def _of_same_run(self, analysis: Analysis) -> bool:
        known = self._known
        return known is not None and (
            known.analysis is analysis or analysis.continues(known.analysis)
        )

    def _drop(self) -> None:
        if self._task is not None:
            self._task.drop()
        self._task = self._under_way = None

    def _on_derived(self, derived: Derived) -> None:
        self._task = self._under_way = None
        self._known = derived
        self._take(derived.flags)
        if derived.analysis is not self._wanted:
            self.derive(self._wanted, derived.specificity)

    def _failed(self, error: Exception) -> None:
        self._task = self._under_way = None
        self._take(())
        raise error


def _derived(analysis: Analysis, specificity: float, known: Derived | None) -> Derived:
    flags = (
        derive_flags(analysis, specificity)
        if known is None
        else extend_flags(known.flags, known.analysis, analysis, specificity)
    )
    return Derived(analysis, specificity, flags)
