"""The report page as the window makes it: gathered from document and review, off its thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ecgviewer.app.errors import describe
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.review.anonymize import Privacy

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecgviewer.app.report import ReportPage
    from ecgviewer.app.window import MainWindow


class Reporting:
    """Exports and prints the report of the open record."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        # Not kept between sessions: who names patients says so each time.
        self.privacy = Privacy.HEADER

    def _content(self) -> Callable[[], ReportPage]:
        """Return a job that makes the page of what is open now."""
        from ecgviewer.app.report import make_page

        privacy = self.privacy
        document, review = self._window.document, self._window.review.document
        recording = document.recording
        if recording is None:
            raise EcgViewerError("no record is open")
        analysis, flags, specificity = document.analysis, document.flags, document.specificity
        said = review.review
        annotations = said.annotations if said is not None else ()
        start_s = None if document.selected_flag is None else self._window.traces.visible_range()[0]
        return lambda: make_page(
            recording, analysis, flags, annotations, specificity=specificity, start_s=start_s,
            reviewer=review.reader,
            conclusion=said.state.conclusion if said is not None else "", privacy=privacy,
        )  # fmt: skip

    def export(self, path: Path) -> None:
        """Write the report as PDF or PNG."""
        from ecgviewer.app.report import write_page

        make = self._content()
        messages = self._window.messages
        self._window.session.workers.start(
            lambda _progress, _cancel: write_page(make(), path),
            on_result=lambda _done: messages.info(f"The report is in {path}."),
            on_error=lambda error: messages.error(f"No report: {describe(error)}"),
        )

    def print(self) -> None:
        """Ask for a printer and print the page at exact scale."""
        from PySide6.QtGui import QPageLayout, QPageSize
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        make = self._content()
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        printer.setPageOrientation(QPageLayout.Orientation.Landscape)
        # Positions on the page are from the edge of the paper: nothing may be scaled to margins.
        printer.setFullPage(True)
        dialog = QPrintDialog(printer, self._window)
        dialog.accepted.connect(lambda: self._make_and_paint(make, printer))
        dialog.show()

    def _make_and_paint(self, make: Callable[[], ReportPage], printer: object) -> None:
        messages = self._window.messages
        self._window.session.workers.start(
            lambda _progress, _cancel: make(),
            on_result=lambda page: self._paint(page, printer),
            on_error=lambda error: messages.error(f"Nothing was printed: {describe(error)}"),
        )

    def _paint(self, page: ReportPage, printer: object) -> None:
        from PySide6.QtGui import QPainter
        from PySide6.QtPrintSupport import QPrinter

        from ecgviewer.app.report_page import paint_page
        from ecgviewer.app.trace.state import MM_PER_INCH

        assert isinstance(printer, QPrinter)
        painter = QPainter()
        if not painter.begin(printer):
            self._window.messages.error("Nothing was printed: the printer does not answer.")
            return
        paint_page(painter, page, printer.resolution() / MM_PER_INCH)
        painter.end()
        self._window.messages.info("The report was sent to the printer.")
