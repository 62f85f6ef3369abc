"""Reports as DICOM objects: in the study of their source, with names only where asked for."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydicom import config, dcmread
from pydicom.uid import UID

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.io.dicom.study import study_of
from ecgviewer.review.errors import ExportError
from ecgviewer.review.exports import dicom_document
from ecgviewer.review.exports.dicom_document import encapsulate
from ecgviewer.review.privacy.anonymize import Privacy
from tests.generators import ecg_mv, ecg_uv, write_wfdb_16
from tests.io import dicom_files

PDF = b"%PDF-1.7\nnot quite a page, and of odd length\n%%EOF\r"
CREATED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
STUDY = {
    "StudyInstanceUID": "1.2.3.4.5", "StudyDate": "20240304", "StudyTime": "131400",
    "StudyID": "S-99", "AccessionNumber": "ACC-77", "ReferringPhysicianName": "House^Gregory",
    "PatientBirthDate": "19500203", "PatientAge": "074Y", "IssuerOfPatientID": "WARD",
}  # fmt: skip
TELLING = (b"Doe", b"Jane", b"000123", b"House", b"ACC-77", b"S-99", b"19500203", b"WARD")
TYPE_1_AND_2 = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate",
    "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber", "Modality",
    "SeriesInstanceUID", "SeriesNumber", "Manufacturer", "ConversionType", "InstanceNumber",
    "ContentDate", "ContentTime", "AcquisitionDateTime", "BurnedInAnnotation", "DocumentTitle",
    "ConceptNameCodeSequence", "MIMETypeOfEncapsulatedDocument", "EncapsulatedDocument",
    "SOPClassUID", "SOPInstanceUID",
)  # fmt: skip
"""What PS3.3 A.45.1 wants to be there, some of it empty."""


@pytest.fixture
def source(tmp_path):
    path = dicom_files.write(tmp_path / "a.dcm", dicom_files.group(ecg_mv(10.0)), **STUDY)
    return open_record(RecordRef(path))


def read(data: bytes):
    """Return the data set, every value checked against its kind."""
    config.settings.reading_validation_mode, before = (
        config.RAISE,
        config.settings.reading_validation_mode,
    )
    try:
        dataset = dcmread(io.BytesIO(data))
        for element in dataset.iterall():
            assert element.value is not None or element.VM == 0
    finally:
        config.settings.reading_validation_mode = before
    assert [name for name in TYPE_1_AND_2 if name not in dataset] == []
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert UID(dataset.SOPClassUID).name == "Encapsulated PDF Storage"
    assert len(dataset.EncapsulatedDocument) % 2 == 0
    assert dataset.EncapsulatedDocument[: dataset.EncapsulatedDocumentLength] == PDF
    return dataset


def test_it_belongs_to_the_study_of_its_source_without_naming_anybody(source):
    made = encapsulate(PDF, source, Privacy.HEADER, CREATED)
    dataset = read(made.data)
    assert made.own_study == ""
    assert (dataset.StudyInstanceUID, dataset.StudyDate) == ("1.2.3.4.5", "20240304")
    assert dataset.SourceInstanceSequence[0].ReferencedSOPClassUID == dicom_files.TWELVE_LEAD
    assert (dataset.PatientName, dataset.PatientID, dataset.PatientSex) == ("", "", "F")
    assert dataset.BurnedInAnnotation == "NO"
    assert [word for word in TELLING if word in made.data] == []


def test_it_names_the_patient_where_the_user_identifies(source):
    dataset = read(encapsulate(PDF, source, Privacy.IDENTIFIED, CREATED).data)
    assert (dataset.PatientName, dataset.PatientID) == ("Doe^Jane", "000123")
    assert (dataset.PatientBirthDate, dataset.AccessionNumber) == ("19500203", "ACC-77")
    assert dataset.BurnedInAnnotation == "YES"


def test_an_anonymous_one_has_no_dates_and_a_study_of_its_own(source):
    made = encapsulate(PDF, source, Privacy.ANONYMOUS, CREATED)
    dataset = read(made.data)
    assert made.own_study == "it is anonymous"
    assert dataset.StudyInstanceUID != "1.2.3.4.5"
    assert "SourceInstanceSequence" not in dataset
    assert dataset.PatientIdentityRemoved == "YES"
    assert [word for word in (*TELLING, b"20240304", b"20260304") if word in made.data] == []


def test_another_source_has_a_study_of_its_own_and_says_so(tmp_path):
    path = write_wfdb_16(tmp_path, "r", ecg_uv(10.0), comments=("Patient name: Jane Doe",))
    source = open_record(RecordRef(path))
    made = encapsulate(PDF, source, Privacy.HEADER, CREATED)
    assert "no DICOM study" in made.own_study
    assert read(made.data).PatientName == ""
    assert (
        read(encapsulate(PDF, source, Privacy.IDENTIFIED, CREATED).data).PatientName == "Jane Doe"
    )


def test_a_source_with_an_impossible_study_gets_one_of_its_own(tmp_path):
    ecg = dicom_files.group(ecg_mv(10.0))
    path = dicom_files.write(tmp_path / "a.dcm", ecg, PatientSex="F")
    assert encapsulate(PDF, open_record(RecordRef(path)), Privacy.HEADER, CREATED).own_study
    data = dicom_files.write(tmp_path / "b.dcm", ecg, StudyInstanceUID="1.2.3.4").read_bytes()
    (tmp_path / "b.dcm").write_bytes(data.replace(b"1.2.3.4\0", b"1.2.03.4"))
    source = open_record(RecordRef(tmp_path / "b.dcm"))
    assert "no DICOM study" in encapsulate(PDF, source, Privacy.HEADER, CREATED).own_study


def test_what_dicom_cannot_hold_is_refused_without_quoting_it(source, monkeypatch):
    study = replace(study_of(source.path), accession="Doe" * 20)
    monkeypatch.setattr(dicom_document, "study_of", lambda _path: study)
    assert read(encapsulate(PDF, source, Privacy.HEADER, CREATED).data).AccessionNumber == ""
    with pytest.raises(ExportError, match="nothing that DICOM can hold") as refused:
        encapsulate(PDF, source, Privacy.IDENTIFIED, CREATED)
    assert "Doe" not in refused.value.reason
