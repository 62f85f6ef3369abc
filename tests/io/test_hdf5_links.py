"""HDF5: nothing outside the file is read, whichever way it points there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from ecgviewer.core.errors import UnsupportedFormatError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from tests.generators import LEADS, ecg_mv

ECG_MV = ecg_mv(10.0)
FACTS = {"fs": 500, "units": "mV", "leads": list(LEADS)}


def _file(path: Path, write: Callable[[h5py.File], object]) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs.update(FACTS)
        write(file)
    return path


def _open(path: Path, dataset: str | None = None) -> Recording:
    return open_record(RecordRef(path, None, ReadOptions(dataset=dataset)))


def _virtual(file: h5py.File, name: str, source: str, of: str = ".") -> None:
    layout = h5py.VirtualLayout(shape=ECG_MV.shape, dtype="f4")
    layout[:] = h5py.VirtualSource(of, source, shape=ECG_MV.shape)
    file.create_virtual_dataset(name, layout)


def _elsewhere(file: h5py.File, name: str, where: Path) -> None:
    """A dataset whose samples are the bytes of another file."""
    size = ECG_MV.size * 4
    where.write_bytes(bytes(range(256)) * (size // 256 + 1))
    file.create_dataset(name, ECG_MV.shape, "f4", external=[(str(where), 0, size)])


@pytest.mark.parametrize("target", ["/e/ecg", "/step", "e/ecg"])
def test_a_soft_link_through_another_file_is_refused(tmp_path: Path, target: str) -> None:
    _file(tmp_path / "other.h5", lambda file: file.create_dataset("ecg", data=ECG_MV))

    def write(file: h5py.File) -> None:
        file["e"] = h5py.ExternalLink("other.h5", "/")
        file["step"] = h5py.SoftLink("/e/ecg")
        file["ecg"] = h5py.SoftLink(target)

    path = _file(tmp_path / "a.h5", write)
    for dataset in ("ecg", "step", "e/ecg"):
        with pytest.raises(UnsupportedFormatError, match="points to another file"):
            _open(path, dataset)


def test_a_link_to_another_file_is_told_whether_or_not_that_is_there(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.h5", lambda file: file.update(ecg=h5py.ExternalLink("no.h5", "/e")))
    with pytest.raises(UnsupportedFormatError, match="ecg points to another file"):
        _open(path)


@pytest.mark.parametrize("target", ["/exam/raw", "./raw", "deep//also", "/again/exam/raw"])
def test_soft_links_inside_the_file_are_followed(tmp_path: Path, target: str) -> None:
    def write(file: h5py.File) -> None:
        file["exam/raw"] = ECG_MV
        file["exam/deep/also"] = h5py.SoftLink("/exam/raw")
        file["again"] = h5py.SoftLink("/")
        file["exam/linked"] = h5py.SoftLink(target)

    recording = _open(_file(tmp_path / "a.h5", write), "exam/linked")
    np.testing.assert_allclose(recording.read(0, 1), ECG_MV[:, :500], atol=1e-6)


def test_soft_links_in_circles_and_to_nothing_are_refused(tmp_path: Path) -> None:
    def write(file: h5py.File) -> None:
        file["a"], file["b"] = h5py.SoftLink("/b"), h5py.SoftLink("/a")
        file["gone"] = h5py.SoftLink("/nothing")

    path = _file(tmp_path / "a.h5", write)
    with pytest.raises(UnsupportedFormatError, match="circles"):
        _open(path, "a")
    with pytest.raises(UnsupportedFormatError, match="no dataset 'gone'"):
        _open(path, "gone")


def test_samples_of_another_file_are_refused_behind_virtual_datasets_too(tmp_path: Path) -> None:
    def write(file: h5py.File) -> None:
        _elsewhere(file, "raw", tmp_path / "secret.bin")
        file["via"] = h5py.SoftLink("/raw")
        _virtual(file, "between", "via")
        _virtual(file, "ecg", "between")

    path = _file(tmp_path / "a.h5", write)
    for dataset in ("raw", "between", None):
        with pytest.raises(UnsupportedFormatError, match="in other files"):
            _open(path, dataset)


@pytest.mark.parametrize("of", ["other.h5", "a.h5"])
def test_virtual_datasets_of_other_files_are_refused(tmp_path: Path, of: str) -> None:
    def write(file: h5py.File) -> None:
        _virtual(file, "between", "ecg", of)
        _virtual(file, "ecg", "between")

    with pytest.raises(UnsupportedFormatError, match="in other files"):
        _open(_file(tmp_path / "a.h5", write))


def test_a_virtual_dataset_linked_to_another_file_is_refused(tmp_path: Path) -> None:
    _file(tmp_path / "other.h5", lambda file: file.create_dataset("ecg", data=ECG_MV))

    def write(file: h5py.File) -> None:
        file["e"] = h5py.ExternalLink("other.h5", "/")
        _virtual(file, "ecg", "e/ecg")

    with pytest.raises(UnsupportedFormatError, match="points to another file"):
        _open(_file(tmp_path / "a.h5", write))


def test_virtual_datasets_of_this_file_are_read(tmp_path: Path) -> None:
    def write(file: h5py.File) -> None:
        file["raw"] = ECG_MV
        _virtual(file, "between", "/raw")
        _virtual(file, "ecg", "between")

    recording = _open(_file(tmp_path / "a.h5", write), "ecg")
    np.testing.assert_allclose(recording.read(0, 10), ECG_MV, atol=1e-6)


def test_virtual_datasets_without_end_are_refused(tmp_path: Path) -> None:
    def write(file: h5py.File) -> None:
        _virtual(file, "ecg", "b")
        _virtual(file, "b", "ecg")

    with pytest.raises(UnsupportedFormatError, match="too many others"):
        _open(_file(tmp_path / "a.h5", write), "ecg")


def test_virtual_datasets_by_a_pattern_of_names_are_refused(tmp_path: Path) -> None:
    """A dataset that is really called like the pattern says nothing about those that are read."""

    def write(file: h5py.File) -> None:
        n_leads, n = ECG_MV.shape
        _elsewhere(file, "raw0", tmp_path / "secret.bin")
        file["raw%b"] = ECG_MV
        stored = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        endless = h5py.h5s.UNLIMITED
        here = h5py.h5s.create_simple((n_leads, n), (n_leads, endless))
        here.select_hyperslab((0, 0), (1, endless), stride=(n_leads, n), block=(n_leads, n))
        stored.set_virtual(here, b".", b"raw%b", h5py.h5s.create_simple((n_leads, n)))
        shape = h5py.h5s.create_simple((n_leads, n), (n_leads, endless))
        h5py.h5d.create(file.id, b"ecg", h5py.h5t.IEEE_F32LE, shape, stored)

    with pytest.raises(UnsupportedFormatError, match="pattern of names"):
        _open(_file(tmp_path / "a.h5", write), "ecg")
