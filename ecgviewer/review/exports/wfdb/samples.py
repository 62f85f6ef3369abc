"""The samples of any readable record, a span of it, or some of its leads as a WFDB record.

Written with ``wfdb.wrsamp`` and read back before anything gets its name: what cannot be read back
as it was is an error, and nothing of it stays behind. The numbers written are chosen here (see
:mod:`~ecgviewer.review.exports.digital`): left to itself wfdb 4.3.1 fails at a lead of which all
is missing, and takes the format's lowest value for an amplitude.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ecgviewer.core.record.recording import Recording
from ecgviewer.core.record.start import Start
from ecgviewer.review.edits.store import file_safe
from ecgviewer.review.errors import ExportError
from ecgviewer.review.exports.about import About
from ecgviewer.review.exports.digital import grid_of, to_whole
from ecgviewer.review.exports.export_files import put_new, set_aside
from ecgviewer.review.exports.wfdb.check import check_samples
from ecgviewer.review.exports.wfdb.export import wfdb_name
from ecgviewer.review.exports.wfdb.library import wfdb_library
from ecgviewer.review.privacy.anonymize import Privacy
from ecgviewer.review.privacy.identity import pseudonym, public_name

MAX_VALUES = 120_000_000
"""Samples times leads that are converted at once: some 2 GB of memory."""
UNKNOWN_UNIT = "NU"
"""WFDB's own word for no unit."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written: the header and signal file, and the largest difference read back (mV)."""

    files: tuple[Path, Path]
    largest_difference_mv: float


def export_samples(
    recording: Recording,
    folder: Path,
    start_s: float = 0.0,
    stop_s: float | None = None,
    leads: Sequence[str] = (),
    privacy: Privacy = Privacy.HEADER,
) -> Converted:
    """Write ``folder/RECORD.hea`` and ``.dat``.

    Parameters
    ----------
    start_s, stop_s : float
        The span; to the end when ``stop_s`` is omitted.
    leads : sequence of str
        Names as in ``recording.leads``; all when empty.
    privacy : Privacy
        What may tell who the patient is; comments of the source are not carried over.

    Raises
    ------
    ExportError
        When span or leads are not in the record, a file exists already, the disk refuses, or what
        was written does not read back the same.
    RecordError
        When the source cannot be read.
    """
    rows = _rows(recording, leads)
    first, last = _span(recording, start_s, stop_s)
    if (last - first) * len(rows) > MAX_VALUES:
        raise ExportError(
            f"{(last - first) * len(rows):,} samples are too many for one record; convert a span",
            recording.path,
        )
    name = wfdb_name(file_safe(_name(recording, privacy)) or "record")
    targets = (folder / f"{name}.hea", folder / f"{name}.dat")
    for target in targets:
        if target.exists():
            raise ExportError("it exists already and is not overwritten", target)
    names = [recording.leads[row] for row in rows]
    values_mv = recording.source.read(first, last, rows)
    grids = [grid_of(lead) for lead in values_mv]
    fmt = max((grid.fmt for grid in grids), key=int)
    fields: dict[str, Any] = {
        "fs": int(recording.fs_hz) if recording.fs_hz == int(recording.fs_hz) else recording.fs_hz,
        "units": ["mV" if recording.units_known else UNKNOWN_UNIT] * len(names),
        "sig_name": names,
        "d_signal": np.stack(
            [to_whole(lead, grid.gain, fmt) for lead, grid in zip(values_mv, grids, strict=True)],
            axis=1,
        ),
        "fmt": [fmt] * len(names),
        "adc_gain": [grid.gain for grid in grids],
        "baseline": [0] * len(names),
        "comments": _offset_words(recording.numbering.first_sample, first),
        **_start_fields(About.of(recording, privacy).start, first / recording.fs_hz),
    }
    steps = [1.0 / grid.gain for grid in grids]
    with set_aside(folder, name) as aside:
        try:
            _write(aside, name, fields)
            largest = check_samples(aside, name, values_mv, recording.fs_hz, names, steps)
        except ExportError as error:
            raise ExportError(error.reason, targets[0]) from error
        # The header last: without it there is no record.
        put_new(aside / f"{name}.dat", targets[1])
        try:
            put_new(aside / f"{name}.hea", targets[0])
        except ExportError:
            targets[1].unlink(missing_ok=True)
            raise
    return Converted(targets, largest)


def _write(folder: Path, name: str, fields: dict[str, Any]) -> None:
    wfdb = wfdb_library()

    try:
        wfdb.wrsamp(name, write_dir=str(folder), **fields)
    except OSError as error:
        raise ExportError(f"it cannot be written ({error.strerror or error})") from error
    except Exception as error:  # wfdb raises Exception itself
        raise ExportError(f"wfdb cannot write it ({error})") from error


def _rows(recording: Recording, leads: Sequence[str]) -> list[int]:
    """Return the rows of these leads; by default of all that the file holds, none computed."""
    stored = [
        lead
        for row, lead in enumerate(recording.leads)
        if recording.numbering.signal(row) is not None
    ]
    rows = []
    for lead in leads or stored:
        if lead not in recording.leads:
            raise ExportError(
                f"it has no lead {lead}; its leads are {', '.join(recording.leads)}",
                recording.path,
            )
        rows.append(recording.leads.index(lead))
    if len(set(rows)) != len(rows):
        raise ExportError("two of its leads have the same name; choose some", recording.path)
    return rows


def _span(recording: Recording, start_s: float, stop_s: float | None) -> tuple[int, int]:
    end_s = recording.duration_s
    stop_s = end_s if stop_s is None else stop_s
    first, last = round(start_s * recording.fs_hz), round(stop_s * recording.fs_hz)
    if not 0 <= first < last <= recording.n_samples:
        raise ExportError(
            f"the span from {start_s:g} to {stop_s:g} s is not within the record, "
            f"which has {end_s:g} s",
            recording.path,
        )
    return first, last


def _name(recording: Recording, privacy: Privacy) -> str:
    if privacy is Privacy.ANONYMOUS:
        return pseudonym(recording.content_hash())
    return recording.name if privacy is Privacy.IDENTIFIED else public_name(recording)


def _offset_words(cut: int, first: int) -> list[str]:
    """Return where sample 0 lies in the source, unless that is its own sample 0."""
    if cut + first == 0:
        return []
    return [f"sample 0 here is sample {cut + first} of the source"]


def _start_fields(start: Start, offset_s: float) -> dict[str, Any]:
    """Return when the span begins, as far as the source says when the record did."""
    offset = timedelta(seconds=offset_s)
    if start.moment is not None:
        return {"base_datetime": start.moment.replace(tzinfo=None) + offset}
    if start.clock is not None:
        at = datetime.combine(datetime(2000, 1, 1), start.clock.replace(tzinfo=None)) + offset
        return {"base_time": at.time()}
    return {}
