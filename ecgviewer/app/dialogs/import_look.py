"""What an import dialog finds out about a file, away from the window's thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import UnansweredError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef

if TYPE_CHECKING:
    from ecgviewer.core.record.recording import Recording
    from ecgviewer.io.hdf5.locate.layout import CandidateDataset

PREVIEW_S = 10.0
PROVISIONAL_HZ = 500.0
"""Stands for a rate that is not known yet; nothing is shown of it but how many samples are."""
_MOST_QUESTIONS = 5


@dataclass(frozen=True, slots=True)
class Inspection:
    """What may be meant in a file, and what is remembered of files like it.

    Attributes
    ----------
    candidates : list of CandidateDataset
        Of an HDF5 file.
    remembered : ReadOptions
    has_layout : bool
        Answers can be remembered for files of its layout.
    is_table : bool
        It is a table of text.
    """

    candidates: list[CandidateDataset]
    remembered: ReadOptions
    has_layout: bool
    is_table: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What the answers so far make of a file.

    Attributes
    ----------
    recording : Recording
        With provisional values for what is missing; closed.
    signal : float array [n_leads, n]
    missing : tuple of str
        Questions that are still open.
    n_leads : int
        Signals to be named.
    columns : tuple of str
        Names of the columns of a table.
    times : int or None
        The column of times.
    """

    recording: Recording
    signal: npt.NDArray[np.float32]
    missing: tuple[str, ...] = ()
    n_leads: int = 0
    columns: tuple[str, ...] = ()
    times: int | None = None


def inspect(ref: RecordRef) -> Inspection:
    """Look into a file for what may be the ECG, and for answers remembered.

    Raises
    ------
    RecordError
        When it cannot be read.
    """
    from ecgviewer.io import profiles
    from ecgviewer.io.hdf5.locate import layout as hdf5_layout
    from ecgviewer.io.registry import is_hdf5
    from ecgviewer.io.text.sniff import layout_of

    if is_hdf5(ref.path):
        found = hdf5_layout.inspect(ref.path)
        return Inspection(found, profiles.remembered(ref.path), has_layout=True)
    table = layout_of(ref.path)
    if table is None:
        return Inspection([], ReadOptions(), has_layout=False)
    return Inspection([], profiles.remembered_for(table.signature), True, is_table=True)


def look(ref: RecordRef) -> Seen:
    """Open a file with the answers there are, and provisional ones for what is missing.

    Raises
    ------
    RecordError
        When it cannot be shown even so.
    """
    from ecgviewer.io.registry import is_hdf5
    from ecgviewer.io.text.sniff import layout_of

    recording, missing, n_leads = _opened(ref)
    try:
        signal = recording.read(0.0, PREVIEW_S)
    finally:
        recording.source.close()
    table = None if is_hdf5(ref.path) else layout_of(ref.path, ref.options)
    return Seen(
        recording,
        signal,
        missing,
        n_leads or len(recording.leads),
        table.names if table is not None else (),
        table.times.times if table is not None else None,
    )


def remember(path: Path, options: ReadOptions) -> None:
    """Keep answers for files of this layout; none at all drops what was kept.

    Raises
    ------
    RecordError
        When the file cannot be read.
    OSError
        When the answers cannot be written.
    """
    from ecgviewer.io import profiles

    if options == ReadOptions():
        profiles.forget(path)
    else:
        profiles.remember(path, options)


def _opened(ref: RecordRef) -> tuple[Recording, tuple[str, ...], int]:
    """Open with provisional answers; return what they stand for and how many signals there are."""
    from ecgviewer.io import open_record

    missing: dict[str, None] = {}
    n_leads = 0
    for _ in range(_MOST_QUESTIONS):
        try:
            return open_record(ref), tuple(missing), n_leads
        except UnansweredError as error:
            if not error.missing and ref.index is None:
                ref = replace(ref, index=0)  # the file holds many: the first will do
                continue
            options = _with_provisional(ref.options, error)
            if options == ref.options:
                raise
            missing |= dict.fromkeys(error.missing)
            n_leads = error.n_leads or n_leads
            ref = replace(ref, options=options)
    return open_record(ref), tuple(missing), n_leads


def _with_provisional(options: ReadOptions, error: UnansweredError) -> ReadOptions:
    names = options.leads
    if "leads" in error.missing and error.n_leads:
        names = tuple(f"signal {k + 1}" for k in range(error.n_leads))
    without_rate = {"fs", "time"} & set(error.missing)
    return replace(
        options,
        fs_hz=PROVISIONAL_HZ if without_rate else options.fs_hz,
        leads=names,
        decimal="point" if "decimal" in error.missing else options.decimal,
    )
