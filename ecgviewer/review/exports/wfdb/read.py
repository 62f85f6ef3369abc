"""Annotation files found beside a record, as a layer to look at: beats, waves, rhythm, episodes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.leads import canonical_lead
from ecgviewer.core.record.recording import Recording
from ecgviewer.io.wfdb.header import read_header
from ecgviewer.review.annotations import WFDB, Annotation, Code
from ecgviewer.review.exports.export_files import read_bounded
from ecgviewer.review.exports.wfdb.codec import decode
from ecgviewer.review.exports.wfdb.export import ANNOTATOR, import_wfdb
from ecgviewer.review.exports.wfdb.marks import FileSpan, read_marks

MAX_BYTES = 64 * 1024 * 1024
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_-]+")
# Signals, tables, pictures and this program's own files.
_NOT_ANNOTATIONS = frozenset(
    {"hea", "dat", "mat", "xws", "md", "txt", "csv", "json", "pdf", "png", "jpg", "h5", "hdf5"}
    | {"hdf", "edf", "zip", "gz", "xml", "flac", "py", "lock", "journal", "npz", "npy", "log"}
    | {"html", "bak"}
)


@dataclass(frozen=True, slots=True)
class AnnotatorMarks:
    """What one annotator marked.

    ``problem`` says why it could not be read, ``remark`` what of it has no partner or no place in
    the record; both are empty where there is nothing to say.
    """

    annotator: str
    annotations: tuple[Annotation, ...]
    problem: str = ""
    remark: str = ""


def find_annotators(recording: Recording) -> list[str]:
    """Return the annotators (file extensions) beside a WFDB record, in alphabetical order.

    The record's own signal files are none, whatever they are called; what has figures in its name,
    as numbered signal files do, must be an annotation file by its content.
    """
    if recording.path.suffix.lower() != ".hea":
        return []
    stem = recording.path.stem
    try:
        siblings = list(recording.path.parent.glob(f"{_literal(stem)}.*"))
        signal_files = {spec.file_name for spec in read_header(recording.path).signals}
    except (OSError, EcgViewerError):
        return []
    return sorted(
        path.suffix[1:]
        for path in siblings
        if path.stem == stem
        and _NAME.fullmatch(path.suffix[1:])
        and path.suffix[1:].lower() not in _NOT_ANNOTATIONS
        and path.name not in signal_files
        and path.is_file()
        and (path.suffix[1:].isalpha() or _is_annotation_file(path))
    )


def _is_annotation_file(path: Path) -> bool:
    try:
        decode(read_bounded(path, MAX_BYTES))
    except EcgViewerError:
        return False
    return True


def read_annotator(recording: Recording, annotator: str) -> AnnotatorMarks:
    """Read one annotator's file; what is wrong with it is said in the layer, not raised."""
    path = recording.path.with_name(f"{recording.path.stem}.{annotator}")
    try:
        if annotator.startswith(ANNOTATOR):
            return AnnotatorMarks(annotator, import_wfdb(path).annotations)
        marks, stated_hz = decode(read_bounded(path, MAX_BYTES))
    except EcgViewerError as error:
        return AnnotatorMarks(annotator, (), error.reason)
    # Marks count frames, which hold several samples of the faster signals.
    marks_hz = stated_hz or recording.numbering.marks_hz or recording.fs_hz
    end = round(recording.duration_s * marks_hz)
    last = math.floor((recording.n_samples - 1) / recording.fs_hz * marks_hz + 1e-6)
    inside = sorted((mark for mark in marks if 0 <= mark.sample <= end), key=lambda m: m.sample)
    reading = read_marks(inside, last, end, longest=round(marks_hz))
    remarks = reading.remarks()
    if len(inside) < len(marks):
        remarks.append(f"{len(marks) - len(inside)} × mark outside the record, left out")
    found, elsewhere = _placed(reading.spans, recording, annotator, marks_hz)
    if elsewhere:
        remarks.append(f"{elsewhere} × mark of a signal that is not shown, left out")
    return AnnotatorMarks(
        annotator,
        tuple(sorted(found, key=lambda item: (item.start_s, item.end_s))),
        remark="; ".join(remarks),
    )


def _placed(
    spans: Sequence[FileSpan], recording: Recording, annotator: str, marks_hz: float
) -> tuple[list[Annotation], int]:
    """Return spans in seconds and leads, and how many belong to signals that are not shown.

    An annotator called like a lead (``rec.ii``) is about that lead.
    """
    own = canonical_lead(annotator)
    named = tuple(name for name in recording.leads if own and canonical_lead(name) == own)
    lead_of = {
        number: lead
        for row, lead in enumerate(recording.leads)
        if (number := recording.numbering.signal(row)) is not None
    }
    found: list[Annotation] = []
    elsewhere = 0
    for span in spans:
        leads = named or tuple(lead_of[k] for k in span.signals if k in lead_of)
        if span.signals and not leads:
            elsewhere += 1
            continue
        found.append(
            Annotation(
                f"{re.sub('[^A-Za-z0-9]', '', annotator)}{len(found)}",
                span.start / marks_hz,
                max(span.stop, span.start) / marks_hz,
                leads,
                span.label,
                codes=(Code(WFDB, span.symbol),),
                note=span.note,
                author=annotator,
            )
        )
    return found, elsewhere


def _literal(stem: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", stem)
