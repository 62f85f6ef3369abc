"""Models that are loaded once, and run only where the cache has no result yet."""

from __future__ import annotations

from pathlib import Path

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.progress import Progress, no_progress
from ecgviewer.core.recording import Recording
from ecgviewer.core.system.user_dirs import cache_dir
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.run.analyser import Detector
from ecgviewer.models.run.store import AnalysisStore
from ecgviewer.models.run.windows import PreparedWindow, Windowing, prepare_windows
from ecgviewer.signal.preprocessing import Preprocessing

SHARED_UP_TO_S = 120.0
"""The prepared windows of longer recordings would take too much memory to keep."""


class CachedModels:
    """Runs bundles on one device; results are shared with the window through the cache folder.

    Parameters
    ----------
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    """

    def __init__(self, device: str = "auto") -> None:
        self._device = device
        self._detectors: dict[Path, Detector] = {}
        self._store = AnalysisStore(cache_dir())
        self._prepared_for: tuple[str, Preprocessing, Windowing] | None = None
        self._windows: list[PreparedWindow] = []

    def analyze(
        self, recording: Recording, bundle: Path, progress: Progress = no_progress
    ) -> Analysis:
        """Return what the model of this bundle finds in the recording.

        Raises
        ------
        BundleError, AnalysisError, RecordError
        """
        detector = self._detectors.get(bundle)
        if detector is None:
            detector = Detector(Bundle.load(bundle), self._device)
            self._detectors[bundle] = detector
        known = self._store.get(recording.content_hash(), detector.bundle.sha256)
        if known is not None:
            return known
        windows = self._windows_for(recording, detector.bundle)
        analysis = detector.analyze(recording, progress=progress, prepared=windows)
        self._store.put(analysis)
        return analysis

    def _windows_for(self, recording: Recording, bundle: Bundle) -> list[PreparedWindow] | None:
        """Return the windows of a short recording, prepared once for all models that share them."""
        if recording.duration_s > SHARED_UP_TO_S:
            return None
        key = (recording.content_hash(), bundle.preprocessing, bundle.windowing)
        if key != self._prepared_for:
            self._windows = list(prepare_windows(recording, bundle.preprocessing, bundle.windowing))
            self._prepared_for = key
        return self._windows
