"""A recording: what a reader found in a file, with its samples read on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ecgviewer.core.leads import STANDARD_LEADS, standard_indices
from ecgviewer.core.record.source_facts import SourceFacts
from ecgviewer.core.record.start import Start

FloatArray = npt.NDArray[np.float32]


class SignalSource(Protocol):
    """Reads ranges of samples from disk. Implemented by each format in ``ecgviewer.io``."""

    def read(self, start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        """Return samples ``[start, stop)`` of the leads at these positions.

        Returns
        -------
        array [len(leads), stop - start] of float32
            mV (or raw units where the recording says ``units_known`` is False); NaN where a
            sample is missing or invalid. Only this range is read from disk.

        Raises
        ------
        RecordError
            When the file is damaged, or went away.
        """
        ...

    def content_hash(self) -> str:
        """Return the SHA-256 (hex) of the record's files; slow for large files, cached."""
        ...

    def close(self) -> None:
        """Release file handles. Reading again reopens them."""
        ...


@dataclass(frozen=True, slots=True)
class Patient:
    """What the header says of the patient. Stays on the machine and out of logs."""

    patient_id: str = ""
    name: str = ""
    sex: str = ""
    age_years: float | None = None
    birth_date: str = ""
    diagnoses: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()

    def line(self) -> str:
        """Return the one-line summary shown above the traces; empty when nothing is known."""
        parts = [self.name, self.patient_id, self.sex]
        if self.age_years is not None:
            parts.append(f"{self.age_years:g} y")
        if self.birth_date:
            parts.append(f"born {self.birth_date}")
        return " · ".join(part for part in parts if part)

    @property
    def absence(self) -> str:
        """What to say where :meth:`line` has nothing; comments may be in words of their own."""
        return "No patient data recognised" if self.comments else "No patient data in the file"


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader assumed or noticed, for the user to see.

    ``level`` is ``"info"``, ``"assumed"`` or ``"warning"``; ``question`` is the one of
    :data:`~ecgviewer.core.errors.QUESTIONS` that the file leaves open, where an answer changes it.
    """

    level: str
    text: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class Numbering:
    """How the file itself counts what is read from it: samples, signals, marks.

    Attributes
    ----------
    first_sample : int
        The stored sample that is sample 0 here; above 0 where padding was cut off.
    signals : tuple of int or None
        For each lead its number among the file's own signals, from 0; None where it comes out of
        other leads. Empty where the leads are the file's signals, one for one.
    marks_hz : float or None
        What annotation files beside the record count in, unless they say otherwise; None where
        that is the sampling frequency.
    """

    first_sample: int = 0
    signals: tuple[int | None, ...] = ()
    marks_hz: float | None = None

    def signal(self, row: int) -> int | None:
        """Return the number of the file's signal that lead number ``row`` is."""
        if not self.signals:
            return row
        return self.signals[row] if row < len(self.signals) else None


@dataclass(frozen=True, eq=False)
class Recording:
    """One ECG record, opened. Samples stay on disk until :meth:`read` asks for them.

    Attributes
    ----------
    name : str
        The record's name (``file#index`` for a file of many).
    path : Path
        The file as given or found (the ``.hea`` or the HDF5 file).
    format : str
        For the user, such as ``"WFDB (16)"`` or ``"HDF5 tracings"``.
    leads : tuple of str
        One name per row, standard names where recognised, else as in the file.
    fs_hz : float
        Sampling frequency.
    n_samples : int
        Length of every lead.
    units_known : bool
        False when the file gives no physical unit: amplitudes are then arbitrary.
    start : Start
        As much of the moment of the first sample as the file gives.
    patient : Patient
    notes : tuple of Note
        Everything that was assumed or looks wrong.
    numbering : Numbering
        How the file itself counts samples and signals.
    source : SignalSource
    facts : SourceFacts
        Device, filters, and what the device concluded, as far as the file says.
    """

    name: str
    path: Path
    format: str
    leads: tuple[str, ...]
    fs_hz: float
    n_samples: int
    source: SignalSource
    units_known: bool = True
    start: Start = field(default_factory=Start)
    patient: Patient = field(default_factory=Patient)
    notes: tuple[Note, ...] = ()
    numbering: Numbering = field(default_factory=Numbering)
    facts: SourceFacts = field(default_factory=SourceFacts)

    @property
    def start_time(self) -> datetime | None:
        """Date and time of the first sample, where the file gives both."""
        return self.start.moment

    @property
    def unit(self) -> str:
        """What amplitudes are in: mV, or arbitrary units where the file does not say."""
        return "mV" if self.units_known else "a.u."

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.fs_hz

    @property
    def stated_highpass_hz(self) -> float | None:
        """High-pass of the device as the file states it: a fact of the samples, not an opinion."""
        return self.facts.highpass_hz

    @property
    def missing_standard_leads(self) -> tuple[str, ...]:
        """The standard leads that this recording lacks, in standard order."""
        present = standard_indices(self.leads)
        return tuple(lead for lead in STANDARD_LEADS if lead not in present)

    def read(self, start_s: float, stop_s: float, leads: Sequence[str] | None = None) -> FloatArray:
        """Return a time range in mV, reading only that range from disk.

        Parameters
        ----------
        start_s, stop_s : float
            Seconds from the start; clipped to the recording.
        leads : sequence of str, optional
            Lead names as in ``self.leads``; all when omitted.

        Returns
        -------
        array [n_leads, n] of float32
        """
        start = round(start_s * self.fs_hz)
        stop = round(stop_s * self.fs_hz)
        return self.read_samples(start, stop, leads)

    def read_samples(self, start: int, stop: int, leads: Sequence[str] | None = None) -> FloatArray:
        """Return samples ``[start, stop)``, clipped to the recording; see :meth:`read`."""
        rows = (
            list(range(len(self.leads)))
            if leads is None
            else [self.leads.index(lead) for lead in leads]
        )
        start = min(max(start, 0), self.n_samples)
        stop = min(max(stop, start), self.n_samples)
        return self.source.read(start, stop, rows)

    def content_hash(self) -> str:
        """Return the SHA-256 (hex) of the source files."""
        return self.source.content_hash()

    def with_notes(self, *notes: Note) -> Recording:
        """Return this recording with further notes."""
        return replace(self, notes=self.notes + notes)
