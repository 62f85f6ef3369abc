"""HDF5 records, read through the reader process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecgviewer.core.record_ref import ReadOptions, RecordRef
from ecgviewer.core.recording import Recording
from ecgviewer.io.fileaccess import FileStamp
from ecgviewer.io.hdf5_messages import Body, FloatArray, recording_from_json, ref_to_json
from ecgviewer.io.hdf5_process import call, is_running
from ecgviewer.io.profiles import known_profiles, profile_to_json

_BLOCK_SAMPLES = 1 << 20
"""Over all leads, per request: 4 MB."""
_HASH_WITHIN_S = 3600.0
"""Every byte of a large file is read."""


class RemoteSource:
    """The samples of one HDF5 record; see ``SignalSource``."""

    def __init__(self, ref: RecordRef, request: Body) -> None:
        self._path = ref.path
        self._request = request
        self._stamp = FileStamp.of(ref.path)
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
        """Return the SHA-256 of the file, or of this record's samples in a file of many."""
        if self._hash is None:
            self._stamp.check(self._path)
            answer, _ = call("hash", self._path, _HASH_WITHIN_S, **self._request)
            self._hash = str(answer["hash"])
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
    request = _request(ref)
    source = RemoteSource(ref, request)
    answer, _ = call("open", ref.path, **request)
    return recording_from_json(ref, answer, source)


def _request(ref: RecordRef) -> Body:
    profiles = {key: profile_to_json(one) for key, one in known_profiles().items()}
    return {**ref_to_json(ref), "profiles": profiles}
