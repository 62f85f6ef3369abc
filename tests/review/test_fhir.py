"""Reviews as FHIR R5, judged by fhir.resources."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Patient
from ecgviewer.core.record.start import Start
from ecgviewer.io import open_record
from ecgviewer.review.annotations import Code, FlagOrigin, RecordKey, Review
from ecgviewer.review.edits import editing
from ecgviewer.review.errors import ExportError
from ecgviewer.review.exports.exports import export_reviews
from ecgviewer.review.exports.fhir_export import to_fhir
from ecgviewer.review.labels import DEFAULT_LABELS
from ecgviewer.review.privacy.anonymize import Privacy
from tests.generators import ecg_uv, write_wfdb_16
from tests.io import dicom_files

bundle_of = pytest.importorskip("fhir.resources.bundle").Bundle.model_validate

NAMES = ("Mustermann", "Erika", "4711-0815", "1950")
COMMENTS = ("Patient name: Erika Mustermann", "Patient ID: 4711-0815", "Sex: F",
            "Date of birth: 1950-02-03")  # fmt: skip


@pytest.fixture
def recording(tmp_path):
    path = write_wfdb_16(tmp_path, "ward7", ecg_uv(10.0), comments=COMMENTS)
    return open_record(RecordRef(path))


@pytest.fixture
def review(recording) -> Review:
    """Two annotations, one of them an accepted flag, and a conclusion."""
    empty = Review(RecordKey.of(recording), "Dr. Ünal")
    label = next(one for one in DEFAULT_LABELS.labels if one.name == "ST depression")
    one = editing.make(empty, 1.0, 1.5, ["V5", "V6"], label.name, note="seen by Erika Mustermann")
    two = editing.make(empty, 3.0, 4.0, [], "Own \x07 label")
    one = replace(one, codes=label.codes)
    two = replace(two, codes=(Code("Ward codes", "W 1"),),
                  origin=FlagOrigin("cae", "b" * 64, 4.5, 0.002))  # fmt: skip
    edited = editing.apply(empty, editing.add(empty, [one, two]))
    return editing.apply(edited, editing.set_state(edited, "reviewed", "abnormal"))


def exported(review, recording, folder: Path, privacy: Privacy = Privacy.HEADER):
    (path,) = export_reviews([review], recording, "fhir", folder, privacy)
    raw = json.loads(path.read_text(encoding="utf-8"))
    bundle_of(raw)
    return path.read_text(encoding="utf-8"), [entry["resource"] for entry in raw["entry"]]


def test_a_report_and_an_observation_for_each_annotation(review, recording, tmp_path):
    _, (report, st, own) = exported(review, recording, tmp_path / "out")
    assert (report["resourceType"], report["status"]) == ("DiagnosticReport", "final")
    assert report["conclusion"] == "ECG abnormal"
    assert report["resultsInterpreter"] == [{"display": "Dr. Ünal"}]
    assert len(report["result"]) == 2
    sct = {"system": "http://snomed.info/sct", "code": "429622005", "display": "ST depression"}
    assert sct in st["valueCodeableConcept"]["coding"]
    parts = {one["code"]["coding"][0]["code"]: one for one in st["component"]}
    assert parts["start"]["valueQuantity"]["value"] == 1.0
    assert parts["end"]["valueQuantity"]["value"] == 1.5
    assert parts["leads"]["valueString"] == "V5, V6"
    assert own["valueCodeableConcept"]["text"] == "Own  label"
    assert own["valueCodeableConcept"]["coding"][0]["system"] == "urn:ecgviewer:codes:Ward-codes"
    parts = {one["code"]["coding"][0]["code"]: one for one in own["component"]}
    assert parts["p"]["valueQuantity"]["value"] == 0.002
    assert parts["leads"]["valueString"].startswith("I, II, III")


def test_the_patient_is_named_only_where_the_user_identifies(review, recording, tmp_path):
    for privacy in (Privacy.HEADER, Privacy.ANONYMOUS):
        text, resources = exported(review, recording, tmp_path / privacy, privacy)
        assert not [name for name in NAMES if name in text]
        assert "Patient" not in {one["resourceType"] for one in resources}
    text, resources = exported(review, recording, tmp_path / "named", Privacy.IDENTIFIED)
    patient = resources[-1]
    assert patient["name"] == [{"text": "Erika Mustermann"}]
    assert (patient["gender"], patient["birthDate"]) == ("female", "1950-02-03")
    assert resources[0]["subject"] == resources[1]["subject"]


def test_the_moment_is_a_date_alone_without_a_zone(review, recording):
    def told(start):
        made = to_fhir(review, replace(recording, start=start), Privacy.HEADER)
        bundle_of(made)
        return made["entry"][0]["resource"].get("effectiveDateTime")

    assert told(Start()) is None
    assert told(Start(2024, 3, 4, time(5, 6))) == "2024-03-04"
    assert told(Start(2024, 3, 4, time(5, 6), 60)) == "2024-03-04T05:06:00+01:00"


def test_the_study_of_a_dicom_source_is_named_unless_anonymous(review, tmp_path):
    from tests.generators import ecg_mv

    path = dicom_files.write(
        tmp_path / "a.dcm", dicom_files.group(ecg_mv(10.0)), StudyInstanceUID="1.2.3.4"
    )
    source = open_record(RecordRef(path))
    about = replace(review, record=RecordKey.of(source))
    report = to_fhir(about, source, Privacy.HEADER)["entry"][0]["resource"]
    assert report["study"][0]["identifier"]["value"] == "urn:oid:1.2.3.4"
    assert report["effectiveDateTime"].startswith("2024-03-04")
    assert "study" not in to_fhir(about, source, Privacy.ANONYMOUS)["entry"][0]["resource"]


def test_any_review_is_valid_and_nothing_is_overwritten(editor, empty, recording, tmp_path):
    rng = random.Random(5)
    review = replace(empty, author="\x1b \t")
    for _ in range(60):
        review = editing.apply(review, editor.random_edit(review, rng))
    for text in ("", " ", "\x1b[31m", "x" * 5000, "line\nline", "心房顫動"):
        made = editing.make(review, 0.0, 60.0, [], text, note=text)
        review = editing.apply(review, editing.add(review, [made]))
    before = exported(review, recording, tmp_path / "out")[0]
    with pytest.raises(ExportError, match="exists already"):
        exported(review, recording, tmp_path / "out")
    (path,) = (tmp_path / "out").iterdir()
    assert path.read_text(encoding="utf-8") == before


def test_a_patient_without_anything_is_still_valid(review, recording):
    nameless = replace(recording, patient=Patient())
    bundle_of(to_fhir(review, nameless, Privacy.IDENTIFIED))
