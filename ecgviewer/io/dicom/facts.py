"""What a DICOM waveform says beside its samples: patient, start, device, machine's findings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from typing import Any

from ecgviewer.core.record.recording import Note, Patient
from ecgviewer.core.record.source_facts import MachineMeasurement
from ecgviewer.core.record.start import Start
from ecgviewer.io.statements.patients import parse_sex

_MOMENT = re.compile(
    r"(?P<y>\d{4})(?:(?P<m>\d\d)(?:(?P<d>\d\d)(?:(?P<H>\d\d)(?:(?P<M>\d\d)(?:(?P<S>\d\d)"
    r"(?:\.(?P<f>\d{1,6}))?)?)?)?)?)?(?P<z>[+-]\d{4})?"
)
_AGE = re.compile(r"(\d{3})([YMWD])")
_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_OF_PERSONS = (
    "OtherPatientIDs", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName",
    "PatientAddress", "PatientTelephoneNumbers", "PatientInsurancePlanCodeSequence",
    "MedicalRecordLocator", "MilitaryRank", "EthnicGroup", "Occupation",
    "PatientReligiousPreference", "AdditionalPatientHistory", "PatientComments", "MedicalAlerts",
    "Allergies",
    "ReferringPhysicianName", "ReferringPhysicianAddress", "ReferringPhysicianTelephoneNumbers",
    "RequestingPhysician", "PerformingPhysicianName", "NameOfPhysiciansReadingStudy",
    "PhysiciansOfRecord", "OperatorsName", "InstitutionName", "InstitutionAddress",
    "InstitutionalDepartmentName", "StationName", "AccessionNumber", "StudyID",
    "StudyDescription", "SeriesDescription", "AdmissionID", "CurrentPatientLocation",
    "PatientInstitutionResidence", "VisitComments", "ReasonForStudy",
    "ReasonForTheRequestedProcedure", "RequestedProcedureDescription", "ImageComments",
    "DeviceSerialNumber", "ProtocolName",
)  # fmt: skip


def patient_of(dataset: Any) -> Patient:
    """Return the patient's fields, and every other that may name a person or a place as comment."""
    comments = []
    for keyword in _OF_PERSONS:
        value = _text(dataset, keyword)
        if value:
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", keyword).capitalize()
            comments.append(f"{words}: {value}")
    age = _AGE.fullmatch(_text(dataset, "PatientAge"))
    born = _text(dataset, "PatientBirthDate")
    if re.fullmatch(r"\d{8}", born):
        born = f"{born[:4]}-{born[4:6]}-{born[6:]}"
    return Patient(
        patient_id=_text(dataset, "PatientID"),
        name=_text(dataset, "PatientName").replace("^", " ").strip(),
        sex=parse_sex(_text(dataset, "PatientSex")),
        age_years=round(int(age[1]) * _YEARS[age[2]], 2) if age else None,
        birth_date=born,
        comments=tuple(comments),
    )


def start_of(dataset: Any) -> tuple[Start, list[Note]]:
    """Return when the recording began, and whether that is only the study's time."""
    zone = _zone(_text(dataset, "TimezoneOffsetFromUTC"))
    start = _moment(_text(dataset, "AcquisitionDateTime"), zone)
    if start is not None:
        return start, []
    for date, clock, whose in (
        ("AcquisitionDate", "AcquisitionTime", "acquisition"),
        ("ContentDate", "ContentTime", "content"),
        ("StudyDate", "StudyTime", "study"),
    ):
        start = _moment(_text(dataset, date) + _text(dataset, clock), zone)
        if start is not None:
            return start, [Note("assumed", f"start of the recording: the {whose}'s date and time")]
    return Start(), []


def device_of(dataset: Any) -> str:
    """Return manufacturer, model and software in a line."""
    software = _text(dataset, "SoftwareVersions")
    parts = [_text(dataset, "Manufacturer"), _text(dataset, "ManufacturerModelName")]
    parts.append(f"software {software}" if software else "")
    return " ".join(part for part in parts if part)


def said_by_machine(
    dataset: Any,
) -> tuple[tuple[str, ...], tuple[MachineMeasurement, ...], int]:
    """Return statements, measurements, and how many positions of waves are marked."""
    statements: list[str] = []
    measurements: list[MachineMeasurement] = []
    n_marks = 0
    for item in dataset.get("WaveformAnnotationSequence") or ():
        text = str(item.get("UnformattedTextValue") or "").strip()
        names = item.get("ConceptNameCodeSequence") or ()
        name = str(names[0].get("CodeMeaning") or "") if names else ""
        value = item.get("NumericValue")
        if item.get("ReferencedSamplePositions") is not None and value is None:
            n_marks += 1
        elif value is not None and name:
            units = item.get("MeasurementUnitsCodeSequence") or ()
            unit = _unit(str(units[0].get("CodeValue") or "")) if units else ""
            if not (unit == "ms" and float(value) == 0):  # "none"
                measurements.append(MachineMeasurement(name, f"{float(value):g}", unit))
        elif text:
            statements += [line.strip() for line in text.splitlines() if line.strip()]
    return tuple(statements), tuple(measurements), n_marks


def _unit(code: str) -> str:
    return {"{H.B.}/min": "/min", "[degrees]": "deg"}.get(code, code)


def _text(dataset: Any, keyword: str) -> str:
    value = dataset.get(keyword)
    if value is None:
        return ""
    if (
        not isinstance(value, str)
        and isinstance(value, Iterable)
        and not hasattr(value, "components")
    ):
        return ", ".join(str(one) for one in value if str(one)).strip()
    return str(value).strip()


def _moment(text: str, zone: int | None) -> Start | None:
    found = _MOMENT.match(text.strip())
    if found is None:
        return None
    year, month, day = (int(found[part]) if found[part] else None for part in "ymd")
    clock = None
    try:
        if found["H"] and found["M"]:
            fraction = int((found["f"] or "0").ljust(6, "0"))
            clock = time(int(found["H"]), int(found["M"]), min(int(found["S"] or 0), 59), fraction)
        start = Start(year, month, day, clock, _zone(found["z"] or "") if found["z"] else zone)
        start.moment  # noqa: B018 - raises for a date that no calendar has
        return start
    except ValueError:
        return None


def _zone(text: str) -> int | None:
    found = re.fullmatch(r"([+-])(\d\d)(\d\d)", text)
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return -minutes if found[1] == "-" else minutes
