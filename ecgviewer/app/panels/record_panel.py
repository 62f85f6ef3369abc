"""Everything the file says about the open record, and everything that was assumed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ecgviewer.app.qt.reading_text import ReadingText
from ecgviewer.app.qt.time_texts import duration_text
from ecgviewer.app.shell.record.document import Document, Shown
from ecgviewer.app.shell.widgets.notices import LEVEL_MARKS
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.record.source_facts import SourceFacts
from ecgviewer.review.labels import DEFAULT_LABELS


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
        ("Device", shown.facts.device),
        ("Filters of the device", shown.facts.filters_text()),
        ("Patient", patient.name),
        ("Identifier", patient.patient_id),
        ("Sex", patient.sex),
        ("Age", age),
        ("Born", patient.birth_date),
        ("Codes", ", ".join(map(_code_text, shown.diagnoses))),
        ("Comments", "\n".join(shown.comments)),
        ("Opinions", "hidden while reading blind" if shown.blind else ""),
    ]
    notes = "".join(
        f"<p>{LEVEL_MARKS.get(note.level, '')} {escape(note.text)}</p>" for note in recording.notes
    )
    heading = "<p><b>Assumed or noticed</b></p>" if notes else ""
    return f"{_table(rows)}{_machine_html(shown.facts)}{heading}{notes}"


def _code_text(code: str) -> str:
    """Return a diagnosis code with its words, where a label of the default set has it."""
    for label in DEFAULT_LABELS.labels:
        if any(code == known.value for known in label.codes):
            return f"{code} ({label.name})"
    return code


def _machine_html(facts: SourceFacts) -> str:
    """Return what the recording device concluded, marked as its own."""
    rows = [
        ("Statements", "\n".join(facts.statements)),
        ("Confirmed", "\n".join(facts.confirmed_statements)),
        ("Measurements", "\n".join(item.text() for item in facts.measurements)),
        ("Events", "\n".join(f"{event.start_s:.2f} s  {event.text}" for event in facts.events)),
    ]
    if not any(value for _title, value in rows):
        return ""
    known = f", {facts.confirmed_text()}" if facts.confirmed is not None else ""
    heading = f"<p><b>What the device says</b>{known}; in the file's own words</p>"
    return heading + _table(rows)


def _table(rows: Sequence[tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><td style='padding-right:8px'><b>{escape(title)}</b></td>"
        f"<td>{escape(value).replace(chr(10), '<br>')}</td></tr>"
        for title, value in rows
        if value
    )
    return f"<table cellspacing='0' cellpadding='2'>{cells}</table>" if cells else ""
