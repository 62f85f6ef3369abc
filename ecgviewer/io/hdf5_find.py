"""Where the ECG is in an HDF5 file: which dataset, which axis is what, how many records."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import h5py
import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import QUESTIONS, UnansweredError, UnsupportedFormatError
from ecgviewer.core.leads import canonical_lead
from ecgviewer.io import limits
from ecgviewer.io.hdf5_facts import Facts, facts_of
from ecgviewer.io.hdf5_file import checked_dataset, external_links, numeric_datasets

ECG_NAMES = {"tracings", "tracing", "ecg", "ecgs", "signal", "signals", "ecgsignal",
              "ecgsignals", "ecgdata", "ecgdatas", "waveform", "waveforms", "psignal"}  # fmt: skip
_NOT_SAMPLES = {"time", "times", "timestamps", "timestamp", "t", "index"}
_MAX_LEADS = 64
_MIN_SAMPLES = 32
_MIN_LEADS_APART = 2
"""So many datasets named like leads, in one group, are a record."""


@dataclass(frozen=True, slots=True)
class Axes:
    """What each axis of an array is; None where it has no such axis."""

    record: int | None
    lead: int | None
    time: int


@dataclass(frozen=True, slots=True)
class Member:
    """One record, or a stack of records, in a file.

    ``datasets`` is one array, or one dataset per lead (then ``names`` has the leads).
    """

    datasets: tuple[str, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The records of a file: several members, or one member that may be a stack."""

    members: tuple[Member, ...]
    axes: Axes
    n_leads: int
    stacked: int | None
    title: str

    @property
    def n_records(self) -> int | None:
        """Number of records; None where the file is one record and not a file of many."""
        if self.stacked is not None:
            return self.stacked
        return len(self.members) if len(self.members) > 1 else None


def guess_axes(shape: Sequence[int], n_named: int | None = None) -> Axes | None:
    """Return what the axes of an array are, None where it cannot be an ECG.

    The lead axis is the one as long as the list of names, else the shorter one; in a stack the
    records come first.
    """
    if len(shape) == 1:
        return Axes(None, None, 0) if shape[0] >= _MIN_SAMPLES else None
    if len(shape) not in (2, 3):
        return None
    a, b = len(shape) - 2, len(shape) - 1
    if n_named is not None and (shape[a] == n_named) != (shape[b] == n_named):
        lead = a if shape[a] == n_named else b
    else:
        lead = a if shape[a] < shape[b] else b
    time = a + b - lead
    if not 1 <= shape[lead] <= _MAX_LEADS or shape[time] < _MIN_SAMPLES:
        return None
    return Axes(0 if len(shape) == 3 else None, lead, time)


def find_layout(file: h5py.File, path: Path, dataset: str | None = None) -> Layout:
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
    arrays, leads_apart = candidates(file, path)
    if dataset is not None:
        wanted = dataset.strip("/")
        apart = {key: names for key, names in leads_apart.items() if key[0] == wanted}
        if apart:
            return _apart_layout(apart)
        found = checked_dataset(file, wanted, path)
        return _array_layout([(wanted, found)], path)
    strong = {name: item for name, item in arrays.items() if plain_name(name) in ECG_NAMES}
    if not strong and leads_apart:
        return _apart_layout(leads_apart)
    chosen = strong or {
        name: item for name, item in arrays.items() if _may_be_ecg(item, facts_of(item))
    }
    if not chosen:
        linked = external_links(file)
        if linked:
            raise UnsupportedFormatError(
                f"{', '.join(linked[:3])} points to another file: refused", path
            )
        raise UnsupportedFormatError("holds no ECG that could be recognised", path)
    kinds = {(plain_name(name), item.ndim) for name, item in chosen.items()}
    if len(kinds) > 1 or (len(chosen) > 1 and next(iter(chosen.values())).ndim == 3):
        listed = ", ".join(f"{name} {item.shape}" for name, item in list(chosen.items())[:6])
        raise UnansweredError(
            f"several datasets may be the ECG: {listed}; {QUESTIONS['dataset']}",
            path,
            ("dataset",),
        )
    return _array_layout(sorted(chosen.items()), path)


