"""The header of EDF, EDF+ and BDF files.

Kemp et al. 1992 (EDF), Kemp and Olivan 2003 (EDF+), BioSemi's description of BDF. edfio takes the
fields apart; it is given the header alone, so that it neither loads nor maps any samples.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from dataclasses import dataclass, replace
from datetime import date, time
from pathlib import Path
from typing import Any

from ecgviewer.core.errors import CorruptFileError
from ecgviewer.core.record.recording import Patient
from ecgviewer.core.record.start import Start
from ecgviewer.io import limits
from ecgviewer.io.file_access import FileStamp, starts_with

BLOCK_BYTES = 256
"""Of the fixed part, and of each signal's."""
EDF_FIRST, BDF_FIRST = b"0       ", b"\xffBIOSEMI"
ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
MAX_RECORD_BYTES = 64 << 20
"""Of one data record; the format's own limit is 61,440."""
_UNKNOWN = ("", "X")
_SUBFIELDS = re.compile(r"\S+ [FMX] (?:X|\d{1,2}-[A-Za-z]{3}-\d{4}) \S+")
"""Code, sex, birth date and name, as EDF+ writes a patient."""
_NO_DATE = date(1985, 1, 1)
_TWO_DIGITS = re.compile(rb"([\d ]\d)[.:/' -]([\d ]\d)[.:/' -]([\d ]\d)")


@dataclass(frozen=True, slots=True)
class EdfSignal:
    """One signal: where its samples are in a data record, and what they mean."""

    label: str
    unit: str
    prefiltering: str
    samples_per_record: int
    first: int
    gain: float
    offset: float
    """``(stored + offset) * gain`` in the signal's unit."""

    @property
    def is_annotations(self) -> bool:
        """Whether it holds texts in place of samples."""
        return self.label in ANNOTATIONS


@dataclass(frozen=True, slots=True)
class EdfHeader:
    """What the header says, and how many whole data records the file holds."""

    kind: str
    sample_bytes: int
    header_bytes: int
    record_bytes: int
    record_s: float
    stated_records: int
    n_records: int
    rest_bytes: int
    """Beyond the last whole data record."""
    continuous: bool
    start: Start
    patient: Patient
    device: str
    signals: tuple[EdfSignal, ...]


def is_edf(head: bytes) -> bool:
    """Return whether the first bytes of a file are those of EDF or BDF."""
    if head[:8] == BDF_FIRST:
        return len(head) >= BLOCK_BYTES
    return (
        head[:8] == EDF_FIRST
        and len(head) >= BLOCK_BYTES
        and re.fullmatch(rb"[ \d]+", head[184:192]) is not None
        and re.fullmatch(rb"[\d ]{2}[.:/'-][\d ]{2}[.:/'-][\d ]{2}", head[168:176]) is not None
    )


def read_header(path: Path, stamp: FileStamp) -> EdfHeader:
    """Read and check the header.

    Raises
    ------
    RecordError
        When it is damaged, or the file ends within a data record that it promises.
    """
    n_signals = _whole_number(starts_with(path, 4, 252), "the number of signals", path)
    if not 1 <= n_signals <= limits.MAX_SIGNALS:
        raise CorruptFileError(f"its header claims {n_signals} signals", path)
    header_bytes = BLOCK_BYTES * (n_signals + 1)
    data = starts_with(path, header_bytes)
    if len(data) < header_bytes:
        raise CorruptFileError("ends within its header", path)
    if _whole_number(data[184:192], "the length of the header", path) != header_bytes:
        raise CorruptFileError("its header's length is not that of its signals", path)
    is_bdf = data[0] == 0xFF
    edf = _taken_apart(data, is_bdf, path)
    sample_bytes = 3 if is_bdf else 2
    signals = _signals(edf, path)
    record_bytes = sample_bytes * sum(one.samples_per_record for one in signals)
    if not 0 < record_bytes <= MAX_RECORD_BYTES:
        raise CorruptFileError(f"claims data records of {record_bytes} bytes", path)
    n_records, rest = divmod(stamp.size - header_bytes, record_bytes)
    stated = _whole_number(data[236:244], "the number of data records", path)
    if rest and stated > n_records:
        raise CorruptFileError(
            f"is truncated: it holds {n_records} of the {stated} data records that its header "
            "promises, and part of another",
            path,
        )
    record_s = float(edf.data_record_duration)
    if not 0 <= record_s < limits.MAX_DURATION_S:
        raise CorruptFileError(f"claims data records of {record_s:g} s", path)
    family = "BDF" if is_bdf else "EDF"
    reserved = data[192:236].decode("latin-1")
    plus = reserved.startswith(family + "+")
    return EdfHeader(
        kind=family + ("+" if plus else ""),
        sample_bytes=sample_bytes,
        header_bytes=header_bytes,
        record_bytes=record_bytes,
        record_s=record_s,
        stated_records=stated,
        n_records=n_records,
        rest_bytes=rest,
        continuous=not reserved.startswith(family + "+D"),
        start=_start(edf, plus, data),
        patient=_patient(edf),
        device=_known(edf.recording.equipment_code) if plus else "",
        signals=signals,
    )


