"""Minimum and maximum at every zoom: a spike of one sample never vanishes.

Level 1 holds the extremes of every 16 samples, each further level those of 4 bins of the level
before. A level is an array ``[bins, 2, L]``: the minimum and the *negated* maximum of every lead,
so that one minimum serves both, +inf where every sample is missing; time comes first so that it
is written from start to end in one pass and read in one piece.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

import numpy as np

from ecgviewer.signal.array_files import read_array
from ecgviewer.signal.gaps import FloatArray
from ecgviewer.signal.pyramid.extremes import (
    FINEST,
    IntArray,
    bins_of,
    finished,
    from_samples,
    reduce_ranges,
)
from ecgviewer.signal.pyramid.files import level_path, read_state, reserve, write_state

__all__ = ["FINEST", "MinMaxPyramid", "PyramidBuilder", "bin_size", "level_lengths"]

STEP = 4
COARSEST_BINS = 2048
ReadSamples = Callable[[int, int], FloatArray]
"""Returns samples ``[start, stop)`` of all leads, as ``Recording.read_samples`` does."""


def level_lengths(n_samples: int) -> list[int]:
    """Return the number of bins of each level, finest first."""
    lengths = [-(-n_samples // FINEST)]
    while lengths[-1] > COARSEST_BINS:
        lengths.append(-(-lengths[-1] // STEP))
    return lengths


def bin_size(level: int) -> int:
    """Return the samples per bin of a level, counted from 0."""
    return FINEST * int(STEP**level)


class MinMaxPyramid:
    """Extremes of a recording at any zoom. Usable while it is being built.

    Parameters
    ----------
    levels : list of float32 arrays [bins, 2, L]
        Finest first.
    n_samples : int
    n_done : int
        Samples covered so far.
    """

    def __init__(self, levels: list[FloatArray], n_samples: int, n_done: int) -> None:
        self.levels = levels
        self.n_samples = n_samples
        self.n_done = n_done

    @property
    def n_leads(self) -> int:
        """Number of leads."""
        return int(self.levels[0].shape[2])

    @property
    def complete(self) -> bool:
        """Whether the whole recording is covered."""
        return self.n_done >= self.n_samples

    @classmethod
    def load(cls, folder: Path) -> MinMaxPyramid:
        """Map a saved pyramid, complete or not; only the parts looked at are read.

        Raises
        ------
        ValueError
            When the folder holds none, or one that does not fit its own description.
        """
        n_leads, n_samples, n_done = read_state(folder)
        levels = []
        for number, bins in enumerate(level_lengths(n_samples), start=1):
            try:
                level = read_array(level_path(folder, number), np.float32, 3)
            except (OSError, ValueError) as error:
                raise ValueError(f"pyramid level {number} cannot be read: {error}") from error
            if level.shape != (bins, 2, n_leads):
                raise ValueError(f"pyramid level {number} has the wrong shape")
            levels.append(level)
        return cls(levels, n_samples, n_done)

    @classmethod
    def build(
        cls,
        chunks: Iterable[FloatArray],
        n_leads: int,
        n_samples: int,
        folder: Path | None = None,
    ) -> MinMaxPyramid:
        """Build in one pass over consecutive chunks [L, k]; see :class:`PyramidBuilder`."""
        with PyramidBuilder(n_leads, n_samples, folder) as builder:
            for chunk in chunks:
                builder.append(chunk)
        return builder.pyramid

    def query(
        self, start: int, stop: int, n_columns: int, read: ReadSamples | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return the lowest and highest value within each column of a view.

        Parameters
        ----------
        start, stop : int
            Samples, clipped to the recording.
        n_columns : int
            Columns of pixels over that range.
        read : callable, optional
            Source of the samples themselves, needed for views of fewer than 32 samples per
            column; without it those come from the finest level.

        Returns
        -------
        lo, hi : float32 arrays [L, columns]
            ``columns`` is ``n_columns``, or the number of samples where that is less: then
            (with ``read``) both are the samples themselves. Column ``c`` covers samples from
            ``start + c * n // columns`` on; a column may reach up to half a column beyond its
            borders, never less. NaN where samples are missing or not built yet.
        """
        start = min(max(start, 0), self.n_samples)
        stop = min(max(stop, start), self.n_samples)
        n = stop - start
        columns = min(max(n_columns, 0), n)
        if columns == 0:
            nothing = np.zeros((self.n_leads, 0), dtype=np.float32)
            return nothing, nothing.copy()
        edges = start + np.arange(columns + 1) * n // columns
        if read is not None and n < 2 * FINEST * columns:
            return from_samples(read(start, stop), edges - start)
        level = 0
        while level + 1 < len(self.levels) and 2 * bin_size(level + 1) * columns <= n:
            level += 1
        return self._from_level(level, edges)

    def _from_level(self, level: int, edges: IntArray) -> tuple[FloatArray, FloatArray]:
        size = bin_size(level)
        extremes = np.full((edges.size - 1, 2, self.n_leads), np.inf, dtype=np.float32)
        known = int(np.searchsorted(edges[:-1], self.n_done))
        if known:
            first = edges[:known] // size
            last = np.minimum(-(-edges[1 : known + 1] // size), -(-self.n_done // size))
            part = np.asarray(self.levels[level][first[0] : last[-1]])
            extremes[:known] = reduce_ranges(np.minimum, part, first - first[0], last - first[0], 0)
        return finished(extremes[:, 0].T, -extremes[:, 1].T)


class PyramidBuilder:
    """Builds a pyramid from consecutive chunks, in memory or in a folder.

    Parameters
    ----------
    n_leads, n_samples : int
        Of the whole recording.
    folder : Path, optional
        Where to keep it (``level1.npy`` ... and ``pyramid.json``). An unfinished pyramid of the
        same size there is continued: append from ``n_done`` on.

    Attributes
    ----------
    pyramid : MinMaxPyramid
        What has been built so far; valid while building goes on.
    """

    def __init__(self, n_leads: int, n_samples: int, folder: Path | None = None) -> None:
        if n_leads < 1 or n_samples < 1:
            raise ValueError(f"no pyramid of {n_leads} leads and {n_samples} samples")
        self.folder = folder
        self._lengths = level_lengths(n_samples)
        shapes = [(bins, 2, n_leads) for bins in self._lengths]
        self._block = bin_size(len(shapes) - 1)
        done = 0
        if folder is None:
            levels: list[FloatArray] = [np.empty(shape, dtype=np.float32) for shape in shapes]
        else:
            folder.mkdir(parents=True, exist_ok=True)
            try:
                self.pyramid = MinMaxPyramid.load(folder)
                if (self.pyramid.n_leads, self.pyramid.n_samples) != (n_leads, n_samples):
                    raise ValueError("a pyramid of another recording")
                done = self.pyramid.n_done
            except ValueError:
                for number, shape in enumerate(shapes, start=1):
                    reserve(level_path(folder, number), shape)
                write_state(folder, n_leads, n_samples, 0)
            levels = MinMaxPyramid.load(folder).levels
        if done < n_samples:
            # Only whole bins of the coarsest level can be continued.
            done = done // self._block * self._block
        self.pyramid = MinMaxPyramid(levels, n_samples, done)
        self._files = (
            []
            if folder is None
            else [level_path(folder, k).open("r+b") for k in range(1, len(shapes) + 1)]
        )
        self._offsets = [getattr(level, "offset", 0) for level in levels]
        self._received = done
        self._bins_done = [-(-done // bin_size(k)) for k in range(len(shapes))]
        self._rest = np.zeros((n_leads, 0), dtype=np.float32)
        self._pending: list[FloatArray] = [
            np.zeros((0, 2, n_leads), dtype=np.float32) for _ in shapes
        ]
        self._saved = done

    @property
    def n_done(self) -> int:
        """The sample from which to append."""
        return self._received

    def append(self, chunk: FloatArray) -> None:
        """Add the next samples [L, k]; raises ValueError beyond the end or with other leads."""
        n_leads = self.pyramid.n_leads
        if chunk.ndim != 2 or chunk.shape[0] != n_leads:
            raise ValueError(f"a chunk of shape {chunk.shape} for {n_leads} leads")
        if self._received + chunk.shape[1] > self.pyramid.n_samples:
            raise ValueError("more samples than the recording has")
        self._received += chunk.shape[1]
        samples = np.concatenate([self._rest, chunk], axis=1, dtype=np.float32)
        at_end = self._received == self.pyramid.n_samples
        count = samples.shape[1] // FINEST * FINEST
        self._rest = samples[:, count:].copy()
        bins = [bins_of(samples[:, :count])]
        if at_end and self._rest.shape[1]:
            bins.append(bins_of(self._rest))
        self._store(0, np.concatenate(bins), at_end)
        self.pyramid.n_done = (
            self._received if at_end else self._received // self._block * self._block
        )
        if self.pyramid.n_done - self._saved >= 64 * self._block or at_end:
            self.flush()

    def _store(self, level: int, bins: FloatArray, at_end: bool) -> None:
        at = self._bins_done[level]
        self._bins_done[level] += bins.shape[0]
        if self._files:
            file = self._files[level]
            file.seek(self._offsets[level] + at * bins[:1].nbytes)
            file.write(bins.tobytes())
            file.flush()
        else:
            self.pyramid.levels[level][at : at + bins.shape[0]] = bins
        if level + 1 == len(self._lengths):
            return
        pending = np.concatenate([self._pending[level], bins])
        count = pending.shape[0] // STEP * STEP
        self._pending[level] = pending[count:]
        merged = pending[:count].reshape(-1, STEP, 2, pending.shape[2]).min(axis=1)
        if at_end and count < pending.shape[0]:
            merged = np.concatenate([merged, pending[count:].min(axis=0, keepdims=True)])
        self._store(level + 1, merged, at_end)

    def flush(self) -> None:
        """Note on disk how far the pyramid has come, so that a restart continues there."""
        if self.folder is not None:
            for file in self._files:
                os.fsync(file.fileno())
            pyramid = self.pyramid
            write_state(self.folder, pyramid.n_leads, pyramid.n_samples, pyramid.n_done)
        self._saved = self.pyramid.n_done

    def close(self) -> None:
        """Close the files; what has been built stays."""
        if self._files:
            self.flush()
        for file in self._files:
            file.close()
        self._files = []

    def __enter__(self) -> PyramidBuilder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
