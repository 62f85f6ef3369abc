"""The printable report of one record: an A4 page at exact scale, as PDF or PNG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QPainter

import ecgviewer
from ecgviewer.app.qt.picture_files import save_drawn, save_whole
from ecgviewer.app.qt.texts import leads_text, p_text
from ecgviewer.app.qt.time_texts import span_text
from ecgviewer.app.report.flags import count_text, flag_lines, judge_flags
from ecgviewer.app.report.machine import machine_texts, machine_title
from ecgviewer.app.report.page import paint_page
from ecgviewer.app.report.page_content import ReportPage
from ecgviewer.app.report.paper_files import draw_pdf, draw_png
from ecgviewer.core.analysis import Analysis, Flag
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.leads import standard_indices
from ecgviewer.core.percent import percent_text
from ecgviewer.core.record.recording import Patient, Recording
from ecgviewer.core.record.source_facts import SourceFacts
from ecgviewer.models.networks.architectures import model_title
from ecgviewer.review.annotations import Annotation, FlagVerdict
from ecgviewer.review.groups import group_flags
from ecgviewer.review.privacy.anonymize import Privacy
from ecgviewer.review.privacy.identity import Identity, public_name
from ecgviewer.signal.first_signal import first_signal_s
from ecgviewer.signal.measures.interval_words import interval_texts
from ecgviewer.signal.measures.intervals import measure
from ecgviewer.signal.measures.limits import statements
from ecgviewer.signal.stimulus_marks import find_marks

PAGE_S = 10.0
"""Time on the page: 25 cm of paper at 25 mm/s."""
MAX_LIST = 7
"""Flags and annotations that have room in the lists; the rest is counted."""


def render_report(
    recording: Recording,
    analysis: Analysis | None,
    flags: Sequence[Flag],
    annotations: Sequence[Annotation],
    out: Path,
    verdicts: Sequence[FlagVerdict] = (),
    *,
    specificity: float = 0.95,
    start_s: float | None = None,
    reviewer: str = "",
    conclusion: str = "",
    privacy: Privacy = Privacy.HEADER,
    created: datetime | None = None,
    machine: SourceFacts | None = None,
) -> str:
    """Write the report; see :func:`write_page`, also for what is returned.

    Needs a QGuiApplication. For the parameters see :func:`make_page`.

    Raises
    ------
    EcgViewerError
        When the suffix is none of these, or the file cannot be written.
    """
    page = make_page(
        recording, analysis, flags, annotations, verdicts, specificity=specificity,
        start_s=start_s, reviewer=reviewer, conclusion=conclusion, privacy=privacy,
        created=created, machine=machine,
    )  # fmt: skip
    return write_page(page, out, recording, privacy)


def write_page(
    page: ReportPage, out: Path, recording: Recording, privacy: Privacy = Privacy.HEADER
) -> str:
    """Write a page of a recording by the suffix of ``out``; works in any thread.

    ``.pdf`` (vector), ``.png``, or ``.dcm``: the PDF as a DICOM object.

    Returns
    -------
    str
        What is worth saying of the file; mostly nothing.

    Raises
    ------
    EcgViewerError
        When the suffix is none of these, or the file cannot be written.
    """
    suffix = out.suffix.lower()
    if suffix not in (".pdf", ".png", ".dcm"):
        raise EcgViewerError("a report is written as .pdf, .png or .dcm", out)
    # Drawn in memory: Qt would leave half a file on a full disk and not say so.
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)

    def paint(painter: QPainter, per_mm: float) -> None:
        paint_page(painter, page, per_mm)

    drawn = draw_png(paint, buffer) if suffix == ".png" else draw_pdf(paint, page.title, buffer)
    if suffix != ".dcm" or not drawn:
        save_drawn(buffer, drawn, out)
        return ""
    from ecgviewer.review.exports.dicom_document import encapsulate

    pdf = bytes(buffer.data().data())
    document = encapsulate(pdf, recording, privacy, datetime.now(UTC))
    save_whole(document.data, out)
    return f"It has a DICOM study of its own: {document.own_study}." if document.own_study else ""


def make_page(
    recording: Recording,
    analysis: Analysis | None,
    flags: Sequence[Flag],
    annotations: Sequence[Annotation],
    verdicts: Sequence[FlagVerdict] = (),
    *,
    specificity: float = 0.95,
    start_s: float | None = None,
    reviewer: str = "",
    conclusion: str = "",
    privacy: Privacy = Privacy.HEADER,
    created: datetime | None = None,
    machine: SourceFacts | None = None,
) -> ReportPage:
    """Gather what the page says.

    Parameters
    ----------
    verdicts : sequence of FlagVerdict
        What readers, one or several, said about flags.
    specificity : float
        The threshold in force.
    start_s : float, optional
        Beginning of the 10 s on the page; by default around the most suspicious flag of a
        longer record that was not rejected, else where there is signal.
    reviewer, conclusion : str
        Who reviewed it, and what they conclude.
    privacy : Privacy
        What may tell who the patient is: the patient's line only when identified, record name and
        date not when anonymous. The file's hash still identifies the record.
    created : datetime, optional
        Now by default.
    machine : SourceFacts, optional
        What the recording machine concluded, if the page shall say it.
    """
    judged = judge_flags(flags, verdicts, analysis.bundle_sha256 if analysis is not None else "")
    groups = group_flags(flags, analysis) if analysis is not None else ()
    kept = tuple(one.flag for one in judged if one.verdict != "rejected")
    longest = max(recording.duration_s - PAGE_S, 0.0)
    if start_s is None:
        top = max(kept, key=lambda flag: flag.score, default=None)
        start_s = (
            (top.start_s + top.stop_s) / 2 - PAGE_S / 2
            if top is not None
            else first_signal_s(recording)
        )
    start_s = round(min(max(start_s, 0.0), longest) * recording.fs_hz) / recording.fs_hz
    stop_s = min(start_s + PAGE_S, recording.duration_s)
    at = standard_indices(recording.leads)
    leads = tuple(at) if at else recording.leads[:12]
    rows = [recording.leads[at[lead]] if at else lead for lead in leads]
    signal = recording.read(start_s, stop_s, rows)
    ordered = tuple(
        sorted(_scrubbed(recording, annotations, privacy), key=lambda item: item.start_s)
    )
    verdict, abnormal = _verdict(analysis, specificity)
    stated = recording.stated_highpass_hz
    intervals = measure(signal, recording.fs_hz, leads, stated_highpass_hz=stated)
    if conclusion:
        verdict += f"  Reviewer: {conclusion}."
    return ReportPage(
        title=_title(recording, privacy),
        subtitle=_subtitle(recording, privacy),
        verdict=verdict,
        abnormal=abnormal,
        quality=_quality(analysis),
        measures=interval_texts(intervals),
        statements=statements(
            intervals,
            recording.patient.sex,
            recording.patient.age_years,
            in_mv=recording.units_known,
        ),
        leads=leads,
        signal_mv=signal,
        stimuli=find_marks(signal, recording.fs_hz),
        fs_hz=recording.fs_hz,
        start_s=start_s,
        duration_s=recording.duration_s,
        units_known=recording.units_known,
        flags=kept,
        annotations=ordered,
        flag_count=count_text(judged),
        flag_lines=_listed(flag_lines(judged, groups)),
        annotation_lines=_listed([_annotation_line(annotation) for annotation in ordered]),
        seal=_seal(recording, analysis, specificity, reviewer, created or datetime.now(UTC)),
        machine_title=machine_title(machine) if machine is not None else "",
        machine_texts=machine_texts(machine, _scrub(recording, privacy)) if machine else (),
    )


def _title(recording: Recording, privacy: Privacy) -> str:
    if privacy is Privacy.ANONYMOUS:
        return "ECG report"
    name = recording.name if privacy is Privacy.IDENTIFIED else public_name(recording)
    return f"ECG report: {name}"


def _subtitle(recording: Recording, privacy: Privacy) -> str:
    facts = [f"{recording.format}, {recording.fs_hz:g} samples/s, {recording.duration_s:.1f} s"]
    patient = recording.patient
    if privacy is Privacy.ANONYMOUS:
        facts.insert(0, "anonymized")
    elif recording.start.text:
        facts.insert(0, recording.start.text)
    if privacy is not Privacy.IDENTIFIED:
        patient = Patient(sex=patient.sex, age_years=patient.age_years)
    if patient.line() and privacy is not Privacy.ANONYMOUS:
        facts.insert(0, patient.line())
    return "   ·   ".join(facts)


def _scrub(recording: Recording, privacy: Privacy) -> Callable[[str], str]:
    """Return what takes out of a text whatever must not be told of the patient."""
    if privacy is Privacy.IDENTIFIED:
        return str
    return Identity(recording, with_names=privacy is Privacy.ANONYMOUS).scrub


def _scrubbed(
    recording: Recording, annotations: Sequence[Annotation], privacy: Privacy
) -> Sequence[Annotation]:
    scrub = _scrub(recording, privacy)
    return [replace(one, label=scrub(one.label), note=scrub(one.note)) for one in annotations]


def _verdict(analysis: Analysis | None, specificity: float) -> tuple[str, bool | None]:
    if analysis is None:
        return "Not analysed by a model.", None
    abnormal = analysis.is_abnormal(specificity)
    if abnormal is None:
        return f"No verdict by {model_title(analysis.model)}: not readable enough.", None
    threshold = analysis.threshold(specificity)
    words = (
        f"{'Abnormal' if abnormal else 'Within normal'} by {model_title(analysis.model)}: "
        f"score {analysis.score:.2f}, p {p_text(analysis.p_value)} among normals, threshold "
        f"{threshold:.2f} ({percent_text(specificity, 2)} of normals stay below)."
    )
    if analysis.is_partial:
        words = f"Provisional, from {analysis.extent_text()}: {words}"
    return words, abnormal


def _quality(analysis: Analysis | None) -> str:
    words = "ok" if analysis is None else analysis.quality_text()
    return "" if words == "ok" else f"Quality: {words}."


def _annotation_line(annotation: Annotation) -> str:
    where = leads_text(annotation.leads)
    note = f"   {annotation.note}" if annotation.note else ""
    span = span_text(annotation.start_s, annotation.end_s, long=False)
    return f"{span}   {where}   {annotation.label}{note}"


def _listed(lines: list[str]) -> tuple[str, ...]:
    if len(lines) <= MAX_LIST:
        return tuple(lines)
    return (*lines[: MAX_LIST - 1], f"and {len(lines) - MAX_LIST + 1} more")


def _seal(
    recording: Recording,
    analysis: Analysis | None,
    specificity: float,
    reviewer: str,
    created: datetime,
) -> tuple[str, ...]:
    file_hash = analysis.recording_sha256 if analysis is not None else recording.content_hash()
    lines = [f"Record SHA-256 {file_hash}"]
    if analysis is not None:
        used = {key: value for key, value in analysis.preprocessing.items() if value}
        spec = ", ".join(f"{key} {value}" for key, value in used.items())
        lines += [
            f"Model {analysis.model}, SHA-256 {analysis.bundle_sha256}",
            f"Preprocessing: {spec}.  Threshold at {percent_text(specificity, 2)} specificity",
        ]
    when = created.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    lines.append(
        f"ECG Viewer {ecgviewer.__version__}.  Reviewer: {reviewer or 'none'}.  Made {when}"
    )
    return tuple(lines)