def _taken_apart(data: bytes, is_bdf: bool, path: Path) -> Any:
    """Return edfio's object for a header without data records."""
    from edfio import read_bdf, read_edf

    try:
        data.decode("utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = "latin-1"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it misses the data records, which are not given
            if is_bdf:
                return read_bdf(data, header_encoding=encoding)
            return read_edf(data, lazy_load_data=False, header_encoding=encoding)
    except Exception as error:
        # Whatever damage makes of the fields; not its words, which quote them.
        raise CorruptFileError("its header is damaged", path) from error


def _signals(edf: Any, path: Path) -> tuple[EdfSignal, ...]:
    found: list[EdfSignal] = []
    first = 0
    for one in edf._signals:  # edf.signals lacks those of annotations
        try:
            n = int(one.samples_per_data_record)
            low, high = int(one.digital_min), int(one.digital_max)
            bottom, top = float(one.physical_min), float(one.physical_max)
            label, unit = str(one.label), str(one.physical_dimension)
            prefiltering = str(one.prefiltering)
        except ValueError as error:
            raise CorruptFileError("the header of a signal is damaged", path) from error
        if n < 0:
            raise CorruptFileError(f"{label} claims {n} samples per data record", path)
        calibrated = high != low and top != bottom
        gain = (top - bottom) / (high - low) if calibrated else 1.0
        offset = top / gain - high if calibrated else 0.0
        unit = unit if calibrated or label in ANNOTATIONS else ""
        found.append(EdfSignal(label, unit, prefiltering, n, first, gain, offset))
        first += n
    return tuple(found)


def _start(edf: Any, plus: bool, data: bytes) -> Start:
    """Return the time of the header, without the fraction that the first data record adds.

    An unknown date is written as 1985-01-01, or as X in EDF+.
    """
    start = Start()
    clock, day = _TWO_DIGITS.fullmatch(data[176:184]), _TWO_DIGITS.fullmatch(data[168:176])
    with contextlib.suppress(ValueError):
        if clock is not None:
            hour, minute, second = (int(part) for part in clock.groups())
            start = replace(start, clock=time(hour, minute, second))
    with contextlib.suppress(ValueError):
        if day is not None:
            number, month, year = (int(part) for part in day.groups())
            found = date(year + (1900 if year >= 85 else 2000), month, number)
            if plus and (said := edf.recording.get_subfield(1)) != "X":
                with contextlib.suppress(ValueError):
                    found = edf.recording.startdate
            elif plus and said == "X":
                found = _NO_DATE
            if found != _NO_DATE:
                return replace(start, year=found.year, month=found.month, day=found.day)
    # Midnight beside an unknown date is unknown as well.
    return start if start.clock != time() else Start()


def _patient(edf: Any) -> Patient:
    """Return the patient's fields; what the recording's field says of persons is kept as well.

    Plain EDF may say anything in both fields; many writers fill them as EDF+ does.
    """
    text = str(edf.local_patient_identification).strip()
    said = str(edf.recording._to_str()).strip()
    who, recording = edf.patient, edf.recording
    comments = {"Recording": said}
    if said.startswith("Startdate "):
        comments = {
            "Hospital administration code": _known(recording.hospital_administration_code),
            "Technician": _known(recording.investigator_technician_code),
            "Recording": " ".join(recording.additional),
        }
    if _SUBFIELDS.match(text) is None:
        comments["Patient"] = text
    else:
        comments["Patient"] = " ".join(who.additional)
    lines = tuple(f"{key}: {value}" for key, value in comments.items() if value.strip("xX "))
    if _SUBFIELDS.match(text) is None:
        return Patient(comments=lines)
    return Patient(
        patient_id=_known(who.code),
        name=_known(who.name),
        sex={"F": "female", "M": "male"}.get(who.sex, ""),
        birth_date=_known(who.get_subfield(2)),
        comments=lines,
    )


def _known(subfield: str) -> str:
    return "" if subfield in _UNKNOWN else subfield.replace("_", " ")


def _whole_number(field: bytes, what: str, path: Path) -> int:
    try:
        return int(field.decode("ascii").strip())
    except (UnicodeDecodeError, ValueError) as error:
        raise CorruptFileError(f"its header is damaged: {what} is no number", path) from error
