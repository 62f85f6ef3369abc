"""Which files a record consists of, without opening it."""

from __future__ import annotations

from pathlib import Path

from ecgviewer.core.errors import RecordError
from ecgviewer.io.file_access import beside
from ecgviewer.io.wfdb.header import read_header

GAP = "~"
"""The name of a segment that is none."""


def record_files(path: Path) -> tuple[Path, ...]:
    """Return the files of a record: a header's with all that it names, any other file alone.

    They need not be there, and a header that makes no sense names none.
    """
    if path.suffix.lower() != ".hea":
        return (path,)
    return tuple(dict.fromkeys(_files_of_header(path, deep=True)))


def _files_of_header(path: Path, deep: bool) -> list[Path]:
    files = [path]
    try:
        header = read_header(path)
        files += [beside(path, spec.file_name) for spec in header.signals]
        segments = [one.name for one in header.segments if deep and one.name != GAP]
        parts = [beside(path, f"{name}.hea") for name in segments]
    except RecordError:
        return files
    for part in parts:  # a segment has no segments of its own
        files += _files_of_header(part, deep=False)
    return files
