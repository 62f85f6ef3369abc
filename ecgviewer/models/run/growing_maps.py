"""The maps of an analysis while they grow: in memory, or on disk for long recordings."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import AnalysisError

FloatArray = npt.NDArray[np.float32]

MAP_NAMES = (
    "score_map",
    "reconstruction_mv",
    "model_input_mv",
    "model_output_mv",
    "attention",
    "saliency",
)
IN_MEMORY_SAMPLES = 30_000
"""Per lead: five minutes at 100 Hz. Longer maps live in files."""


class MapBuilder:
    """Arrays [12, n] that fill from left to right.

    Long ones are written to files rather than to mapped memory: gigabytes of changed pages would
    count as this process's memory until the system wrote them back.

    Parameters
    ----------
    names : tuple of str
        Which maps there are.
    n_samples : int
    folder : Path, optional
        Where the files are, or are to be made; in memory when omitted.

    Raises
    ------
    AnalysisError
        When the files cannot be made.
    """

    def __init__(self, names: tuple[str, ...], n_samples: int, folder: Path | None = None) -> None:
        self.names = names
        self._n = n_samples
        self._folder = folder
        self._files: dict[str, tuple[BinaryIO, int]] = {}
        self._arrays: dict[str, FloatArray] = {}
        if folder is None:
            for name in names:
                self._arrays[name] = np.full((12, n_samples), np.nan, dtype=np.float32)
            return
        try:
            for name in names:
                path = folder / f"{name}.npy"
                mapped = (
                    np.load(path, mmap_mode="r", allow_pickle=False)
                    if path.exists()
                    else np.lib.format.open_memmap(
                        path, mode="w+", dtype=np.float32, shape=(12, n_samples)
                    )
                )
                self._files[name] = (path.open("r+b"), int(mapped.offset))
        except OSError as error:
            self._close()
            raise AnalysisError(f"the maps cannot be kept: {error.strerror}") from error

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

    def sync(self) -> None:
        """Bring to the disk what was written, so that it survives a power cut."""
        try:
            for file, _ in self._files.values():
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise AnalysisError(f"the maps cannot be written: {error.strerror}") from error

    def so_far(self, n_samples: int) -> dict[str, FloatArray]:
        """Return the first columns of the maps; long ones are read from their files."""
        return {name: values[:, :n_samples] for name, values in self._mapped().items()}

    def finish(self) -> dict[str, FloatArray]:
        """Return the maps; long ones are read from their files when looked at."""
        arrays = self._mapped()
        self._close()
        return arrays

    def close(self) -> None:
        """Close the files: the analysis was cancelled or failed."""
        with contextlib.suppress(OSError):  # a full disk fails once more on closing
            self._close()

    def _mapped(self) -> dict[str, FloatArray]:
        if self._folder is not None:
            for file, _ in self._files.values():
                file.flush()
            if not self._arrays:
                for name in self.names:
                    path = self._folder / f"{name}.npy"
                    self._arrays[name] = np.load(path, mmap_mode="r", allow_pickle=False)
        return self._arrays

    def _close(self) -> None:
        for file, _ in self._files.values():
            file.close()
        self._files.clear()
