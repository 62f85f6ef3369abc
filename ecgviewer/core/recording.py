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
from ecgviewer.core.source_facts import SourceFacts

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


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader assumed or noticed, for the user to see.

    ``level`` is ``"info"``, ``"assumed"`` or ``"warning"``; ``question`` is the one of
    :data:`~ecgviewer.core.errors.QUESTIONS` that the file leaves open, where an answer changes it.
    """

    level: str
    text: str
    question: str = ""


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
    start_time : datetime or None
    patient : Patient
    notes : tuple of Note
        Everything that was assumed or looks wrong.
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
    start_time: datetime | None = None
    patient: Patient = field(default_factory=Patient)
    notes: tuple[Note, ...] = ()
    facts: SourceFacts = field(default_factory=SourceFacts)

    @property
    def unit(self) -> str:
        """What amplitudes are in: mV, or arbitrary units where the file does not say."""
        return "mV" if self.units_known else "a.u."

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.fs_hz

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
