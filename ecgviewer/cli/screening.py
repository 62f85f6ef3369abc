"""What a worker process of ``analyze`` does with one record: open, run the models, make rows."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from ecgviewer.cli.cached import CachedModels
from ecgviewer.cli.maps import write_maps
from ecgviewer.cli.pool import Report
from ecgviewer.cli.rows import Job, anonymous_row, error_row, result_row
from ecgviewer.cli.table import Row
from ecgviewer.cli.words import in_words
from ecgviewer.core.errors import EcgViewerError, UnreadableError, trace_text
from ecgviewer.core.recording import Recording
from ecgviewer.io import open_record
from ecgviewer.review.privacy.identity import pseudonym

log = logging.getLogger(__name__)

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
        self._cached = CachedModels(device)

    def __call__(self, job: Job, report: Report) -> tuple[Row, ...]:
        """Return one row per model; what cannot be read or judged has ``error`` filled."""
        if isinstance(job.source, str):
            return self._failed(job, job.source)
        try:
            recording = open_record(job.source)
        except EcgViewerError as error:
            return self._failed(job, in_words(error, job.path))
        except Exception as error:  # noqa: BLE001 - it costs one row, not the run
            log.error("a record cannot be opened: %s", trace_text(error))
            return self._failed(job, _unexpected(error))
        try:
            rows = (
                self._row(job, recording, model, bundle, report) for model, bundle in self._models
            )
            return tuple(
                anonymous_row(row, job, recording) if self._anonymous else row for row in rows
            )
        finally:
            recording.source.close()

    def _failed(self, job: Job, reason: str) -> tuple[Row, ...]:
        rows = (error_row(job, model, reason) for model, _ in self._models)
        return tuple(anonymous_row(row, job, None) if self._anonymous else row for row in rows)

    def _row(self, job: Job, recording: Recording, model: str, bundle: Path, report: Report) -> Row:
        def tell(fraction: float, text: str) -> None:
            if recording.duration_s >= PROGRESS_FROM_S:
                report(fraction)

        try:
            analysis = self._cached.analyze(recording, bundle, tell)
            row = result_row(job, model, recording, analysis, self._specificity)
            if job.maps is None:
                return row
            name = pseudonym(recording.content_hash()) if self._anonymous else job.maps.name
            target = job.maps.with_name(f"{name}.{model}.npz")
            try:
                write_maps(target, recording, analysis, self._specificity)
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


def _unexpected(error: Exception) -> str:
    return f"unexpected {type(error).__name__}: {error}"
