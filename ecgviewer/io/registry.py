"""Finding and opening records: formats are recognised by content."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ecgviewer.core.errors import (
    MissingFileError,
    RecordError,
    UnsupportedFormatError,
)
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import limits
from ecgviewer.io.file_access import FileStamp, is_folder, is_regular, starts_with
from ecgviewer.io.readers import count_in, kind_of, listed_as_record, open_as
from ecgviewer.io.recognise import known_refusal, refusal
from ecgviewer.io.statements.derived_leads import with_limb_leads
from ecgviewer.io.wfdb.header import read_header
from ecgviewer.io.wfdb.reader import check_claims, open_wfdb

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
HDF5_SUFFIXES = (".h5", ".hdf5", ".hdf", ".he5", ".mat")
_NO_OFFSET_SEARCH = 8192
"""MATLAB and others put up to this much of their own before the HDF5 signature."""
_NEVER_RECORDS = frozenset(
    (".dat", ".json", ".jsonl", ".md", ".pdf", ".png", ".jpg", ".py",
     ".html", ".npz", ".npy", ".ecgmodel", ".atr", ".zip", ".gz", ".log")
)  # fmt: skip
"""Not looked into when a folder is searched."""


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """A file that looks like a record and cannot be read."""

    path: Path
    error: RecordError

    @property
    def name(self) -> str:
        """The name the record would have had."""
        return self.path.stem


def find_records(
    path: Path | str, options: ReadOptions | None = None
) -> Iterator[RecordRef | RecordFailure]:
    """Find the records in a file or, recursively and sorted, in a folder.

    Only headers are read. Other files are passed over in silence; a file that claims to be a
    record and cannot be one gives a RecordFailure, as does a path where nothing is.

    Parameters
    ----------
    path : Path
        A folder, a ``.hea``, a signal file, a record path without extension, an HDF5 file, or
        ``FILE.hdf5#3`` for one record of many.
    options : ReadOptions, optional
        Carried along in every RecordRef.
    """
    path = Path(path)
    answers = options or ReadOptions()
    if is_folder(path):
        yield from _search(path, answers)
        return
    try:
        target, index = _locate(path)
        if is_hdf5(target):
            yield from _hdf5_refs(target, index, answers)
        elif index is None and (n_records := count_in(target, answers)) > 1:
            for k in range(n_records):
                yield RecordRef(target, k, answers, located=True)
        elif index is not None and kind_of(target) is not None:
            yield RecordRef(target, index, answers, located=True)
        else:
            yield RecordRef(target, None, answers, located=True)
    except RecordError as error:
        yield RecordFailure(path, error)


def open_record(ref: RecordRef) -> Recording:
    """Open a record. Samples stay on disk until they are asked for.

    Raises
    ------
    RecordError
        MissingFileError, CorruptFileError, UnsupportedFormatError or UnansweredError, naming
        the file and the reason.
    """
    target, index = (ref.path, None) if ref.located else _locate(ref.path)
    resolved = RecordRef(target, ref.index if ref.index is not None else index, ref.options)
    if is_hdf5(target):
        from ecgviewer.io.hdf5.records import open_hdf5

        return with_limb_leads(open_hdf5(resolved))
    kind = kind_of(target)
    return with_limb_leads(open_as(kind, resolved) if kind is not None else open_wfdb(resolved))


def is_hdf5(path: Path) -> bool:
    """Return whether a file is HDF5 by its signature, or claims to be by its name."""
    if starts_with(path, 8) == HDF5_SIGNATURE:
        return True
    if path.suffix.lower() not in HDF5_SUFFIXES:
        return False
    offset = 512
    while offset <= _NO_OFFSET_SEARCH:
        if starts_with(path, 8, offset) == HDF5_SIGNATURE:
            return True
        offset *= 2
    return path.suffix.lower() in (".h5", ".hdf5")


def _locate(path: Path) -> tuple[Path, int | None]:
    """Return the file to open for a path as a user gives it, and the index after ``#``."""
    if is_folder(path):
        raise UnsupportedFormatError("is a folder, not a record", path)
    if path.suffix.lower() == ".hea" or is_hdf5(path) or kind_of(path) is not None:
        FileStamp.of(path)
        return path, None
    if is_regular(path):
        return _header_of(path), None
    candidates = [path.with_name(path.name + suffix) for suffix in (".hea", ".h5", ".hdf5")]
    there = [candidate for candidate in candidates if is_regular(candidate)]
    if len(there) > 1:
        names = " and ".join(candidate.name for candidate in there)
        raise UnsupportedFormatError(f"{names} are both there: say which", path)
    if there:
        return there[0], None
    stem, mark, number = path.name.rpartition("#")
    if mark and stem and number.isascii() and number.isdigit() and len(number) < 10:
        inner, _ = _locate(path.with_name(stem))
        return inner, int(number)
    FileStamp.of(path)
    raise refusal(path)


