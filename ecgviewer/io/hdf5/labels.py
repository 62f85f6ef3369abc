"""Labels of the records of a stack: small datasets beside it, one value per record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ecgviewer.core.errors import UnsupportedFormatError
from ecgviewer.io import limits
from ecgviewer.io.hdf5.file import checked_dataset, has_object, opened


def read_labels(path: Path, arrays: Sequence[str], columns: Sequence[str]) -> dict[str, Any]:
    """See :func:`ecgviewer.io.hdf5.records.stack_labels`; runs in the reader process.

    Raises
    ------
    RecordError
    """
    with opened(path) as file:
        name = next((one for one in arrays if has_object(file, one, path)), None)
        if name is None:
            return {"n_records": None}
        stack = checked_dataset(file, name, path)
        if stack.ndim != 3:
            return {"n_records": None}
        n_records = int(stack.shape[0])
        if n_records > min(limits.MAX_STACKED_RECORDS, stack.id.get_storage_size()):
            raise UnsupportedFormatError(f"{name!r} claims {n_records} records", path)
        found = {
            column: _column(file, column, n_records, path)
            for column in columns
            if has_object(file, column, path)
        }
    return {"n_records": n_records, "columns": found}


def _column(file: h5py.File, name: str, n_records: int, path: Path) -> list[str]:
    item = checked_dataset(file, name, path, kinds="fiubSO")
    if item.shape != (n_records,):
        raise UnsupportedFormatError(
            f"{name!r} has shape {item.shape} for {n_records} records", path
        )
    is_text = h5py.check_string_dtype(item.dtype) is not None
    if (item.dtype.kind == "O" and not is_text) or item.nbytes > limits.MAX_CHUNK_BYTES:
        raise UnsupportedFormatError(f"{name!r} is no column of labels", path)
    values = (item.asstr(errors="replace") if is_text else item)[:]
    return [str(value) for value in np.asarray(values).tolist()]
