"""One model run over one recording: from file to everything the panels show.

A recording is read, prepared, inferred and scored piece by piece, so that hours need no more
memory than minutes (the maps of long recordings are memory-mapped files).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.errors import AnalysisError
from ecgviewer.core.progress import CancelToken, Progress, no_progress
from ecgviewer.core.record.recording import Recording
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.networks.architectures import architecture
from ecgviewer.models.networks.network import NetworkOutput
from ecgviewer.models.run.devices import resolve_device
from ecgviewer.models.run.piecewise import Course, OnPartial, Task
from ecgviewer.models.run.result import Assembly
from ecgviewer.models.run.runner import Runner, batched, evidence
from ecgviewer.models.run.window_results import Judge, JudgedWindows
from ecgviewer.models.run.windows import (
    LeadPlan,
    PreparedWindow,
    plan_chunks,
    prepare_chunk,
    prepare_windows,
)
from ecgviewer.models.score.fusion import Scorer
from ecgviewer.models.score.window_evidence import Window
from ecgviewer.signal.resample import resampled_length

MOST_THREADS = 4
"""Scoring goes on in one thread at a time: more than this would only wait for each other."""
MAPS = ("score_map", "reconstruction_mv", "model_input_mv", "model_output_mv")


class Detector:
    """A loaded model, ready to analyse recordings.

    Parameters
    ----------
    bundle : Bundle
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises
    ------
    AnalysisError
        When the device does not exist.
    """

    def __init__(self, bundle: Bundle, device: str = "auto") -> None:
        self.bundle = bundle
        self._runner = Runner(bundle.build_network(), resolve_device(device))
        self._judging = threading.Lock()

    @cached_property
    def scorer(self) -> Scorer:
        """The calibrated scorer; raises BundleError when the bundle has none."""
        return self.bundle.scorer()

    def evidence(self, recording: Recording) -> Iterator[Window]:
        """Yield the judged windows as the scorer wants them (for calibration)."""
        spec = self.bundle.preprocessing
        prepared = prepare_windows(recording, spec, self.bundle.windowing)
        for group in batched(prepared, self._runner.batch_size):
            for window, output in zip(group, self._runner.infer(group), strict=True):
                if window.judged:
                    yield evidence(window, output, spec.fs_hz, recording.units_known)

    def analyze(
        self,
        recording: Recording,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
        on_partial: OnPartial | None = None,
        prepared: list[PreparedWindow] | None = None,
        explain: bool = True,
    ) -> Analysis:
        """Run the model over a recording.

        A long recording whose analysis was cut off (cancelled, or the process killed) goes on
        where it stopped, with the result of an uninterrupted run.

        Parameters
        ----------
        progress : callable
            Called after each piece of some ten windows.
        cancel : CancelToken
            Checked between batches.
        on_partial : callable, optional
            Called with what was found so far, now and then, where the recording is long.
        prepared : list of PreparedWindow, optional
            The windows of this recording as this bundle's preprocessing and windowing make them,
            where another model of the same preparation has had them already.
        explain : bool
            Whether to make a map that only explains and costs time of its own (the saliency).

        Raises
        ------
        AnalysisError
            When the recording is too short, lacks leads, or has no usable part.
        RecordError
            When the file cannot be read.
        CancelledError
        """
        spec, windowing = self.bundle.preprocessing, self.bundle.windowing
        leads = LeadPlan.of(recording)
        judge = self._judge(recording, explain)
        token = cancel or CancelToken()
        makers: list[Callable[[], list[PreparedWindow]]]
        if prepared is not None:
            makers = [lambda: prepared]
        else:
            reading = threading.Lock()
            makers = [
                partial(prepare_chunk, recording, spec, leads, spans, reading)
                for spans in plan_chunks(recording, spec, windowing)
            ]
        tasks = [partial(self._piece, judge, make, token, explain) for make in makers]
        course = self._course(recording, leads, judge.maps, tasks)
        return course.run(long_run_threads(), progress, token, on_partial)

    def analyze_together(
        self,
        recordings: Sequence[tuple[Recording, list[PreparedWindow]]],
        explain: bool = True,
    ) -> list[Analysis | AnalysisError]:
        """Run the model over short recordings at once, for a fraction of the time each.

        Parameters
        ----------
        recordings : sequence of (Recording, list of PreparedWindow)
            With the windows as this bundle's preprocessing and windowing make them.
        explain : bool
            See :meth:`analyze`.

        Returns
        -------
        list
            For each recording its analysis, or why there is none.
        """
        windows = [window for _, prepared in recordings for window in prepared]
        started = time.perf_counter()
        try:
            answers = self._answers(windows, explain)
        except AnalysisError as error:
            return [error] * len(recordings)
        share_s = (time.perf_counter() - started) / max(len(recordings), 1)
        found: list[Analysis | AnalysisError] = []
        for recording, prepared in recordings:
            mine, answers = answers[: len(prepared)], answers[len(prepared) :]
            judge = self._judge(recording, explain)
            task = partial(judge.piece, prepared, mine)
            try:
                course = self._course(recording, LeadPlan.of(recording), judge.maps, [task])
                analysis = course.run(1, no_progress, CancelToken(), None)
                found.append(replace(analysis, elapsed_s=analysis.elapsed_s + share_s))
            except AnalysisError as error:
                found.append(error)
        return found

    def _answers(self, windows: list[PreparedWindow], explain: bool) -> list[NetworkOutput | None]:
        """Return the network's answer to each window, None to those with too few leads."""
        answers: list[NetworkOutput | None] = [None] * len(windows)
        by_shape: dict[tuple[int, ...], list[int]] = {}
        for number, window in enumerate(windows):
            if window.judged:
                by_shape.setdefault(window.signal_mv.shape, []).append(number)
        for numbers in by_shape.values():
            inferred = self._runner.infer([windows[number] for number in numbers], explain)
            for number, output in zip(numbers, inferred, strict=True):
                answers[number] = output
        return answers

    def _judge(self, recording: Recording, explain: bool) -> Judge:
        names: tuple[str, ...] = MAPS
        explanation = architecture(self.bundle.architecture).explanation
        if explanation and (explain or not self._runner.shows_saliency):
            names = (*MAPS, explanation)
        return Judge(self.bundle.preprocessing, self.scorer, recording.units_known, names)

    def _course(
        self, recording: Recording, leads: LeadPlan, names: tuple[str, ...], tasks: Sequence[Task]
    ) -> Course:
        length = resampled_length(
            recording.n_samples, recording.fs_hz, self.bundle.preprocessing.fs_hz
        )
        return Course(
            Assembly(self.bundle, self.scorer, recording, leads, self._runner), names, length, tasks
        )

    def _piece(
        self,
        judge: Judge,
        prepare: Callable[[], list[PreparedWindow]],
        cancel: CancelToken,
        explain: bool,
    ) -> JudgedWindows:
        """Prepare, infer and judge some successive windows."""
        cancel.raise_if_cancelled()
        windows = prepare()
        outputs: list[NetworkOutput | None] = []
        for group in batched(windows, self._runner.batch_size):
            cancel.raise_if_cancelled()
            inferred = self._runner.infer(group, explain)
            outputs += [o if w.judged else None for w, o in zip(group, inferred, strict=True)]
        # Scoring holds Python's lock nearly all the time: two at once only hand it to and fro,
        # and keep the others from their next operation.
        with self._judging:
            cancel.raise_if_cancelled()
            return judge.piece(windows, outputs)


def long_run_threads() -> int:
    """Return how many pieces of a long recording are worked on at a time."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min(cores, MOST_THREADS)