def _header_of(path: Path) -> Path:
    """Return the header that names a signal file; never that of another file of its name.

    Raises
    ------
    RecordError
        Saying what the file is, where no header names it.
    """
    own = path.with_suffix(".hea")
    others = sorted(set(path.parent.glob("*.hea")) - {own})
    for header in ([own] if is_regular(own) else []) + others:
        try:
            specs = read_header(header).signals
        except RecordError:
            if header == own and path.suffix.lower() in (".dat", ".mat"):
                return own  # opening it says what is wrong with it
            continue
        if any(spec.file_name.casefold() == path.name.casefold() for spec in specs):
            return header
    known = known_refusal(path)
    if known is not None:
        raise known
    if is_regular(own):
        raise UnsupportedFormatError(
            f"is no signal file of the record {own.name} beside it: open that instead", path
        )
    if path.suffix.lower() in (".dat", ".mat"):
        raise MissingFileError(f"its header {own.name} is missing", path)
    raise refusal(path)


def _search(root: Path, options: ReadOptions) -> Iterator[RecordRef | RecordFailure]:
    unreadable: list[OSError] = []
    depth = len(root.parts)
    for folder, subfolders, names in os.walk(root, onerror=unreadable.append):
        subfolders.sort()
        while unreadable:
            yield _closed_folder(unreadable.pop())
        if subfolders and len(Path(folder).parts) - depth >= limits.MAX_FOLDER_DEPTH:
            subfolders.clear()
            error = RecordError("holds folders nested too deep to be searched", folder)
            yield RecordFailure(Path(folder), error)
        yield from records_among(Path(folder), sorted(names), options)
    while unreadable:
        yield _closed_folder(unreadable.pop())


def _closed_folder(error: OSError) -> RecordFailure:
    path = Path(str(error.filename))
    return RecordFailure(path, RecordError(f"cannot be searched ({error.strerror})", path))


def records_among(
    folder: Path, names: Iterable[str], options: ReadOptions
) -> Iterator[RecordRef | RecordFailure]:
    """Find the records among some files of one folder, as :func:`find_records` does in all.

    Parameters
    ----------
    names : iterable of str
        Of the files, without the folder.
    """
    names = list(names)
    with_header = {name[:-4] for name in names if name.lower().endswith(".hea")}
    found: dict[str, RecordRef | RecordFailure] = {}
    segments: set[str] = set()
    others: list[str] = []
    for name in names:
        suffix = Path(name).suffix.lower()
        if suffix == ".hea":
            path = folder / name
            try:
                header = read_header(path)
                check_claims(header)
            except RecordError as error:
                found[name] = RecordFailure(path, error)
                continue
            segments.update(segment.name for segment in header.segments)
            if header.segments or header.signals:
                found[name] = RecordRef(path, None, options)
        elif suffix == ".mat" and Path(name).stem in with_header:
            continue  # the signal file of a header
        elif suffix not in _NEVER_RECORDS:
            others.append(name)
    for name in sorted([*found, *others]):
        if name not in found:
            path = folder / name
            if is_hdf5(path):
                yield from _hdf5_refs(path, None, options)
            elif listed_as_record(path):
                yield RecordRef(path, None, options)
        elif name.removesuffix(".hea") not in segments:
            yield found[name]


def _hdf5_refs(
    path: Path, index: int | None, options: ReadOptions
) -> Iterator[RecordRef | RecordFailure]:
    from ecgviewer.io.hdf5.records import count_records

    try:
        n_records = count_records(path, options)
    except RecordError as error:
        yield RecordFailure(path, error)
        return
    if index is not None:
        yield RecordRef(path, index, options)
    elif n_records is None:
        yield RecordRef(path, None, options)
    else:
        for k in range(n_records):
            yield RecordRef(path, k, options)
