"""Finding records in files and folders."""

from __future__ import annotations

import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from ecgviewer.core.errors import MissingFileError, RecordError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.io import RecordFailure, find_records, open_record
from tests.generators import ecg_mv, ecg_uv, write_wfdb_16


def _names(path: Path) -> list[str]:
    return [found.name for found in find_records(path)]


def _stack(path: Path, n: int = 3) -> Path:
    with h5py.File(path, "w") as file:
        file["tracings"] = np.stack([ecg_mv(10.24, 400.0).T] * n).astype(np.float32)
    return path


def test_a_folder_is_searched_recursively_sorted_and_by_content(tmp_path: Path) -> None:
    signal = ecg_uv(1.0)
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        write_wfdb_16(tmp_path / name, "rec", signal)
    _stack(tmp_path / "b" / "many.anything")
    write_wfdb_16(tmp_path, "top", signal)
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "image.bin").write_bytes(bytes(1000))
    (tmp_path / "rec.atr").write_bytes(bytes(20))
    found = list(find_records(tmp_path))
    assert [one.name for one in found] == ["top", "rec", "many#0", "many#1", "many#2", "rec"]
    assert all(isinstance(one, RecordRef) for one in found)


def test_segments_and_annotation_headers_are_no_records_of_their_own(tmp_path: Path) -> None:
    write_wfdb_16(tmp_path, "s0", ecg_uv(1.0))
    (tmp_path / "lay.hea").write_text("lay 1 500 0\n~ 0 200/mV 16 0 0 0 0 I\n")
    (tmp_path / "m.hea").write_text("m/2 1 500 500\nlay 0\ns0 500\n")
    (tmp_path / "annotated.hea").write_text("annotated 0 250\n")
    assert _names(tmp_path) == ["m"]


def test_what_claims_to_be_a_record_and_is_none_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "text.hea").write_text("Dear all, this is not a header.\n")
    (tmp_path / "weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file["layer/kernel"] = np.zeros((64, 128))
    write_wfdb_16(tmp_path, "good", ecg_uv(1.0))
    found = list(find_records(tmp_path))
    assert [one.name for one in found] == ["good", "model", "text", "weights"]
    assert [isinstance(one, RecordFailure) for one in found] == [False, True, True, True]
    for failure in found[1:]:
        assert isinstance(failure, RecordFailure)
        assert failure.path.name in str(failure.error)


@pytest.mark.parametrize("given", ["rec", "rec.hea", "rec.dat", "sub/../rec.hea"])
def test_a_record_is_found_however_it_is_named(tmp_path: Path, given: str) -> None:
    (tmp_path / "sub").mkdir()
    write_wfdb_16(tmp_path, "rec", ecg_uv(1.0))
    (found,) = find_records(tmp_path / given)
    assert isinstance(found, RecordRef)
    assert found.path.name == "rec.hea"
    assert open_record(RecordRef(tmp_path / given)).n_samples == 500


def test_a_signal_file_of_another_name_finds_the_header_that_names_it(tmp_path: Path) -> None:
    write_wfdb_16(tmp_path, "rec", ecg_uv(1.0))
    (tmp_path / "rec.dat").rename(tmp_path / "other.dat")
    header = tmp_path / "rec.hea"
    header.write_text(header.read_text().replace("rec.dat", "other.dat"))
    assert _names(tmp_path / "other.dat") == ["rec"]


def test_one_record_of_many_by_number(tmp_path: Path) -> None:
    _stack(tmp_path / "many.hdf5")
    assert _names(tmp_path / "many.hdf5#2") == ["many#2"]
    assert open_record(RecordRef(tmp_path / "many.hdf5#1")).name == "many#1"
    assert _names(tmp_path / "many") == ["many#0", "many#1", "many#2"]


def test_nothing_there_is_a_failure_not_an_exception(tmp_path: Path) -> None:
    (failure,) = find_records(tmp_path / "absent")
    assert isinstance(failure, RecordFailure)
    assert isinstance(failure.error, MissingFileError)
    lonely = tmp_path / "lonely.dat"
    lonely.write_bytes(bytes(100))
    (failure,) = find_records(lonely)
    assert isinstance(failure, RecordFailure)
    assert "lonely.hea is missing" in failure.error.reason
    picture = tmp_path / "picture.png"
    picture.write_bytes(bytes(100))
    (failure,) = find_records(picture)
    assert isinstance(failure, RecordFailure)
    assert isinstance(failure.error, UnsupportedFormatError)


def test_answers_travel_with_every_reference(tmp_path: Path) -> None:
    write_wfdb_16(tmp_path, "rec", ecg_uv(1.0))
    _stack(tmp_path / "many.h5", 1)
    options = ReadOptions(fs_hz=300.0)
    found = list(find_records(tmp_path, options))
    assert [one.options for one in found if isinstance(one, RecordRef)] == [options, options]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    write_wfdb_16(tmp_path, "rec", ecg_uv(1.0))
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "dangling.hea").symlink_to(tmp_path / "gone.hea")
    found = list(find_records(tmp_path))
    assert [one.name for one in found] == ["dangling", "rec"]
    assert isinstance(found[0], RecordFailure)


