"""The review as FHIR R5: a Bundle with one DiagnosticReport and an Observation per annotation.

Definitions: https://hl7.org/fhir/R5/diagnosticreport.html and .../observation.html. Systems of
codes that FHIR has no address for (SCP-ECG, a hospital's own) get one under ``urn:ecgviewer:``.
"""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import ecgviewer
from ecgviewer.core.record.recording import Patient, Recording
from ecgviewer.core.record.start import Start
from ecgviewer.io.dicom.study import study_of
from ecgviewer.review.annotations import Annotation, Code, Review, utc_now
from ecgviewer.review.edits.review_json import as_utf8
from ecgviewer.review.exports.export_files import write_new
from ecgviewer.review.privacy.anonymize import Privacy

OWN = "urn:ecgviewer"
LOINC = "http://loinc.org"
_SYSTEMS = {"SNOMED CT": "http://snomed.info/sct"}
_CATEGORIES = "http://terminology.hl7.org/CodeSystem/"
_UCUM = "http://unitsofmeasure.org"

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Json = dict[str, Any]


def export_fhir(review: Review, path: Path, recording: Recording, privacy: Privacy) -> Path:
    """Write a review, made fit for ``privacy`` before; who the patient is only where it identifies.

    Raises
    ------
    ExportError
        When the file exists, or cannot be written.
    """
    text = json.dumps(to_fhir(review, recording, privacy), indent=1, ensure_ascii=False)
    return write_new(path, as_utf8(text) + b"\n")


def to_fhir(review: Review, recording: Recording, privacy: Privacy) -> Json:
    """Return the Bundle as plain JSON values."""
    start = Start() if privacy is Privacy.ANONYMOUS else recording.start
    entries: list[tuple[str, Json]] = []
    subject = None
    if privacy is Privacy.IDENTIFIED:
        subject = f"urn:uuid:{uuid.uuid4()}"
        entries.append((subject, _patient(recording.patient)))
    observations = [
        (f"urn:uuid:{uuid.UUID(item.id)}", _observation(item, review, start, subject))
        for item in review.annotations
    ]
    report = _report(review, start, subject, [url for url, _ in observations])
    study = study_of(recording.path) if privacy is not Privacy.ANONYMOUS else None
    if study is not None:
        named = {"system": "urn:dicom:uid", "value": f"urn:oid:{study.study_uid}"}
        report["study"] = [{"type": "ImagingStudy", "identifier": named}]
    about = uuid.uuid5(uuid.NAMESPACE_URL, f"{OWN}:{review.record.sha256}:{review.author}")
    entries = [(f"urn:uuid:{about}", report), *observations, *entries]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": utc_now(),
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in entries],
    }


def _report(review: Review, start: Start, subject: str | None, results: list[str]) -> Json:
    done = review.state.status == "reviewed"
    report: Json = {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": f"{OWN}:recording:sha256", "value": review.record.sha256}],
        "status": "final" if done else "preliminary",
        "category": [_concept(f"{_CATEGORIES}v2-0074", "EC", "Electrocardiac (e.g., EKG, EEC)")],
        "code": _concept(LOINC, "11524-6", "EKG study"),
        "issued": review.state.changed or utc_now(),
    }
    report |= _subject(subject) | _moment("effectiveDateTime", start)
    if reader := _clean(review.author):
        report["resultsInterpreter"] = [{"display": reader}]
    if results:
        report["result"] = [{"reference": url} for url in results]
    conclusion = [f"ECG {review.state.conclusion}"] if review.state.conclusion else []
    if note := _clean(review.state.note):
        conclusion.append(note)
    if conclusion:
        report["conclusion"] = ". ".join(conclusion)
    report["note"] = [{"text": text} for text in _notes(review)]
    return report


