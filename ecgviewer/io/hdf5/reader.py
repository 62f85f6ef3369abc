"""HDF5 records: layout, facts and answers to a Recording. Runs in the reader process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError, UnansweredError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Note, Numbering, Patient, Recording
from ecgviewer.io.answers import answers_text, used_answers
from ecgviewer.io.file_access import FileStamp
from ecgviewer.io.hdf5.facts import Facts, facts_of
from ecgviewer.io.hdf5.file import checked_dataset, opened
from ecgviewer.io.hdf5.known import Known, ask, know_leads, know_rate, know_units
from ecgviewer.io.hdf5.locate.columns import shape_of
from ecgviewer.io.hdf5.locate.find import (
    ArrayAxes,
    FileLayout,
    Member,
    axes_of,
    find_layout,
    layout_signature,
    read_block,
)
from ecgviewer.io.hdf5.locate.leads_apart import shortened
from ecgviewer.io.hdf5.locate.published import published_layout
from ecgviewer.io.hdf5.locate.rows import ShownRows, choose_rows
from ecgviewer.io.hdf5.scale import scaling_of, without_missing
from ecgviewer.io.hdf5.source import Hdf5Source, RecordPlace
from ecgviewer.io.hdf5.statements import comments_of
from ecgviewer.io.profiles import Profile
from ecgviewer.io.statements.checks import check_sampling, signal_notes
from ecgviewer.io.statements.patients import patient_from_comments

MAX_PADDING_SEARCH = 1 << 20
"""Samples per lead: longer records are not stored in padded stacks."""
Profiles = Mapping[str, Profile]
"""Remembered answers by layout signature."""
_KEPT_LAYOUTS = 8
_Found = tuple[FileLayout, str | None]
"""A layout, and the answer to which dataset that it took."""
_LAYOUTS: dict[tuple[Path, FileStamp, str | None, str | None], _Found] = {}


def count_stored(path: Path, options: ReadOptions, profiles: Profiles) -> int | None:
    """Return how many records a file holds; None where it is a single one.

    Raises
    ------
    RecordError
        When it holds no ECG, or several datasets may be it.
    """
    with opened(path) as file:
        return _layout(file, path, options, profiles)[0].n_records


def open_stored(ref: RecordRef, profiles: Profiles) -> Recording:
    """Open one record of an HDF5 file, in this very process.

    Raises
    ------
    RecordError
        UnansweredError names what must be given; the others name the damage.
    """
    with opened(ref.path) as file:
        layout, dataset, profile = _layout(file, ref.path, ref.options, profiles)
        member, index = _member(layout, ref)
        items = [checked_dataset(file, name, ref.path) for name in member.datasets]
        facts = [facts_of(item) for item in items]
        axes = _axes(layout, member, items[0], facts[0])
        n_stored = max(_length(item, axes) for item in items)
        comments = comments_of(items[0])
        known = Known()
        published = published_layout(items[0]) if not member.names else None
        n_rows = len(items) if member.names else _n_leads(items[0], axes)
        chosen = choose_rows(items, member, facts[0], axes, index, n_rows, n_stored)
        known.notes += chosen.notes
        facts[0] = chosen.facts
        answered = replace(ref, options=chosen.options(ref.options, n_rows))
        know_rate(known, ref, facts, profile, published, chosen.clock)
        scalings = [
            scaling_of(item, one.said, 1 if member.names else n_rows)
            for item, one in zip(items, facts, strict=True)
        ]
        doubt = next((one.doubt for one in scalings if one.doubt), None)
        know_units(known, ref, facts, profile, published, len(chosen.kept), doubt)
        known.notes += dict.fromkeys(note for one in scalings for note in one.notes)
        missing = chosen.missing + tuple(mark for one in scalings for mark in one.missing)
        missing = tuple(dict.fromkeys(missing))
        first = _trimmed(file, ref.path, member, axes, index, n_stored, missing, chosen, known)
        know_leads(known, answered, chosen.names, len(chosen.kept), profile, published, first.block)
        if known.missing:
            ask(known, ref)
        rows = [scalings[k].row(0) if member.names else scalings[0].row(k) for k in chosen.kept]
        if member.names:
            _note_lengths(known, items, member)
        place = RecordPlace(
            datasets=member.datasets,
            rows=chosen.kept,
            n_rows=n_rows,
            axes=axes,
            index=index,
            first_sample=first.start,
            n_samples=first.n_samples,
            scales=tuple(
                factor * scale for factor, (scale, _) in zip(known.factors, rows, strict=True)
            ),
            offsets=tuple(
                factor * offset for factor, (_, offset) in zip(known.factors, rows, strict=True)
            ),
            missing=missing,
            alone=layout.n_records is None,
        )
        check_sampling(known.fs_hz, place.n_samples, ref.path)
        remembered = profile.answers if profile is not None else ReadOptions()
        used = used_answers(ref.options, remembered, dataset, known.notes)
        source = Hdf5Source(ref.path, place, answers_text(used))
        with source.borrowing(file):
            known.notes += signal_notes(
                source, known.leads, known.fs_hz, place.n_samples, known.units_known
            )
    return Recording(
        name=ref.name,
        path=ref.path,
        format=layout.title,
        leads=known.leads,
        fs_hz=known.fs_hz,
        n_samples=place.n_samples,
        source=source,
        units_known=known.units_known,
        patient=_patient(known.patient, comments),
        notes=tuple(known.notes),
        start=known.start,
        numbering=Numbering(
            first_sample=place.first_sample,
            signals=() if chosen.kept == tuple(range(n_rows)) else chosen.kept,
        ),
    )


def _patient(beside: Patient, comments: tuple[str, ...]) -> Patient:
    """Return what the table beside says, and what attributes say where it leaves something open."""
    told = patient_from_comments(comments, header=False)
    return Patient(
        patient_id=beside.patient_id or told.patient_id,
        name=beside.name or told.name,
        sex=beside.sex or told.sex,
        age_years=told.age_years if beside.age_years is None else beside.age_years,
        birth_date=beside.birth_date or told.birth_date,
        diagnoses=beside.diagnoses or told.diagnoses,
        comments=comments,
    )


def _layout(
    file: h5py.File, path: Path, options: ReadOptions, profiles: Profiles
) -> tuple[FileLayout, str | None, Profile | None]:
    """Find the layout; a remembered answer to which dataset helps where the file does not.

    The second value is the answer that was taken.

    The layouts of the last files are kept: whoever opens all records of a file of many asks
    for the same one again and again.
    """
    profile = profiles.get(layout_signature(file, path)) if profiles else None
    remembered = profile.answers.dataset if profile is not None else None
    key = (path, FileStamp.of(path), options.dataset, remembered)
    found = _LAYOUTS.get(key)
    if found is None:
        try:
            found = find_layout(file, path, options.dataset), options.dataset
        except UnansweredError:
            if remembered is None or options.dataset is not None:
                raise
            found = find_layout(file, path, remembered), remembered
        while len(_LAYOUTS) >= _KEPT_LAYOUTS:
            _LAYOUTS.pop(next(iter(_LAYOUTS)), None)
        _LAYOUTS[key] = found
    return *found, profile


def _member(layout: FileLayout, ref: RecordRef) -> tuple[Member, int]:
    """Return the member that holds the record and the record's index in its stack."""
    n_records = layout.n_records
    if n_records is None:
        if ref.index not in (None, 0):
            raise UnsupportedFormatError("holds a single record", ref.path)
        return layout.members[0], 0
    if ref.index is None:
        if n_records > 1:
            raise UnansweredError(
                f"holds {n_records} records: say which, as in {ref.path.name}#0", ref.path, ()
            )
    elif not 0 <= ref.index < n_records:
        raise UnsupportedFormatError(f"has no record {ref.index}: it holds {n_records}", ref.path)
    index = ref.index or 0
    return (layout.members[0], index) if layout.stacked is not None else (layout.members[index], 0)


