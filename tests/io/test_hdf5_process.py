"""Files that lock up or kill the HDF5 library cost a process, not the program."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from ecgviewer.core.child.process import ARGUMENT
from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import RecordFailure, find_records, limits, open_record
from ecgviewer.io.hdf5 import file as hdf5_file
from ecgviewer.io.process import client as hdf5_process
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
    return reader.child.pid


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
        [sys.executable, "-m", "ecgviewer", ARGUMENT, hdf5_process.WORKER],
        cwd=Path(__file__).parents[2], stdin=subprocess.DEVNULL, capture_output=True, check=True,
    )  # fmt: skip
    assert b'"ready": true' in done.stdout


def _of_many_objects(path: Path, n_objects: int) -> Path:
    with h5py.File(_sound(path), "a") as file:
        group = file.create_group("beats")
        space = h5py.h5s.create_simple((1,))
        for k in range(n_objects):
            h5py.h5d.create(group.id, b"%d" % k, h5py.h5t.NATIVE_INT8, space)
    return path


def test_a_file_of_many_objects_is_not_taken_for_one_that_locks_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _of_many_objects(tmp_path / "first.h5", 8_000)
    second, third = (Path(shutil.copy(first, tmp_path / name)) for name in ("b.h5", "c.h5"))
    open_record(RecordRef(_sound(tmp_path / "a.h5")))
    started = time.perf_counter()
    assert list(find_records(first)) == [RecordRef(first)]
    took_s = time.perf_counter() - started
    # Each sign of life comes after a sixteenth of it.
    monkeypatch.setattr(hdf5_process, "ANSWER_WITHIN_S", took_s / 2)
    assert list(find_records(second)) == [RecordRef(second)]
    monkeypatch.setattr(hdf5_process, "LAST_ANSWER_WITHIN_S", took_s / 4)
    (failure,) = find_records(third)
    assert isinstance(failure, RecordFailure)
    assert str(failure.error).startswith("c.h5: locked up the HDF5 library")


def test_every_object_is_looked_at_once_and_only_so_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _of_many_objects(tmp_path / "many.h5", 100)
    with h5py.File(path, "a") as file:
        file["beats/again"] = file["ecg"]
        file["beats/all"] = file
    monkeypatch.setattr(limits, "MAX_HDF5_OBJECTS", 104)
    with hdf5_file.opened(path) as file:
        names = [name for name, _ in hdf5_file.numeric_datasets(file, path)]
    assert len(names) == len(set(names)) == 101
    assert names[-1] == "beats/again" and "ecg" not in names
    monkeypatch.setattr(limits, "MAX_HDF5_OBJECTS", 100)
    with (
        pytest.raises(UnsupportedFormatError, match="more than 100 objects"),
        hdf5_file.opened(path) as file,
    ):
        list(hdf5_file.numeric_datasets(file, path))
