"""Files that lock up or kill the HDF5 library cost a process, not the program."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from ecgviewer.core.errors import CorruptFileError
from ecgviewer.core.record_ref import RecordRef
from ecgviewer.io import RecordFailure, find_records, hdf5_process, open_record
from tests.generators import LEADS, ecg_mv


def _sound(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file["ecg"] = ecg_mv(10.0)
        file.attrs.update(fs=500, units="mV", leads=list(LEADS))
    return path


def _locking_up(path: Path) -> Path:
    """Set the size of the first object of the global heap to -16: HDF5 2.0 walks it for ever."""
    data = bytearray(_sound(path).read_bytes())
    size_at = data.index(b"GCOL") + 16 + 8
    data[size_at : size_at + 8] = struct.pack("<q", -16)
    path.write_bytes(data)
    return path


def _reader_pid() -> int:
    reader = hdf5_process._reader
    assert reader is not None
    return reader._process.pid


def test_a_file_that_locks_up_the_library_is_refused_in_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hdf5_process, "ANSWER_WITHIN_S", 1.5)
    sound, bad = _sound(tmp_path / "a.h5"), _locking_up(tmp_path / "bad.h5")
    recording = open_record(RecordRef(sound))
    before = _reader_pid()
    started = time.perf_counter()
    (failure,) = find_records(bad)
    assert time.perf_counter() - started < 5
    assert isinstance(failure, RecordFailure)
    assert str(failure.error).startswith("bad.h5: locked up the HDF5 library")
    # The sound recording goes on, in a new process; the old one is gone.
    np.testing.assert_allclose(recording.read(0, 10), ecg_mv(10.0), atol=1e-6)
    assert _reader_pid() != before
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_reader_is_started_again(tmp_path: Path) -> None:
    recording = open_record(RecordRef(_sound(tmp_path / "a.h5")))
    os.kill(_reader_pid(), signal.SIGSTOP)
    os.kill(_reader_pid(), signal.SIGKILL)
    with pytest.raises(CorruptFileError, match=r"a\.h5: crashed the HDF5 library"):
        recording.read(0, 1)
    assert recording.read(0, 1).shape == (12, 500)


def test_closing_starts_no_process(tmp_path: Path) -> None:
    recording = open_record(RecordRef(_sound(tmp_path / "a.h5")))
    hdf5_process.end_reader()
    recording.source.close()
    assert not hdf5_process.is_running()


def test_the_record_s_hash_is_the_file_s(tmp_path: Path) -> None:
    import hashlib

    path = _sound(tmp_path / "a.h5")
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert open_record(RecordRef(path)).content_hash() == expected


def test_a_range_read_is_quick(tmp_path: Path) -> None:
    recording = open_record(RecordRef(_sound(tmp_path / "a.h5")))
    recording.read(0, 10)
    times = []
    for _ in range(20):
        started = time.perf_counter()
        recording.read(0, 10)
        times.append(time.perf_counter() - started)
    # About 1.5 ms on an idle machine.
    assert sorted(times)[10] < 0.05


def test_the_program_itself_can_be_the_reader() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ecgviewer", hdf5_process.WORKER_ARGUMENT],
        cwd=Path(__file__).parents[2], stdin=subprocess.DEVNULL, capture_output=True, check=True,
    )  # fmt: skip
    assert b'"ready": true' in done.stdout
