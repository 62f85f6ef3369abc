"""Long maps lie in mapped files; here they are read without being looked at.

Every page of a mapped file that was looked at counts as the process's memory until the system
needs it elsewhere: a day of maps would be gigabytes.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Mapped = np.memmap[Any, np.dtype[np.float32]]


def mapping_of(values: FloatArray) -> Mapped | None:
    """Return the mapped file ``[L, n]`` whose first columns these values are, if any."""
    root: object = values
    while isinstance(root, np.ndarray) and not isinstance(root.base, mmap.mmap):
        root = root.base
    whole = (
        isinstance(root, np.memmap)
        and root.filename is not None
        and root.ndim == values.ndim == 2
        and root.flags.c_contiguous
        and root.dtype == np.float32
        and root.shape[0] == values.shape[0]
        and root.ctypes.data == values.ctypes.data
    )
    return cast("Mapped", root) if whole else None


def read_columns(
    values: FloatArray, start: int = 0, stop: int | None = None, rows: Sequence[int] | None = None
) -> FloatArray:
    """Return a copy of columns ``[start, stop)`` of some rows, or of all."""
    rows = range(values.shape[0]) if rows is None else rows
    stop = values.shape[1] if stop is None else min(stop, values.shape[1])
    start = min(start, stop)
    root = mapping_of(values)
    if root is not None:
        try:
            return _from_file(root, start, stop, rows)
        except OSError:
            pass  # the file was moved or removed; the mapping lives on
    return np.array(values[list(rows), start:stop])


def _from_file(root: Mapped, start: int, stop: int, rows: Sequence[int]) -> FloatArray:
    result = np.empty((len(rows), stop - start), dtype=np.float32)
    assert root.filename is not None
    with Path(root.filename).open("rb") as file:
        for at, row in enumerate(rows):
            file.seek(root.offset + 4 * (row * root.shape[1] + start))
            if file.readinto(result[at].data) != result[at].nbytes:
                raise OSError("the file is shorter than its map")
    return result
