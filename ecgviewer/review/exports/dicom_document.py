"""A report as a DICOM object: an Encapsulated PDF (PS3.3 A.45.1) in the study of its source."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ecgviewer
from ecgviewer.core.record.recording import Recording
from ecgviewer.io.dicom.study import DicomStudy, study_of
from ecgviewer.review.errors import ExportError
from ecgviewer.review.privacy.anonymize import Privacy

ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_SEX = {"female": "F", "male": "M"}


@dataclass(frozen=True, slots=True)
class DicomReport:
    """A finished object.

    Attributes
    ----------
    data : bytes
        The file.
    own_study : str
        Why it has a study of its own; empty where it belongs to that of the source.
    """

    data: bytes
    own_study: str


def encapsulate(
    pdf: bytes, recording: Recording, privacy: Privacy, created: datetime
) -> DicomReport:
    """Return a PDF as a DICOM object that belongs to the study of a DICOM source.

    Patient, accession number and referring physician are in it only where ``privacy`` identifies;
    an anonymous one has no dates and a study of its own.

    Raises
    ------
    ExportError
        When a value of the source is none that DICOM can hold, or what was written does not read
        back.
    """
    study = study_of(recording.path)
    own = "" if study is not None else "the source names no DICOM study"
    if privacy is Privacy.ANONYMOUS:
        own = "it is anonymous"
    try:
        dataset = _dataset(pdf, recording, privacy, created, None if own else study)
        file = io.BytesIO()
        dataset.save_as(file, enforce_file_format=True)
    except (ValueError, TypeError, AttributeError) as error:
        raise ExportError(
            "what the source says of patient or study is nothing that DICOM can hold",
            recording.path,
        ) from error
    data = file.getvalue()
    _check(data, pdf)
    return DicomReport(data, own)


def _dataset(
    pdf: bytes,
    recording: Recording,
    privacy: Privacy,
    created: datetime,
    study: DicomStudy | None,
) -> Any:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)  # its lines quote values
    uid = generate_uid(prefix=None)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(ENCAPSULATED_PDF)
    meta.MediaStorageSOPInstanceUID = uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = ENCAPSULATED_PDF, uid
    _add_patient(ds, recording, privacy, study)
    _add_study(ds, recording, privacy, study)
    ds.Modality = "DOC"
    ds.SeriesInstanceUID = generate_uid(prefix=None)
    ds.SeriesNumber = ds.InstanceNumber = 1
    ds.Manufacturer, ds.ManufacturerModelName = "ECG Viewer", "ECG Viewer"
    ds.SoftwareVersions = ecgviewer.__version__
    ds.ConversionType = "WSD"
    anonymous = privacy is Privacy.ANONYMOUS
    ds.ContentDate = "" if anonymous else created.strftime("%Y%m%d")
    ds.ContentTime = "" if anonymous else created.strftime("%H%M%S")
    moment = None if anonymous else recording.start_time
    ds.AcquisitionDateTime = moment.strftime("%Y%m%d%H%M%S%z") if moment is not None else ""
    ds.BurnedInAnnotation = "YES" if privacy is Privacy.IDENTIFIED else "NO"
    ds.DocumentTitle = "ECG report"
    ds.ConceptNameCodeSequence = [_code("11524-6", "LN", "EKG study")]
    ds.VerificationFlag = "UNVERIFIED"
    if study is not None and study.sop_class_uid and study.sop_instance_uid:
        ds.SourceInstanceSequence = [_reference(study)]
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocumentLength = len(pdf)
    ds.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    return ds


def _add_patient(ds: Any, recording: Recording, privacy: Privacy, study: DicomStudy | None) -> None:
    patient = recording.patient
    ds.PatientName = ds.PatientID = ds.PatientBirthDate = ""
    if privacy is Privacy.IDENTIFIED:
        born = patient.birth_date.replace("-", "")
        _put(ds, "PatientName", study.patient_name if study else patient.name)
        _put(ds, "PatientID", study.patient_id if study else patient.patient_id)
        ds.PatientBirthDate = born if len(born) == 8 and born.isdigit() else ""
        if study and study.issuer:
            _put(ds, "IssuerOfPatientID", study.issuer)
    elif privacy is Privacy.ANONYMOUS:
        ds.PatientIdentityRemoved = "YES"
        ds.DeidentificationMethod = "Names, dates and study left out by ECG Viewer"
    known = privacy is not Privacy.ANONYMOUS
    ds.PatientSex = _SEX.get(patient.sex, "") if known else ""
    if known and patient.age_years is not None:
        ds.PatientAge = f"{int(patient.age_years):03d}Y"


def _add_study(ds: Any, recording: Recording, privacy: Privacy, study: DicomStudy | None) -> None:
    from pydicom.uid import generate_uid

    named = study if privacy is Privacy.IDENTIFIED else None
    ds.StudyInstanceUID = study.study_uid if study else generate_uid(prefix=None)
    moment = None if privacy is Privacy.ANONYMOUS else recording.start_time
    ds.StudyDate = study.date if study else moment.strftime("%Y%m%d") if moment else ""
    ds.StudyTime = study.time if study else moment.strftime("%H%M%S") if moment else ""
    _put(ds, "StudyID", named.study_id if named else "")
    _put(ds, "AccessionNumber", named.accession if named else "")
    _put(ds, "ReferringPhysicianName", named.referring if named else "")


def _put(ds: Any, keyword: str, value: str) -> None:
    """Set a value that comes from elsewhere; raises ValueError where DICOM cannot hold it.

    pydicom itself writes it all the same, with a warning that quotes it.
    """
    from pydicom.config import RAISE
    from pydicom.datadict import dictionary_VR
    from pydicom.valuerep import validate_value

    validate_value(dictionary_VR(keyword), value, RAISE)
    setattr(ds, keyword, value)


def _reference(study: DicomStudy) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID = study.sop_class_uid
    item.ReferencedSOPInstanceUID = study.sop_instance_uid
    return item


def _code(value: str, scheme: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _check(data: bytes, pdf: bytes) -> None:
    """Raise ExportError where what was written does not read back as what was meant."""
    from pydicom import dcmread

    ds = dcmread(io.BytesIO(data))
    found = bytes(ds.EncapsulatedDocument)[: int(ds.EncapsulatedDocumentLength)]
    if found != pdf or str(ds.SOPClassUID) != ENCAPSULATED_PDF:
        raise ExportError("it does not read back as it was written")
