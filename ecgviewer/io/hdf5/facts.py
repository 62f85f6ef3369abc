"""What an HDF5 file says about a dataset: rate, unit, lead names, start."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import h5py
import numpy as np

from ecgviewer.core.record.recording import Note
from ecgviewer.core.record.start import Start
from ecgviewer.io.hdf5.locate.columns import columns_of
from ecgviewer.io.hdf5.statements import (
    CLOCK,
    DATE,
    INTERVAL,
    LEADS,
    MAX_NAMES,
    MAYBE_RATE,
    NORMALISED,
    RATE,
    START,
    UNITS,
    Statement,
    dereferenced,
    names_in,
    numbers,
    plain_value,
    statements,
    text_in,
    texts_in,
    value_of,
)
from ecgviewer.io.statements.start_text import ReadStart, read_start

_S_PER_UNIT = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6}
_LONGEST_INTERVAL_S = 0.05
"""20 Hz: an interval without a unit that is longer is in milliseconds."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a dataset; None where the file does not say.

    Attributes
    ----------
    rates_hz : tuple of float
        The nearest statement of the sampling frequency: one value, or several where it gives one
        per lead and they differ.
    units : tuple of str, optional
        One for all leads, or one per lead.
    leads : tuple of str, optional
    normalised : str, optional
    notes : tuple of Note
        What is doubtful about these.
    start : ReadStart
        When the recording began, as far as is said.
    said : tuple of Statement
        All that is said under the keys known here, nearest first.
    """

    rates_hz: tuple[float, ...]
    units: tuple[str, ...] | None
    leads: tuple[str, ...] | None
    normalised: str | None
    notes: tuple[Note, ...]
    said: tuple[Statement, ...]
    start: ReadStart = field(default_factory=ReadStart)

    @property
    def fs_hz(self) -> float | None:
        """The sampling frequency, where the file gives one."""
        return self.rates_hz[0] if len(self.rates_hz) == 1 else None

    @property
    def unit(self) -> str | None:
        """The unit of all leads, where they have one in common."""
        return self.units[0] if self.units is not None and len(set(self.units)) == 1 else None


def facts_of(dataset: h5py.Dataset) -> Facts:
    """Collect what the file says about a dataset."""
    said = tuple(statements(dataset))
    rates_hz, notes = _rates(said)
    return Facts(
        rates_hz=rates_hz,
        units=_look(said, UNITS, texts_in),
        leads=_column_names(dataset) or _look(said, LEADS, names_in),
        normalised=_look(said, NORMALISED, text_in),
        notes=notes,
        said=said,
        start=_start(said),
    )


def _column_names(dataset: h5py.Dataset) -> tuple[str, ...] | None:
    """Return the names of a table's columns, or those that pandas keeps beside its values."""
    if columns := columns_of(dataset):
        return tuple(one.name for one in columns)
    name = (dataset.name or "").rpartition("/")[2]
    if channel := re.fullmatch(r"channel_(\d+)", name):
        return _sensor(dataset, int(channel[1]))
    block = re.fullmatch(r"(block\d+)_values", name)
    if block is None:
        return None
    for key in (f"{block[1]}_items", "axis0"):
        if isinstance(dataset.parent.get(key, getlink=True), h5py.HardLink):
            beside = dataset.parent[key]
            if isinstance(beside, h5py.Dataset) and 0 < beside.size <= MAX_NAMES:
                names = names_in(dereferenced(beside))
                if names is not None and len(names) in dataset.shape:
                    return names
    return None


def _sensor(dataset: h5py.Dataset, channel: int) -> tuple[str, ...] | None:
    """Return what OpenSignals says that a channel was recorded with: ``ECG``, ``EMG`` ..."""
    for group in (dataset.parent, dataset.parent.parent):
        sensors, channels = (value_of(group.attrs, key) for key in ("sensor", "channels"))
        names, numbered = texts_in(sensors), numbers(channels)
        if names is None or not names[0]:
            continue
        if numbered is not None and len(numbered) == len(names) and channel in numbered:
            return (names[numbered.index(channel)],)
    return None


def _start(said: Sequence[Statement]) -> ReadStart:
    """Return the start: one statement of both, else the nearest of the day and of the time."""
    for one in said:
        if one.key not in START:
            continue
        plain = plain_value(one.value)
        if isinstance(plain, str) and plain.strip():
            return read_start(plain)
        if isinstance(plain, int | float | np.number) and 3e8 < float(plain) < 5e9:
            moment = datetime.fromtimestamp(round(float(plain), 3), UTC)
            return ReadStart(Start.of(moment))
    texts = [
        next(
            (
                text
                for one in said
                if one.key in keys and isinstance(text := plain_value(one.value), str)
            ),
            "",
        )
        for keys in (DATE, CLOCK)
    ]
    return read_start(" ".join(texts)) if any(text.strip() for text in texts) else ReadStart()


def _rates(said: Sequence[Statement]) -> tuple[tuple[float, ...], tuple[Note, ...]]:
    """Return the nearest statement of the rate, and notes on what speaks against it."""
    clear = [(one, rates) for one in said if one.key in RATE and (rates := numbers(one.value))]
    maybe = [
        (one, rates) for one in said if one.key in MAYBE_RATE and (rates := numbers(one.value))
    ]
    if not clear and not maybe:
        return _by_interval(said)
    taken, values = (clear or maybe)[0]
    rates_hz = tuple(dict.fromkeys(values))
    if not clear:
        text = f"sampling frequency {rates_hz[0]:g} Hz: the file says so under {taken.name!r} only"
        return rates_hz, (Note("assumed", text, "fs"),)
    others = [
        f"{other[0]:g} Hz ({one.name})" for one, other in clear[1:] if set(other) != set(rates_hz)
    ]
    if not others:
        return rates_hz, ()
    text = f"{rates_hz[0]:g} Hz ({taken.name}) was taken; the file also says {', '.join(others)}"
    return rates_hz, (Note("warning", text, "fs"),)


def _by_interval(said: Sequence[Statement]) -> tuple[tuple[float, ...], tuple[Note, ...]]:
    """Return the sampling frequency that the nearest sampling interval makes."""
    for one in said:
        key = INTERVAL.fullmatch(one.key)
        values = numbers(one.value) if key is not None else None
        if key is None or not values or len(set(values)) > 1 or values[0] <= 0:
            continue
        interval, unit = values[0], key["unit"]
        factor = _S_PER_UNIT.get(unit or "", 1.0 if interval <= _LONGEST_INTERVAL_S else 1e-3)
        fs_hz = 1.0 / (interval * factor)
        if abs(fs_hz - round(fs_hz)) < 1e-6 * fs_hz:
            fs_hz = float(round(fs_hz))
        text = f"sampling frequency {fs_hz:g} Hz, from {one.name} = {interval:g}"
        if unit is None:
            text += " ms" if factor == 1e-3 else " s"
        return (fs_hz,), (Note("assumed" if unit is None else "info", text, "fs"),)
    return (), ()


def _look(
    said: Iterable[Statement], keys: set[str], convert: Callable[[object], T | None]
) -> T | None:
    """Return the nearest statement under one of these keys that makes sense."""
    for one in said:
        if one.key in keys:
            converted = convert(one.value)
            if converted is not None:
                return converted
    return None
