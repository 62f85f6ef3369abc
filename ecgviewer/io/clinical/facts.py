"""Patient, device, filters and the machine's findings, from a parsed record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ecgviewer.core.record.recording import Patient
from ecgviewer.core.record.source_facts import MachineMeasurement, SourceFacts

_MEASURES = (
    ("heart_rate", "Heart rate", "/min"), ("rr_interval", "RR interval", "ms"),
    ("pr_interval", "PR interval", "ms"), ("qrs_duration", "QRS duration", "ms"),
    ("qt_interval", "QT interval", "ms"), ("qtc_bazett", "QTc (Bazett)", "ms"),
    ("qtc_fridericia", "QTc (Fridericia)", "ms"), ("p_axis", "P axis", "deg"),
    ("qrs_axis", "QRS axis", "deg"), ("t_axis", "T axis", "deg"),
    ("qrs_count", "QRS complexes", ""),
)  # fmt: skip
_OTHERS = {"QTCorrected": ("QTc", "ms"), "qtc": ("QTc", "")}
_OF_PERSONS = re.compile(
    r"name|physician|clinician|doctor|md(?:id)?$|mrn|patient|person|investigator|performer|"
    r"operator|tech|sponsor|site|secondaryid|order|room|bed|address|phone|comment|history|editor|"
    r"signature|institution|department|acquirer",
    re.IGNORECASE,
)
_NOT_OF_PERSONS = re.compile(
    r"filename|documentname|filepath|software|leadname|config|parsed_waveforms|statements", re.I
)
MAX_COMMENTS = 80
MAX_TEXT = 300


def patient_of(record: Any) -> Patient:
    """Return the patient's fields; whatever else may name a person or a place is a comment."""
    who, taken = record.patient, record.recording
    pairs = [
        ("Race", who.race), ("Medication", ", ".join(who.medications)),
        ("History", who.clinical_history), ("Technician", taken.technician),
        ("Referring physician", taken.referring_physician), ("Room", taken.room),
        ("Location", taken.location), ("Institution", taken.device.institution),
        ("Department", taken.device.department), ("Device name", taken.device.name),
        ("Serial number", taken.device.serial_number),
        ("Physician", record.interpretation.interpreter),
        *_named(record.raw_metadata, ""),
    ]  # fmt: skip
    said = dict.fromkeys(f"{key}: {_line(value)}" for key, value in pairs if value and _line(value))
    born = who.birth_date
    return Patient(
        patient_id=who.patient_id,
        name=" ".join(part for part in (who.first_name, who.last_name) if part),
        sex={"M": "male", "F": "female"}.get(who.sex, ""),
        age_years=None if who.age is None or not 0 <= who.age <= 130 else float(who.age),
        birth_date=born.date().isoformat() if born is not None else "",
        comments=tuple(list(said)[:MAX_COMMENTS]),
    )


def facts_of(record: Any) -> SourceFacts:
    """Return all but the median beats."""
    device = record.recording.device
    software = f"software {device.software_version}" if device.software_version else ""
    filters = record.recording.acquisition.filters
    said = record.interpretation
    lines = tuple(" | ".join(part for part in pair if part) for pair in said.statements)
    by_person = said.source in ("confirmed", "overread")
    machine = record.annotations.get("machine_interpretation", "").splitlines()
    if not by_person:
        machine = [*lines, *machine]
    notch = filters.notch if filters.notch_active is not False else None
    return SourceFacts(
        device=" ".join(part for part in (device.manufacturer, device.model, software) if part),
        highpass_hz=_positive(filters.highpass),
        lowpass_hz=_positive(filters.lowpass),
        mains_hz=_positive(notch),
        statements=tuple(line for line in machine if line.strip()),
        confirmed_statements=lines if by_person else (),
        confirmed=by_person if lines or machine else None,
        measurements=tuple(_measurements(record)),
    )


def _measurements(record: Any) -> Iterator[MachineMeasurement]:
    for field, name, unit in _MEASURES:
        value = getattr(record.measurements, field)
        if value is not None:
            yield MachineMeasurement(name, str(value), unit)
    for key, (name, unit) in _OTHERS.items():
        if value := record.annotations.get(key):
            yield MachineMeasurement(name, str(value), unit)
    if record.interpretation.severity:
        yield MachineMeasurement("Severity", record.interpretation.severity)


def _named(raw: object, key: str) -> Iterator[tuple[str, str]]:
    """Yield what a parser kept under names that stand for persons or places."""
    if isinstance(raw, Mapping):
        for name, value in raw.items():
            yield from _named(value, str(name).lstrip("@#") if key == "" else f"{key} {name}")
    elif isinstance(raw, list | tuple):
        for value in raw:
            yield from _named(value, key)
    elif (
        isinstance(raw, str)
        and re.search(r"\w", raw)
        and _OF_PERSONS.search(key)
        and not _NOT_OF_PERSONS.search(key)
    ):
        yield re.sub(r"[^A-Za-z0-9]+", " ", key).strip().capitalize()[:60], raw


def _line(value: str) -> str:
    return " ".join(str(value).split())[:MAX_TEXT]


def _positive(value: float | None) -> float | None:
    return float(value) if value is not None and value > 0 else None
