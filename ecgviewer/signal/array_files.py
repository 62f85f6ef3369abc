"""Arrays of this program's own caches, read back without trusting the file.

Only what :func:`numpy.save` writes for plain numbers in C order is taken. numpy's own reader
evaluates the header as Python and takes the memory that the header claims; this one compares the
file's length first.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<|][fiu][1248])', 'fortran_order': False, "
    rb"'shape': \(([0-9, ]*)\), \} *\n",
    re.DOTALL,
)
_MAX_HEADER_BYTES = 256


def read_array(
    path: Path, dtype: npt.DTypeLike, n_dims: int, in_memory_bytes: int = 0
) -> npt.NDArray[Any]:
    """Return the array in an ``.npy`` file, memory-mapped unless it is small.

    Parameters
    ----------
    dtype, n_dims
        What it must be.
    in_memory_bytes : int
        Files up to this size are read instead of mapped.

    Raises
    ------
    ValueError
        When the file is no such array, or not as long as its header says.
    OSError
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header = _HEADER.match(file.read(_MAX_HEADER_BYTES))
        if header is None:
            raise ValueError(f"{path.name} is no array of numbers")
        shape = tuple(int(n) for n in header[2].decode().split(",") if n.strip())
        start = header.end()
        if np.dtype(header[1].decode()) != np.dtype(dtype) or len(shape) != n_dims:
            raise ValueError(f"{path.name} is of another type or shape")
        if size != start + math.prod(shape) * np.dtype(dtype).itemsize:
            raise ValueError(f"{path.name} is not as long as it says")
        if size <= in_memory_bytes or not math.prod(shape):
            file.seek(start)
            return np.fromfile(file, dtype, math.prod(shape)).reshape(shape)
    return np.memmap(path, dtype=dtype, mode="r", offset=start, shape=shape)
