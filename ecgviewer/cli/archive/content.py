"""What a record is known by, wherever it lies: the hash of its content."""

from __future__ import annotations

from ecgviewer.cli.screening.rows import Job
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.io import open_record
from ecgviewer.io.file_access import sha256_of
from ecgviewer.io.wfdb.record_files import record_files


def content_sha256(job: Job) -> str:
    """Return the content hash of a job's record as its analysis has it; empty where it has none.

    A WFDB record is not opened for it where no answers of the user count.
    """
    ref = job.source
    if not isinstance(ref, RecordRef):
        return ""
    try:
        if ref.path.suffix.lower() == ".hea" and ref.options == ReadOptions():
            return sha256_of(record_files(ref.path))
        recording = open_record(ref)
        try:
            return recording.content_hash()
        finally:
            recording.source.close()
    except (EcgViewerError, OSError, ValueError):
        return ""
