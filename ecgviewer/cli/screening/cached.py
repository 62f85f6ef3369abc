"""Models that are loaded once, and run only where the cache has no result yet."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.progress import Progress, no_progress
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.system.user_dirs import cache_dir
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.networks.architectures import architecture
from ecgviewer.models.run.analyser import Detector
from ecgviewer.models.run.kept.store import AnalysisStore
from ecgviewer.models.run.windows import PreparedWindow, Windowing, prepare_windows
from ecgviewer.signal.preprocessing import Preprocessing

TOGETHER_UP_TO_S = 120.0
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

    def load(self, bundles: Sequence[Path]) -> None:
        """Load these models now; one that cannot be says so with each record."""
        for bundle in bundles:
            with contextlib.suppress(EcgViewerError):
                self._detector(bundle)

    def analyze(
        self, recording: Recording, bundle: Path, progress: Progress = no_progress
    ) -> Analysis:
        """Return what the model of this bundle finds in the recording, with every map.

        Raises
        ------
        BundleError, AnalysisError, RecordError
        """
        detector = self._detector(bundle)
        known = self._known(recording, detector, explain=True)
        if known is not None:
            return known
        analysis = detector.analyze(recording, progress=progress)
        self._store.put(analysis)
        return analysis

    def screen(
        self,
        recordings: Sequence[Recording],
        bundles: Sequence[Path],
        explain: bool,
        progress: Callable[[int, float], None],
    ) -> Iterator[tuple[int, Path, Analysis | Exception]]:
        """Yield what every model finds in every recording, or why it finds nothing.

        Short recordings are prepared once for all models that share a preparation, described
        once, and go through a network together.

        Parameters
        ----------
        explain : bool
            Whether to make maps that only explain.
        progress : callable
            Called with the number of a long recording and the fraction done.

        Yields
        ------
        number of the recording, bundle, and analysis or error
        """
        prepared = _Prepared()
        for bundle in bundles:
            try:
                detector = self._detector(bundle)
            except EcgViewerError as error:
                yield from ((number, bundle, error) for number in range(len(recordings)))
                continue
            together: list[tuple[int, Recording, list[PreparedWindow]]] = []
            for number, recording in enumerate(recordings):
                try:
                    known = self._known(recording, detector, explain)
                    if known is not None:
                        yield number, bundle, known
                    elif recording.duration_s > TOGETHER_UP_TO_S:
                        tell = partial(_tell, progress, number)
                        analysis = detector.analyze(recording, progress=tell, explain=explain)
                        self._store.put(analysis)
                        yield number, bundle, analysis
                    else:
                        windows = prepared.windows(number, recording, detector.bundle)
                        together.append((number, recording, windows))
                except Exception as error:  # noqa: BLE001 - it costs one row, not the run
                    yield number, bundle, error
            group = [(recording, windows) for _, recording, windows in together]
            for (number, _, _), found in zip(
                together, detector.analyze_together(group, explain), strict=True
            ):
                if not isinstance(found, Exception):
                    self._store.put(found)
                yield number, bundle, found

    def _detector(self, bundle: Path) -> Detector:
        if bundle not in self._detectors:
            self._detectors[bundle] = Detector(Bundle.load(bundle), self._device)
        return self._detectors[bundle]

    def _known(self, recording: Recording, detector: Detector, explain: bool) -> Analysis | None:
        explained = architecture(detector.bundle.architecture).explanation if explain else ""
        return self._store.get(recording.content_hash(), detector.bundle.sha256, explained)


class _Prepared:
    """The windows of recordings that are screened together, by preparation."""

    def __init__(self) -> None:
        self._windows: dict[tuple[int, Preprocessing, Windowing], list[PreparedWindow]] = {}

    def windows(self, number: int, recording: Recording, bundle: Bundle) -> list[PreparedWindow]:
        key = (number, bundle.preprocessing, bundle.windowing)
        if key not in self._windows:
            self._windows[key] = list(
                prepare_windows(recording, bundle.preprocessing, bundle.windowing)
            )
        return self._windows[key]


def _tell(progress: Callable[[int, float], None], number: int, fraction: float, _: str) -> None:
    progress(number, fraction)
