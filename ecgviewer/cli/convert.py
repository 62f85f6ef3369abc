"""``ecgviewer convert``: the samples of a record in another format, read back and compared."""

from __future__ import annotations

import argparse

from ecgviewer.cli.choose import one_record
from ecgviewer.cli.parser import privacy_of, read_options
from ecgviewer.io import open_record
from ecgviewer.review.exports.wfdb.samples import export_samples


def run(arguments: argparse.Namespace) -> int:
    """Write the record and print the files; return the exit status."""
    recording = open_record(one_record(arguments.path, read_options(arguments)))
    try:
        done = export_samples(
            recording,
            arguments.out,
            arguments.start,
            arguments.stop,
            arguments.only,
            privacy_of(arguments),
        )
    finally:
        recording.source.close()
    for path in done.files:
        print(path)
    print(
        f"read back with wfdb: largest difference {done.largest_difference_mv:.3g} {recording.unit}"
    )
    return 0