def test_two_thousand_headers_are_found_in_a_second(tmp_path: Path) -> None:
    header = write_wfdb_16(tmp_path, "rec", ecg_uv(0.1)).read_text()
    for k in range(2000):
        (tmp_path / f"r{k:04}.hea").write_text(header)
    started = time.thread_time()
    assert len(_names(tmp_path)) == 2001
    # 0.4 s on an idle machine; the rest is room for a slow one.
    assert time.thread_time() - started < 4.0


def test_two_formats_of_one_name_are_two_records(tmp_path: Path) -> None:
    write_wfdb_16(tmp_path, "rec", ecg_uv(1.0))
    _stack(tmp_path / "rec.h5", 1)
    assert _names(tmp_path) == ["rec#0", "rec"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("r.xml", b"<?xml version='1.0'?><report/>", "XML of another kind"),
        ("r.png", b"\x89PNG\r\n\x1a\n" + bytes(64), "is a picture"),
        ("r.mat", b"MATLAB 5.0 MAT-file" + bytes(200), "is a MATLAB 5 file"),
        ("r.npy", b"\x93NUMPY\x01\x00" + bytes(64), "array of NumPy"),
        ("r.atr", b"\x01\x04\x00\x00", "no signal file of the record r.hea"),
        ("r.dat2", bytes(64), "no signal file of the record r.hea"),
        ("r", bytes(64), "no signal file of the record r.hea"),
    ],
)
def test_no_record_is_opened_in_place_of_a_file_with_its_name(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    write_wfdb_16(tmp_path, "r", ecg_uv(1.0))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordError, match=reason) as caught:
        open_record(RecordRef(tmp_path / name))
    assert caught.value.path == tmp_path / name
    (found,) = find_records(tmp_path / name)
    assert isinstance(found, RecordFailure)


def test_a_name_that_two_files_have_is_asked_about(tmp_path: Path) -> None:
    write_wfdb_16(tmp_path, "r", ecg_uv(1.0))
    with h5py.File(tmp_path / "r.h5", "w") as file:
        file["ecg"] = ecg_uv(1.0)
    with pytest.raises(RecordError, match=r"r\.hea and r\.h5 are both there: say which"):
        open_record(RecordRef(tmp_path / "r"))
    assert open_record(RecordRef(tmp_path / "r.hea")).fs_hz == 500


def test_a_matlab_5_file_without_a_header_is_called_that(tmp_path: Path) -> None:
    (tmp_path / "x.mat").write_bytes(b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(200))
    with pytest.raises(RecordError, match=r"MATLAB 5 file .* version 7\.3"):
        open_record(RecordRef(tmp_path / "x.mat"))
