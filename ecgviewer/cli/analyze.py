"""``ecgviewer analyze``: screen records and folders without a window."""

from __future__ import annotations

import argparse
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ecgviewer.cli.choose import bundles_for
from ecgviewer.cli.parser import read_options
from ecgviewer.cli.progress import RunProgress
from ecgviewer.cli.screening.known import InOrder, KnownRows
from ecgviewer.cli.screening.map_paths import MapPaths
from ecgviewer.cli.screening.rows import Job, anonymous_row
from ecgviewer.cli.screening.shifts import SiteShifts
from ecgviewer.cli.screening.table import Row, is_archive, open_table
from ecgviewer.cli.screening.tasks import THREAD_VARIABLES, TOGETHER, crash_rows, screening_work
from ecgviewer.cli.words import in_words
from ecgviewer.core.child.pool import Crash, WorkerPool
from ecgviewer.core.errors import AnalysisError, BundleError, EcgViewerError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.system.files import check_folder
from ecgviewer.core.system.user_dirs import cache_dir
from ecgviewer.io import find_records

if TYPE_CHECKING:
    from ecgviewer.cli.archive.command import Screen
    from ecgviewer.cli.archive.schema import About

ALL_READ, SOME_UNREADABLE, WRONG_USAGE = 0, 1, 2

GPU_JOBS = 4
"""Each process on a GPU takes some 500 MB of its memory for itself."""


def run(arguments: argparse.Namespace) -> int:
    """Screen ``arguments.paths`` and return the exit status."""
    if not is_archive(arguments.out) and (arguments.resume or arguments.cluster is not None):
        option = "--resume goes on with" if arguments.resume else "--cluster writes"
        print(f"ecgviewer analyze: {option} a Parquet table only", file=sys.stderr)
        return WRONG_USAGE
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
    progress = RunProgress()
    maps = MapPaths(arguments.maps, arguments.anonymize) if arguments.maps is not None else None
    jobs = find_jobs(arguments.paths, read_options(arguments), maps)
    if is_archive(arguments.out):
        return _into_archive(arguments, models, jobs, progress)
    failures = 0
    shifts = SiteShifts()
    try:
        with open_table(arguments.out, arguments.clock) as table:
            for rows in _rows(arguments, models, _pool(arguments, models, progress), jobs):
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
    return _end(arguments, failures, shifts, progress)


def _into_archive(
    arguments: argparse.Namespace,
    models: tuple[tuple[str, Path], ...],
    jobs: Iterator[Job],
    progress: RunProgress,
) -> int:
    from ecgviewer.cli.archive.command import about_run, run_archive

    about = about_run(models, arguments.specificity, arguments.anonymize)
    progress.expect(find_jobs(arguments.paths, read_options(arguments), None))
    try:
        with ExitStack() as stack:
            screen: Screen = partial(_numbered_rows, arguments, models, progress)
            if arguments.cluster is not None:
                screen = _on_cluster(stack, arguments, models, about, progress)
            failures, shifts = run_archive(
                Path(arguments.out), arguments.resume, about, jobs, screen, progress
            )
    except EcgViewerError as error:
        print(f"ecgviewer analyze: {error}", file=sys.stderr)
        return WRONG_USAGE
    return _end(arguments, failures, shifts, progress)


def _numbered_rows(
    arguments: argparse.Namespace,
    models: tuple[tuple[str, Path], ...],
    progress: RunProgress,
    jobs: Iterable[Job],
) -> Iterator[tuple[int, tuple[Row, ...]]]:
    pool = _pool(arguments, models, progress)
    return enumerate(_rows(arguments, models, pool, iter(jobs)))


def _on_cluster(
    stack: ExitStack,
    arguments: argparse.Namespace,
    models: tuple[tuple[str, Path], ...],
    about: About,
    progress: RunProgress,
) -> Screen:
    from ecgviewer.cli.cluster.engine import ClusterRun, cluster_client, order_for

    order = order_for(
        models, about.models, arguments.paths, arguments.device, about.specificity, about.anonymous
    )
    n_local = arguments.jobs or _default_jobs("cpu")
    run = ClusterRun(
        stack.enter_context(cluster_client(arguments.cluster, n_local)), order, progress
    )
    run.check()
    return run.screen


def _end(
    arguments: argparse.Namespace, failures: int, shifts: SiteShifts, progress: RunProgress
) -> int:
    progress.finish()
    for line in shifts.lines(anonymous=arguments.anonymize):
        print(line, file=sys.stderr)
    return SOME_UNREADABLE if failures else ALL_READ


def _pool(
    arguments: argparse.Namespace, models: tuple[tuple[str, Path], ...], progress: RunProgress
) -> WorkerPool[Job, tuple[Row, ...]]:
    return WorkerPool(
        screening_work(models, arguments.device, arguments.specificity, arguments.anonymize),
        arguments.jobs or _default_jobs(arguments.device),
        lambda job, fraction: progress.show(
            f"{'one record' if arguments.anonymize else job.record}: {fraction:.0%}"
        ),
        TOGETHER,
    )


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
                result = crash_rows(job, models, result.text())
                if arguments.anonymize:
                    result = tuple(anonymous_row(row, job, None) for row in result)
            known.put(keys.popleft(), result)
            order.arrived(result)
            yield from order.ready()
        yield from order.ready()


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
