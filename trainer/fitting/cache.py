"""Preprocessed windows of a list of records, on disk, mapped into memory.

One folder per preprocessing, windowing and list of records (with size and time of each of their
files), named by their hash. Built beside its final place and renamed when complete, so that a
half-built cache is never mistaken for a whole one; one that was damaged since is built anew.
Signals are confidential: only the user can read them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import AnalysisError, RecordError
from ecgviewer.core.progress import Progress
from ecgviewer.core.system.files import make_private, write_private
from ecgviewer.io import open_record
from ecgviewer.io.file_access import FileStamp, beside, is_regular
from ecgviewer.io.wfdb.header import read_header
from ecgviewer.models.run.windows import PreparedWindow, Windowing, prepare_windows
from ecgviewer.signal.preprocessing import Preprocessing
from trainer.datasets.entries import DataError, Entry

HalfArray = npt.NDArray[np.float16]
FloatArray = npt.NDArray[np.float32]

HALF_BYTES = 2
VERSION = 1
"""Counts changes of the format and of the code that prepares windows."""
ABANDONED_S = 24 * 3600.0
"""Since anything was written to a half-built cache: its process was killed."""
_PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class WindowSet:
    """Windows in network units. float16 is exact to 0.001 where z-scored ECG lies.

    Attributes
    ----------
    values : array
        All windows, lead by lead, one after the other; NaN where a sample may not be judged.
    offsets, lengths : arrays [N]
        Where each window [12, length] lies in ``values``.
    records : array [N]
        Which record each window belongs to.
    names : tuple of str
        The records.
    left_out : tuple of (str, str)
        Records that could not be used, and why.
    """

    values: HalfArray
    offsets: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    records: npt.NDArray[np.int64]
    names: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]

    def __len__(self) -> int:
        return int(self.offsets.size)

    def window(self, i: int) -> FloatArray:
        """Return window ``i`` [12, n] with NaN where a sample may not be judged."""
        start, n = int(self.offsets[i]), int(self.lengths[i])
        return self.values[start : start + 12 * n].reshape(12, n).astype(np.float32)


def cached_windows(
    entries: Sequence[Entry],
    preprocessing: Preprocessing,
    windowing: Windowing,
    folder: Path,
    progress: Progress,
    log: Callable[[str], None],
) -> WindowSet:
    """Return the windows of these records, preparing them on the first call.

    Raises
    ------
    DataError
        When no record can be used, or the disk is full.
    """
    place = folder / _key(entries, preprocessing, windowing)
    windows = _open(place, log)
    if windows is None:
        try:
            make_private(folder)
            folder.chmod(0o700)
            _remove_abandoned(folder)
            with _partial(folder, place.name) as partial:
                _build(entries, preprocessing, windowing, partial, progress)
                windows = _put(partial, place, log)
        except OSError as error:
            raise DataError(f"the cache cannot be written: {error.strerror}", folder) from error
    for name, reason in windows.left_out:
        log(f"left out: {name}: {reason}")
    if not len(windows):
        raise DataError(
            f"none of the {len(entries)} records can be used"
            + (f"; the first: {': '.join(windows.left_out[0])}" if windows.left_out else ""),
            entries[0].ref.path.parent if entries else None,
        )
    return windows


@contextlib.contextmanager
def _partial(folder: Path, name: str) -> Iterator[Path]:
    """Give a new folder of the user's own to build a cache in, and remove what is left of it."""
    path = Path(tempfile.mkdtemp(_PARTIAL, f"{name}.", folder))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _remove_abandoned(folder: Path) -> None:
    """Remove half-built caches whose process cannot be at work on them any more."""
    for path in folder.glob(f"*{_PARTIAL}"):
        with contextlib.suppress(OSError):
            written = max(one.stat().st_mtime for one in (path, *path.iterdir()))
            if time.time() - written > ABANDONED_S:
                shutil.rmtree(path, ignore_errors=True)


