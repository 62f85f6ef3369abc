"""What can be read in the background and shown at any zoom: a recording, or a map of it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ecgviewer.app.trace.data.levels import FloatArray
from ecgviewer.app.trace.data.overview_cache import pyramid_folder
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.system.mapped_arrays import mapping_of, read_columns


class Samples(Protocol):
    """Rows of equally spaced samples, read by range from any thread.

    Attributes
    ----------
    fs_hz : float
    n_rows, n_samples : int
    n_known : int
        Samples that can be read by now; grows up to ``n_samples``.
    """

    @property
    def fs_hz(self) -> float: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_samples(self) -> int: ...
    @property
    def n_known(self) -> int: ...

    def read(self, start: int, stop: int) -> FloatArray:
        """Return samples ``[start, stop)`` of all rows, clipped to what is known."""
        ...

    def pyramid_folder(self) -> Path | None:
        """Return where its pyramid is kept; None keeps it in memory. Slow."""
        ...


class RecordingSamples:
    """The leads of a recording, known from the beginning."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.fs_hz = recording.fs_hz
        self.n_rows = len(recording.leads)
        self.n_samples = self.n_known = recording.n_samples

    def read(self, start: int, stop: int) -> FloatArray:
        """Return samples ``[start, stop)``, clipped to the recording."""
        return self._recording.read_samples(start, stop)

    def pyramid_folder(self) -> Path | None:
        """Return the folder in the user's cache; None for a short recording."""
        return pyramid_folder(self._recording)


class MapSamples:
    """A map of an analysis, perhaps of one under way.

    Parameters
    ----------
    values : array [L, n_known]
        May be the first columns of a mapped file whose full length is that of the whole map.
    """

    def __init__(self, values: FloatArray, fs_hz: float) -> None:
        self.fs_hz = fs_hz
        self._values = values
        root = mapping_of(values)
        self.n_rows, self.n_samples = (values if root is None else root).shape

    @property
    def n_known(self) -> int:
        """Columns that were computed by now."""
        return int(self._values.shape[1])

    def grow(self, values: FloatArray) -> None:
        """Go on with more of the same map."""
        self._values = values

    def read(self, start: int, stop: int) -> FloatArray:
        """Return columns ``[start, stop)``, clipped to what is known.

        Those of a mapped file are read, so that no pages of it count as this process's memory.
        """
        return read_columns(self._values, start, stop)

    def pyramid_folder(self) -> Path | None:
        """Return None: it is made anew within seconds."""
        return None
