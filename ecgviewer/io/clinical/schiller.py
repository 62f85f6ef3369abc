"""Schiller's XML export (SEMA): rhythm leads, averages, measurements."""

from __future__ import annotations

import re
from datetime import time
from xml.etree.ElementTree import Element

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError, UnansweredError, UnsupportedFormatError
from ecgviewer.core.leads import canonical_lead
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Note, Patient, Recording
from ecgviewer.core.record.source_facts import MachineMeasurement, MedianBeats, SourceFacts
from ecgviewer.core.record.start import Start
from ecgviewer.io.clinical.checks import xml_tree
from ecgviewer.io.file_access import FileStamp
from ecgviewer.io.file_source import Contents, given_rate_notes, held_in_memory, recording_of
from ecgviewer.io.statements.checks import check_scale
from ecgviewer.io.statements.patients import parse_sex
from ecgviewer.io.statements.units import mv_per_unit

FloatArray = npt.NDArray[np.float32]

MAX_STORED = 1e9
RHYTHM, MEDIAN = "ECG_RHYTHMS", "ECG_AVERAGES"
_MEASURES = {
    "HR": ("Heart rate", "/min"), "RR": ("RR interval", "ms"), "P": ("P duration", "ms"),
    "PQ": ("PQ interval", "ms"), "QRS": ("QRS duration", "ms"), "QT": ("QT interval", "ms"),
    "QTC": ("QTc", "ms"), "AXIS_P": ("P axis", "deg"), "AXIS_QRS": ("QRS axis", "deg"),
    "AXIS_T": ("T axis", "deg"), "BP_S": ("Systolic", "mmHg"), "BP_D": ("Diastolic", "mmHg"),
}  # fmt: skip
_PATIENT = frozenset(("id", "lastname", "firstname", "birthdate", "gender", "value", "unit"))
_OF_PERSONS = re.compile(r"user|id$|name|location|department|institute|physician|comment", re.I)


def open_schiller(ref: RecordRef) -> Recording:
    """Open a Schiller export.

    Raises
    ------
    RecordError
        Naming the reason.
    """
    stamp = FileStamp.of(ref.path)
    root = xml_tree(ref.path)
    waves = {_said(one, "type"): one for one in root.iter("wavedata")}
    if RHYTHM not in waves:
        raise CorruptFileError("holds no rhythm leads", ref.path)
    rhythm = waves[RHYTHM]
    fs_hz, rate_notes = _rate(rhythm, ref)
    names, samples = _leads(rhythm, ref)
    factor, unit = _scale(rhythm)
    if factor is not None:
        check_scale(factor, 0.0, names[0] if names else "", ref.path)
    filters = _filters(root)
    notes: list[Note] = []
    given = ref.options.units
    if factor is None and given is not None:
        factor = mv_per_unit(given)
        notes.append(Note("assumed", f"unit {given} as given", "units"))
        if factor is None:
            raise UnsupportedFormatError(f"{given!r} is no unit of voltage", ref.path)
    elif factor is None:
        text = f"amplitudes are not calibrated: the file gives no known unit ({unit or 'none'})"
        notes.append(Note("warning", text + "; the unit can be given", "units"))
    return recording_of(
        ref,
        stamp,
        Contents(
            format="Schiller XML",
            names=names,
            fs_hz=fs_hz,
            n_samples=samples.shape[1],
            read=held_in_memory(samples * (factor or 1.0)),
            units_known=factor is not None,
            start=_start(root),
            patient=_patient(root),
            facts=SourceFacts(
                device=_device(root),
                highpass_hz=filters.get("HIGHPASS_CUTOFF_FREQ"),
                lowpass_hz=filters.get("LOWPASS_CUTOFF_FREQ"),
                mains_hz=filters.get("MAINS"),
                statements=_statements(root),
                measurements=tuple(_measurements(root)),
                median=_median(waves.get(MEDIAN), ref),
            ),
            notes=(*rate_notes, *notes),
        ),
    )


def _rate(wave: Element, ref: RecordRef) -> tuple[float, list[Note]]:
    """Return the rate; an exponent other than the one that is known (1) is not guessed."""
    rate = wave.find("resolution/samplerate")
    value, exponent = (_number(_said(rate, key)) for key in ("value", "exponent"))
    if value is not None and value > 0 and exponent in (None, 1.0):
        return value, given_rate_notes(value, ref.options)
    if (given := ref.options.fs_hz) is not None:
        return given, [Note("assumed", f"sampling frequency {given:g} Hz as given", "fs")]
    raise UnansweredError(
        "the file does not give its sampling frequency in a way that is known; it must be given",
        ref.path,
        ("fs",),
    )


def _scale(wave: Element) -> tuple[float | None, str]:
    """Return mV per stored number, None where the unit is not known, and the unit."""
    resolution = wave.find("resolution/yres")
    per_bit, unit = _number(_said(resolution, "unitperbit")), _said(resolution, "units")
    factor = mv_per_unit(unit)
    return (per_bit * factor if per_bit and factor else None), unit