def _build(
    entries: Sequence[Entry],
    preprocessing: Preprocessing,
    windowing: Windowing,
    folder: Path,
    progress: Progress,
) -> None:
    index: dict[str, list[object]] = {"offsets": [], "lengths": [], "records": [], "left_out": []}
    position = 0

    def prepared(entry: Entry) -> list[PreparedWindow] | str:
        try:
            recording = open_record(entry.ref)
            try:
                return list(prepare_windows(recording, preprocessing, windowing))
            finally:
                recording.source.close()
        except (RecordError, AnalysisError) as error:
            return error.reason

    workers = min(os.cpu_count() or 1, 8)
    with ThreadPoolExecutor(workers) as pool, _private(folder / "values.f16") as file:
        for i, result in enumerate(pool.map(prepared, entries)):
            progress((i + 1) / len(entries), f"preparing record {i + 1} of {len(entries)}")
            windows = [w for w in result if w.judged] if not isinstance(result, str) else []
            if not windows:
                reason = result if isinstance(result, str) else "too few usable leads"
                index["left_out"].append([entries[i].name, reason])
            for window in windows:
                values = np.where(window.usable, window.network_input, np.nan)
                file.write(np.ascontiguousarray(values, dtype=np.float16).tobytes())
                index["offsets"].append(position)
                index["lengths"].append(values.shape[1])
                index["records"].append(i)
                position += values.size
        file.flush()
        os.fsync(file.fileno())
    index["names"] = [entry.name for entry in entries]
    write_private(folder / "index.json", json.dumps(index).encode())


def _private(path: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def _put(partial: Path, place: Path, log: Callable[[str], None]) -> WindowSet:
    """Move a cache to its place, unless another process was faster, and open it."""
    windows = _open(place, log)
    if windows is not None:
        return windows
    shutil.rmtree(place, ignore_errors=True)
    with contextlib.suppress(OSError):
        # It may have been put there at this very moment: then that one is as good.
        partial.rename(place)
    windows = _open(place, log)
    if windows is None:
        raise DataError("the cache cannot be replaced; remove this folder", place)
    return windows


def _open(place: Path, log: Callable[[str], None]) -> WindowSet | None:
    """Return the windows of a cache; None where there is none, or a damaged one."""
    if not place.exists():
        return None
    try:
        return _read(place)
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        log(f"the cache {place.name} is damaged ({type(error).__name__}: {error}): built anew")
        return None


def _read(place: Path) -> WindowSet:
    """Return the windows of a cache; raises whatever a damaged one leads to."""
    index = json.loads((place / "index.json").read_text(encoding="utf-8"))
    offsets, lengths, records = (
        np.asarray(index[name], dtype=np.int64) for name in ("offsets", "lengths", "records")
    )
    names = tuple(str(name) for name in index["names"])
    path = place / "values.f16"
    n_values = 12 * int(lengths.sum())
    if not (
        offsets.ndim == lengths.ndim == records.ndim == 1
        and offsets.size == lengths.size == records.size
        and (lengths > 0).all()
        and (offsets == 12 * (np.cumsum(lengths) - lengths)).all()
        and ((records >= 0) & (records < len(names))).all()
    ):
        raise ValueError("its index contradicts itself")
    if path.stat().st_size != n_values * HALF_BYTES:
        raise ValueError("its values are not those of its index")
    return WindowSet(
        values=np.memmap(path, dtype=np.float16, mode="r") if n_values else np.zeros(0, np.float16),
        offsets=offsets,
        lengths=lengths,
        records=records,
        names=names,
        left_out=tuple((str(name), str(reason)) for name, reason in index["left_out"]),
    )


def _key(entries: Sequence[Entry], preprocessing: Preprocessing, windowing: Windowing) -> str:
    digest = hashlib.sha256(f"{VERSION} {preprocessing.to_json()} {windowing}".encode())
    for entry in entries:
        try:
            stamp = FileStamp.of(entry.ref.path)
        except RecordError as error:
            raise DataError(f"the record went away: {error.reason}", entry.ref.path) from error
        digest.update(f"{entry.ref.path}|{entry.ref.index}|{stamp}\n".encode())
        for path in dict.fromkeys(_signal_files(entry.ref.path)):
            try:
                digest.update(f"  {path}|{FileStamp.of(path)}\n".encode())
            except RecordError:
                digest.update(f"  {path}|missing\n".encode())
    return digest.hexdigest()[:32]


def _signal_files(path: Path, within: int = 1) -> Iterator[Path]:
    """Yield the files that a WFDB header names, and those of its segments (one level of them)."""
    if path.suffix.lower() != ".hea":
        path = path.with_suffix(".hea")
        if not is_regular(path):
            return
        yield path
    try:
        header = read_header(path)
        for spec in header.signals:
            yield beside(path, spec.file_name)
        for segment in header.segments if within else ():
            if segment.name != "~":
                yield (part := beside(path, f"{segment.name}.hea"))
                yield from _signal_files(part, within - 1)
    except RecordError:
        # A header that cannot be read is told where its record is opened.
        return
