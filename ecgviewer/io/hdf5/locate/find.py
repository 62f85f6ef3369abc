"""Where the ECG is in an HDF5 file: which dataset, which axis is what, how many records."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

import h5py
import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import QUESTIONS, UnansweredError, UnsupportedFormatError
from ecgviewer.core.leads import canonical_lead, is_ecg_channel
from ecgviewer.io import limits
from ecgviewer.io.hdf5.facts import Facts, facts_of
from ecgviewer.io.hdf5.file import (
    checked_dataset,
    datasets_beside,
    external_links,
    numeric_datasets,
)
from ecgviewer.io.hdf5.locate.columns import (
    NUMBERS,
    columns_of,
    has_rows,
    kind_of,
    read_rows,
    read_table,
    shape_of,
)
from ecgviewer.io.hdf5.locate.leads_apart import TIMES, LeadsApart, Place, is_no_lead, leads_apart
from ecgviewer.io.process.progress import tell_progress

ECG_NAMES = {"tracings", "tracing", "ecg", "ecgs", "signal", "signals", "ecgsignal",
              "ecgsignals", "ecgdata", "ecgdatas", "waveform", "waveforms", "psignal"}  # fmt: skip
_MAX_LEADS = 64
_MIN_SAMPLES = 32
_NO_RECORD = 64
"""Fewer samples than this are no record where another axis is long: less than one beat."""
_LONG = 250
"""So many samples may be a record: 2.5 s at 100 Hz."""
_SURE_RECORD = 1000
"""So many samples are a record: 10 s at 100 Hz."""


@dataclass(frozen=True, slots=True)
class ArrayAxes:
    """What each axis of an array is; None where it has no such axis."""

    record: int | None
    lead: int | None
    time: int


@dataclass(frozen=True, slots=True)
class Member:
    """One record, or a stack of records, in a file.

    ``datasets`` is one array, or one dataset per lead (then ``names`` has the leads, ``left_out``
    what may be a lead and is not shown, and ``others`` what is something else than an ECG).
    """

    datasets: tuple[str, ...]
    names: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileLayout:
    """The records of a file: several members, or one member that may be a stack."""

    members: tuple[Member, ...]
    axes: ArrayAxes
    n_leads: int
    stacked: int | None
    title: str

    @property
    def n_records(self) -> int | None:
        """Number of records; None where the file is one record and not a file of many."""
        if self.stacked is not None:
            return self.stacked
        return len(self.members) if len(self.members) > 1 else None


def guess_axes(shape: Sequence[int], n_named: int | None = None) -> ArrayAxes | None:
    """Return what the axes of an array are, None where it cannot be an ECG.

    The lead axis is the one as long as the list of names, else the one of 12, else the shorter
    one. In a stack the records come first, except where samples do: an array of N x 12 x T in
    MATLAB is stored as (T, 12, N).
    """
    if len(shape) == 1:
        return ArrayAxes(None, None, 0) if shape[0] >= _MIN_SAMPLES else None
    if len(shape) not in (2, 3):
        return None
    if len(shape) == 3 and (axes := _leads_first(shape, n_named)) is not None:
        return axes
    lead, other = _lead_and_other(shape, n_named)
    if not 1 <= shape[lead] <= _MAX_LEADS:
        return None
    if len(shape) == 3 and shape[0] >= _LONG and shape[other] < _NO_RECORD:
        known = shape[lead] in (n_named, 12) and shape[lead] != shape[other]
        middle = lead < other and shape[other] >= _MIN_SAMPLES
        return ArrayAxes(other, lead, 0) if known or middle else None
    if shape[other] < _MIN_SAMPLES:
        return None
    return ArrayAxes(0 if len(shape) == 3 else None, lead, other)


def axes_of(item: h5py.Dataset, facts: Facts) -> ArrayAxes | None:
    """Return what the axes of a dataset are, None where it cannot be an ECG."""
    if columns_of(item):
        return ArrayAxes(None, 1, 0)
    if has_rows(item):
        return ArrayAxes(None, 0, 1)
    return guess_axes(item.shape, len(facts.leads) if facts.leads else None)


def _lead_and_other(shape: Sequence[int], n_named: int | None) -> tuple[int, int]:
    """Return which of the last two axes has the leads, and which has not."""
    a, b = len(shape) - 2, len(shape) - 1
    for n_leads in (n_named, 12):
        if (shape[a] == n_leads) != (shape[b] == n_leads):
            return (a, b) if shape[a] == n_leads else (b, a)
    return (a, b) if shape[a] < shape[b] else (b, a)


def _leads_first(shape: Sequence[int], n_named: int | None) -> ArrayAxes | None:
    """Return the axes of a stack whose first axis alone is as long as the list of names."""
    if n_named is None or n_named < 2 or shape[0] != n_named or {n_named, 12} & set(shape[1:]):
        return None
    time, record = (1, 2) if shape[1] > shape[2] else (2, 1)
    if shape[0] > _MAX_LEADS or shape[time] < _LONG or shape[record] >= _SURE_RECORD:
        return None
    return ArrayAxes(record, 0, time)


def _undecided(shape: Sequence[int], axes: ArrayAxes) -> bool:
    """Return whether (N, leads, T) may as well be (T, leads, N)."""
    return (axes.record, axes.lead) == (0, 1) and shape[2] < _SURE_RECORD <= shape[0]


def _stack_axes(item: h5py.Dataset, axes: ArrayAxes, path: Path) -> ArrayAxes:
    """Return the axes of a stack: what is as long as it, beside it, may tell what its shape cannot.

    Raises
    ------
    UnsupportedFormatError
        When the first axis may be the records or the samples.
    """
    if not _undecided(item.shape, axes):
        return axes
    told = set()
    for name, length in datasets_beside(item):
        for axis in (0, 2):
            if length == item.shape[axis]:
                told.add(2 - axis if plain_name(name) in TIMES else axis)
    if told == {0}:
        return axes
    if told == {2}:
        return ArrayAxes(2, 1, 0)
    first, n_leads, last = item.shape
    raise UnsupportedFormatError(
        f"{item.name.strip('/')!r} has shape {item.shape}: {first} records of {last} samples, or "
        f"{last} records of {first} samples? Store it as records x {n_leads} leads x samples, with "
        "a list of the records' names or labels beside it",
        path,
    )


def find_layout(file: h5py.File, path: Path, dataset: str | None = None) -> FileLayout:
    """Find the ECG in an open file.

    Parameters
    ----------
    dataset : str, optional
        The answer to which dataset (or group of leads) it is.

    Raises
    ------
    UnansweredError
        When several datasets may be the ECG.
    UnsupportedFormatError
        When none can be, or it lies in another file.
    """
    arrays, apart = _survey(file, path)
    if dataset is not None:
        wanted = dataset.strip("/")
        records = [record for place, record in apart.items() if place[0] == wanted]
        if records:
            return _apart_layout(records)
        found = checked_dataset(file, wanted, path)
        return _array_layout([(wanted, found)], path)
    columns = {name: item for name, item in arrays.items() if _is_column(shape_of(item))}
    matrices = {name: item for name, item in arrays.items() if name not in columns}
    strong = {name: item for name, item in matrices.items() if plain_name(name) in ECG_NAMES}
    if not strong and apart:
        return _apart_layout(list(apart.values()))
    chosen = (
        strong
        or {name: item for name, item in matrices.items() if _may_be_ecg(item, facts_of(item))}
        or columns
    )
    if not chosen:
        linked = external_links(file)
        if linked:
            raise UnsupportedFormatError(
                f"{', '.join(linked[:3])} points to another file: refused", path
            )
        if offered := offered_vectors(file, path):
            listed = ", ".join(
                f"{name} ({', '.join([*(facts.leads or ()), f'{n} samples'])})"
                for name, (n, facts) in list(offered.items())[:6]
            )
            raise UnansweredError(
                f"no dataset is named as an ECG; it may be one of {listed}; {QUESTIONS['dataset']}",
                path,
                ("dataset",),
            )
        raise UnsupportedFormatError("holds no ECG that could be recognised", path)
    kinds = {(plain_name(name), len(shape_of(item))) for name, item in chosen.items()}
    if len(kinds) > 1 or (len(chosen) > 1 and next(iter(chosen.values())).ndim == 3):
        listed = ", ".join(f"{name} {shape_of(item)}" for name, item in list(chosen.items())[:6])
        raise UnansweredError(
            f"several datasets may be the ECG: {listed}; {QUESTIONS['dataset']}",
            path,
            ("dataset",),
        )
    return _array_layout(sorted(chosen.items()), path)


def read_block(
    dataset: h5py.Dataset, axes: ArrayAxes, record: int, start: int, stop: int
) -> npt.NDArray[np.generic]:
    """Return samples ``[start, stop)`` of one record as stored, [n_leads, n]."""
    if columns := columns_of(dataset):
        return read_table(dataset, columns, start, stop)
    if has_rows(dataset):
        return read_rows(dataset, start, stop)
    if axes.lead is None and dataset.ndim == 2:  # a vector as MATLAB stores it
        long = int(np.argmax(dataset.shape))
        column = dataset[start:stop, 0] if long == 0 else dataset[0, start:stop]
        return np.asarray(column)[np.newaxis]
    selection: list[int | slice] = [slice(None)] * dataset.ndim
    selection[axes.time] = slice(start, stop)
    if axes.record is not None:
        selection[axes.record] = record
    block = np.asarray(dataset[tuple(selection)])
    if axes.lead is None:
        return block[np.newaxis]
    return block if axes.lead < axes.time else block.T


def offered_vectors(file: h5py.File, path: Path) -> dict[str, tuple[int, Facts]]:
    """Return the datasets with a single signal that may be an ECG, with length and facts.

    Those alone that a sensor of ECG is said to have recorded, where there are such.
    """
    offered: dict[str, tuple[int, Facts]] = {}
    for name, found in numeric_datasets(file, path):
        item = h5py.Dataset(found, readonly=True)
        n = math.prod(item.shape)
        single = len(item.shape) == 1 or _is_column(item.shape)
        if item.dtype.kind in NUMBERS and single and n >= _LONG and not is_no_lead(name):
            offered[name] = n, facts_of(item)
    sensed = {
        name: one
        for name, one in offered.items()
        if one[1].leads is not None and is_ecg_channel(one[1].leads[0])
    }
    return sensed or offered


def candidates(
    file: h5py.File, path: Path
) -> tuple[dict[str, h5py.Dataset], dict[tuple[str, str], dict[str, str]]]:
    """Return arrays by path, and per group of separate leads ``{lead: dataset path}``."""
    arrays, apart = _survey(file, path)
    return arrays, {place: record.datasets for place, record in apart.items()}


def _survey(file: h5py.File, path: Path) -> tuple[dict[str, h5py.Dataset], dict[Place, LeadsApart]]:
    """Return arrays that may be an ECG by path, and the records with one dataset per lead.

    Of arrays with a single lead only those are among them that are named like an ECG.
    """
    arrays: dict[str, h5py.Dataset] = {}
    vectors: dict[str, int] = {}
    for name, found in numeric_datasets(file, path):
        item = h5py.Dataset(found, readonly=True)
        if kind_of(item) not in NUMBERS:
            continue
        shape = shape_of(item)
        named = plain_name(name) in ECG_NAMES
        matrix = len(shape) in (2, 3) and 0 not in shape and not _is_column(shape)
        if len(shape) <= 2 and not matrix and not (named and len(shape) == 1):
            if math.prod(shape) >= _MIN_SAMPLES:
                vectors[name] = math.prod(shape)
        elif matrix or (named and (len(shape) == 1 or guess_axes(shape) is not None)):
            arrays[name] = item
    apart = leads_apart(file, vectors)
    leads = {path for record in apart.values() for path in record.datasets.values()}
    arrays |= {
        name: file[name] for name in vectors if plain_name(name) in ECG_NAMES and name not in leads
    }
    return arrays, apart


def _is_column(shape: Sequence[int]) -> bool:
    """Return whether it is a vector as MATLAB stores it, or a stack of such."""
    return len(shape) > 1 and 1 in shape[-2:]


def plain_name(name: str) -> str:
    return name.rpartition("/")[2].lower().replace("_", "").replace("-", "")


def _may_be_ecg(item: h5py.Dataset, facts: Facts) -> bool:
    tell_progress()
    axes = axes_of(item, facts)
    if axes is None or axes.lead is None:
        return False
    n_leads = shape_of(item)[axes.lead]
    named = facts.leads is not None and len(facts.leads) == n_leads
    return n_leads == 12 or (named and any(map(canonical_lead, facts.leads or ())))


def _array_layout(items: Sequence[tuple[str, h5py.Dataset]], path: Path) -> FileLayout:
    name, first = items[0]
    checked_dataset(first.file, name, path)
    axes = axes_of(first, facts_of(first))
    if axes is None:
        raise UnsupportedFormatError(f"{name!r} has shape {first.shape}: no leads by samples", path)
    stacked = None
    if axes.record is not None:
        axes = _stack_axes(first, axes, path)
        stacked = first.shape[axes.record]
        if stacked > min(limits.MAX_STACKED_RECORDS, first.id.get_storage_size()):
            raise UnsupportedFormatError(f"{name!r} claims {stacked} records", path)
        if stacked == 0:
            raise UnsupportedFormatError(f"{name!r} holds no record", path)
    n_leads = shape_of(first)[axes.lead] if axes.lead is not None else 1
    return FileLayout(
        tuple(Member((one,)) for one, _ in items),
        axes,
        n_leads,
        stacked,
        f"HDF5 {PurePosixPath(name).name}",
    )


def _apart_layout(records: Sequence[LeadsApart]) -> FileLayout:
    members = tuple(
        Member(tuple(one.datasets.values()), tuple(one.datasets), one.left_out, one.others)
        for one in records
    )
    return FileLayout(
        members, ArrayAxes(None, None, 0), len(members[0].names), None, "HDF5, one dataset per lead"
    )


def layout_signature(file: h5py.File, path: Path) -> str:
    """Return the signature (hex) of a file's layout, by which profiles are kept."""
    found = islice(numeric_datasets(file, path), 1000)
    datasets = ((name, h5py.Dataset(one, readonly=True)) for name, one in found)
    parts = sorted(
        {
            f"{re.sub(r'[0-9]+', '#', name)} {item.ndim} {item.dtype} {sorted(item.attrs)}"
            for name, item in datasets
        }
    )
    parts.append(str(sorted(file.attrs)))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
