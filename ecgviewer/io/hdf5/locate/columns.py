"""Datasets whose rows are no plain numbers: tables of named columns, rows of their own lengths.

A table (a compound type, as pandas, PyTables and structured arrays of numpy are stored) and a list
of rows of variable length are read as if they were arrays [samples, columns] and [rows, samples].
"""

from __future__ import annotations

import contextlib
import pickletools
from dataclasses import dataclass

import h5py
import numpy as np
import numpy.typing as npt

_MAX_COLUMNS = 512
_MAX_ROWS = 64
_MAX_PICKLE_BYTES = 1 << 16
NUMBERS = "fiu"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of numbers: a field of a table, or one of the values that a field holds."""

    name: str
    field: str
    index: int | None


def columns_of(item: h5py.Dataset) -> tuple[Column, ...]:
    """Return the columns of numbers of a table; empty where it is none."""
    if item.dtype.names is None or item.ndim != 1:
        return ()
    found: list[Column] = []
    for field in item.dtype.names:
        kind = item.dtype[field]
        if kind.base.kind not in NUMBERS or len(kind.shape) > 1:
            continue
        if not kind.shape:
            found.append(Column(field, field, None))
            continue
        names = _names_of_block(item, field, kind.shape[0])
        found += [Column(name, field, k) for k, name in enumerate(names)]
        if len(found) > _MAX_COLUMNS:
            return ()
    return tuple(found)


def has_rows(item: h5py.Dataset) -> bool:
    """Return whether a dataset is a list of rows of numbers, each of its own length."""
    inner = h5py.check_vlen_dtype(item.dtype)
    if inner is None or inner is str or inner is bytes:
        return False
    return bool(item.ndim == 1 and 0 < item.size <= _MAX_ROWS and np.dtype(inner).kind in NUMBERS)


def shape_of(item: h5py.Dataset) -> tuple[int, ...]:
    """Return the shape that a dataset is read as."""
    if columns := columns_of(item):
        return (int(item.size), len(columns))
    if has_rows(item):
        return (int(item.size), max(len(item[k]) for k in range(item.size)))
    return tuple(int(n) for n in item.shape)


def kind_of(item: h5py.Dataset) -> str:
    """Return numpy's kind of the numbers in a dataset; "" where it holds none."""
    if columns := columns_of(item):
        kinds = {item.dtype[one.field].base.kind for one in columns}
        return kinds.pop() if len(kinds) == 1 else "f"
    if has_rows(item):
        return str(np.dtype(h5py.check_vlen_dtype(item.dtype)).kind)
    return str(item.dtype.kind)


def read_table(
    item: h5py.Dataset, columns: tuple[Column, ...], start: int, stop: int
) -> npt.NDArray[np.generic]:
    """Return samples ``[start, stop)`` of a table's columns, [n_columns, n]."""
    fields = list(dict.fromkeys(one.field for one in columns))
    block = item.fields(fields)[start:stop]
    return np.stack(
        [block[one.field] if one.index is None else block[one.field][:, one.index]
         for one in columns]
    )  # fmt: skip


def read_rows(item: h5py.Dataset, start: int, stop: int) -> npt.NDArray[np.float64]:
    """Return samples ``[start, stop)`` of rows of their own lengths; NaN behind a row's end."""
    rows = [np.asarray(item[k][start:stop], dtype=np.float64) for k in range(item.size)]
    out = np.full((len(rows), max((row.size for row in rows), default=0)), np.nan)
    for k, row in enumerate(rows):
        out[k, : row.size] = row
    return out


def _names_of_block(item: h5py.Dataset, field: str, n: int) -> list[str]:
    """Return the names that pandas keeps for the columns of one field, else numbers.

    They are pickled in an attribute: its texts are listed, nothing of it is run.
    """
    for key in (f"{field}_kind", f"{field}_names"):
        if key not in item.attrs:
            continue
        with contextlib.suppress(Exception):  # a pickle of another kind, or no pickle
            stored = item.attrs[key]
            data = stored.tobytes() if isinstance(stored, np.ndarray | np.generic) else stored
            data = data.encode("latin-1") if isinstance(data, str) else bytes(data)
            texts = [
                argument
                for operation, argument, _ in pickletools.genops(data[:_MAX_PICKLE_BYTES])
                if isinstance(argument, str) and "UNICODE" in operation.name
            ]
            if len(texts) == n:
                return texts
    return [f"{field} {k + 1}" for k in range(n)]
