"""Preprocessed windows of a list of records, on disk, mapped into memory.

One folder per preprocessing, windowing and list of records, named by their hash. Built beside its
final place and renamed when complete, so that a half-built cache is never mistaken for a whole one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import AnalysisError, RecordError
from ecgviewer.core.progress import Progress
from ecgviewer.io import open_record
from ecgviewer.models.windows import PreparedWindow, Windowing, prepare_windows
from ecgviewer.signal.preprocessing import Preprocessing
from trainer.data import DataError, Entry

HalfArray = npt.NDArray[np.float16]
FloatArray = npt.NDArray[np.float32]

VERSION = 1
"""Counts changes of the format and of the code that prepares windows."""


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
    if not (place / "index.json").is_file():
        partial = folder / f"{place.name}.{os.getpid()}.partial"
        try:
            _build(entries, preprocessing, windowing, partial, progress)
            if not place.exists():
                partial.rename(place)
        except OSError as error:
            raise DataError(f"the cache cannot be written: {error.strerror}", folder) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    windows = _open(place)
    for name, reason in windows.left_out:
        log(f"left out: {name}: {reason}")
    if not len(windows):
        raise DataError(
            f"none of the {len(entries)} records can be used"
            + (f"; the first: {': '.join(windows.left_out[0])}" if windows.left_out else ""),
            entries[0].ref.path.parent if entries else None,
        )
    return windows


def _build(
    entries: Sequence[Entry],
    preprocessing: Preprocessing,
    windowing: Windowing,
    folder: Path,
    progress: Progress,
) -> None:
    folder.mkdir(parents=True)
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
    with ThreadPoolExecutor(workers) as pool, (folder / "values.f16").open("wb") as file:
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
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")


def _open(place: Path) -> WindowSet:
    index = json.loads((place / "index.json").read_text(encoding="utf-8"))
    path = place / "values.f16"
    empty = path.stat().st_size == 0
    return WindowSet(
        values=np.zeros(0, np.float16) if empty else np.memmap(path, dtype=np.float16, mode="r"),
        offsets=np.asarray(index["offsets"], dtype=np.int64),
        lengths=np.asarray(index["lengths"], dtype=np.int64),
        records=np.asarray(index["records"], dtype=np.int64),
        names=tuple(index["names"]),
        left_out=tuple((name, reason) for name, reason in index["left_out"]),
    )


def _key(entries: Sequence[Entry], preprocessing: Preprocessing, windowing: Windowing) -> str:
    digest = hashlib.sha256(f"{VERSION} {preprocessing.to_json()} {windowing}".encode())
    for entry in entries:
        try:
            stat = entry.ref.path.stat()
        except OSError as error:
            raise DataError(f"the record went away: {error.strerror}", entry.ref.path) from error
        digest.update(
            f"{entry.ref.path}|{entry.ref.index}|{stat.st_size}|{stat.st_mtime_ns}\n".encode()
        )
    return digest.hexdigest()[:32]
