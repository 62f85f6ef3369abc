"""``ecgviewer summary``: the rhythm of a long record in figures."""

from __future__ import annotations

import argparse
import csv
import io
import math
import sys
from dataclasses import astuple, fields

from ecgviewer.cli.choose import one_record
from ecgviewer.cli.parser import read_options
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.system.files import check_target, write_whole
from ecgviewer.io import open_record
from ecgviewer.signal.holter.record_beats import find_record_beats
from ecgviewer.signal.holter.rows import SummaryRow, summary_rows
from ecgviewer.signal.holter.summary import RhythmSummary, summarize


def run(arguments: argparse.Namespace) -> int:
    """Write the summary; return the exit status."""
    recording = open_record(one_record(arguments.path, read_options(arguments)))
    try:
        if arguments.out is not None:
            check_target(arguments.out)
        summary = summarize(find_record_beats(recording))
    finally:
        recording.source.close()
    table = _csv(summary, recording.numbering.first_sample)
    if arguments.out is None:
        sys.stdout.write(table)
        return 0
    try:
        write_whole(arguments.out, table.encode())
    except OSError as error:
        raise EcgViewerError(f"it cannot be written ({error.strerror})", arguments.out) from error
    return 0


def _csv(summary: RhythmSummary, first_sample: int) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(SummaryRow)])
    rows = [*summary_rows(summary)]
    if first_sample:  # padding was cut off
        end_s = summary.duration_s
        rows.insert(0, SummaryRow("record", 0.0, end_s, "offset_samples", first_sample, "1"))
    for row in rows:
        writer.writerow([_cell(value) for value in astuple(row)])
    return text.getvalue()


def _cell(value: object) -> str:
    """Return a cell; empty where there is no figure, and no more digits than mean something."""
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    return "" if value is None else str(value)
