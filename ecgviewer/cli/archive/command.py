"""``analyze`` into an archive: a run that can be stopped and gone on with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ecgviewer.cli.archive.content import content_sha256
from ecgviewer.cli.archive.finish import ListOrder, finish
from ecgviewer.cli.archive.journal import Journal
from ecgviewer.cli.archive.schema import About
from ecgviewer.cli.progress import RunProgress
from ecgviewer.cli.screening.rows import Job
from ecgviewer.cli.screening.shifts import SiteShifts
from ecgviewer.cli.screening.table import Row
from ecgviewer.models.bundle.bundle import read_info

Screen = Callable[[Iterable[Job]], Iterator[tuple[int, tuple[Row, ...]]]]
"""Does jobs in any order; yields the number of each among them with its rows."""


def run_archive(
    out: Path,
    resume: bool,
    about: About,
    jobs: Iterable[Job],
    screen: Screen,
    progress: RunProgress,
) -> tuple[int, SiteShifts]:
    """Screen jobs into an archive, and return how many failed and what the folders show.

    Parameters
    ----------
    resume : bool
        Whether records that an earlier run settled, by their content, are passed over.
    screen : callable

    Raises
    ------
    EcgViewerError
        When the table is another's or the disk refuses: the parts stay.
    """
    order = ListOrder()
    failures = 0
    with Journal(out, about, resume) as journal:
        if journal.known:
            progress.say(f"goes on: {len(journal.known)} records are done already")
        places: dict[int, int] = {}

        def unknown() -> Iterator[Job]:
            for job in jobs:
                place = order.place()
                known = journal.known.get(content_sha256(job)) if journal.known else None
                if known is None:
                    places[len(places)] = place
                    yield job
                    continue
                start, *names = known
                order.starts[place] = start
                if names != [str(job.path), job.record] and not about.anonymous:
                    order.renamed[place] = (str(job.path), job.record)
                progress.known()

        try:
            for number, rows in screen(unknown()):
                order.starts[places[number]] = journal.add(_complete(rows, about))
                failed = any(row.error for row in rows)
                failures += failed
                progress.count(failed)
        except KeyboardInterrupt:
            journal.flush()
            progress.finish()
            print(
                f"ecgviewer analyze: stopped; {journal.n_rows // len(about.models)} records are "
                f"kept in {journal.folder}: --resume goes on with them",
                file=sys.stderr,
            )
            raise
        shifts = finish(journal, order)
    return failures, shifts


def about_run(models: Sequence[tuple[str, Path]], specificity: float, anonymous: bool) -> About:
    """Return what the rows of a run depend on."""
    hashes = tuple((name, read_info(path).content_sha256) for name, path in models)
    return About(hashes, specificity, anonymous)


def _complete(rows: Sequence[Row], about: About) -> list[Row]:
    return [
        replace(row, bundle_sha256=sha256)
        for row, (_, sha256) in zip(rows, about.models, strict=True)
    ]
