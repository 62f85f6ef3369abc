"""Opening HDF5 files that nobody vouches for: read-only, no locks, nothing outside the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# No filter may be loaded from a plugin folder: a file would choose what code runs.
os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")

import h5py
import numpy as np

from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.io import limits
from ecgviewer.io.fileaccess import FileStamp

HDF5_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError)
"""What h5py raises for damaged files, depending on where the damage is."""


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading; h5py's errors inside become CorruptFileError."""
    FileStamp.of(path)
    with damage_reported(path), h5py.File(path, "r", locking=False) as file:
        yield file


@contextmanager
def damage_reported(path: Path) -> Iterator[None]:
    """Turn what h5py raises for damaged files into CorruptFileError naming the file."""
    try:
        yield
    except HDF5_ERRORS as error:
        reason = " ".join(str(error).split())[:160]
        raise CorruptFileError(f"is a damaged HDF5 file ({reason})", path) from error


def numeric_datasets(file: h5py.File, path: Path) -> dict[str, h5py.Dataset]:
    """Return every dataset of numbers by its path, hard links only, in the file's order.

    Raises
    ------
    UnsupportedFormatError
        When the file holds more objects than any ECG file.
    """
    found: dict[str, h5py.Dataset] = {}
    seen = 0

    def visit(name: str, item: object) -> bool | None:
        nonlocal seen
        seen += 1
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu" and item.shape:
            found[name] = item
        return True if seen > limits.MAX_HDF5_OBJECTS else None

    if file.visititems(visit):
        raise UnsupportedFormatError(
            f"holds more than {limits.MAX_HDF5_OBJECTS} objects: no ECG file", path
        )
    return found


def external_links(file: h5py.File) -> list[str]:
    """Return the names in the root group, and one level below, that link to other files."""
    names = []
    groups = [("", file)]
    for key in list(file)[:1000]:
        if isinstance(file.get(key, getlink=True), h5py.HardLink):
            item = file.get(key)
            if isinstance(item, h5py.Group):
                groups.append((f"{key}/", item))
    for prefix, group in groups:
        names += [
            prefix + key
            for key in list(group)[:1000]
            if isinstance(group.get(key, getlink=True), h5py.ExternalLink)
        ]
    return names


def checked_dataset(file: h5py.File, name: str, path: Path, kinds: str = "fiu") -> h5py.Dataset:
    """Return a dataset whose values are inside this file and decode in bounded memory.

    Parameters
    ----------
    kinds : str
        Kinds of numpy types that will do; numbers by default.

    Raises
    ------
    UnsupportedFormatError
        No such dataset, or one that points to other files, or has absurd chunks.
    CorruptFileError
        When nothing was ever written into it.
    """
    at = file
    for part in [part for part in name.split("/") if part]:
        link = at.get(part, getlink=True) if isinstance(at, h5py.Group) else None
        if link is None:
            raise UnsupportedFormatError(f"has no dataset {name!r}", path)
        if isinstance(link, h5py.ExternalLink):
            raise UnsupportedFormatError(f"{name!r} points to another file: refused", path)
        at = at[part]
    if not isinstance(at, h5py.Dataset) or at.dtype.kind not in kinds:
        raise UnsupportedFormatError(f"{name!r} is no dataset of the right type", path)
    outside = at.external or (
        at.is_virtual and any(source.file_name != "." for source in at.virtual_sources())
    )
    if outside:
        raise UnsupportedFormatError(f"{name!r} keeps its samples in other files: refused", path)
    if at.chunks is not None:
        chunk_bytes = int(np.prod([float(n) for n in at.chunks])) * at.dtype.itemsize
        if chunk_bytes > limits.MAX_CHUNK_BYTES:
            raise UnsupportedFormatError(
                f"{name!r} is stored in blocks of {chunk_bytes / 1e6:.0f} MB: refused", path
            )
    if at.size and not at.is_virtual and at.id.get_storage_size() == 0:
        raise CorruptFileError(f"{name!r} was never written: it holds no samples", path)
    return at
