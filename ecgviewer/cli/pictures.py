"""``ecgviewer screenshot`` and ``ecgviewer report``: pictures and pages, drawn off screen."""

from __future__ import annotations

import argparse
import os
import sys

from ecgviewer.cli import USAGE_ERROR
from ecgviewer.cli.choose import bundles_for, one_record, store_of_reviews
from ecgviewer.cli.parser import SPECIFICITY, privacy_of, read_options
from ecgviewer.core.errors import AnalysisError
from ecgviewer.core.flags import derive_flags
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.system.files import check_target
from ecgviewer.core.system.qt_libraries import check_qt_libraries
from ecgviewer.io import open_record
from ecgviewer.review.annotations import RecordKey, Review


def run_screenshot(arguments: argparse.Namespace) -> int:
    """Save a picture of the real window; without an analysis where no model can judge."""
    bundles_for(arguments.model)  # tells of a missing or damaged bundle at once
    ref = one_record(arguments.path, read_options(arguments))
    check_target(arguments.out)
    draw_off_screen()
    from ecgviewer.app.screenshot import SizeError, take

    try:
        unjudged = take(ref, arguments.out, arguments.model, arguments.size, arguments.theme)
    except SizeError as error:
        print(f"ecgviewer screenshot: argument --size: {error}", file=sys.stderr)
        return USAGE_ERROR
    if unjudged:
        print(f"ecgviewer screenshot: without a model: {unjudged}", file=sys.stderr)
    return 0


def run_report(arguments: argparse.Namespace) -> int:
    """Write the printable page of a record; without an analysis where no model can judge it."""
    ((_, bundle),) = bundles_for(arguments.model)
    recording = open_record(one_record(arguments.path, read_options(arguments)))
    check_target(arguments.out)
    draw_off_screen()
    # torch before Qt: on Windows it fails to load the other way round.
    from ecgviewer.cli.screening.cached import CachedModels

    try:
        analysis = CachedModels().analyze(recording, bundle)
    except AnalysisError as error:
        print(f"ecgviewer report: without a model: {error}", file=sys.stderr)
        analysis = None
    from ecgviewer.app.report.report import render_report
    from ecgviewer.app.start import make_application

    application = make_application([])
    reviews = _reviews(recording)
    said = render_report(
        recording,
        analysis,
        derive_flags(analysis, SPECIFICITY) if analysis is not None else (),
        [annotation for review in reviews for annotation in review.annotations],
        arguments.out,
        [verdict for review in reviews for verdict in review.verdicts],
        specificity=SPECIFICITY,
        reviewer=", ".join(review.author for review in reviews),
        conclusion=", ".join(dict.fromkeys(filter(None, (r.state.conclusion for r in reviews)))),
        privacy=privacy_of(arguments),
        machine=recording.facts if arguments.machine else None,
    )
    if said:
        print(f"ecgviewer report: {said}", file=sys.stderr)
    application.quit()
    recording.source.close()
    return 0


def _reviews(recording: Recording) -> list[Review]:
    """Return every reader's review of the record."""
    store, key, path = store_of_reviews(recording), RecordKey.of(recording), recording.path
    return [store.read(key, author, path) for author in store.readers(key, path)]


def draw_off_screen() -> None:
    """Need no screen, and show nothing where there is one."""
    if sys.platform.startswith("linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    check_qt_libraries(on_screen=False)