def _leads(wave: Element, ref: RecordRef) -> tuple[tuple[str, ...], FloatArray]:
    names, rows = [], []
    for channel in wave.findall("channel"):
        if _said(channel, "datastype") not in ("COMMASEPARATE", ""):
            raise UnsupportedFormatError(
                f"holds samples as {_said(channel, 'datastype')[:40]}: not supported", ref.path
            )
        try:
            row = np.array(_said(channel, "data").rstrip(", \n").split(","), dtype=np.float64)
        except ValueError as error:
            raise CorruptFileError("holds samples that are no numbers", ref.path) from error
        stated = _number(_said(channel, "samplecount"))
        if stated is not None and stated != row.size:
            raise CorruptFileError(
                f"claims {stated:g} samples of a lead and holds {row.size}", ref.path
            )
        if row.size and not np.abs(row).max() <= MAX_STORED:
            raise CorruptFileError("holds samples beyond any ECG's", ref.path)
        names.append(_said(channel, "name"))
        rows.append(row)
    if len({row.size for row in rows}) > 1:
        raise CorruptFileError("its leads differ in length", ref.path)
    return tuple(names), np.array(rows, dtype=np.float32).reshape(len(rows), -1)


def _median(wave: Element | None, ref: RecordRef) -> MedianBeats | None:
    if wave is None or (factor := _scale(wave)[0]) is None:
        return None
    names, samples = _leads(wave, ref)
    if not samples.size:
        return None
    leads = tuple(canonical_lead(name) or name for name in names)
    return MedianBeats(leads, _rate(wave, ref)[0], (samples * factor).astype(np.float32))


def _start(root: Element) -> Start:
    """Return when it was recorded; the first second of 1970 is what a clock without time says."""
    when = root.find(".//examdescript/startdatetime")
    day, clock = _said(when, "date"), _said(when, "time")
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", day)
    if found is None or day == "19700101":
        return Start()
    start = Start(int(found[1]), int(found[2]), int(found[3]))
    try:
        start.moment  # noqa: B018 - raises for a date that no calendar has
        hours = re.match(r"(\d\d)(\d\d)(\d\d)(\d{3})?", clock)
        if hours is None:
            return start
        moment = time(int(hours[1]), int(hours[2]), int(hours[3]), int(hours[4] or 0) * 1000)
        return Start(start.year, start.month, start.day, moment)
    except ValueError:
        return Start()


def _patient(root: Element) -> Patient:
    who = root.find("patdata")
    said = root.find("examdescript")
    comments = []
    for part in (who, said):
        for one in part.iter() if part is not None else ():
            text = (one.text or "").strip()
            if text and len(one) == 0 and one.tag not in _PATIENT and _OF_PERSONS.search(one.tag):
                comments.append(f"{str(one.tag).replace('_', ' ').capitalize()}: {text[:300]}")
    comments += [
        f"{key}: {text[:300]}"
        for key, path in (
            ("Aquiring user", ".//aquiring_user/id"), ("Referring user", ".//referring_user/id"),
            ("Location", ".//location/id"),
        )
        if (text := _said(root, path))
    ]  # fmt: skip
    born = _said(who, "birthdate")
    if re.fullmatch(r"\d{8}", born):
        born = f"{born[:4]}-{born[4:6]}-{born[6:]}"
    return Patient(
        patient_id=_said(who, "id"),
        name=" ".join(part for part in (_said(who, "firstname"), _said(who, "lastname")) if part),
        sex=parse_sex(_said(who, "gender")),
        birth_date=born,
        comments=tuple(dict.fromkeys(comments)),
    )


def _device(root: Element) -> str:
    device = root.find(".//aquiringdevice")
    software = _said(device, "software/version")
    parts = [_said(device, "hardware/vendor"), _said(device, "hardware/model")]
    parts.append(f"software {software}" if software else "")
    return " ".join(part for part in parts if part)


def _filters(root: Element) -> dict[str, float]:
    """Return the filters of the stored samples (those of the display are others)."""
    found = {}
    for one in root.findall(".//filters_data/filter"):
        value = _number(_said(one, "value"))
        if value is not None and value > 0:
            found[_said(one, "name")] = value
    return found


def _statements(root: Element) -> tuple[str, ...]:
    lines: list[str] = []
    for one in root.findall(".//event/textdata"):
        if _said(one, "type") == "INTERPRETATION":
            lines += _said(one, "textdata").splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def _measurements(root: Element) -> list[MachineMeasurement]:
    found = []
    for one in root.iter("annotation_global"):
        name, unit = _MEASURES.get(_said(one, "name"), ("", ""))
        value = _said(one, "value")
        if name and _number(value) is not None:
            found.append(MachineMeasurement(name, value, unit))
    return found


def _said(element: Element | None, path: str) -> str:
    return (element.findtext(path) or "").strip() if element is not None else ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