def _notes(review: Review) -> list[str]:
    record = review.record
    notes = [
        f"Recording {record.name}: {record.duration_s:g} s at {record.fs_hz:g} Hz, leads "
        f"{', '.join(record.leads)}. Read with ECG Viewer {ecgviewer.__version__}, a research aid."
    ]
    counted = Counter(item.verdict for item in review.verdicts)
    if counted:
        told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counted.items()))
        notes.append(f"Flags of models that the reader judged: {told}.")
    return notes


def _observation(item: Annotation, review: Review, start: Start, subject: str | None) -> Json:
    found: Json = {
        "resourceType": "Observation",
        "status": "final" if review.state.status == "reviewed" else "preliminary",
        "category": [_concept(f"{_CATEGORIES}observation-category", "procedure", "Procedure")],
        "code": _concept(LOINC, "11524-6", "EKG study"),
        "valueCodeableConcept": _label(item),
        "component": [
            _seconds("start", "Start, from the beginning of the recording", item.start_s),
            _seconds("end", "End, from the beginning of the recording", item.end_s),
            _text("leads", "Leads", ", ".join(item.leads or review.record.leads)),
        ],
    }
    found |= _subject(subject) | _moment("effectiveDateTime", start)
    if item.modified or item.created:
        found["issued"] = item.modified or item.created
    if reader := _clean(item.author) or _clean(review.author):
        found["performer"] = [{"display": reader}]
    if note := _clean(item.note):
        found["note"] = [{"text": note}]
    if item.origin is not None:
        origin = item.origin
        found["component"].append(
            _text("flag", "Accepted flag of", f"{origin.model}, bundle {origin.bundle_sha256}")
        )
        if origin.p_value is not None:
            found["component"].append(
                _component("p", "p of the flag among normals") | {
                    "valueQuantity": {"value": origin.p_value, "system": _UCUM, "code": "1"}
                }
            )  # fmt: skip
    return found


def _patient(patient: Patient) -> Json:
    found: Json = {"resourceType": "Patient"}
    if patient.name:
        found["name"] = [{"text": patient.name}]
    if patient.patient_id:
        found["identifier"] = [{"value": patient.patient_id}]
    if patient.sex:
        found["gender"] = patient.sex
    if re.fullmatch(r"\d{4}-\d\d-\d\d", patient.birth_date):
        found["birthDate"] = patient.birth_date
    return found


def _subject(subject: str | None) -> Json:
    return {} if subject is None else {"subject": {"reference": subject}}


def _moment(name: str, start: Start) -> Json:
    """Return when the recording began; without a zone FHIR allows the date alone."""
    moment = start.moment
    if moment is None:
        return {}
    return {name: moment.date().isoformat() if moment.tzinfo is None else moment.isoformat()}


def _label(item: Annotation) -> Json:
    label = _clean(item.label) or "(a label without words)"
    concept: Json = {"text": label}
    codings = [_coding(code, label) for code in item.codes if _clean(code.value)]
    return concept | ({"coding": codings} if codings else {})


def _coding(code: Code, label: str) -> Json:
    own = re.sub(r"[^A-Za-z0-9.-]+", "-", code.system).strip("-") or "unnamed"
    system = _SYSTEMS.get(code.system, f"{OWN}:codes:{own}")
    return {"system": system, "code": " ".join(_clean(code.value).split()), "display": label}


def _clean(text: str) -> str:
    """Return a text as FHIR allows it: without control characters, and not of blanks alone."""
    return _CONTROL.sub("", text).strip()


def _concept(system: str, code: str, display: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _component(code: str, display: str) -> Json:
    return {"code": _concept(f"{OWN}:component", code, display)}


def _seconds(code: str, display: str, value_s: float) -> Json:
    quantity = {"value": round(value_s, 4), "unit": "s", "system": _UCUM, "code": "s"}
    return _component(code, display) | {"valueQuantity": quantity}


def _text(code: str, display: str, value: str) -> Json:
    return _component(code, display) | {"valueString": _clean(value) or "-"}
