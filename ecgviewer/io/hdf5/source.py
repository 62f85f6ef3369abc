"""Samples of HDF5 records in mV, by range."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError
from ecgviewer.io.file_access import FileStamp
from ecgviewer.io.hdf5.file import checked_dataset, damage_reported
from ecgviewer.io.hdf5.locate.find import ArrayAxes, read_block
from ecgviewer.io.hdf5.scale import without_missing
from ecgviewer.io.record_hash import record_hash

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where one record is in its file.

    Attributes
    ----------
    datasets : tuple of str
        One array of all leads, or one dataset per lead.
    rows : tuple of int
        Which row of the array each lead is; not used where each has its dataset.
    n_rows : int
        Of the array.
    axes : Axes
    index : int
        In a stack.
    first_sample, n_samples : int
        The stretch without padding.
    scales, offsets : tuple of float
        Per lead, stored value to mV.
    missing : tuple of float
        Stored values that mean "no sample".
    alone : bool
        The file holds this record and no other.
    """

    datasets: tuple[str, ...]
    rows: tuple[int, ...]
    n_rows: int
    axes: ArrayAxes
    index: int
    first_sample: int
    n_samples: int
    scales: tuple[float, ...]
    offsets: tuple[float, ...]
    missing: tuple[float, ...]
    alone: bool


class Hdf5Source:
    """Reads ranges of one record of an HDF5 file."""

    def __init__(self, path: Path, place: RecordPlace, answers: str) -> None:
        self._path = path
        self._place = place
        self.answers = answers
        self._stamp = FileStamp.of(path)
        self._file: h5py.File | None = None
        self._lock = threading.Lock()

    def read(self, start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        """Return samples ``[start, stop)`` of these rows in mV; see ``SignalSource``."""
        with self._lock, damage_reported(self._path):
            raw = self._raw(start, stop, sorted(set(leads)))
        out = np.empty((len(leads), stop - start), dtype=np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            for row, lead in enumerate(leads):
                values = without_missing(raw[lead], self._place.missing)
                out[row] = values * self._place.scales[lead] + self._place.offsets[lead]
        out[~np.isfinite(out)] = np.nan
        return out

    def content_hash(self) -> str:
        """Return the record's hash; see :func:`record_hash`."""
        place = self._place
        return record_hash(
            self._path, self.answers, place.alone, len(place.scales), place.n_samples, self.read
        )

    @property
    def alone(self) -> bool:
        """Whether the file holds this record and no other."""
        return self._place.alone

    def close(self) -> None:
        """Close the file; reading opens it again."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    @contextmanager
    def borrowing(self, file: h5py.File) -> Iterator[None]:
        """Read through a file that is open already, as on opening, and leave it open."""
        self._file = file
        try:
            yield
        finally:
            self._file = None

    def _raw(
        self, start: int, stop: int, leads: Sequence[int]
    ) -> dict[int, npt.NDArray[np.generic]]:
        """Return stored values per lead; NaN beyond the end of a shorter lead."""
        place = self._place
        self._stamp.check(self._path)
        if self._file is None:
            self._file = h5py.File(
                self._path, "r", locking=False, rdcc_nbytes=16 << 20, rdcc_nslots=10_007
            )
        low, high = start + place.first_sample, stop + place.first_sample
        if len(place.datasets) == 1:
            item = checked_dataset(self._file, place.datasets[0], self._path)
            block = read_block(item, place.axes, place.index, low, high)
            if block.shape != (place.n_rows, stop - start):
                raise CorruptFileError("has other dimensions than when it was opened", self._path)
            return {lead: block[place.rows[lead]] for lead in leads}
        rows: dict[int, npt.NDArray[np.generic]] = {}
        for lead in leads:
            item = checked_dataset(self._file, place.datasets[lead], self._path)
            values = read_block(item, place.axes, 0, low, high)[0]
            if values.size < stop - start:
                padded = np.full(stop - start, np.nan)
                padded[: values.size] = values
                values = padded
            rows[lead] = values
        return rows
