"""Puts the review's parts together for one window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from ecgviewer.app.review.file_annotations import FileAnnotations
from ecgviewer.app.review.record_commands import RecordCommands
from ecgviewer.app.review.review_commands import ReviewCommands
from ecgviewer.app.review.review_document import ReviewDocument
from ecgviewer.app.review.review_panel import ReviewPanel
from ecgviewer.app.review.span_commands import SpanCommands
from ecgviewer.app.review.worklist import Worklist
from ecgviewer.app.review.worklist_panel import WorklistPanel

if TYPE_CHECKING:
    from ecgviewer.app.shell.window import MainWindow


class ReviewParts(QObject):
    """Review document, panels, commands and work list of one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        session = window.session
        self.document = ReviewDocument(window.document, session.workers, window.settings)
        self.document.troubled.connect(window.messages.error)
        self.document.informed.connect(window.messages.info)
        self.document.identified.connect(session.recall)
        self.panel = ReviewPanel(self.document)
        self.file_annotations = FileAnnotations(window)
        self.worklist = Worklist(session, self.document)
        self.worklist.troubled.connect(window.messages.error)
        self.worklist.informed.connect(window.messages.info)
        self.worklist_panel = WorklistPanel(window.commands, session.workers)
        right = Qt.DockWidgetArea.RightDockWidgetArea
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        window.add_panel("review", "Review", self.panel, right, "Ctrl+Alt+6")
        # The work list lies under the traces; the panels beside them keep their height.
        window.setCorner(Qt.Corner.BottomRightCorner, right)
        window.add_panel("worklist", "Work list", self.worklist_panel, bottom, "Ctrl+Alt+7").hide()
        window.add_tab("flags", "review")
        self.commands = ReviewCommands(window, self.document, self.panel, self.file_annotations)
        self.spans = SpanCommands(window, self.document, self.panel)
        self.records = RecordCommands(window, self.document, self.worklist, self.worklist_panel)

    def may_close(self) -> bool:
        """Return whether everything is on disk; asked again, the answer is yes regardless."""
        return self.document.may_close()

    def close(self) -> None:
        """Save the review and release everything."""
        self.worklist.stop_screening()
        self.document.close()
        self.worklist.close()
