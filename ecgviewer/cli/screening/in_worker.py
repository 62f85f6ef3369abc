"""What a worker process of ``analyze`` does with some records: open, run the models, make rows."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ecgviewer.cli.screening.rows import Job, anonymous_row, error_row, job_from_json, result_row
from ecgviewer.cli.screening.table import Row, rows_to_json
from ecgviewer.cli.words import in_words
from ecgviewer.core.analysis import Analysis
from ecgviewer.core.child.messages import Body
from ecgviewer.core.child.pool import DoTasks, Report, serve_tasks
from ecgviewer.core.child.serving import Channel
from ecgviewer.core.errors import EcgViewerError, RecordError, UnreadableError, trace_text
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.record.recording_part import part_of
from ecgviewer.io import open_record
from ecgviewer.review.privacy.identity import pseudonym

if TYPE_CHECKING:
    from ecgviewer.cli.screening.cached import CachedModels

log = logging.getLogger(__name__)

GROWING_TRIES = 5
GROWING_PAUSE_S = 0.05
PROGRESS_FROM_S = 60.0
"""Shorter recordings are done before anybody could read a progress line."""


class Screening:
    """The models of one worker process, loaded when first needed and kept.

    Parameters
    ----------
    models : tuple of (str, Path)
        Name and bundle of each model to run, in the order of the rows.
    device : str
        ``auto``, ``cpu``, ``cuda`` ...
    specificity : float
    anonymous : bool
        Rows and maps without names of files.
    """

    def __init__(
        self,
        models: tuple[tuple[str, Path], ...],
        device: str,
        specificity: float,
        anonymous: bool = False,
    ) -> None:
        self._anonymous = anonymous
        self._models = models
        self._specificity = specificity
        self._device = device
        self._cached: CachedModels | None = None

    def __call__(self, jobs: Sequence[Job], report: Report) -> list[tuple[Row, ...]]:
        """Return one row per job and model; what cannot be read or judged has ``error`` filled."""
        rows: list[tuple[Row, ...]] = [()] * len(jobs)
        opened: list[tuple[int, Recording]] = []
        for number, job in enumerate(jobs):
            found = self._open(job)
            if isinstance(found, str):
                rows[number] = self._failed(job, found)
            else:
                opened.append((number, found))
        try:
            if opened:
                for number, found_rows in self._screen(jobs, opened, report).items():
                    rows[number] = tuple(found_rows)
        finally:
            for _, recording in opened:
                recording.source.close()
        return rows

    def _open(self, job: Job) -> Recording | str:
        """Return the recording, or why it cannot be opened."""
        if isinstance(job.source, str):
            return job.source
        try:
            return _opened(job.source, job.span_s)
        except EcgViewerError as error:
            return in_words(error, job.path)
        except Exception as error:  # noqa: BLE001 - it costs one row, not the run
            log.error("a record cannot be opened: %s", trace_text(error))
            return _unexpected(error)

    def _screen(
        self, jobs: Sequence[Job], opened: list[tuple[int, Recording]], report: Report
    ) -> dict[int, list[Row]]:
        def tell(number: int, fraction: float) -> None:
            at, recording = opened[number]
            if recording.duration_s >= PROGRESS_FROM_S:
                report(at, fraction)

        recordings = [recording for _, recording in opened]
        explain = any(job.maps is not None for job in jobs)
        names = {bundle: model for model, bundle in self._models}
        bundles = [bundle for _, bundle in self._models]
        rows: dict[int, list[Row]] = {number: [] for number, _ in opened}
        for place, bundle, found in self._models_here().screen(recordings, bundles, explain, tell):
            number, recording = opened[place]
            row = self._row(jobs[number], recording, names[bundle], found)
            if self._anonymous:
                row = anonymous_row(row, jobs[number], recording)
            rows[number].append(row)
        return rows

    def load(self) -> None:
        """Load the models now rather than with the first record."""
        self._models_here().load([bundle for _, bundle in self._models])

    def _models_here(self) -> CachedModels:
        """Return the models; torch is imported here, when a record could be opened."""
        if self._cached is None:
            import torch

            from ecgviewer.cli.screening.cached import CachedModels

            torch.set_num_threads(1)  # the other cores are the siblings'
            self._cached = CachedModels(self._device)
        return self._cached

    def _failed(self, job: Job, reason: str) -> tuple[Row, ...]:
        rows = (error_row(job, model, reason) for model, _ in self._models)
        return tuple(anonymous_row(row, job, None) if self._anonymous else row for row in rows)

    def _row(self, job: Job, recording: Recording, model: str, found: Analysis | Exception) -> Row:
        if isinstance(found, UnreadableError):
            return error_row(job, model, in_words(found, job.path), found.quality)
        if isinstance(found, EcgViewerError):
            return error_row(job, model, in_words(found, job.path))
        if isinstance(found, Exception):
            log.error("%s failed: %s", model, trace_text(found))
            return error_row(job, model, _unexpected(found))
        try:
            row = result_row(job, model, recording, found, self._specificity)
            if job.maps is None:
                return row
            name = pseudonym(recording.content_hash()) if self._anonymous else job.maps.name
            from ecgviewer.cli.screening.maps import write_maps  # takes the import of scipy

            target = job.maps.with_name(f"{name}.{model}.npz")
            try:
                write_maps(target, recording, found, self._specificity)
            except OSError as error:
                return replace(row, error=f"cannot write the maps: {error.strerror or error}")
            return row
        except UnreadableError as error:
            return error_row(job, model, in_words(error, job.path), error.quality)
        except EcgViewerError as error:
            return error_row(job, model, in_words(error, job.path))
        except Exception as error:  # noqa: BLE001 - it costs one row, not the run
            log.error("%s failed: %s", model, trace_text(error))
            return error_row(job, model, _unexpected(error))


def _opened(ref: RecordRef, span_s: tuple[float, float] | None) -> Recording:
    """Open a record, or a span of one that may grow meanwhile."""
    if span_s is None:
        return open_record(ref)
    for _ in range(GROWING_TRIES):
        try:
            return part_of(open_record(ref), *span_s)
        except RecordError:
            time.sleep(GROWING_PAUSE_S)  # it grew between the look at its size and the read
    return part_of(open_record(ref), *span_s)


def serve(channel: Channel) -> None:
    """Be a worker process of ``analyze``."""
    serve_tasks(channel, start)


def start(setup: Body) -> DoTasks:
    """Return what such a process does, from what it starts with."""
    models = tuple((name, Path(bundle)) for name, bundle in setup["models"])
    screen = Screening(models, setup["device"], setup["specificity"], setup["anonymous"])
    if setup["loaded"]:
        screen.load()
    return lambda jobs, report: [
        rows_to_json(rows) for rows in screen([job_from_json(job) for job in jobs], report)
    ]


def _unexpected(error: Exception) -> str:
    return f"unexpected {type(error).__name__}: {error}"
