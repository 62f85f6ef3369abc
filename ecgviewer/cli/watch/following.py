"""Records that are being recorded: judged window by window as their samples come.

A record can be followed where its header leaves open how long it will be, so that what is there is
all: WFDB without a count of samples, ISHNE with a count of 0 or -1. Any other that grows is a copy
on its way, or promises what is not there yet: it waits until it is whole.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ecgviewer.cli.screening.rows import Job
from ecgviewer.core.errors import RecordError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.io import open_record
from ecgviewer.io.arrivals import Arrivals
from ecgviewer.io.file_access import starts_with
from ecgviewer.io.ishne.reader import stated_samples
from ecgviewer.io.recognise import ISHNE, format_of
from ecgviewer.io.wfdb.header import read_header
from ecgviewer.io.wfdb.record_files import record_files

WINDOW_S = 10.0
"""What the models look at."""
_HEAD = (4096, 2048)
"""Bytes, and from where on: beyond a header that is written anew while samples are added."""


def is_open_ended(path: Path) -> bool:
    """Return whether a header leaves open how many samples there will be; raises RecordError."""
    if path.suffix.lower() == ".hea":
        header = read_header(path)
        return bool(header.signals) and header.n_frames is None
    return format_of(path) == ISHNE and stated_samples(path) in (0, -1)


@dataclass(slots=True)
class Following:
    """How far every growing record was judged."""

    arrivals: Arrivals
    options: ReadOptions
    _windows: dict[Path, int] = field(default_factory=dict)

    def jobs(self) -> Iterator[tuple[str, Job]]:
        """Yield each new window of the records that grow, with the key it is known by."""
        for path in self.arrivals.growing():
            try:
                if not is_open_ended(path):
                    continue
                recording = open_record(RecordRef(path, None, self.options))
            except RecordError:
                continue  # not yet, or never: it comes whole, or with the reason
            recording.source.close()
            n_windows = int(recording.duration_s // WINDOW_S)
            if n_windows == 0:
                continue
            self.arrivals.follow(path)
            done = self._windows.get(path, 0)
            for window in range(done if done <= n_windows else 0, n_windows):
                yield self._job(path, window)
            self._windows[path] = n_windows

    def _job(self, path: Path, window: int) -> tuple[str, Job]:
        start_s, stop_s = window * WINDOW_S, (window + 1) * WINDOW_S
        span = f"{start_s:g}-{stop_s:g}"
        first = starts_with(record_files(path)[-1], *_HEAD)
        name = os.path.relpath(path, self.arrivals.folder)
        key = f"{name}@{span}#{hashlib.sha256(first).hexdigest()[:16]}"
        ref = RecordRef(path, None, self.options)
        return key, Job(path, f"{ref.name}@{span}", ref, span_s=(start_s, stop_s))