def read_block(
    dataset: h5py.Dataset, axes: Axes, record: int, start: int, stop: int
) -> npt.NDArray[np.generic]:
    """Return samples ``[start, stop)`` of one record as stored, [n_leads, n]."""
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


def candidates(
    file: h5py.File, path: Path
) -> tuple[dict[str, h5py.Dataset], dict[tuple[str, str], dict[str, str]]]:
    """Return arrays by path, and per group of separate leads ``{lead: dataset path}``."""
    arrays: dict[str, h5py.Dataset] = {}
    apart: dict[tuple[str, str], dict[str, str]] = {}
    for name, item in numeric_datasets(file, path).items():
        matrix = item.ndim in (2, 3) and item.size > 0 and 1 not in item.shape[-2:]
        if matrix or (item.ndim == 1 and plain_name(name) in ECG_NAMES):
            arrays[name] = item
        elif item.size >= _MIN_SAMPLES and item.ndim <= 2:
            where, lead = _lead_of(name)
            if lead is not None:
                apart.setdefault(where, {}).setdefault(lead, name)
    return arrays, {
        where: names for where, names in sorted(apart.items()) if len(names) >= _MIN_LEADS_APART
    }


def _lead_of(name: str) -> tuple[tuple[str, str], str | None]:
    """Return the record's place and the lead for ``group/II`` or ``group/II/value``."""
    path = PurePosixPath(name)
    lead = canonical_lead(path.name)
    if lead is not None:
        return (_group_text(path.parent), ""), lead
    lead = canonical_lead(path.parent.name) if path.parent.name else None
    if lead is not None and path.name.lower() not in _NOT_SAMPLES:
        return (_group_text(path.parent.parent), path.name), lead
    return ("", ""), None


def _group_text(path: PurePosixPath) -> str:
    return "" if str(path) == "." else str(path)


def plain_name(name: str) -> str:
    return PurePosixPath(name).name.lower().replace("_", "").replace("-", "")


def _may_be_ecg(item: h5py.Dataset, facts: Facts) -> bool:
    axes = guess_axes(item.shape, len(facts.leads) if facts.leads else None)
    if axes is None or axes.lead is None:
        return False
    n_leads = item.shape[axes.lead]
    named = facts.leads is not None and len(facts.leads) == n_leads
    return n_leads == 12 or (named and any(map(canonical_lead, facts.leads or ())))


def _array_layout(items: Sequence[tuple[str, h5py.Dataset]], path: Path) -> Layout:
    name, first = items[0]
    checked_dataset(first.file, name, path)
    leads = facts_of(first).leads
    axes = guess_axes(first.shape, len(leads) if leads else None)
    if axes is None:
        raise UnsupportedFormatError(f"{name!r} has shape {first.shape}: no leads by samples", path)
    stacked = first.shape[0] if axes.record is not None else None
    if stacked is not None:
        if stacked > min(limits.MAX_STACKED_RECORDS, first.id.get_storage_size()):
            raise UnsupportedFormatError(f"{name!r} claims {stacked} records", path)
        if stacked == 0:
            raise UnsupportedFormatError(f"{name!r} holds no record", path)
    n_leads = first.shape[axes.lead] if axes.lead is not None else 1
    return Layout(
        tuple(Member((one,)) for one, _ in items),
        axes,
        n_leads,
        stacked,
        f"HDF5 {PurePosixPath(name).name}",
    )


def _apart_layout(apart: Mapping[tuple[str, str], Mapping[str, str]]) -> Layout:
    members = tuple(Member(tuple(names.values()), tuple(names)) for names in apart.values())
    return Layout(
        members, Axes(None, None, 0), len(members[0].names), None, "HDF5, one dataset per lead"
    )


def layout_signature(file: h5py.File, path: Path) -> str:
    """Return the signature (hex) of a file's layout, by which profiles are kept."""
    parts = sorted(
        {
            f"{re.sub(r'[0-9]+', '#', name)} {item.ndim} {item.dtype} {sorted(item.attrs)}"
            for name, item in list(numeric_datasets(file, path).items())[:1000]
        }
    )
    parts.append(str(sorted(file.attrs)))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
