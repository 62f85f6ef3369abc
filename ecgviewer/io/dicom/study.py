"""What a DICOM file says of the study it belongs to, for documents that are to belong there too."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ecgviewer.core.errors import RecordError
from ecgviewer.io.dicom.elements import walk
from ecgviewer.io.dicom.reader import parse
from ecgviewer.io.recognise import DICOM, format_of

_UID = re.compile(r"(?=.{1,64}$)(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+")


@dataclass(frozen=True, slots=True)
class DicomStudy:
    """Where a DICOM object stands; empty where it does not say.

    Attributes
    ----------
    study_uid, sop_class_uid, sop_instance_uid : str
    date, time : str
        Of the study, as DICOM writes them; empty where that is not how they are written.
    study_id, accession, referring : str
        Numbers and names that tell whose study it is.
    patient_name, patient_id, issuer, birth_date : str
    """

    study_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    date: str
    time: str
    study_id: str
    accession: str
    referring: str
    patient_name: str
    patient_id: str
    issuer: str
    birth_date: str


def study_of(path: Path) -> DicomStudy | None:
    """Return the study of a DICOM file; None for other files and where none is named."""
    if format_of(path) != DICOM:
        return None
    try:
        dataset = parse(walk(path).rest, path)
        study = DicomStudy(*(_text(dataset, keyword) for keyword in _KEYWORDS))
    except RecordError:
        return None
    if not _UID.fullmatch(study.study_uid):
        return None
    return replace(
        study,
        date=study.date if re.fullmatch(r"\d{8}", study.date) else "",
        time=study.time if re.fullmatch(r"\d{2,6}(\.\d{1,6})?", study.time) else "",
    )


_KEYWORDS = (
    "StudyInstanceUID", "SOPClassUID", "SOPInstanceUID", "StudyDate", "StudyTime", "StudyID",
    "AccessionNumber", "ReferringPhysicianName", "PatientName", "PatientID",
    "IssuerOfPatientID", "PatientBirthDate",
)  # fmt: skip


def _text(dataset: Any, keyword: str) -> str:
    try:
        value = dataset.get(keyword)
    except Exception:  # noqa: BLE001 - whatever damage makes of a value
        return ""
    return "" if value is None else str(value).strip()
