"""Puts the review's panels, commands and work list into one window."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt

from ecgviewer.app.panels.flags_panel import FlagsPanel
from ecgviewer.app.review.file_annotations import FileAnnotations
from ecgviewer.app.review.record_commands import RecordCommands
from ecgviewer.app.review.results.command import ResultsCommand
from ecgviewer.app.review.review_commands import ReviewCommands
from ecgviewer.app.review.review_panel import ReviewPanel
from ecgviewer.app.review.span_commands import SpanCommands
from ecgviewer.app.review.worklist.site_calibration import SiteCalibration
from ecgviewer.app.review.worklist.watch_command import WatchCommand
from ecgviewer.app.review.worklist.worklist import Worklist
from ecgviewer.app.review.worklist.worklist_panel import WorklistPanel
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.review.queue import QueueRow


class ReviewFeature(QObject):
    """Panels, commands and work list that work on the bench's review."""

    def __init__(self, bench: Workbench, flags: FlagsPanel) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        self.document = bench.review
        self.document.troubled.connect(bench.say.error)
        self.document.informed.connect(bench.say.info)
        self.document.identified.connect(bench.session.recall)
        self.panel = ReviewPanel(self.document, bench.verdicts)
        self.file_annotations = FileAnnotations(bench)
        self.worklist = Worklist(bench.session, self.document)
        self.worklist.troubled.connect(bench.say.error)
        self.worklist.informed.connect(bench.say.info)
        self.worklist_panel = WorklistPanel(bench.commands, bench.session.workers)
        right = Qt.DockWidgetArea.RightDockWidgetArea
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        bench.panels.add("review", "Review", self.panel, right, "Ctrl+Alt+6")
        worklist = self.worklist_panel
        bench.panels.add("worklist", "Work list", worklist, bottom, "Ctrl+Alt+7").hide()
        bench.panels.add_tab("flags", "review")
        bench.appearance.themeChanged.connect(lambda _theme: worklist.model.redraw_pictures())
        self.commands = ReviewCommands(bench, self.panel, flags)
        self.spans = SpanCommands(bench, self.panel)
        self.records = RecordCommands(bench, self.worklist, self.worklist_panel)
        self.watch = WatchCommand(bench, self.worklist, worklist)
        self.site = SiteCalibration(bench, self.worklist)
        self.results = ResultsCommand(bench)
        bench.document.blindChanged.connect(self._show_review)

    def rows(self) -> list[QueueRow]:
        """Return the records of the work list."""
        queue = self.worklist.queue
        return queue.rows if queue is not None else []

    def _show_review(self) -> None:
        """Offer the reader's own panel in the place of those that are put away."""
        if self._bench.document.blind:
            self._bench.panels.docks["review"].show()

    def close(self) -> None:
        """Stop watching and screening, and release the work list."""
        self.watch.end()
        self.results.close()
        self.worklist.end()
