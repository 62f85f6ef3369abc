"""Columns of time beside the samples: the clock of a record, and never one of its leads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import h5py
import numpy as np
import numpy.typing as npt

from ecgviewer.core.record.start import Start
from ecgviewer.io.hdf5.locate.columns import columns_of, shape_of
from ecgviewer.io.hdf5.locate.leads_apart import TIMES

_NAME = re.compile(
    r"(?:(?:elapsed|relative|abs(?:olute)?|sample|date)?[\s_-]*time|times|t|timestamps?|datetime|"
    r"seconds|millis(?:econds)?|clock|epoch)(?:[\s_-]*\(?\[?(?P<unit>ns|us|µs|ms|s|sec|seconds)\]?\)?)?",
    re.IGNORECASE,
)
_S_PER_UNIT = {
    "s": 1.0, "sec": 1.0, "seconds": 1.0, "second": 1.0, "ms": 1e-3, "milliseconds": 1e-3,
    "us": 1e-6, "µs": 1e-6, "microseconds": 1e-6, "ns": 1e-9, "nanoseconds": 1e-9,
}  # fmt: skip
_EPOCH_S = (3.0e8, 5.0e9)
"""1979 to 2128: what counts from 1970."""
_USUAL_HZ = (50.0, 5000.0)
_LOOKED_AT = 4096
_MAX_BLOCKS = 8
_MAX_JITTER = 0.6
"""Of the mean step: times rounded to whole milliseconds jitter at 360 Hz."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What a column of time tells; ``fs_hz`` is None where its steps are not those of samples."""

    name: str
    fs_hz: float | None = None
    start: Start = field(default_factory=Start)


def is_time_name(name: str) -> bool:
    """Return whether a column of this name is a time."""
    return _NAME.fullmatch(name.strip()) is not None


def clock_of(name: str, times: npt.NDArray[np.generic], unit: str | None = None) -> Clock:
    """Return what a column of times tells.

    Parameters
    ----------
    times : array [n]
        The first few thousand values.
    unit : str, optional
        ``s``, ``ms`` ... as the file says it; else the column's name may say it (``time_ms``), and
        else the unit that makes a usual sampling frequency of the steps is taken.
    """
    values = np.asarray(times, dtype=np.float64)
    # Differences of the stored numbers: nanoseconds since 1970 are beyond what float64 holds.
    whole = times.astype(np.int64) if times.dtype.kind in "iu" else values
    since = (whole - whole[:1]).astype(np.float64)
    if values.size < 3 or not np.isfinite(values).all():
        return Clock(name)
    steps = np.diff(since)
    mean = float(since[-1]) / (since.size - 1)
    if mean <= 0 or np.any(np.abs(steps - mean) > _MAX_JITTER * mean):
        return Clock(name)
    factor = _seconds_per(name, unit) or _guessed(values, mean)
    if factor is None:
        return Clock(name)
    fs_hz = 1.0 / (mean * factor)
    if abs(fs_hz - round(fs_hz)) < 1e-3 * fs_hz:
        fs_hz = float(round(fs_hz))
    first_s = float(values[0]) * factor
    start = Start()
    if _EPOCH_S[0] <= first_s <= _EPOCH_S[1]:
        start = Start.of(datetime.fromtimestamp(round(first_s, 3), UTC))
    return Clock(name, fs_hz if fs_hz > 0 else None, start)


def looks_like_a_clock(values: npt.NDArray[np.generic]) -> bool:
    """Return whether a column without a name counts up evenly from sample to sample."""
    column = np.asarray(values, dtype=np.float64)
    if column.size < 32 or not np.isfinite(column).all():
        return False
    steps = np.diff(column)
    mean = float(np.mean(steps))
    return mean > 0 and bool(np.all(np.abs(steps - mean) <= _MAX_JITTER * mean))


def clocks_beside(item: h5py.Dataset, n_samples: int) -> Iterator[Clock]:
    """Yield the clocks that lie beside a dataset: a vector of times as long, a pandas index."""
    group = item.parent
    if is_dated := _pandas_kind(item):
        yield clock_of("index", item.fields("index")[:_LOOKED_AT], is_dated)
    for name in [*sorted(TIMES), "Time", "Timestamps", "axis1"]:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue
        beside = group[name]
        if not isinstance(beside, h5py.Dataset) or beside.dtype.kind not in "fiu":
            continue
        if beside.size != n_samples or max(beside.shape, default=0) != n_samples:
            continue
        kind = _text(beside.attrs.get("kind"))
        if name == "axis1" and not (kind.startswith("datetime64") or beside.dtype.kind == "f"):
            continue  # the numbers of the rows
        unit = _unit_of_dates(kind) or _text(beside.attrs.get("units")) or None
        values = beside[:_LOOKED_AT] if beside.ndim == 1 else beside[...].reshape(-1)[:_LOOKED_AT]
        yield clock_of(name, values, unit)
    yield from _times_in_blocks(item, n_samples)


def _times_in_blocks(item: h5py.Dataset, n_samples: int) -> Iterator[Clock]:
    """Yield the times that pandas keeps apart, as they are numbers of another type."""
    group = item.parent
    for k in range(_MAX_BLOCKS):
        keys = (f"block{k}_items", f"block{k}_values")
        if any(not isinstance(group.get(key, getlink=True), h5py.HardLink) for key in keys):
            return
        names, values = (group[key] for key in keys)
        if values == item or values.shape != (n_samples, names.size):
            continue
        for column, name in enumerate(names[...].reshape(-1)):
            if is_time_name(_text(name)):
                yield clock_of(_text(name), values[:_LOOKED_AT, column])


def time_rows(names: Sequence[str] | None, first: npt.NDArray[np.generic]) -> list[int]:
    """Return which rows of an array [n_rows, n] are times: by name, or the first by its values."""
    if names is not None:
        return [k for k, name in enumerate(names) if is_time_name(name)]
    return [0] if len(first) > 1 and looks_like_a_clock(first[0]) else []


def is_row_number(item: h5py.Dataset, row: int) -> bool:
    """Return whether a column of a table only counts its rows, as the index of pandas does."""
    columns = columns_of(item)
    return bool(columns) and columns[row].field == "index" and shape_of(item)[1] > 1


def _pandas_kind(item: h5py.Dataset) -> str | None:
    if item.dtype.names is None or "index" not in item.dtype.names:
        return None
    return _unit_of_dates(_text(item.attrs.get("index_kind")))


def _unit_of_dates(kind: str) -> str | None:
    """Return the unit in ``datetime64[us]``; old versions write ``datetime64`` for nanoseconds."""
    found = re.fullmatch(r"datetime64(?:\[(\w+)(?:,.*)?\])?", kind)
    return None if found is None else found[1] or "ns"


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _seconds_per(name: str, unit: str | None) -> float | None:
    named = _NAME.fullmatch(name.strip())
    for text in (unit, named["unit"] if named is not None else None):
        if text and (factor := _S_PER_UNIT.get(text.strip().lower())):
            return factor
    return None


def _guessed(values: npt.NDArray[np.float64], step: float) -> float | None:
    for factor in (1.0, 1e-3, 1e-6, 1e-9):
        usual = _USUAL_HZ[0] <= 1.0 / (step * factor) <= _USUAL_HZ[1]
        if _EPOCH_S[0] <= values[0] * factor <= _EPOCH_S[1] and usual:
            return factor
    if step == 1.0:
        return None  # as likely the number of the sample
    for factor in (1.0, 1e-3, 1e-6, 1e-9):
        if _USUAL_HZ[0] <= 1.0 / (step * factor) <= _USUAL_HZ[1]:
            return factor
    return None
