"""Models that are loaded once, and run only where the cache has no result yet."""

from __future__ import annotations

from pathlib import Path

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.progress import Progress, no_progress
from ecgviewer.core.recording import Recording
from ecgviewer.core.user_dirs import cache_dir
from ecgviewer.models.bundle import Bundle
from ecgviewer.models.detector import Detector
from ecgviewer.models.store import AnalysisStore


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
        analysis = detector.analyze(recording, progress=progress)
        self._store.put(analysis)
        return analysis
