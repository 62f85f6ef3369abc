"""The samples and maps of a scene, as far as they were read: brought in the background."""

from __future__ import annotations

import math
from collections.abc import Collection

from PySide6.QtCore import QObject, Signal

from ecgviewer.app.trace.data.chunks import ChunkStore
from ecgviewer.app.trace.data.levels import Columns
from ecgviewer.app.trace.data.loader import Loader
from ecgviewer.app.trace.data.maps import AnalysisMaps
from ecgviewer.app.trace.data.resting_levels import UNKNOWN_REACH, Reach, RestingLevels
from ecgviewer.app.trace.data.samples import RecordingSamples
from ecgviewer.app.trace.raster.pixel_columns import Stretch
from ecgviewer.app.trace.scene.display_filter import DisplayFilter
from ecgviewer.app.trace.scene.scene import Scene
from ecgviewer.core.record.recording import FloatArray, Recording

SHORT_CHUNKS = 4
"""Of a recording of up to so many chunks the overview is drawn from the samples themselves."""


class SceneData(QObject):
    """Reads what a view shows of a scene.

    Attributes
    ----------
    store : ChunkStore or None
        The recording's samples; None without one.
    maps : AnalysisMaps or None
        Those of the analysis, if there is one.
    problem : str
        Why no more can be read; empty while all is well.
    """

    came = Signal()
    """More can be shown."""
    swept = Signal()
    """More of the whole recording is known, too."""
    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._scene = Scene()
        self.store: ChunkStore | None = None
        self.maps: AnalysisMaps | None = None
        self.problem = ""
        self._loader: Loader | None = None
        self._resting: RestingLevels | None = None

    def show(self, scene: Scene, display: DisplayFilter) -> None:
        """Read this scene's recording and maps from now on."""
        before, self._scene = self._scene, scene
        if scene.recording is not before.recording:
            self._open(scene.recording, display)
        if scene.analysis is not before.analysis or scene.recording is not before.recording:
            self._show_maps()

    def _open(self, recording: Recording | None, display: DisplayFilter) -> None:
        self.close()
        self.problem = ""
        self.store = self._resting = None
        if recording is None:
            return
        self.store = ChunkStore(len(recording.leads), recording.n_samples)
        self._resting = RestingLevels(recording, self.store)
        self._loader = Loader(RecordingSamples(recording), self.store, display)
        self._loader.loaded.connect(self._chunk_came)
        self._loader.swept.connect(self.swept)
        self._loader.failed.connect(self._fail)
        # Where things are depends on what the record begins with.
        self._loader.request([0])

    def _show_maps(self) -> None:
        analysis = self._scene.analysis
        if analysis is not None and self.maps is not None and self.maps.take(analysis):
            return
        self._close_maps()
        if analysis is not None:
            self.maps = AnalysisMaps(analysis)
            self.maps.loaded.connect(self.swept)

    def _close_maps(self) -> None:
        if self.maps is not None:
            self.maps.close()
            self.maps = None

    def close(self) -> None:
        """Stop reading; waits for the chunk in hand."""
        if self._loader is not None:
            self._loader.close()
            self._loader = None
        self._close_maps()

    def set_filter(self, display: DisplayFilter) -> None:
        """Read the samples in view again, through the display filter."""
        if self._loader is not None:
            self._loader.set_filter(display)

    def _chunk_came(self) -> None:
        assert self.store is not None
        (self.swept if self.store.n_chunks <= SHORT_CHUNKS else self.came).emit()

    def _fail(self, reason: str) -> None:
        self.problem = reason
        self.failed.emit(reason)

    # What there is ---------------------------------------------------------------------------

    def _samples(self, stretch: Stretch, px_per_s: float) -> tuple[int, int, float] | None:
        """Return the first sample in view, the one after the last, and samples per pixel."""
        if self.store is None or self._scene.recording is None:
            return None
        fs_hz = self._scene.recording.fs_hz
        return *stretch.samples(fs_hz), fs_hz / px_per_s

    def _map_samples(self, stretch: Stretch, px_per_s: float) -> tuple[int, int, float] | None:
        if self.maps is None or self._scene.analysis is None:
            return None
        fs_hz = self._scene.analysis.map_fs_hz
        return *stretch.samples(fs_hz), fs_hz / px_per_s

    def request(self, stretch: Stretch, px_per_s: float, maps: Collection[str]) -> None:
        """Ask for the samples in view and these maps, then for their neighbours."""
        view = self._samples(stretch, px_per_s)
        if view is not None and self.store is not None and self._loader is not None:
            self._loader.request(self.store.with_neighbours(self.store.chunks_for(*view)))
        map_view = self._map_samples(stretch, px_per_s)
        if map_view is not None and self.maps is not None:
            self.maps.show(maps)
            self.maps.request(*map_view)

    def ready(self, stretch: Stretch, px_per_s: float) -> bool:
        """Return whether all of that was read."""
        view, map_view = self._samples(stretch, px_per_s), self._map_samples(stretch, px_per_s)
        if view is not None and self.store is not None and not self.store.ready(*view):
            return False
        return map_view is None or self.maps is None or self.maps.ready(*map_view)

    def sources(self, stretch: Stretch, px_per_s: float) -> tuple[bool, ...]:
        """Return which of what is shown comes from samples, and which from coarser overviews."""
        sources = []
        view, map_view = self._samples(stretch, px_per_s), self._map_samples(stretch, px_per_s)
        if view is not None and self.store is not None:
            sources.append(bool(self.store.chunks_for(*view)))
        if map_view is not None and self.maps is not None:
            sources += self.maps.sources(*map_view)
        return tuple(sources)

    def reach(self) -> Reach:
        """Return how far the leads reach from their resting levels."""
        return self._resting.reach() if self._resting is not None else UNKNOWN_REACH

    def levels_mv(self) -> FloatArray | None:
        """Return the leads' resting levels ``[L]``; None without a recording."""
        return self._resting.levels_mv() if self._resting is not None else None

    def levels_for(self, stretch: Stretch, px_per_s: float, room_mv: float) -> FloatArray | None:
        """Return these levels for a view, where no baseline may wander beyond ``room_mv``."""
        view = self._samples(stretch, px_per_s)
        if view is None or self._resting is None:
            return None
        return self._resting.follow(view, room_mv)

    def map_columns(self, name: str, stretch: Stretch, px_per_s: float) -> Columns | None:
        """Return the columns of one of the analysis's maps, if there is one."""
        view = self._map_samples(stretch, px_per_s)
        if view is None or self.maps is None or name not in self.maps:
            return None
        return self.maps.columns(name, *view)

    def value_at(self, lead: str, time_s: float) -> float:
        """Return a lead's sample nearest to a time, in mV; NaN where none is in memory."""
        recording, store = self._scene.recording, self.store
        if recording is None or store is None or lead not in recording.leads:
            return math.nan
        sample = round(time_s * recording.fs_hz)
        if not 0 <= sample < recording.n_samples:
            return math.nan
        _, hi = store.slice(1, sample, sample + 1)
        return float(hi[recording.leads.index(lead), 0])
