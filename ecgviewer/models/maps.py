"""The maps of an analysis while they grow: in memory, or on disk for long recordings."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import AnalysisError
from ecgviewer.core.files import make_private
from ecgviewer.core.user_dirs import cache_dir

FloatArray = npt.NDArray[np.float32]

MAP_NAMES = (
    "score_map",
    "reconstruction_mv",
    "model_input_mv",
    "model_output_mv",
    "attention",
    "saliency",
)
IN_MEMORY_SAMPLES = 200_000
"""Per lead: about half an hour at 100 Hz. Longer maps live in files."""


@dataclass(frozen=True, eq=False, slots=True)
class PartialMaps:
    """Finished columns of the maps, for a view that draws while the model runs.

    ``arrays`` maps the names of ``Analysis`` (``score_map``, ``reconstruction_mv`` ...) to
    arrays [12, k]; column 0 is sample ``start`` of ``n_samples`` at ``map_fs_hz``.
    """

    start: int
    n_samples: int
    map_fs_hz: float
    arrays: dict[str, FloatArray]


class MapBuilder:
    """Arrays [12, n] that fill from left to right; NaN until written.

    Long ones are written to files rather than to mapped memory: gigabytes of changed pages would
    count as this process's memory until the system wrote them back.

    Parameters
    ----------
    names : tuple of str
        Which maps there are.
    n_samples : int
    """

    def __init__(self, names: tuple[str, ...], n_samples: int) -> None:
        self.names = names
        self._n = n_samples
        self._folder: Path | None = None
        self._files: dict[str, tuple[BinaryIO, int]] = {}
        self._arrays: dict[str, FloatArray] = {}
        if n_samples <= IN_MEMORY_SAMPLES:
            for name in names:
                self._arrays[name] = np.full((12, n_samples), np.nan, dtype=np.float32)
            return
        self._folder = _scratch_folder(len(names) * 12 * 4 * n_samples)
        for name in names:
            path = self._folder / f"{name}.npy"
            empty = np.lib.format.open_memmap(
                path, mode="w+", dtype=np.float32, shape=(12, n_samples)
            )
            start = int(empty.offset)
            del empty
            self._files[name] = (path.open("r+b"), start)

    def write(self, name: str, start: int, values: FloatArray) -> None:
        """Fill columns from ``start`` on.

        Raises
        ------
        AnalysisError
            When the disk is full.
        """
        if self._folder is None:
            self._arrays[name][:, start : start + values.shape[1]] = values
            return
        file, first = self._files[name]
        try:
            for row in range(12):
                file.seek(first + 4 * (row * self._n + start))
                file.write(np.ascontiguousarray(values[row], dtype=np.float32).tobytes())
        except OSError as error:
            raise AnalysisError(f"the maps cannot be written: {error.strerror}") from error

    def finish(self) -> dict[str, FloatArray]:
        """Return the maps; long ones are read from their files when looked at."""
        if self._folder is not None:
            self._close()
            for name in self.names:
                path = self._folder / f"{name}.npy"
                self._arrays[name] = np.load(path, mmap_mode="r", allow_pickle=False)
        return self._arrays

    def keep_for(self, owner: object) -> None:
        """Remove the files, if any, when ``owner`` is no longer in use."""
        if self._folder is not None:
            weakref.finalize(owner, shutil.rmtree, self._folder, ignore_errors=True)

    def discard(self) -> None:
        """Remove the files now: the analysis was cancelled or failed."""
        self._arrays.clear()
        if self._folder is not None:
            with contextlib.suppress(OSError):  # a full disk fails once more on closing
                self._close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _close(self) -> None:
        for file, _ in self._files.values():
            file.close()
        self._files.clear()


def _scratch_folder(needed_bytes: int) -> Path:
    try:
        parent = cache_dir() / "scratch"
        try:
            make_private(parent)
            return _room_in(parent, needed_bytes)
        except OSError:  # a read-only cache folder
            return _room_in(Path(tempfile.gettempdir()), needed_bytes)
    except OSError as error:
        raise AnalysisError(f"no folder for the maps can be used: {error.strerror}") from error


def _room_in(parent: Path, needed_bytes: int) -> Path:
    """Make a folder of its own, readable by the user only, where there is room."""
    free = shutil.disk_usage(parent).free
    if free < needed_bytes + (256 << 20):
        raise AnalysisError(
            f"the maps of this long recording need {needed_bytes >> 20} MB in the cache "
            f"folder, where {free >> 20} MB are free"
        )
    return Path(tempfile.mkdtemp(dir=parent, prefix="ecgviewer-"))
