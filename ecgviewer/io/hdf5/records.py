"""HDF5 records, read through the reader process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgviewer.core.child.messages import Body, FloatArray, ref_to_json
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io.file_access import FileStamp
from ecgviewer.io.process.client import call, is_running
from ecgviewer.io.process.messages import recording_from_json
from ecgviewer.io.profiles import known_profiles, profile_to_json
from ecgviewer.io.record_hash import record_hash

_BLOCK_SAMPLES = 1 << 20
"""Over all leads, per request: 4 MB."""


class RemoteSource:
    """The samples of one HDF5 record; see ``SignalSource``."""

    def __init__(self, ref: RecordRef, request: Body, stamp: FileStamp, opened: Body) -> None:
        self._path = ref.path
        self._request = request
        self._stamp = stamp
        self._answers = str(opened["answers"])
        self._alone = bool(opened["alone"])
        self._shape = len(opened["leads"]), int(opened["n_samples"])
        self._hash: str | None = None

    def read(self, start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        """Return samples ``[start, stop)`` of these rows in mV."""
        out = np.empty((len(leads), stop - start), dtype=np.float32)
        if out.size == 0:
            return out
        self._stamp.check(self._path)
        step = max(_BLOCK_SAMPLES // len(leads), 1)
        for at in range(start, stop, step):
            end = min(at + step, stop)
            _, block = call(
                "read", self._path, start=at, stop=end, leads=list(leads), **self._request
            )
            out[:, at - start : end - start] = block
        return out

    def content_hash(self) -> str:
        """Return the record's hash; see :func:`ecgviewer.io.record_hash.record_hash`.

        Computed here and not in the reader process, which would be busy with a large file for
        minutes while the window waits for another.
        """
        if self._hash is None:
            self._stamp.check(self._path)
            self._hash = record_hash(
                self._path, self._answers, self._alone, *self._shape, self.read
            )
        return self._hash

    def close(self) -> None:
        """Have the reader process close the file; reading opens it again."""
        if is_running():
            call("close", self._path, **self._request)


def count_records(path: Path, options: ReadOptions) -> int | None:
    """Return how many records a file holds; None where it is a single one.

    Raises
    ------
    RecordError
        When it holds no ECG, or several datasets may be it.
    """
    FileStamp.of(path)
    answer, _ = call("count", path, **_request(RecordRef(path, None, options)))
    n_records: int | None = answer["n_records"]
    return n_records


def open_hdf5(ref: RecordRef) -> Recording:
    """Open one record of an HDF5 file.

    Raises
    ------
    RecordError
        UnansweredError names what must be given; the others name the damage.
    """
    request, stamp = _request(ref), FileStamp.of(ref.path)
    answer, _ = call("open", ref.path, **request)
    return recording_from_json(ref, answer, RemoteSource(ref, request, stamp, answer))


@dataclass(frozen=True, slots=True)
class StackLabels:
    """How many records a stack holds, and the label columns found, as text."""

    n_records: int
    columns: dict[str, list[str]]


def stack_labels(path: Path, arrays: Sequence[str], columns: Sequence[str]) -> StackLabels | None:
    """Return the labels in a file; None when none of ``arrays`` is a stack of records.

    Parameters
    ----------
    arrays : sequence of str
        Names of datasets [N, ..., ...] that may be the stack, likeliest first.
    columns : sequence of str
        Names of label datasets [N]; those that are absent are left out.

    Raises
    ------
    RecordError
        When the file is damaged, or a column does not have one value per record.
    """
    answer, _ = call("labels", path, arrays=list(arrays), columns=list(columns))
    n_records = answer["n_records"]
    return None if n_records is None else StackLabels(n_records, answer["columns"])


def _request(ref: RecordRef) -> Body:
    profiles = {key: profile_to_json(one) for key, one in known_profiles().items()}
    where = ref_to_json(ref)
    return {"index": where["index"], "options": where["options"], "profiles": profiles}
