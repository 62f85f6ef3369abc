"""``ecgviewer export``: every reader's review of a record, as WFDB annotations, CSV or JSON."""

from __future__ import annotations

import argparse

from ecgviewer.cli.choose import one_record, store_of_reviews
from ecgviewer.cli.parser import privacy_of, read_options
from ecgviewer.io import open_record
from ecgviewer.review.exports.exports import export_record


def run(arguments: argparse.Namespace) -> int:
    """Write the export and print the files; return the exit status."""
    recording = open_record(one_record(arguments.path, read_options(arguments)))
    try:
        store = store_of_reviews(recording)
        written = export_record(
            recording, arguments.to, arguments.out, store, privacy_of(arguments)
        )
    finally:
        recording.source.close()
    for path in written:
        print(path)
    return 0
