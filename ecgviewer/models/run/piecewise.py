"""The course of one analysis: piece by piece, told on the way, and on the disk where it is long."""

from __future__ import annotations

import contextlib
import time
import weakref
from collections.abc import Callable, Generator, Sequence
from contextlib import closing

from ecgviewer.core.analysis import Analysis, clock_text
from ecgviewer.core.errors import AnalysisError, CancelledError, UnreadableError
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.model_requirements import MIN_LEADS
from ecgviewer.core.progress import CancelToken, Progress
from ecgviewer.core.quality import quality_words
from ecgviewer.core.system.user_dirs import cache_dir
from ecgviewer.models.run import growing_maps as maps
from ecgviewer.models.run.kept.unfinished import Unfinished
from ecgviewer.models.run.kept.versions import library_versions
from ecgviewer.models.run.result import Assembly
from ecgviewer.models.run.runner import spread
from ecgviewer.models.run.window_results import JudgedWindows, WindowVerdicts

OnPartial = Callable[[Analysis], None]
Task = Callable[[], JudgedWindows]

PARTIAL_EVERY_S = 1.0
PARTIAL_SHARE = 0.05
"""Telling what was found so far takes longer the more there is: at most this share of the time."""


class Course:
    """One analysis from its first piece, or from where it was cut off, to its last.

    Parameters
    ----------
    assembly : Assembly
    map_names : tuple of str
        The maps of this model.
    n_samples : int
        Length of the maps.
    tasks : sequence of callable
        Each returns one piece, in the order of time.

    Raises
    ------
    AnalysisError
        When a long recording's maps have no room in the cache folder.
    """

    def __init__(
        self,
        assembly: Assembly,
        map_names: tuple[str, ...],
        n_samples: int,
        tasks: Sequence[Task],
    ) -> None:
        self._assembly = assembly
        self._total = n_samples
        self._tasks = tasks
        self._verdicts = WindowVerdicts()
        self._started = time.perf_counter()
        self._earlier_s = 0.0
        self._from = self._stop = 0
        self._told, self._telling_s = float("-inf"), 0.0
        self._unfinished: Unfinished | None = None
        if n_samples > maps.IN_MEMORY_SAMPLES:
            self._unfinished = self._claim(map_names)
        try:
            folder = None if self._unfinished is None else self._unfinished.folder
            self._maps = maps.MapBuilder(map_names, n_samples, folder)
        except AnalysisError:
            if self._unfinished is not None:
                self._unfinished.leave()
            raise

    def _claim(self, map_names: tuple[str, ...]) -> Unfinished:
        assembly = self._assembly
        recording, bundle = assembly.recording.content_hash(), assembly.bundle.sha256
        about = {
            "recording_sha256": recording,
            "bundle_sha256": bundle,
            "n_samples": self._total,
            "pieces": len(self._tasks),
            "device": str(assembly.runner.device),
            "versions": library_versions(),
        }
        sizes = dict.fromkeys(map_names, 12 * 4 * self._total)
        # A bundle that was never saved has no hash by which it could be known again.
        key = f"{recording[:32]}-{bundle[:32]}" if bundle else None
        unfinished = Unfinished.claim(cache_dir(), key, about, sizes)
        for values in unfinished.pieces:
            self._verdicts.add(WindowVerdicts.from_json(values["verdicts"]))
            self._from = self._stop = int(values["stop"])
            self._earlier_s = float(values["elapsed_s"])
        return unfinished

    @property
    def _elapsed_s(self) -> float:
        return self._earlier_s + time.perf_counter() - self._started

    def run(
        self,
        threads: int,
        progress: Progress,
        cancel: CancelToken,
        on_partial: OnPartial | None,
    ) -> Analysis:
        """Do what is left and return the analysis.

        Parameters
        ----------
        threads : int
            Pieces done at a time.

        Raises
        ------
        AnalysisError, RecordError, CancelledError
            What was found so far was told by then, and is kept for the next run.
        """
        try:
            if self._from:
                progress(self._from / self._total, f"continues at {self._clock(self._from)}")
                self._tell(on_partial)
            with closing(self._pieces(threads)) as pieces:
                for piece in pieces:
                    cancel.raise_if_cancelled()
                    self._take(piece)
                    progress(self._stop / self._total, self._progress_text())
                    self._tell(on_partial)
            analysis = self._finish()
        except BaseException as error:
            self._leave(on_partial if isinstance(error, CancelledError) else None)
            raise
        if self._unfinished is not None:
            # Long maps are read from there for as long as somebody looks at them.
            weakref.finalize(analysis, self._unfinished.remove)
        return analysis

    def _pieces(self, threads: int) -> Generator[JudgedWindows, None, None]:
        done = 0 if self._unfinished is None else len(self._unfinished.pieces)
        tasks = self._tasks[done:]
        if threads > 1 and len(tasks) > 1:
            yield from spread(tasks, threads)
        else:
            for task in tasks:
                yield task()

    def _take(self, piece: JudgedWindows) -> None:
        for name, columns in piece.columns.items():
            self._maps.write(name, piece.start, columns)
        self._verdicts.add(piece.verdicts)
        self._stop = piece.stop
        if self._unfinished is not None:
            values = {"verdicts": piece.verdicts.to_json(), "stop": piece.stop}
            self._unfinished.note(values | {"elapsed_s": self._elapsed_s}, self._maps.sync)

    def _tell(self, on_partial: OnPartial | None, at_once: bool = False) -> None:
        """Hand over what was found so far, if the last time was long enough ago."""
        if on_partial is None or self._unfinished is None or not 0 < self._stop < self._total:
            return
        now = time.perf_counter()
        pause_s = max(PARTIAL_EVERY_S, self._telling_s / PARTIAL_SHARE)
        if at_once or now - self._told >= pause_s:
            busy = time.thread_time()
            on_partial(self._so_far())
            self._told = time.perf_counter()
            self._telling_s = time.thread_time() - busy

    def _so_far(self) -> Analysis:
        return self._assembly.analysis(
            self._verdicts,
            self._maps.so_far(self._stop),
            self._elapsed_s,
            analysed_s=self._stop / self._assembly.bundle.preprocessing.fs_hz,
        )

    def _finish(self) -> Analysis:
        if not self._verdicts.scores:
            found = quality_words(
                self._assembly.quality(self._verdicts),
                STANDARD_LEADS,
                self._assembly.recording.duration_s,
            )
            raise UnreadableError(
                f"no part of the recording has {MIN_LEADS} usable leads ({found})", quality=found
            )
        return self._assembly.analysis(self._verdicts, self._maps.finish(), self._elapsed_s)

    def _leave(self, on_partial: OnPartial | None) -> None:
        """Keep what was found: the run was cancelled, or failed."""
        if self._unfinished is None:
            return
        with contextlib.suppress(AnalysisError):  # whatever stopped the run says why
            self._unfinished.save(self._maps.sync)
        try:
            self._tell(on_partial, at_once=True)
        finally:
            self._maps.close()
            self._unfinished.leave()

    def _clock(self, sample: int) -> str:
        return clock_text(sample / self._assembly.bundle.preprocessing.fs_hz)

    def _progress_text(self) -> str:
        if len(self._tasks) == 1:
            return f"{self._stop / self._assembly.bundle.preprocessing.fs_hz:.0f} s"
        here_s = time.perf_counter() - self._started
        left_s = here_s * (self._total - self._stop) / max(self._stop - self._from, 1)
        left = f"{left_s / 60:.0f} min left" if left_s >= 90 else f"{left_s:.0f} s left"
        text = f"{self._clock(self._stop)} of {self._clock(self._total)}, {left}"
        return f"{text} (continued at {self._clock(self._from)})" if self._from else text
