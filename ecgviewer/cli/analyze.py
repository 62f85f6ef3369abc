"""``ecgviewer analyze``: screen records and folders without a window."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ecgviewer.cli.choose import bundles_for
from ecgviewer.cli.known import InOrder, KnownRows
from ecgviewer.cli.maps import MapPaths
from ecgviewer.cli.parser import read_options
from ecgviewer.cli.pool import Crash, WorkerPool
from ecgviewer.cli.rows import Job, anonymous_row, error_row
from ecgviewer.cli.shifts import SiteShifts
from ecgviewer.cli.table import Row, open_table
from ecgviewer.cli.words import in_words
from ecgviewer.core.errors import AnalysisError, BundleError, EcgViewerError
from ecgviewer.core.record_ref import ReadOptions, RecordRef
from ecgviewer.core.system.files import check_folder
from ecgviewer.core.system.user_dirs import cache_dir
from ecgviewer.io import find_records

if TYPE_CHECKING:
    from ecgviewer.cli.screening import Screening

ALL_READ, SOME_UNREADABLE, WRONG_USAGE = 0, 1, 2

TOGETHER = 16
"""Records that a process gets at a time: a network answers to these in a fraction of the time."""
GPU_JOBS = 4
"""Each process on a GPU takes some 500 MB of its memory for itself."""
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run(arguments: argparse.Namespace) -> int:
    """Screen ``arguments.paths`` and return the exit status."""
    try:
        models = bundles_for(arguments.model)
        if arguments.device.startswith("cuda"):
            from ecgviewer.models.run.devices import resolve_device  # takes the import of torch

            resolve_device(arguments.device)
    except (BundleError, AnalysisError) as error:
        print(f"ecgviewer analyze: {error}", file=sys.stderr)
        return WRONG_USAGE
    if arguments.maps is not None:
        try:
            check_folder(arguments.maps)
        except OSError as error:
            print(
                f"ecgviewer analyze: cannot write into {arguments.maps}: {error.strerror}",
                file=sys.stderr,
            )
            return WRONG_USAGE
    for variable in THREAD_VARIABLES:
        os.environ.setdefault(variable, "1")
    progress = _Progress()
    pool = WorkerPool(
        partial(
            start_screening, models, arguments.device, arguments.specificity, arguments.anonymize
        ),
        arguments.jobs or _default_jobs(arguments.device),
        lambda job, fraction: progress.show(
            f"{'one record' if arguments.anonymize else job.record}: {fraction:.0%}"
        ),
        TOGETHER,
    )
    maps = MapPaths(arguments.maps, arguments.anonymize) if arguments.maps is not None else None
    jobs = find_jobs(arguments.paths, read_options(arguments), maps)
    failures = 0
    shifts = SiteShifts()
    try:
        with open_table(arguments.out, arguments.clock) as table:
            for rows in _rows(arguments, models, pool, jobs):
                for row in rows:
                    table.write(shifts.with_shift(row))
                failed = any(row.error for row in rows)
                failures += failed
                progress.count(failed)
    except OSError as error:
        if arguments.out == "-":
            raise
        progress.finish()
        print(f"ecgviewer analyze: cannot write {arguments.out}: {error}", file=sys.stderr)
        return WRONG_USAGE
    progress.finish()
    for line in shifts.lines(anonymous=arguments.anonymize):
        print(line, file=sys.stderr)
    return SOME_UNREADABLE if failures else ALL_READ


def _rows(
    arguments: argparse.Namespace,
    models: tuple[tuple[str, Path], ...],
    pool: WorkerPool[Job, tuple[Row, ...]],
    jobs: Iterator[Job],
) -> Iterator[tuple[Row, ...]]:
    """Yield every record's rows in order; what an earlier run found is not computed again."""
    order = InOrder()
    keys: deque[bytes | None] = deque()
    with KnownRows(cache_dir(), models, arguments.specificity) as known:

        def unknown() -> Iterator[Job]:
            for job in jobs:
                key = None if arguments.anonymize else known.key(job)
                rows = known.get(key, job)
                if rows is None:
                    keys.append(key)
                    order.awaited()
                    yield job
                else:
                    order.known(rows)

        for job, result in pool.run(unknown()):
            if isinstance(result, Crash):
                result = tuple(error_row(job, model, result.text()) for model, _ in models)
                if arguments.anonymize:
                    result = tuple(anonymous_row(row, job, None) for row in result)
            known.put(keys.popleft(), result)
            order.arrived(result)
            yield from order.ready()
        yield from order.ready()


def start_screening(
    models: tuple[tuple[str, Path], ...], device: str, specificity: float, anonymous: bool = False
) -> Screening:
    """Return the work of one process. It imports torch when it has a record for it."""
    from ecgviewer.cli.screening import Screening

    return Screening(models, device, specificity, anonymous)


def find_jobs(paths: list[Path], options: ReadOptions, maps: MapPaths | None) -> Iterator[Job]:
    """Yield one job per record found, in the order given and then sorted."""
    for path in paths:
        found = 0
        try:
            for item in find_records(path, options):
                found += 1
                if isinstance(item, RecordRef):
                    stem = maps.stem(item) if maps is not None else None
                    yield Job(item.path, item.name, item, stem)
                else:
                    yield Job(item.path, item.name, in_words(item.error, item.path))
        except EcgViewerError as error:
            yield Job(path, path.stem, in_words(error, path))
        except OSError as error:
            yield Job(path, path.stem, f"cannot be searched ({error.strerror})")
        else:
            if found == 0:
                yield Job(path, path.stem, "no ECG record found here")


def _default_jobs(device: str) -> int:
    """Return one process per usable core, fewer where they would share a GPU's memory."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    if device == "cpu" or cores <= GPU_JOBS:
        return cores
    from ecgviewer.models.run.devices import resolve_device  # takes the import of torch

    return GPU_JOBS if resolve_device(device).type == "cuda" else cores


class _Progress:
    """Records done, failures and speed on standard error: live on a terminal, else rarely."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._live = sys.stderr.isatty()
        self._next = 0.0 if self._live else self._start + 10.0
        self._records = 0
        self._failures = 0

    def count(self, failed: bool) -> None:
        self._records += 1
        self._failures += failed
        self.show("")

    def show(self, text: str) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (0.2 if self._live else 10.0)
        self._print(f"{self._summary()} {text}".rstrip(), end="" if self._live else "\n")

    def finish(self) -> None:
        self._print(self._summary(), end="\n")

    def _print(self, line: str, end: str) -> None:
        over = f"\r{line}\033[K" if self._live else line
        print(over, end=end, file=sys.stderr, flush=True)

    def _summary(self) -> str:
        elapsed = max(time.monotonic() - self._start, 1e-3)
        noun = "record" if self._records == 1 else "records"
        failures = f", {self._failures} with errors" if self._failures else ""
        speed = self._records / elapsed
        return f"{self._records} {noun}{failures} in {elapsed:.1f} s ({speed:.1f}/s)"
