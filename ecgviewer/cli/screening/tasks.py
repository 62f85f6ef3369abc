"""What a process of ``analyze`` is given to do, and what is said of a record that it died of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ecgviewer.cli.archive.content import content_sha256
from ecgviewer.cli.screening.rows import Job, error_row, job_to_json
from ecgviewer.cli.screening.table import Row, rows_from_json
from ecgviewer.core.child.pool import PoolWork

TOGETHER = 16
"""Records that a process gets at a time: a network answers to these in a fraction of the time."""
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def crash_rows(job: Job, models: Sequence[tuple[str, Path]], reason: str) -> tuple[Row, ...]:
    """Return the rows of a record that processes died of: it is known and not tried again."""
    sha256 = content_sha256(job)
    rows = (error_row(job, model, reason) for model, _ in models)
    return tuple(replace(row, recording_sha256=sha256) for row in rows)


def screening_work(
    models: tuple[tuple[str, Path], ...],
    device: str,
    specificity: float,
    anonymous: bool = False,
    loaded: bool = False,
) -> PoolWork[Job, tuple[Row, ...]]:
    """Return the work of each process: :class:`ecgviewer.cli.screening.in_worker.Screening`.

    Parameters
    ----------
    loaded : bool
        Whether the models are loaded at the start, not with the first record that can be opened.
    """
    setup = {
        "models": [(name, str(bundle)) for name, bundle in models],
        "device": device,
        "specificity": specificity,
        "anonymous": anonymous,
        "loaded": loaded,
    }
    return PoolWork("ecgviewer.cli.screening.in_worker", setup, job_to_json, rows_from_json)
