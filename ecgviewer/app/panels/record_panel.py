"""Everything the file says about the open record, and everything that was assumed."""

from __future__ import annotations

from html import escape

from ecgviewer.app.qt.reading_text import ReadingText
from ecgviewer.app.shell.document import Document, Shown
from ecgviewer.app.shell.header import duration_text
from ecgviewer.app.shell.notices import LEVEL_MARKS
from ecgviewer.core.recording import Recording


class RecordPanel(ReadingText):
    """Facts, patient fields, notes."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self.setAccessibleName("Record information")
        self.setFrameShape(ReadingText.Shape.NoFrame)
        self.setOpenLinks(False)
        document.recordingChanged.connect(self._show)
        document.blindChanged.connect(self._show)
        self._show()

    def _show(self) -> None:
        recording = self._document.recording
        if recording is None:
            self.setHtml("<p>No record is open.</p>")
        else:
            self.setHtml(record_html(recording, self._document.shown))


def record_html(recording: Recording, shown: Shown) -> str:
    """Return the panel's content, with the file's own opinion as far as it may be seen."""
    patient = recording.patient
    age = f"{patient.age_years:g} years" if patient.age_years is not None else ""
    start = recording.start
    rows = [
        ("Record", recording.name),
        ("File", str(recording.path.absolute())),
        ("Format", recording.format),
        ("Start", start.text),
        ("Start, not understood", start.not_understood),
        ("Length", f"{duration_text(recording.duration_s)} ({recording.n_samples} samples)"),
        ("Sampling", f"{recording.fs_hz:g} Hz"),
        ("Leads", ", ".join(recording.leads)),
        ("Missing leads", ", ".join(recording.missing_standard_leads)),
        ("Amplitude", "mV" if recording.units_known else "arbitrary (no unit in the file)"),
        ("Patient", patient.name),
        ("Identifier", patient.patient_id),
        ("Sex", patient.sex),
        ("Age", age),
        ("Born", patient.birth_date),
        ("Codes", ", ".join(shown.diagnoses)),
        ("Codes and comments", "hidden while reading blind" if shown.blind else ""),
        ("Comments", "\n".join(shown.comments)),
    ]
    cells = "".join(
        f"<tr><td style='padding-right:8px'><b>{escape(title)}</b></td>"
        f"<td>{escape(value).replace(chr(10), '<br>')}</td></tr>"
        for title, value in rows
        if value
    )
    notes = "".join(
        f"<p>{LEVEL_MARKS.get(note.level, '')} {escape(note.text)}</p>" for note in recording.notes
    )
    heading = "<p><b>Assumed or noticed</b></p>" if notes else ""
    return f"<table cellspacing='0' cellpadding='2'>{cells}</table>{heading}{notes}"
