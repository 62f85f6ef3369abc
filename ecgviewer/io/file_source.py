"""Samples of a record that lies in one file, whatever reads them, and the recording made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Note, Numbering, Patient, Recording
from ecgviewer.core.record.source_facts import SourceFacts
from ecgviewer.core.record.start import Start
from ecgviewer.io import limits
from ecgviewer.io.answers import answers_text, used_answers
from ecgviewer.io.file_access import FileStamp
from ecgviewer.io.record_hash import record_hash
from ecgviewer.io.statements.checks import check_amount, check_sampling, name_leads, signal_notes

FloatArray = npt.NDArray[np.float32]
ReadRange = Callable[[int, int, Sequence[int]], FloatArray]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a reader found in a file.

    Attributes
    ----------
    format : str
        For the user, such as ``"EDF+"``.
    names : tuple of str
        One per signal, as the file gives them.
    fs_hz : float
    n_samples : int
    read : callable
        Samples ``[start, stop)`` of the signals at these positions, in mV (or raw units), float32.
    alone : bool
        The file holds this record and no other.
    """

    format: str
    names: tuple[str, ...]
    fs_hz: float
    n_samples: int
    read: ReadRange
    units_known: bool = True
    alone: bool = True
    start: Start = field(default_factory=Start)
    patient: Patient = field(default_factory=Patient)
    facts: SourceFacts = field(default_factory=SourceFacts)
    notes: tuple[Note, ...] = ()
    remembered: ReadOptions = field(default_factory=ReadOptions)
    numbering: Numbering = field(default_factory=Numbering)


class FileSource:
    """Reads ranges of one record of a file; see ``SignalSource``."""

    def __init__(self, path: Path, stamp: FileStamp, contents: Contents, answers: str) -> None:
        self._path = path
        self._stamp = stamp
        self._contents = contents
        self._answers = answers
        self._hash: str | None = None

    def read(self, start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        """Return samples ``[start, stop)`` of these rows in mV."""
        self._stamp.check(self._path)
        return self._contents.read(start, stop, leads)

    def content_hash(self) -> str:
        """Return the record's hash; see :func:`ecgviewer.io.record_hash.record_hash`.

        Raises
        ------
        RecordError
            When the file is no longer the one that was opened.
        """
        if self._hash is None:
            self._stamp.check(self._path)
            one = self._contents
            found = record_hash(
                self._path, self._answers, one.alone, len(one.names), one.n_samples, one.read
            )
            self._stamp.check(self._path)
            self._hash = found
        return self._hash

    def close(self) -> None:
        """Nothing is kept open between two ranges."""


def recording_of(ref: RecordRef, stamp: FileStamp, contents: Contents) -> Recording:
    """Check what a reader found, and return the recording.

    Parameters
    ----------
    stamp : FileStamp
        Taken before the reader looked at the file.

    Raises
    ------
    RecordError
        When rate, length or number of signals cannot be those of an ECG.
    """
    n_leads = len(contents.names)
    if n_leads == 0 or contents.n_samples == 0:
        raise CorruptFileError("holds no samples of an ECG", ref.path)
    if n_leads > limits.MAX_SIGNALS:
        raise CorruptFileError(f"claims {n_leads} signals", ref.path)
    check_sampling(contents.fs_hz, contents.n_samples, ref.path)
    check_amount(contents.fs_hz * n_leads, ref.path)
    leads, lead_notes = name_leads(contents.names, ref.options)
    notes = [*contents.notes, *lead_notes]
    used = used_answers(ref.options, contents.remembered, None, notes)
    source = FileSource(ref.path, stamp, contents, answers_text(used))
    notes += signal_notes(source, leads, contents.fs_hz, contents.n_samples, contents.units_known)
    return Recording(
        name=ref.name,
        path=ref.path,
        format=contents.format,
        leads=leads,
        fs_hz=contents.fs_hz,
        n_samples=contents.n_samples,
        source=source,
        units_known=contents.units_known,
        start=contents.start,
        patient=contents.patient,
        notes=tuple(notes),
        numbering=contents.numbering,
        facts=contents.facts,
    )


def one_of_many(ref: RecordRef, n_records: int) -> tuple[int, list[Note]]:
    """Return which record of a file is meant, and that it is one of several where none was named.

    Raises
    ------
    UnsupportedFormatError
        When the file has no such record.
    """
    if ref.index is None:
        if n_records == 1:
            return 0, []
        text = (
            f"the file holds {n_records} recordings and this is the first; the others are "
            f"{ref.path.name}#1 to #{n_records - 1}"
        )
        return 0, [Note("warning", text)]
    if not 0 <= ref.index < n_records:
        raise UnsupportedFormatError(f"has no record {ref.index}: it holds {n_records}", ref.path)
    return ref.index, []


def held_in_memory(samples: npt.NDArray[np.floating]) -> ReadRange:
    """Return what reads ranges of a short record [n_leads, n] that is kept as float32."""
    kept = np.ascontiguousarray(samples, dtype=np.float32)
    kept[~np.isfinite(kept)] = np.nan

    def read(start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        return kept[list(leads), start:stop]

    return read


def given_rate_notes(stated_hz: float, options: ReadOptions) -> list[Note]:
    """Return that a rate was given for a file that states another."""
    given = options.fs_hz
    if given is None or given == stated_hz:
        return []
    return [Note("info", f"the file says {stated_hz:g} Hz; the {given:g} Hz given were not used")]
