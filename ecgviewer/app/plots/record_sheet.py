"""A sheet that shows something of the open record, and keeps up with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal

from ecgviewer.app.plots.sheet import PlotSheet
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.app.work.workers import Job, Task


class RecordSheet(PlotSheet):
    """Is refreshed by the panel while it is on show."""

    captionChanged = Signal(str)

    def __init__(self, name: str, bench: Workbench) -> None:
        super().__init__(name)
        self.bench = bench
        self.caption = ""
        self._task: Task | None = None

    def refresh(self) -> None:
        """Bring the sheet up to date with the document: each kind has its own way."""

    def say(self, caption: str) -> None:
        """Say below the plots what they show, or why they show nothing."""
        self.caption = caption
        self.captionChanged.emit(caption)

    def work(self, job: Job, show: Callable[[Any], None]) -> None:
        """Compute something off the window's thread instead of what was asked for before."""
        self.drop_work()
        self.say("Working…")
        self._task = self.bench.session.workers.start(
            job,
            on_result=show,
            on_error=lambda error: self.say(f"⚠ {describe(error)}"),
            on_progress=lambda part, words: self.say(f"{words.capitalize()}: {part:.0%}"),
        )

    def drop_work(self) -> None:
        """Hear no more of what is being computed."""
        if self._task is not None:
            self._task.drop()
            self._task = None

    def let_go(self) -> None:
        """Hold nothing of the window any more.

        pyqtgraph's plots and their menus hold each other in circles through Qt that are never
        collected; what they can reach would stay with them.
        """
        self.drop_work()
        self.close()
        del self.bench
