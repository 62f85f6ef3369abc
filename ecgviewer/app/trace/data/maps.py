"""The maps of an analysis at every zoom; long ones are read in the background."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from ecgviewer.app.trace.data.array_levels import ArrayLevels
from ecgviewer.app.trace.data.chunks import ChunkStore
from ecgviewer.app.trace.data.levels import Columns, FloatArray, query
from ecgviewer.app.trace.data.loader import Loader
from ecgviewer.app.trace.data.samples import MapSamples
from ecgviewer.core.analysis import Analysis

log = logging.getLogger(__name__)

AT_ONCE = 60_000
"""Maps in memory of up to this many samples per lead (ten minutes) are reduced on the spot."""
KEPT_CHUNKS = 12
"""Of each map: the widest screen needs nine."""
SPREAD_BLOCKS, SPREAD_BLOCK = 16, 640
"""Where the usual range of a map is taken from: as many blocks of as many samples."""


@dataclass(frozen=True, slots=True)
class _Reader:
    samples: MapSamples
    store: ChunkStore
    loader: Loader


class AnalysisMaps(QObject):
    """Score, reconstruction and the other maps of one analysis, or of one under way.

    Only maps that are shown take memory: a day of one needs 70 MB for its coarser zooms.
    """

    loaded = Signal()
    """More of a map can be shown."""

    def __init__(self, analysis: Analysis) -> None:
        super().__init__()
        self._analysis = analysis
        self._values = maps_of(analysis)
        self._levels: dict[str, ArrayLevels] = {}
        self._readers: dict[str, _Reader] = {}
        self._leaving: list[Loader] = []
        self._usual: dict[str, tuple[int, tuple[float, float]]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def length(self, name: str) -> int:
        """Return the samples of a map that are known by now."""
        return int(self._values[name].shape[1])

    def take(self, analysis: Analysis) -> bool:
        """Go on with more of the same analysis; return False when this is another one."""
        old, values = self._analysis, maps_of(analysis)
        same = (
            (old.bundle_sha256, old.recording_sha256, old.map_fs_hz)
            == (analysis.bundle_sha256, analysis.recording_sha256, analysis.map_fs_hz)
            and values.keys() == self._values.keys()
            and all(values[name].shape[1] >= self.length(name) for name in values)
            and all(
                MapSamples(values[name], old.map_fs_hz).n_samples == self._full_length(name)
                for name in values
            )
        )
        if not same:
            return False
        self._analysis, self._values = analysis, values
        self._levels.clear()
        for name, reader in self._readers.items():
            reader.samples.grow(values[name])
            reader.loader.more_known()
        return True

    def show(self, names: Collection[str]) -> None:
        """Keep these maps at hand and forget the others."""
        for name in [name for name in self._readers if name not in names]:
            loader = self._readers.pop(name).loader
            loader.stop()
            self._leaving.append(loader)
        for name in names:
            if name in self._values and self._is_long(name) and name not in self._readers:
                samples = MapSamples(self._values[name], self._analysis.map_fs_hz)
                store = ChunkStore(samples.n_rows, samples.n_samples, samples.n_known, KEPT_CHUNKS)
                loader = Loader(samples, store)
                loader.loaded.connect(self.loaded)
                loader.swept.connect(self.loaded)
                loader.failed.connect(_note)
                self._readers[name] = _Reader(samples, store, loader)

    def request(self, start: int, stop: int, samples_per_pixel: float) -> None:
        """Read what a view needs of the maps that are shown."""
        for reader in self._readers.values():
            wanted = reader.store.chunks_for(start, stop, samples_per_pixel)
            reader.loader.request(reader.store.with_neighbours(wanted))

    def ready(self, start: int, stop: int, samples_per_pixel: float) -> bool:
        """Return whether that was read."""
        return all(
            reader.store.ready(start, stop, samples_per_pixel) for reader in self._readers.values()
        )

    def sources(self, start: int, stop: int, samples_per_pixel: float) -> list[bool]:
        """Return of each map that is read whether this view needs its samples."""
        return [
            bool(reader.store.chunks_for(start, stop, samples_per_pixel))
            for reader in self._readers.values()
        ]

    def columns(self, name: str, start: int, stop: int, samples_per_pixel: float) -> Columns:
        """Return samples ``[start, stop)`` of a map for this zoom, NaN where not read yet."""
        reader = self._readers.get(name)
        if reader is not None:
            return reader.store.columns(start, stop, samples_per_pixel)
        if name not in self._levels:
            shown = self._values[name] if not self._is_long(name) else self._values[name][:, :0]
            self._levels[name] = ArrayLevels(shown)
        return query(self._levels[name], start, stop, samples_per_pixel)

    def usual_range(self, name: str) -> tuple[float, float]:
        """Return the levels that all but the lowest 2 % and the highest 0.5 % lie between.

        Measured anew only when twice as much of the map is known, so that colours keep their
        meaning while more comes.
        """
        length = self.length(name)
        measured_at, levels = self._usual.get(name, (0, (0.0, 1.0)))
        if length >= 2 * measured_at or (length == self._full_length(name) != measured_at):
            levels = self._measure(name)
            self._usual[name] = (length, levels)
        return levels

    def _measure(self, name: str) -> tuple[float, float]:
        samples = MapSamples(self._values[name], self._analysis.map_fs_hz)
        firsts = np.linspace(0, max(samples.n_known - SPREAD_BLOCK, 0), SPREAD_BLOCKS)
        spread = np.concatenate(
            [samples.read(first, first + SPREAD_BLOCK) for first in firsts.astype(int).tolist()],
            axis=1,
        )
        finite = spread[np.isfinite(spread)]
        if finite.size == 0:
            return 0.0, 1.0
        return float(np.quantile(finite, 0.02)), float(np.quantile(finite, 0.995))

    def close(self) -> None:
        """Stop reading; waits for what is in hand."""
        self.show(())
        for loader in self._leaving:
            loader.close()
        self._leaving.clear()

    def _full_length(self, name: str) -> int:
        return int(MapSamples(self._values[name], self._analysis.map_fs_hz).n_samples)

    def _is_long(self, name: str) -> bool:
        values = self._values[name]
        return values.shape[1] > AT_ONCE or isinstance(values, np.memmap)


def maps_of(analysis: Analysis) -> dict[str, FloatArray]:
    """Return an analysis's maps by the names that the view has for them."""
    maps = {
        "score": analysis.score_map,
        "reconstruction": analysis.reconstruction_mv,
        "model_input": analysis.model_input_mv,
        "model_output": analysis.model_output_mv,
    }
    strip = analysis.attention if analysis.attention is not None else analysis.saliency
    return maps if strip is None else maps | {"attention": strip}


def _note(_reason: str) -> None:
    log.warning("a map of an analysis cannot be read")