def _axes(layout: FileLayout, member: Member, item: h5py.Dataset, facts: Facts) -> ArrayAxes:
    if layout.stacked is not None or member.names:
        return layout.axes
    return axes_of(item, facts) or layout.axes


def _length(item: h5py.Dataset, axes: ArrayAxes) -> int:
    return int(item.size if axes.lead is None else shape_of(item)[axes.time])


def _n_leads(item: h5py.Dataset, axes: ArrayAxes) -> int:
    return shape_of(item)[axes.lead] if axes.lead is not None else 1


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The record's samples as stored [n_leads, n], and where its padding ends."""

    block: npt.NDArray[np.float32]
    start: int
    n_samples: int


def _trimmed(
    file: h5py.File,
    path: Path,
    member: Member,
    axes: ArrayAxes,
    index: int,
    n_stored: int,
    missing: Sequence[float],
    chosen: ShownRows,
    known: Known,
) -> _Stretch:
    """Cut the zeros (or NaN) that fill a record up to the length of its stack."""
    if axes.record is None or n_stored > MAX_PADDING_SEARCH:
        return _Stretch(np.empty((0, 0), np.float32), 0, n_stored)
    item = checked_dataset(file, member.datasets[0], path)
    with np.errstate(over="ignore", invalid="ignore"):
        stored = read_block(item, axes, index, 0, n_stored)[list(chosen.kept)]
        block = without_missing(stored, missing).astype(np.float32)
    block[~np.isfinite(block)] = np.nan
    used = np.flatnonzero(np.any((block != 0) & ~np.isnan(block), axis=0))
    if used.size == 0:
        raise CorruptFileError(f"record {index} is empty: nothing but zeros", path)
    start, stop = int(used[0]), int(used[-1]) + 1
    if start or stop < n_stored:
        known.notes.append(
            Note(
                "info",
                f"padding cut off: {start} samples before, {n_stored - stop} after the signal",
            )
        )
    return _Stretch(block[:, start:stop], start, stop - start)


def _note_lengths(known: Known, items: Sequence[h5py.Dataset], member: Member) -> None:
    """Note which leads end early, and which datasets as long as the leads are not among them."""
    longest = max(item.size for item in items)
    ends_early = [
        name for name, item in zip(member.names, items, strict=True) if item.size < longest
    ]
    if ends_early:
        known.notes.append(Note("warning", f"end before the others: {', '.join(ends_early)}"))
    if member.left_out:
        names = shortened(member.left_out)
        known.notes.append(
            Note("warning", f"not shown, as rate or unit differ from the leads': {names}")
        )
