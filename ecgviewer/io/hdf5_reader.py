"""HDF5 records: layout, facts and answers to a Recording. Runs in the reader process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError, UnansweredError, UnsupportedFormatError
from ecgviewer.core.record_ref import ReadOptions, RecordRef
from ecgviewer.core.recording import Note, Patient, Recording
from ecgviewer.io.answers import answers_text
from ecgviewer.io.checks import check_sampling, name_leads, signal_notes
from ecgviewer.io.fileaccess import FileStamp
from ecgviewer.io.hdf5_facts import Facts, facts_of
from ecgviewer.io.hdf5_file import checked_dataset, opened
from ecgviewer.io.hdf5_find import (
    Axes,
    Layout,
    Member,
    find_layout,
    guess_axes,
    layout_signature,
    read_block,
)
from ecgviewer.io.hdf5_published import PublishedLayout, choose_order, published_layout
from ecgviewer.io.hdf5_source import Hdf5Source, RecordPlace
from ecgviewer.io.profiles import Profile
from ecgviewer.io.sidecar import patient_in, rate_in, row_beside
from ecgviewer.io.units import mv_per_unit

MAX_PADDING_SEARCH = 1 << 20
"""Samples per lead: longer records are not stored in padded stacks."""
Profiles = Mapping[str, Profile]
"""Remembered answers by layout signature."""
_KEPT_LAYOUTS = 8
_LAYOUTS: dict[tuple[Path, FileStamp, str | None, str | None], Layout] = {}


@dataclass
class _Known:
    """What is known of one record, and how; filled in by the steps below."""

    notes: list[Note] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    fs_hz: float = 0.0
    leads: tuple[str, ...] = ()
    factors: tuple[float, ...] = ()
    units_known: bool = True
    patient: Patient = field(default_factory=Patient)


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
        layout, profile = _layout(file, ref.path, ref.options, profiles)
        member, index = _member(layout, ref)
        items = [checked_dataset(file, name, ref.path) for name in member.datasets]
        facts = [facts_of(item) for item in items]
        axes = _axes(layout, member, items[0], facts[0])
        n_stored = max(_length(item, axes) for item in items)
        known = _Known()
        published = published_layout(items[0]) if not member.names else None
        names = member.names or facts[0].leads
        n_rows = len(items) if member.names else _n_leads(items[0], axes)
        _know_rate(known, ref, facts, profile, published)
        _know_units(known, ref, facts, profile, published, n_rows)
        first = _trimmed(file, ref.path, member, axes, index, n_stored, known)
        _know_leads(known, ref, names, n_rows, profile, published, first.block)
        if known.missing:
            _ask(known, ref)
        if member.names:
            _note_lengths(known, items, member.names)
        place = RecordPlace(
            datasets=member.datasets,
            axes=axes,
            index=index,
            first_sample=first.start,
            n_samples=first.n_samples,
            scales=tuple(
                factor * facts[k % len(facts)].scale for k, factor in enumerate(known.factors)
            ),
            offsets=tuple(
                factor * facts[k % len(facts)].offset for k, factor in enumerate(known.factors)
            ),
            alone=layout.n_records is None,
        )
        check_sampling(known.fs_hz, place.n_samples, ref.path)
        source = Hdf5Source(ref.path, place, answers_text(ref.options))
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
        patient=known.patient,
        notes=tuple(known.notes),
    )


def _layout(
    file: h5py.File, path: Path, options: ReadOptions, profiles: Profiles
) -> tuple[Layout, Profile | None]:
    """Find the layout; a remembered answer to which dataset helps where the file does not.

    The layouts of the last files are kept: whoever opens all records of a file of many asks
    for the same one again and again.
    """
    profile = profiles.get(layout_signature(file, path)) if profiles else None
    remembered = profile.answers.dataset if profile is not None else None
    key = (path, FileStamp.of(path), options.dataset, remembered)
    layout = _LAYOUTS.get(key)
    if layout is None:
        try:
            layout = find_layout(file, path, options.dataset)
        except UnansweredError:
            if remembered is None or options.dataset is not None:
                raise
            layout = find_layout(file, path, remembered)
        while len(_LAYOUTS) >= _KEPT_LAYOUTS:
            _LAYOUTS.pop(next(iter(_LAYOUTS)), None)
        _LAYOUTS[key] = layout
    return layout, profile


def _member(layout: Layout, ref: RecordRef) -> tuple[Member, int]:
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


def _axes(layout: Layout, member: Member, item: h5py.Dataset, facts: Facts) -> Axes:
    if layout.stacked is not None or member.names:
        return layout.axes
    return guess_axes(item.shape, len(facts.leads) if facts.leads else None) or layout.axes


def _length(item: h5py.Dataset, axes: Axes) -> int:
    return int(item.size if axes.lead is None else item.shape[axes.time])


def _n_leads(item: h5py.Dataset, axes: Axes) -> int:
    return int(item.shape[axes.lead]) if axes.lead is not None else 1


def _know_rate(
    known: _Known,
    ref: RecordRef,
    facts: Sequence[Facts],
    profile: Profile | None,
    published: PublishedLayout | None,
) -> None:
    rates = {one.fs_hz for one in facts if one.fs_hz is not None}
    if len(rates) > 1:
        raise UnsupportedFormatError("its leads have different sampling frequencies", ref.path)
    beside = row_beside(ref.path) if published is not None else None
    if beside is not None:
        known.patient = patient_in(beside[1])
    if rates and (stated := rates.pop()):
        known.fs_hz = stated
        if ref.options.fs_hz is not None and ref.options.fs_hz != stated:
            known.notes.append(
                Note("info", f"the file says {stated:g} Hz; the rate given was not used")
            )
    elif ref.options.fs_hz is not None:
        known.fs_hz = ref.options.fs_hz
        known.notes.append(Note("assumed", f"sampling frequency {known.fs_hz:g} Hz as given"))
    elif profile is not None and profile.answers.fs_hz is not None:
        known.fs_hz = profile.answers.fs_hz
        known.notes.append(_profile_note(profile, f"{known.fs_hz:g} Hz"))
    elif beside is not None and (listed := rate_in(beside[1])) is not None:
        known.fs_hz = listed
        known.notes.append(
            Note("assumed", f"sampling frequency {listed:g} Hz from {beside[0].name}")
        )
    elif published is not None:
        known.fs_hz = published.fs_hz
        known.notes.append(
            Note(
                "assumed",
                f"sampling frequency {published.fs_hz:g} Hz, as published for {published.name}; "
                "the file does not say",
            )
        )
    else:
        known.missing.append("fs")


def _know_units(
    known: _Known,
    ref: RecordRef,
    facts: Sequence[Facts],
    profile: Profile | None,
    published: PublishedLayout | None,
    n_rows: int,
) -> None:
    stated = [one.units for one in facts]
    factors = [mv_per_unit(unit) if unit else None for unit in stated]
    given = ref.options.units
    if given is not None and mv_per_unit(given) is None:
        raise UnsupportedFormatError(f"{given!r} is no unit of voltage", ref.path)
    remembered = profile.answers.units if profile is not None else None
    normalised = facts[0].normalised
    if all(factor is not None for factor in factors) and normalised is None:
        known.factors = _per_row([factor or 1.0 for factor in factors], n_rows)
        return
    answer = None
    if given is not None:
        answer = given
        known.notes.append(Note("assumed", f"unit {given} as given"))
    elif profile is not None and remembered and mv_per_unit(remembered):
        answer = remembered
        known.notes.append(_profile_note(profile, f"unit {remembered}"))
    elif published is not None and stated[0] is None and normalised is None:
        answer = published.units
        known.notes.append(
            Note(
                "assumed",
                f"unit {published.units}, as published for {published.name}; the file does not say",
            )
        )
    if answer is not None:
        known.factors = _per_row([mv_per_unit(answer) or 1.0], n_rows)
        return
    known.units_known = False
    known.factors = _per_row([1.0], n_rows)
    said = normalised or next((unit for unit in stated if unit), None)
    reason = f'the file says "{said}"' if said else "the file names no unit (--units gives it)"
    known.notes.append(Note("warning", f"amplitudes are not in mV: {reason}"))


def _know_leads(
    known: _Known,
    ref: RecordRef,
    names: Sequence[str] | None,
    n_rows: int,
    profile: Profile | None,
    published: PublishedLayout | None,
    block: npt.NDArray[np.float32],
) -> None:
    if names is not None and len(names) == n_rows:
        known.leads, notes = name_leads(names, ref.options)
        known.notes += notes
        return
    if ref.options.leads and len(ref.options.leads) != n_rows:
        raise UnansweredError(
            f"{len(ref.options.leads)} lead names were given for {n_rows} leads",
            ref.path,
            ("leads",),
        )
    if ref.options.leads:
        known.leads, notes = name_leads([""] * n_rows, ref.options)
        known.notes += notes
    elif profile is not None and len(profile.answers.leads) == n_rows:
        known.leads, _ = name_leads(profile.answers.leads, ReadOptions())
        known.notes.append(_profile_note(profile, "lead names"))
    elif published is not None:
        known.leads, why = choose_order(block, published.orders)
        known.notes.append(
            Note(
                "assumed",
                f"leads in the order {' '.join(known.leads[:6])} V1-V6, as published for "
                f"{published.name} ({why}); the file does not say",
            )
        )
    else:
        known.missing.append("leads")


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
    axes: Axes,
    index: int,
    n_stored: int,
    known: _Known,
) -> _Stretch:
    """Cut the zeros (or NaN) that fill a record up to the length of its stack."""
    if axes.record is None or n_stored > MAX_PADDING_SEARCH:
        return _Stretch(np.empty((0, 0), np.float32), 0, n_stored)
    item = checked_dataset(file, member.datasets[0], path)
    with np.errstate(over="ignore", invalid="ignore"):
        block = read_block(item, axes, index, 0, n_stored).astype(np.float32)
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


def _ask(known: _Known, ref: RecordRef) -> None:
    words = {"fs": "the sampling frequency (--fs)", "leads": "the lead names (--leads)"}
    if not known.units_known and ref.options.units is None:
        known.missing.append("units")
    words["units"] = "the unit (--units)"
    listed = " and ".join(words[key] for key in known.missing)
    raise UnansweredError(f"the file does not say {listed}", ref.path, tuple(known.missing))


def _note_lengths(known: _Known, items: Sequence[h5py.Dataset], names: Sequence[str]) -> None:
    longest = max(item.size for item in items)
    shorter = [name for name, item in zip(names, items, strict=True) if item.size < longest]
    if shorter:
        known.notes.append(Note("warning", f"end before the others: {', '.join(shorter)}"))


def _per_row(factors: Sequence[float], n_rows: int) -> tuple[float, ...]:
    return tuple(factors) if len(factors) == n_rows else (factors[0],) * n_rows


def _profile_note(profile: Profile, what: str) -> Note:
    return Note("assumed", f"{what}, as answered for files of this layout on {profile.saved}")
