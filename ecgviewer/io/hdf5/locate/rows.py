"""Which rows of an array are leads: times, row numbers and signals of something else are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import h5py
import numpy as np
import numpy.typing as npt

from ecgviewer.core.record.record_ref import ReadOptions
from ecgviewer.core.record.recording import Note
from ecgviewer.io.hdf5.clock import Clock, clock_of, clocks_beside, is_row_number, time_rows
from ecgviewer.io.hdf5.facts import Facts
from ecgviewer.io.hdf5.locate.columns import kind_of
from ecgviewer.io.hdf5.locate.find import ArrayAxes, Member, read_block
from ecgviewer.io.statements.checks import ecg_channels, others_note

_LOOKED_AT = 1 << 15
"""Samples per lead that tell clocks from leads, and whether the least whole number occurs."""


@dataclass(frozen=True, slots=True)
class ShownRows:
    """The rows that are leads, and what the others tell.

    Attributes
    ----------
    kept : tuple of int
        Rows of the array; where each lead has its dataset, all of them.
    facts : Facts
        What is said of these rows.
    names : tuple of str or None
    clock : Clock or None
        A column of times: in the array, or beside it.
    missing : tuple of float
        A stored value that means "no sample" by custom.
    notes : tuple of Note
    """

    kept: tuple[int, ...]
    facts: Facts
    names: tuple[str, ...] | None
    clock: Clock | None
    missing: tuple[float, ...]
    notes: tuple[Note, ...]

    def options(self, given: ReadOptions, n_rows: int) -> ReadOptions:
        """Return the answers with one name per lead, where a name was given for every row."""
        if len(given.leads) != n_rows or n_rows == len(self.kept):
            return given
        return replace(given, leads=tuple(given.leads[k] for k in self.kept))


def choose_rows(
    items: Sequence[h5py.Dataset],
    member: Member,
    facts: Facts,
    axes: ArrayAxes,
    index: int,
    n_rows: int,
    n_samples: int,
) -> ShownRows:
    """Look at names and first samples of a record in ``items``."""
    item = items[0]
    first = read_block(item, axes, index, 0, min(n_samples, _LOOKED_AT))
    beside = next((one for one in clocks_beside(item, n_samples) if one.fs_hz), None)
    missing, notes = _missing_by_custom(items, first)
    if member.names:
        if member.others:
            notes.append(others_note((name, None) for name in member.others))
        kept = tuple(range(n_rows))
        return ShownRows(kept, facts, member.names, beside, missing, tuple(notes))
    names = facts.leads if facts.leads is not None and len(facts.leads) == n_rows else None
    times = time_rows(names, first) if axes.lead is not None else []
    numbers = [k for k in range(n_rows) if is_row_number(item, k)]
    rest = [k for k in range(n_rows) if k not in times and k not in numbers]
    leads = ecg_channels([names[k] for k in rest]) if names is not None else [True] * len(rest)
    kept = tuple(k for k, lead in zip(rest, leads, strict=True) if lead) or tuple(range(n_rows))
    if names is not None and (others := [k for k in rest if k not in kept]):
        units = facts.units if facts.units is not None and len(facts.units) == n_rows else None
        notes.append(others_note((names[k], units[k] if units else None) for k in others))
    for k in times:
        what = f"{names[k]!r}" if names is not None else f"row {k + 1}, which counts evenly,"
        notes.append(Note("info" if names else "assumed", f"{what} is the time, not a lead"))
    clocks = [clock_of(names[k] if names else "time", first[k]) for k in times]
    own = next((one for one in clocks if one.fs_hz), None)
    return ShownRows(
        kept,
        _of_rows(facts, kept, n_rows),
        None if names is None else tuple(names[k] for k in kept),
        own or beside,
        missing,
        tuple(notes),
    )


def _of_rows(facts: Facts, kept: Sequence[int], n_rows: int) -> Facts:
    """Return the facts of the rows that are kept."""
    if facts.units is None or len(facts.units) != n_rows:
        return facts
    return replace(facts, units=tuple(facts.units[k] for k in kept))


def _missing_by_custom(
    items: Sequence[h5py.Dataset], first: npt.NDArray[np.generic]
) -> tuple[tuple[float, ...], list[Note]]:
    """Return the least number of 16 or 32 bits, which stands for a missing sample in most formats.

    A converter that is driven to its end stays there for a sample or two: it is hidden too, and
    said so.
    """
    item = items[0]
    if item.dtype.names is not None or kind_of(item) != "i" or item.dtype.itemsize not in (2, 4):
        return (), []
    least = int(np.iinfo(item.dtype).min)
    if not np.any(first == least):
        return (float(least),), []
    return (float(least),), [Note("assumed", f"the stored value {least} is taken for no sample")]
