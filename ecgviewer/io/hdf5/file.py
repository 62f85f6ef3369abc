"""Opening HDF5 files that nobody vouches for: read-only, no locks, nothing outside the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

# No filter may be loaded from a plugin folder: a file would choose what code runs.
os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")

import h5py
import numpy as np
from h5py import h5, h5d, h5g, h5l, h5o, h5t

from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.io import limits
from ecgviewer.io.file_access import FileStamp
from ecgviewer.io.hdf5.locate.columns import kind_of
from ecgviewer.io.process.progress import tell_progress

_MAX_BESIDE = 512
_INDEX_OF_PYTABLES = b"_i_"
"""Groups in which PyTables keeps sorted copies of a table's columns."""
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


def numeric_datasets(file: h5py.File, path: Path) -> Iterator[tuple[str, h5d.DatasetID]]:
    """Yield every dataset of numbers by its path, hard links only, in the order of the names.

    Tables, and rows of their own lengths, are among them; whether of numbers is left to be seen.
    An object of several names comes once, under the first. Every object is opened a single time,
    and none is kept open: ``visititems`` of h5py takes several times as long.

    Raises
    ------
    UnsupportedFormatError
        When the file holds more objects than any ECG file.
    """
    root = file["/"].id
    pending = _members(root, "")
    seen = {h5o.get_info(root).addr}
    while pending:
        if len(seen) + len(pending) > limits.MAX_HDF5_OBJECTS + 1:
            raise UnsupportedFormatError(
                f"holds more than {limits.MAX_HDF5_OBJECTS} objects: no ECG file", path
            )
        group, key, name, address = pending.pop()
        if address in seen:
            continue
        seen.add(address)
        tell_progress()
        opened_id = h5o.open(group, key)
        if isinstance(opened_id, h5g.GroupID):
            pending += _members(opened_id, f"{name}/")
        elif isinstance(opened_id, h5d.DatasetID) and _holds_numbers(opened_id):
            yield name, opened_id


_Member = tuple[h5g.GroupID, bytes, str, int]
"""A hard link: its group, its key, the path that it ends, and the address of its object."""


def _holds_numbers(item: h5d.DatasetID) -> bool:
    kinds = (h5t.INTEGER, h5t.FLOAT, h5t.COMPOUND, h5t.VLEN)
    return bool(item.shape) and item.get_type().get_class() in kinds


def _members(group: h5g.GroupID, prefix: str) -> list[_Member]:
    """Return the hard links of a group, the last one first; no more than one too many."""
    found: list[_Member] = []

    def note(key: bytes, info: h5l.LinkInfo) -> bool | None:
        if info.type == h5l.TYPE_HARD and not key.startswith(_INDEX_OF_PYTABLES):
            found.append((group, key, prefix + key.decode("utf-8", "surrogateescape"), info.u))
        return True if len(found) > limits.MAX_HDF5_OBJECTS else None

    group.links.iterate(note, idx_type=h5.INDEX_NAME, order=h5.ITER_INC, info=True)
    return found[::-1]


def datasets_beside(item: h5py.Dataset) -> Iterator[tuple[str, int]]:
    """Yield name and size of the other datasets in its group, the first few hundred."""
    group = item.parent
    for name in islice(group, _MAX_BESIDE):
        if isinstance(group.get(name, getlink=True), h5py.HardLink):
            other = group[name]
            if isinstance(other, h5py.Dataset) and other != item:
                yield name, int(other.size or 0)


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


def has_object(file: h5py.File, name: str, path: Path) -> bool:
    """Return whether there is something of this name inside the file itself.

    ``name in file`` of h5py follows links into other files.
    """
    try:
        _resolved(file, name, path)
    except UnsupportedFormatError:
        return False
    return True


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
    others = iter(range(limits.MAX_VIRTUAL_SOURCES))
    return _checked(file, name, path, kinds, limits.MAX_VIRTUAL_DEPTH, others)


def _checked(
    file: h5py.File, name: str, path: Path, kinds: str, depth: int, others: Iterator[int]
) -> h5py.Dataset:
    """Check a dataset, and what it is put together from while ``others`` lasts."""
    item = _resolved(file, name, path)
    if not isinstance(item, h5py.Dataset) or kind_of(item) not in kinds:
        raise UnsupportedFormatError(f"{name!r} is no dataset of the right type", path)
    stored = item.id.get_create_plist()
    if stored.get_external_count():
        raise UnsupportedFormatError(f"{name!r} keeps its samples in other files: refused", path)
    if item.is_virtual:
        for source in _virtual_sources(stored, name, path):
            if depth == 0 or next(others, None) is None:
                raise UnsupportedFormatError(
                    f"{name!r} is put together from too many others: refused", path
                )
            _checked(file, source, path, kinds, depth - 1, others)
        return item
    if item.chunks is not None:
        chunk_bytes = int(np.prod([float(n) for n in item.chunks])) * item.dtype.itemsize
        if chunk_bytes > limits.MAX_CHUNK_BYTES:
            raise UnsupportedFormatError(
                f"{name!r} is stored in blocks of {chunk_bytes / 1e6:.0f} MB: refused", path
            )
    if item.size and item.id.get_storage_size() == 0:
        raise CorruptFileError(f"{name!r} was never written: it holds no samples", path)
    return item


def _virtual_sources(stored: h5py.h5p.PropDCID, name: str, path: Path) -> list[str]:
    """Return the datasets, each once, that a virtual one is put together from."""
    n_parts = stored.get_virtual_count()
    if n_parts > limits.MAX_VIRTUAL_SOURCES:
        raise UnsupportedFormatError(f"{name!r} is put together from {n_parts} parts", path)
    if any(stored.get_virtual_filename(k) != "." for k in range(n_parts)):
        raise UnsupportedFormatError(f"{name!r} keeps its samples in other files: refused", path)
    sources = list(dict.fromkeys(stored.get_virtual_dsetname(k) for k in range(n_parts)))
    if any("%" in source for source in sources):  # which ones these are turns out on reading
        raise UnsupportedFormatError(f"{name!r} is put together by a pattern of names", path)
    return sources


def _resolved(file: h5py.File, name: str, path: Path) -> h5py.HLObject:
    """Follow a name link by link, so that no link leads out of the file unseen."""
    at: h5py.HLObject = file["/"]
    parts = name.split("/")[::-1]
    n_soft = 0
    while parts:
        part = parts.pop()
        if part in ("", "."):
            continue
        link = at.get(part, getlink=True) if isinstance(at, h5py.Group) else None
        if link is None:
            raise UnsupportedFormatError(f"has no dataset {name!r}", path)
        if isinstance(link, h5py.HardLink):
            at = at[part]
            continue
        if not isinstance(link, h5py.SoftLink):
            raise UnsupportedFormatError(f"{name!r} points to another file: refused", path)
        n_soft += 1
        if n_soft > limits.MAX_SOFT_LINKS:
            raise UnsupportedFormatError(f"{name!r} points in circles: refused", path)
        parts += link.path.split("/")[::-1]
        if link.path.startswith("/"):
            at = file["/"]
    return at
