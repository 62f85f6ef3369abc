"""``ecgviewer export``: every reader's review of a record, as WFDB annotations, CSV or JSON."""

from __future__ import annotations

import argparse

from ecgviewer.cli.choose import one_record
from ecgviewer.cli.parser import privacy_of, read_options
from ecgviewer.io import open_record
from ecgviewer.review.annotations import RecordKey
from ecgviewer.review.exports import export_record
from ecgviewer.review.store import ReviewStore


def run(arguments: argparse.Namespace) -> int:
    """Write the export and print the files; return the exit status."""
    recording = open_record(one_record(arguments.path, read_options(arguments)))
    try:
        store = ReviewStore.for_user()
        if not store.readers(RecordKey.of(recording), recording.path):
            store = ReviewStore.for_user(beside=True)
        written = export_record(
            recording, arguments.to, arguments.out, store, privacy_of(arguments)
        )
    finally:
        recording.source.close()
    for path in written:
        print(path)
    return 0
