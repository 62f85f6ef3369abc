"""The report page as the window makes it: gathered from document and review, off its thread."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.review.privacy.anonymize import Privacy

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecgviewer.app.report.page_content import ReportPage
    from ecgviewer.core.record.recording import Recording


class Reporting:
    """Exports and prints the report of the open record."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        # Not kept between sessions: who names patients says so each time.
        self.privacy = Privacy.HEADER
        self.with_machine = False

    def export(self, path: Path) -> None:
        """Write the report as PDF, PNG or DICOM."""
        from ecgviewer.app.report.report import write_page

        messages, privacy = self._bench.say, self.privacy
        self._start(
            lambda page, recording: write_page(page, path, recording, privacy),
            lambda said: messages.info(f"The report is in {path}. {said}".rstrip()),
            failed="No report",
        )

    def print(self) -> None:
        """Show the page as it will be on paper; from there it is printed at exact scale."""
        self._start(lambda page, _recording: page, self._preview, failed="Nothing was printed")

    def _start(
        self,
        finish: Callable[[ReportPage, Recording], Any],
        on_result: Callable[[Any], None],
        failed: str,
    ) -> None:
        """Make the page of what is open now, and ``finish`` it, in a worker."""
        from ecgviewer.app.report.report import make_page

        privacy, messages = self.privacy, self._bench.say
        document, review = self._bench.document, self._bench.review
        recording = document.recording
        if recording is None:  # closed while the file's name was being asked for
            messages.error(f"{failed}: no record is open.")
            return
        shown, specificity = document.shown, document.specificity
        said = review.review
        annotations = said.annotations if said is not None else ()
        verdicts = said.verdicts if said is not None else ()
        start_s = None if document.selected_flag is None else self._bench.traces.visible_range()[0]
        make = partial(
            make_page, recording, shown.analysis, shown.flags, annotations, verdicts,
            specificity=specificity, start_s=start_s, reviewer=review.reader,
            conclusion=said.state.conclusion if said is not None else "", privacy=privacy,
            machine=shown.facts if self.with_machine else None,
        )  # fmt: skip
        self._bench.session.workers.start(
            lambda _progress, _cancel: finish(make(), recording),
            on_result=on_result,
            on_error=lambda error: messages.error(f"{failed}: {describe(error)}"),
        )

    def _preview(self, page: ReportPage) -> None:
        from ecgviewer.app.report.print_preview import PrintPreview

        document = self._bench.document
        if document.blind:  # since the page was asked for
            return
        preview = PrintPreview(page, self._bench.parent)
        document.blindChanged.connect(preview.close)
        preview.failed.connect(
            lambda: self._bench.say.error("Nothing was printed: the printer does not answer.")
        )
        preview.printed.connect(self._bench.say.info)
        preview.show()
