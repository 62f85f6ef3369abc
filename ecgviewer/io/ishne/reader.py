"""ISHNE Holter files, read by range.

Badilini 1998, Ann Noninvasive Electrocardiol 3:263: a magic number, a checksum, a header of 512
bytes, a block of text, then samples of all leads in turn, 16 bits each.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError, UnansweredError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Note, Numbering, Patient, Recording
from ecgviewer.core.record.source_facts import SourceFacts
from ecgviewer.core.record.start import Start
from ecgviewer.io.file_access import FileStamp, missing, starts_with
from ecgviewer.io.file_source import Contents, given_rate_notes, recording_of
from ecgviewer.io.statements.units import mv_per_unit

FloatArray = npt.NDArray[np.float32]

HEADER_BYTES = 522
_CHECKED_FROM = 10
MAX_LEADS = 12
MAX_TEXT_BYTES = 1 << 20
ABSENT = -9
FAULT = -32768
"""What the standard proposes for a lead that has come off."""
_NV_PER_MV = 1e6
_LEADS = {
    2: "X", 3: "Y", 4: "Z", 5: "I", 6: "II", 7: "III", 8: "aVR", 9: "aVL", 10: "aVF",
    11: "V1", 12: "V2", 13: "V3", 14: "V4", 15: "V5", 16: "V6", 17: "ES", 18: "AS", 19: "AI",
}  # fmt: skip
_RACES = {1: "Caucasian", 2: "Black", 3: "Oriental"}
_PACEMAKERS = {
    1: "of unknown type", 2: "single chamber, unipolar", 3: "dual chamber, unipolar",
    4: "single chamber, bipolar", 5: "dual chamber, bipolar",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the samples are, and what they are multiplied with (mV; NaN where not stated)."""

    path: Path
    first_byte: int
    n_stored: int
    columns: tuple[int, ...]
    scales: tuple[float, ...]

    def read(self, start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        """Return samples ``[start, stop)`` of these rows; NaN where a lead had come off."""
        width = 2 * self.n_stored
        try:
            with self.path.open("rb") as file:
                file.seek(self.first_byte + start * width)
                data = file.read((stop - start) * width)
        except OSError as error:
            raise missing(self.path, error) from error
        if len(data) < (stop - start) * width:
            raise CorruptFileError("is shorter than when it was opened", self.path)
        stored = np.frombuffer(data, "<i2").reshape(stop - start, self.n_stored)
        raw = stored[:, [self.columns[lead] for lead in leads]].T
        scales = np.array([self.scales[lead] for lead in leads], dtype=np.float32)
        out: FloatArray = raw.astype(np.float32) * scales[:, None]
        out[raw == FAULT] = np.nan
        return out


def open_ishne(ref: RecordRef) -> Recording:
    """Open an ISHNE file.

    Raises
    ------
    RecordError
        Naming the reason.
    """
    path = ref.path
    stamp = FileStamp.of(path)
    head = starts_with(path, HEADER_BYTES)
    if len(head) < HEADER_BYTES:
        raise CorruptFileError("ends within its header", path)
    text_bytes, stated = struct.unpack_from("<ii", head, _CHECKED_FROM)
    if not 0 <= text_bytes <= MAX_TEXT_BYTES or HEADER_BYTES + text_bytes > stamp.size:
        raise CorruptFileError(f"claims {text_bytes} bytes of text", path)
    first_byte = HEADER_BYTES + text_bytes
    _check_sum(head, starts_with(path, text_bytes, HEADER_BYTES), path)
    n_stored = _int(head, 156)
    if not 1 <= n_stored <= MAX_LEADS:
        raise CorruptFileError(f"claims {n_stored} leads; the format has up to 12", path)
    fs_hz, notes = _rate(_int(head, 272), ref)
    n_samples, rest = divmod(stamp.size - first_byte, 2 * n_stored)
    notes += _count_notes(stated, n_samples, n_stored, rest, path)
    codes = [_int(head, 158 + 2 * k) for k in range(n_stored)]
    columns = tuple(k for k, code in enumerate(codes) if code != ABSENT)
    if not columns:
        raise CorruptFileError("says of all its leads that they are absent", path)
    if len(columns) < n_stored:
        notes.append(Note("info", f"{n_stored - len(columns)} stored leads are absent: left out"))
    resolutions = [_int(head, 206 + 2 * k) for k in columns]
    scales, known, unit_notes = _scales(resolutions, ref)
    layout = _Layout(path, first_byte, n_stored, columns, scales)
    return recording_of(
        ref,
        stamp,
        Contents(
            format="ISHNE Holter",
            names=tuple(_LEADS.get(codes[k], "") for k in columns),
            fs_hz=fs_hz,
            n_samples=n_samples,
            read=layout.read,
            units_known=known,
            start=_start(head),
            patient=_patient(head, starts_with(path, text_bytes, HEADER_BYTES)),
            facts=SourceFacts(device=_text(head, 232, 40)),
            notes=(*notes, *unit_notes),
            numbering=Numbering(signals=columns),
        ),
    )


def stated_samples(path: Path) -> int | None:
    """Return the header's count of samples, which is 0 or -1 while nobody knows it."""
    head = starts_with(path, HEADER_BYTES)
    return struct.unpack_from("<ii", head, _CHECKED_FROM)[1] if len(head) == HEADER_BYTES else None


def _check_sum(head: bytes, text: bytes, path: Path) -> None:
    """Raise CorruptFileError where the header is not the one that was written.

    0 stands for no checksum; the order of its bytes is not defined.
    """
    stored = struct.unpack_from("<H", head, 8)[0]
    found = binascii.crc_hqx(head[_CHECKED_FROM:] + text, 0xFFFF)
    if stored not in (0, found, (found & 0xFF) << 8 | found >> 8):
        raise CorruptFileError(
            "the checksum of its header is wrong: the header is not what was written", path
        )


def _rate(stated: int, ref: RecordRef) -> tuple[float, list[Note]]:
    given = ref.options.fs_hz
    if stated > 0:
        return float(stated), given_rate_notes(stated, ref.options)
    if given is None:
        raise UnansweredError(
            f"the header gives a sampling frequency of {stated}; it must be given",
            ref.path, ("fs",),
        )  # fmt: skip
    return given, [Note("assumed", f"sampling frequency {given:g} Hz as given", "fs")]


def _count_notes(stated: int, n_samples: int, n_leads: int, rest: int, path: Path) -> list[Note]:
    """Compare the stated count with the file's size, which decides.

    It is that of one lead with some writers, of all together with others.
    """
    if rest and stated > n_samples:
        raise CorruptFileError(
            f"is truncated: it ends within a sample, {n_samples} of the {stated} samples that "
            "its header promises are there",
            path,
        )
    if stated in (n_samples, n_samples * n_leads, 0, -1) and not rest:
        return []
    text = f"the header says {stated} samples; the file holds {n_samples} of each lead: used"
    return [Note("warning", text)]


def _scales(
    resolutions: Sequence[int], ref: RecordRef
) -> tuple[tuple[float, ...], bool, list[Note]]:
    """Return mV per stored unit; where the header has none, by the unit given."""
    given = ref.options.units
    factor = mv_per_unit(given) if given is not None else 1.0
    if factor is None:
        raise UnsupportedFormatError(f"{given!r} is no unit of voltage", ref.path)
    scales = tuple(one / _NV_PER_MV if one > 0 else factor for one in resolutions)
    if all(one > 0 for one in resolutions):
        return scales, True, []
    if given is not None:
        return scales, True, [Note("assumed", f"unit {given} as given", "units")]
    text = "amplitudes are not calibrated: the header gives no resolution; the unit can be given"
    return scales, False, [Note("warning", text, "units")]


def _start(head: bytes) -> Start:
    day, month, year = (_int(head, 138 + 2 * k) for k in range(3))
    hour, minute, second = (_int(head, 150 + 2 * k) for k in range(3))
    start = Start()
    try:
        found = date(year, month, day)
        start = Start(found.year, found.month, found.day)
    except ValueError:
        pass  # -9 and the like: not known
    try:
        clock = time(hour, minute, second)
    except ValueError:
        return start
    return Start(start.year, start.month, start.day, clock)


def _patient(head: bytes, text: bytes) -> Patient:
    day, month, year = (_int(head, 132 + 2 * k) for k in range(3))
    try:
        born = date(year, month, day).isoformat()
    except ValueError:
        born = ""
    comments = {
        "Race": _RACES.get(_int(head, 130), ""),
        "Pacemaker": _PACEMAKERS.get(_int(head, 230), ""),
        "Proprietary": _text(head, 274, 80),
        "Copyright": _text(head, 354, 80),
        "Comment": text.split(b"\0")[0].decode("latin-1").strip(),
    }
    return Patient(
        patient_id=_text(head, 108, 20),
        name=" ".join(part for part in (_text(head, 28, 40), _text(head, 68, 40)) if part),
        sex={1: "male", 2: "female"}.get(_int(head, 128), ""),
        birth_date=born,
        comments=tuple(f"{key}: {value}" for key, value in comments.items() if value),
    )


def _int(head: bytes, at: int) -> int:
    return int(struct.unpack_from("<h", head, at)[0])


def _text(head: bytes, at: int, size: int) -> str:
    return head[at : at + size].split(b"\0")[0].decode("latin-1").strip()
