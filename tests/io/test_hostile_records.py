"""Records made to do harm: each claim beyond reason is refused with a reason, and soon."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from ecgviewer.core.child.messages import receive
from ecgviewer.core.errors import CorruptFileError, RecordError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import RecordFailure, find_records, limits, open_record
from ecgviewer.io.process import client as hdf5_process
from tests.generators import LEADS, ecg_mv, ecg_uv, write_wfdb_16


def _changed(folder: Path, old: str, new: str) -> Path:
    header = write_wfdb_16(folder, "a", ecg_uv(2.0))
    header.write_text(header.read_text().replace(old, new))
    return header


def _opened(path: Path) -> None:
    """Open and read what is found; the time is that of this thread, whatever else runs."""
    started = time.thread_time()
    try:
        for found in find_records(path):
            if isinstance(found, RecordFailure):
                raise found.error
            open_record(found).read(0, 1)
    finally:
        assert time.thread_time() - started < 5


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("a.dat 16 ", "a.dat 16:1000000000000 ", "skew of 1000000000000"),
        ("a 12 500 1000", "a 12 500 1000000000000", "holds 1000 of the 1000000000000"),
        ("a 12 500 1000", "a 12 1e-9 1000", "no ECG waveform"),
        ("a 12 500", "a 12 199999x", "no number"),
        ("a.dat 16 ", "a.dat 16x100000 ", "impossible samples per frame"),
        ("a 12 500 1000", "a/99999999 12 500 1000", "claims 99999999 segments"),
        ("a.dat", "../a.dat", "outside its folder"),
        ("a.dat", "/etc/passwd", "outside its folder"),
        ("a.dat", "x" * 300 + ".dat", "name too long"),
    ],
)
def test_claims_of_a_header(tmp_path: Path, old: str, new: str, reason: str) -> None:
    with pytest.raises(RecordError, match=f"(?i){reason}"):
        _opened(_changed(tmp_path, old, new))


def test_one_fast_signal_does_not_blow_up_five_hundred_slow_ones(tmp_path: Path) -> None:
    """Brought to one rate, 2 MB would become 4 GB."""
    lines = "".join("d.dat 80 200 8 0 0 0 0 V1\n" for _ in range(500))
    (tmp_path / "d.hea").write_text(f"d 501 2 20\nd.dat 80x100000 200 8 0 0 0 0 I\n{lines}")
    (tmp_path / "d.dat").write_bytes(bytes(20 * 100_500))
    with pytest.raises(CorruptFileError, match="samples per second"):
        _opened(tmp_path / "d.hea")


def test_one_segment_under_thousands_of_names_is_read_once(tmp_path: Path) -> None:
    header = write_wfdb_16(tmp_path, "a", ecg_uv(1.0))
    header.write_text(header.read_text() + "#" + "x" * 200_000 + "\n")
    n = 20_000
    segments = "".join(f"{'./' * (k % 50)}a 500\n" for k in range(n))
    (tmp_path / "m.hea").write_text(f"m/{n} 12 500 {500 * n}\n{segments}")
    _opened(tmp_path / "m.hea")


def test_a_record_that_consists_of_itself(tmp_path: Path) -> None:
    (tmp_path / "m.hea").write_text("m/2 12 500 1000\nm 500\nm 500\n")
    with pytest.raises(CorruptFileError, match="consists of segments itself"):
        _opened(tmp_path / "m.hea")


def test_folders_nested_without_end(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(limits.MAX_FOLDER_DEPTH + 5):
        folder /= "a"
    folder.mkdir(parents=True)
    write_wfdb_16(tmp_path, "sound", ecg_uv(1.0))
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    found = list(find_records(tmp_path))
    assert [one.name for one in found if isinstance(one, RecordRef)] == ["sound"]
    assert ["nested too deep" in one.error.reason for one in found
            if isinstance(one, RecordFailure)] == [True]  # fmt: skip


@pytest.mark.parametrize("name", ["#3", "x" * 300, "a\0b", "x/" * 3000 + "y"])
def test_paths_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    (found,) = find_records(tmp_path / name)
    assert isinstance(found, RecordFailure)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    write_wfdb_16(tmp_path, "a", ecg_uv(1.0))
    (tmp_path / "a.dat").unlink()
    for name in ("a.dat", "b.hea", "c.h5"):
        os.mkfifo(tmp_path / name)
    for name in ("a.hea", "b.hea", "c.h5"):
        with pytest.raises(RecordError, match="not a regular file"):
            _opened(tmp_path / name)


def _hdf5(folder: Path) -> tuple[Path, h5py.File]:
    path = folder / "x.h5"
    file = h5py.File(path, "w")
    file.attrs.update(fs=500.0, units="mV", leads=list(LEADS))
    return path, file


def test_a_chunk_that_unpacks_without_end(tmp_path: Path) -> None:
    path, file = _hdf5(tmp_path)
    with file:
        item = file.create_dataset("ecg", shape=(12, 10**8), dtype="f4", chunks=(1, 10**8),
                                   compression="gzip", compression_opts=1)  # fmt: skip
        item.id.write_direct_chunk((0, 0), b"x\x9cc`\x00\x00" + bytes(400_000))
    with pytest.raises(UnsupportedFormatError, match="blocks of 400 MB"):
        _opened(path)


def test_samples_that_were_never_written(tmp_path: Path) -> None:
    path, file = _hdf5(tmp_path)
    with file:
        file.create_dataset("tracings", shape=(10**9, 4096, 12), dtype="f4", chunks=(1, 4096, 12))
    with pytest.raises(RecordError):
        _opened(path)


@pytest.mark.parametrize("kind", ["external", "soft", "raw", "virtual"])
def test_links_out_of_the_file_are_refused(tmp_path: Path, kind: str) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["ecg"] = ecg_mv(1.0)
    path, file = _hdf5(tmp_path)
    with file:
        if kind == "external":
            file["ecg"] = h5py.ExternalLink("other.h5", "/ecg")
        elif kind == "soft":
            file["a"], file["ecg"] = h5py.SoftLink("/ecg"), h5py.SoftLink("/a")
        elif kind == "raw":
            file.create_dataset("ecg", shape=(12, 600), dtype="f4",
                                external=[("/etc/passwd", 0, 28_800)])  # fmt: skip
        else:
            layout = h5py.VirtualLayout(shape=(12, 500), dtype="f8")
            layout[:] = h5py.VirtualSource("other.h5", "ecg", shape=(12, 500))
            file.create_virtual_dataset("ecg", layout)
    with pytest.raises(UnsupportedFormatError):
        _opened(path)


def test_a_virtual_dataset_made_of_itself(tmp_path: Path) -> None:
    path, file = _hdf5(tmp_path)
    with file:
        layout = h5py.VirtualLayout(shape=(12, 500), dtype="f8")
        layout[:] = h5py.VirtualSource(".", "ecg", shape=(12, 500))
        file.create_virtual_dataset("ecg", layout)
    with pytest.raises(RecordError):
        _opened(path)


def test_what_is_no_table_beside_a_record_is_passed_over(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "A1.h5", "w") as file:
        file["ecg"] = ecg_mv(2.0).astype("f2")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "huge.csv").write_text("ECG_ID," + "x" * 200_000 + "\n")
    assert open_record(RecordRef(tmp_path / "A1.h5")).fs_hz == 500


def test_hashing_a_large_file_keeps_no_other_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash of one record of many is read in ranges, each within the time of a range."""
    stack = np.stack([ecg_mv(10.0, seed=k).T for k in range(2)]).astype("f4")
    path = tmp_path / "code.h5"
    with h5py.File(path, "w") as file:
        file["tracings"] = stack
    recording = open_record(RecordRef(path, 1))
    asked = []
    call = hdf5_process.call

    def noting(what: str, *rest: object, **more: object) -> object:
        asked.append(what)
        return call(what, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("ecgviewer.io.hdf5.records.call", noting)
    samples = recording.read_samples(0, recording.n_samples).astype("<f4")
    assert recording.content_hash() == hashlib.sha256(samples.tobytes()).hexdigest()
    assert set(asked) == {"read"}


def test_a_reader_process_gone_mad_is_not_believed(tmp_path: Path) -> None:
    for head in (b"\xff" * 16, b"\x02\0\0\0\x02\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff{}"):
        (tmp_path / "answer").write_bytes(head)
        with (tmp_path / "answer").open("rb") as stream:
            assert receive(stream) is None
