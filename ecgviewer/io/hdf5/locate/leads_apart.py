"""Records with one dataset per lead: which datasets of an HDF5 file belong together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import h5py

from ecgviewer.core.leads import canonical_lead, is_ecg_channel
from ecgviewer.io.hdf5.facts import facts_of
from ecgviewer.io.process.progress import tell_progress
from ecgviewer.io.statements.units import mv_per_unit

TIMES = {"time", "times", "timestamps", "timestamp", "t"}
_NOT_SAMPLES = TIMES | {"index"}
_NO_LEAD = re.compile(
    r"(?i)(t|time.*|.*timestamps?|seconds|ms|index|idx|nseq|samples?|n|hr|heart_?rate|rr|"
    r".*(mask|valid|quality|flags?|labels?|annotations?|peaks?|beats?))"
)
"""What may stand beside the leads, as long as they are, and is none."""
_MIN_STANDARD = 2
"""So many datasets named like standard leads, in one group, are a record."""
_MAX_LEADS = 64

Place = tuple[str, str]
"""A record's group, and what the dataset in each lead's own group is called ("" without such)."""


@dataclass(slots=True)
class LeadsApart:
    """The leads of one record, by name as they are shown, and what lies beside them.

    ``left_out`` has the names of what may be a lead and could not be shown with the others,
    ``others`` those of what is something else than an ECG.
    """

    datasets: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def leads_apart(file: h5py.File, lengths: Mapping[str, int]) -> dict[Place, LeadsApart]:
    """Return the records that have one dataset per lead, in the order of their places.

    A record has two standard leads or more. What is as long as these, in the same group, are
    further leads under names of their own.

    Parameters
    ----------
    lengths : mapping
        Number of samples of the datasets of one dimension (or two, where one is 1), by path.
    """
    standard: dict[Place, dict[str, str]] = {}
    others: list[str] = []
    for path in lengths:
        at = next((at for at in _readings(path) if _lead(at[1])), None)
        if at is not None:
            standard.setdefault(at[0], {})[at[1]] = path
        else:
            others.append(path)
    standard = {
        place: named
        for place, named in sorted(standard.items())
        if len({_lead(name) for name in named}) >= _MIN_STANDARD
    }
    beside: dict[Place, dict[str, str]] = {}
    for path in others:
        for place, name in _readings(path):
            if place in standard and not _NO_LEAD.fullmatch(name):
                beside.setdefault(place, {})[name] = path
    return {
        place: _record(named, beside.get(place, {}), lengths, file, shared=place[1] == "")
        for place, named in standard.items()
    }


def is_no_lead(path: str) -> bool:
    """Return whether a dataset is named as something that lies beside samples."""
    return _NO_LEAD.fullmatch(path.rpartition("/")[2]) is not None


def _readings(path: str) -> Iterator[tuple[Place, str]]:
    """Yield the places that ``group/II`` and ``group/II/value`` may have, with the lead's name."""
    above, _, name = path.rpartition("/")
    yield (above, ""), name
    group, _, lead = above.rpartition("/")
    if lead and name.lower() not in _NOT_SAMPLES:
        yield (group, name), lead


def _record(
    standard: Mapping[str, str],
    beside: Mapping[str, str],
    lengths: Mapping[str, int],
    file: h5py.File,
    shared: bool,
) -> LeadsApart:
    leads = [_lead(name) for name in standard]
    # Two of one lead keep their own names: the reader tells them apart and says so.
    record = LeadsApart(
        {
            (lead if lead is not None and leads.count(lead) == 1 else name): path
            for lead, (name, path) in zip(leads, standard.items(), strict=True)
        }
    )
    n_samples = {lengths[path] for path in standard.values()}
    alike = [name for name, path in beside.items() if lengths[path] in n_samples]
    left_out = []
    record.others = tuple(name for name in alike if not is_ecg_channel(name))
    for name in alike:
        if name in record.others:
            continue
        item, lead = file[beside[name]], file[next(iter(standard.values()))]
        if len(record.datasets) < _MAX_LEADS and _alike(item, lead, shared):
            record.datasets[name] = beside[name]
        else:
            left_out.append(name)
    record.left_out = tuple(left_out)
    return record


def _alike(item: h5py.Dataset, lead: h5py.Dataset, shared: bool) -> bool:
    """Return whether a dataset has the rate of a lead and a unit that goes with the lead's.

    ``shared`` datasets are in one group: without attributes the same is said of both.
    """
    tell_progress()
    if shared and not len(item.attrs) and not len(lead.attrs):
        return True
    one, other = facts_of(item), facts_of(lead)
    if one.fs_hz != other.fs_hz:
        return False
    return one.unit == other.unit or (_in_volts(one.unit) and _in_volts(other.unit))


def _in_volts(unit: str | None) -> bool:
    return unit is not None and mv_per_unit(unit) is not None


@lru_cache(maxsize=4096)
def _lead(name: str) -> str | None:
    return canonical_lead(name)


def shortened(names: Sequence[str]) -> str:
    """Return names for a note, the first few where there are many."""
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
