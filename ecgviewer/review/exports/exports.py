"""One door to all exports, for the window and the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ecgviewer.core.record.recording import Recording
from ecgviewer.review.annotations import RecordKey, Review
from ecgviewer.review.edits.store import ReviewStore, file_safe, reader_slug
from ecgviewer.review.errors import ExportError
from ecgviewer.review.exports.about import About
from ecgviewer.review.exports.csv_export import export_csv
from ecgviewer.review.exports.fhir_export import export_fhir
from ecgviewer.review.exports.json_export import export_json
from ecgviewer.review.exports.seal import make_seal
from ecgviewer.review.exports.wfdb.export import ANNOTATOR, export_wfdb
from ecgviewer.review.privacy.anonymize import Privacy, anonymize

FORMATS = ("wfdb", "csv", "json", "fhir")


def export_reviews(
    reviews: Sequence[Review],
    recording: Recording,
    to: str,
    folder: Path,
    privacy: Privacy = Privacy.HEADER,
    seal: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write reviews of one record; return the files.

    One reader's files are ``RECORD.ecgreview``, ``RECORD.review.csv``, ``RECORD.review.json`` and
    ``RECORD.review.fhir.json``; with several readers each file says whose it is (WFDB allows
    letters only: ``ecgreviewa``, ``ecgreviewb`` ... in the readers' order).

    Parameters
    ----------
    to : str
        ``wfdb``, ``csv``, ``json`` or ``fhir``.
    privacy : Privacy
        What may tell who the patient is.

    Raises
    ------
    ExportError
        When there is no review, or a file exists already. Nothing is overwritten.
    """
    if to not in FORMATS:
        raise ExportError(f"there is no export to {to!r}; choose one of {', '.join(FORMATS)}")
    if not reviews:
        raise ExportError("nobody has reviewed this record yet", recording.path)
    about = About.of(recording, privacy)
    reviews = [anonymize(review, recording, privacy) for review in reviews]
    written = []
    for number, review in enumerate(reviews):
        name = file_safe(review.record.name) or "record"
        if to == "wfdb":
            letters = "" if len(reviews) == 1 else _letters(number)
            written.append(export_wfdb(review, folder, name, ANNOTATOR + letters, about))
            continue
        whose = "" if len(reviews) == 1 else f".{reader_slug(review.author)}"
        suffix = "fhir.json" if to == "fhir" else to
        path = folder / f"{name}{whose}.review.{suffix}"
        if to == "csv":
            written.append(export_csv(review, path, about))
        elif to == "fhir":
            written.append(export_fhir(review, path, recording, privacy))
        else:
            sealed = make_seal() if seal is None else seal
            written.append(export_json(review, path, sealed, about))
    return written


def export_record(
    recording: Recording,
    to: str,
    folder: Path,
    store: ReviewStore,
    privacy: Privacy = Privacy.HEADER,
) -> list[Path]:
    """Write every reader's review of a record; see :func:`export_reviews`."""
    key = RecordKey.of(recording)
    reviews = [
        store.read(key, author, recording.path) for author in store.readers(key, recording.path)
    ]
    return export_reviews(reviews, recording, to, folder, privacy)


def _letters(number: int) -> str:
    """Return a, b ... z, aa, ab ... for 0, 1 ..."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("a") + rest) + text
    return text
