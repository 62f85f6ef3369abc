"""Damaged and hostile files: each gives a typed error that names the file and the reason."""

from __future__ import annotations

import gzip
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from pydicom.uid import EncapsulatedPDFStorage

from ecgviewer.core.errors import (
    CorruptFileError,
    MissingFileError,
    RecordError,
    UnansweredError,
    UnsupportedFormatError,
)
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import RecordFailure, find_records, open_record
from tests.generators import LEADS, ecg_mv, ecg_uv, write_wfdb_16
from tests.io.clinical_files import write_scp
from tests.io.dicom_files import dataset, group
from tests.io.dicom_files import write as write_dicom


def _header(folder: Path, text: str) -> Path:
    path = folder / "bad.hea"
    path.write_text(text)
    (folder / "bad.dat").write_bytes(bytes(24_000))
    return path


def _edited(old: str, new: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = write_wfdb_16(folder, "bad", ecg_uv(2.0))
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        return path

    return make


def _missing_dat(folder: Path) -> Path:
    path = write_wfdb_16(folder, "bad", ecg_uv(2.0))
    (folder / "bad.dat").unlink()
    return path


def _truncated(folder: Path) -> Path:
    path = write_wfdb_16(folder, "bad", ecg_uv(2.0))
    data = (folder / "bad.dat").read_bytes()
    (folder / "bad.dat").write_bytes(data[: len(data) // 2 + 1])
    return path


def _empty_dat(folder: Path) -> Path:
    path = write_wfdb_16(folder, "bad", ecg_uv(2.0))
    (folder / "bad.dat").write_bytes(b"")
    path.write_text(path.read_text().replace("bad 12 500 1000", "bad 12 500"))
    return path


def _pipe(folder: Path) -> Path:
    path = write_wfdb_16(folder, "bad", ecg_uv(2.0))
    (folder / "bad.dat").unlink()
    os.mkfifo(folder / "bad.dat")
    return path


def _matlab_5(folder: Path) -> Path:
    path = write_wfdb_16(folder, "bad", ecg_uv(2.0))
    (folder / "bad.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(30_000))
    path.write_text(path.read_text().replace("bad.dat 16", "bad.mat 16+24"))
    return path


def _hdf5(**content: object) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "bad.h5"
        with h5py.File(path, "w") as file:
            for name, value in content.items():
                file[name] = value
        return path

    return make


def _hdf5_cut(folder: Path) -> Path:
    path = _hdf5(ecg=np.zeros((12, 50_000), np.float32))(folder)
    path.write_bytes(path.read_bytes()[:100_000])
    return path


def _hdf5_flipped_chunk(folder: Path) -> Path:
    path = folder / "bad.h5"
    with h5py.File(path, "w") as file:
        data = ecg_mv(10.0).astype(np.float16)
        file.create_dataset("ecg", data=data, chunks=(12, 5000), compression="gzip")
        offset = file["ecg"].id.get_chunk_info(0).byte_offset
    raw = bytearray(path.read_bytes())
    raw[offset + 50 : offset + 250] = bytes(200)
    path.write_bytes(raw)
    return path


def _hdf5_external_link(folder: Path) -> Path:
    _hdf5(ecg=ecg_mv(10.0).astype(np.float16))(folder).rename(folder / "other.h5")
    path = folder / "bad.h5"
    with h5py.File(path, "w") as file:
        file["ecg"] = h5py.ExternalLink("other.h5", "/ecg")
    return path


def _hdf5_external_storage(folder: Path) -> Path:
    (folder / "secret.bin").write_bytes(bytes(12 * 5000 * 4))
    path = folder / "bad.h5"
    with h5py.File(path, "w") as file:
        size = 12 * 5000 * 4
        file.create_dataset(
            "ecg", (12, 5000), np.float32, external=[(str(folder / "secret.bin"), 0, size)]
        )
    return path


def _hdf5_virtual(folder: Path) -> Path:
    _hdf5(ecg=ecg_mv(10.0).astype(np.float16))(folder).rename(folder / "other.h5")
    layout = h5py.VirtualLayout((12, 5000), np.float16)
    layout[:] = h5py.VirtualSource(folder / "other.h5", "ecg", (12, 5000))
    path = folder / "bad.h5"
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("ecg", layout)
    return path


def _hdf5_huge(shape: tuple[int, ...], chunks: tuple[int, ...]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "bad.h5"
        with h5py.File(path, "w") as file:
            item = file.create_dataset("tracings", shape, np.float32, chunks=chunks)
            if np.prod(chunks, dtype=float) < 1e6:
                item[(0,) * len(shape)] = 1.0
        return path

    return make


def _packed(folder: Path, name: str) -> Path:
    path = folder / name
    if name.endswith("zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.xml", MUSE.read_bytes())
    else:
        path.write_bytes(gzip.compress(MUSE.read_bytes()))
    return path


def _document(folder: Path) -> Path:
    found = dataset(EncapsulatedDocument=b"%PDF-1.4", MIMETypeOfEncapsulatedDocument="text/plain")
    found.SOPClassUID = found.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    found.save_as(folder / "bad.dcm", enforce_file_format=True)
    return folder / "bad.dcm"


def _scp(folder: Path, flags: int = 0, cut: int = 0, flip: int = 0) -> Path:
    path = write_scp(folder / "bad.scp", np.ones((8, 1000)), flags)
    data = bytearray(path.read_bytes())
    data[-5] ^= flip
    path.write_bytes(data[: len(data) - cut])
    return path


MUSE = Path(__file__).parent / "data" / "clinical" / "muse_std.xml"

ONE_LEAD = "bad.dat 16 1000/mV 16 0 0 0 0 I\n"

BAD: dict[str, tuple[Callable[[Path], Path], type[RecordError], str]] = {
    "missing dat": (_missing_dat, MissingFileError, "missing"),
    "truncated dat": (_truncated, CorruptFileError, "holds 500 of the 1000 samples"),
    "zero-length dat": (_empty_dat, CorruptFileError, "no samples"),
    "zero-length header": (lambda f: _header(f, ""), CorruptFileError, "empty"),
    "blank header": (lambda f: _header(f, "\n \n"), CorruptFileError, "empty"),
    "comments only": (lambda f: _header(f, "# a\n# b\n"), CorruptFileError, "no record line"),
    "text": (lambda f: _header(f, "Dear Dr. Who, see below"), CorruptFileError, "not a WFDB"),
    "one word": (lambda f: _header(f, "hello"), CorruptFileError, "not a WFDB"),
    "binary header": (lambda f: _header(f, "a\0b"), CorruptFileError, "binary"),
    "fs 0": (_edited("bad 12 500 ", "bad 12 0 "), UnansweredError, "frequency of 0"),
    "no fs": (lambda f: _header(f, f"bad 1\n{ONE_LEAD}"), UnansweredError, "no sampling freq"),
    "negative fs": (_edited("bad 12 500 ", "bad 12 -500 "), CorruptFileError, "impossible"),
    "fs in words": (_edited("bad 12 500 ", "bad 12 fast "), CorruptFileError, "no number"),
    "infinite fs": (_edited("bad 12 500 ", "bad 12 1e999 "), CorruptFileError, "impossible"),
    "absurd fs": (_edited("bad 12 500 ", "bad 12 1e9 "), CorruptFileError, "impossible"),
    "trend, no ECG": (_edited("bad 12 500 ", "bad 12 1 "), UnsupportedFormatError, "no ECG"),
    "10^12 samples": (_edited("500 1000", "500 1000000000000"), CorruptFileError, "10000000000"),
    "10^40 samples": (_edited("500 1000", "500 1" + "0" * 40), CorruptFileError, "impossible"),
    "negative length": (_edited("500 1000", "500 -7"), CorruptFileError, "-7 samples"),
    "10^9 signals": (_edited("bad 12 500", "bad 1000000000 500"), CorruptFileError, "claims"),
    "fewer lines": (_edited("bad 12 500", "bad 13 500"), CorruptFileError, "claims 13"),
    "bad format": (_edited(".dat 16 ", ".dat 17 "), UnsupportedFormatError, "format 17"),
    "format in words": (_edited(".dat 16 ", ".dat wav "), CorruptFileError, "no sense"),
    "10^9 per frame": (_edited(".dat 16 ", ".dat 16x999999999 "), CorruptFileError, "per frame"),
    "0 per frame": (_edited(".dat 16 ", ".dat 16x0 "), CorruptFileError, "per frame"),
    "offset past the end": (_edited(".dat 16 ", ".dat 16+99999999 "), CorruptFileError, "trunc"),
    "gain in words": (_edited("1000(0)/mV", "much"), CorruptFileError, "gain"),
    "absurd gain": (_edited("1000(0)/mV", "1e-300(0)/mV"), CorruptFileError, "gain of I"),
    "absurd larger gain": (_edited("1000(0)/mV", "1e99(0)/mV"), CorruptFileError, "gain of I"),
    "infinite gain": (_edited("1000(0)/mV", "1e999(0)/mV"), CorruptFileError, "gain of I"),
    "climbs out": (_edited("bad.dat", "../../etc/passwd"), CorruptFileError, "outside"),
    "absolute path": (_edited("bad.dat", "/etc/passwd"), CorruptFileError, "outside"),
    "windows path": (_edited("bad.dat", "C:\\boot.ini"), CorruptFileError, "outside"),
    "backslashes": (_edited("bad.dat", "..\\..\\boot.ini"), CorruptFileError, "outside"),
    "web address": (_edited("bad.dat", "https://example.org/bad.dat"), MissingFileError, "missing"),
    "a named pipe": (_pipe, RecordError, "not a regular file"),
    "a folder": (_edited("bad.dat", "."), CorruptFileError, "names no signal file"),
    "MATLAB 5": (_matlab_5, UnsupportedFormatError, "MATLAB 5"),
    "not FLAC": (_edited(".dat 16 ", ".dat 516 "), CorruptFileError, "not the FLAC"),
    "no signals": (lambda f: _header(f, "bad 0 250 100\n"), UnsupportedFormatError, "no signals"),
    "zero segments": (lambda f: _header(f, "bad/0 1 250 100\n"), CorruptFileError, "0 segments"),
    "own segment": (lambda f: _header(f, "bad/1 1 250 9\nbad 9\n"), CorruptFileError, "segments"),
    "long gap": (
        lambda f: _header(f, "bad/2 1 250\n~ 99999999999999\nbad 9\n"), RecordError, "segments"
    ),
    "no HDF5": (lambda f: _text(f, "bad.h5"), CorruptFileError, "damaged HDF5"),
    "HDF5 cut": (_hdf5_cut, CorruptFileError, "damaged HDF5"),
    "HDF5 damaged chunk": (_hdf5_flipped_chunk, CorruptFileError, "damaged HDF5"),
    "HDF5 empty": (_hdf5(), UnsupportedFormatError, "no ECG"),
    "HDF5 without ECG": (_hdf5(kernel=np.ones((64, 128))), UnsupportedFormatError, "no ECG"),
    "HDF5 of text": (_hdf5(ecg="hello"), UnsupportedFormatError, "no ECG"),
    "HDF5 nothing known": (_hdf5(data=np.ones((12, 999))), UnansweredError, "lead names"),
    "HDF5 two candidates": (
        _hdf5(ecg=np.ones((12, 999)), signal=np.ones((12, 999))), UnansweredError, "say which"
    ),
    "HDF5 all zero": (_hdf5(tracings=np.zeros((1, 4096, 12))), CorruptFileError, "nothing but"),
    "HDF5 external link": (_hdf5_external_link, UnsupportedFormatError, "another file"),
    "HDF5 external data": (_hdf5_external_storage, UnsupportedFormatError, "other files"),
    "HDF5 virtual": (_hdf5_virtual, UnsupportedFormatError, "other files"),
    "HDF5 10^12 records": (
        _hdf5_huge((10**12, 4096, 12), (1, 64, 12)), UnsupportedFormatError, "claims"
    ),
    "HDF5 10^12 samples": (
        _hdf5_huge((1, 10**12, 12), (1, 64, 12)), CorruptFileError, "claims 1000000000000"
    ),
    "HDF5 4 GB chunks": (
        _hdf5_huge((10, 10**8, 12), (1, 8 * 10**7, 12)), UnsupportedFormatError, "blocks"
    ),
    "gzip": (lambda f: _packed(f, "bad.xml"), UnsupportedFormatError, "with gzip: unpack"),
    "ZIP": (lambda f: _packed(f, "bad.zip"), UnsupportedFormatError, "ZIP archive: unpack"),
    "DICOM document": (_document, UnsupportedFormatError, "a document in DICOM"),
    "DICOM without samples": (
        lambda f: write_dicom(f / "bad.dcm"), CorruptFileError, "DICOM waveform without samples"
    ),
    "DICOM empty": (
        lambda f: write_dicom(f / "bad.dcm", group(np.zeros((12, 0)))),
        UnsupportedFormatError, "DICOM waveform without any ECG",
    ),
    "SCP checksum": (lambda f: _scp(f, flip=1), CorruptFileError, "checksum is wrong"),
    "SCP cut": (lambda f: _scp(f, cut=9000), CorruptFileError, "truncated: it holds"),
    "SCP reference beat": (
        lambda f: _scp(f, flags=1), UnsupportedFormatError, "reference-beat subtraction"
    ),
    "HDF5 never written": (
        _hdf5_huge((2, 4 * 10**5, 12), (1, 4 * 10**5, 12)), CorruptFileError, "never written"
    ),
}  # fmt: skip


def _text(folder: Path, name: str) -> Path:
    (folder / name).write_text("this is no HDF5\n" * 100)
    return folder / name


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_a_typed_error_with_file_and_reason(tmp_path: Path, case: str) -> None:
    make, kind, reason = BAD[case]
    path = make(tmp_path)
    with pytest.raises(kind, match=reason) as caught:
        open_record(RecordRef(path))
    assert str(caught.value).startswith("bad")
    # The folder search goes on: the record is a failure now or on opening, never an exception.
    write_wfdb_16(tmp_path, "good", ecg_uv(1.0))
    found = [one for one in find_records(tmp_path) if one.name.startswith(("bad", "good"))]
    assert found[-1].name == "good"
    for one in found[:-1]:
        if not isinstance(one, RecordFailure):
            with pytest.raises(RecordError):
                open_record(one)


def test_reading_needs_memory_for_the_range_only(tmp_path: Path) -> None:
    path = tmp_path / "sparse.h5"
    with h5py.File(path, "w") as file:
        item = file.create_dataset("ecg", (12, 40_000_000), np.float32, chunks=(12, 4096))
        item.attrs.update(fs=500, units="mV", leads=list(LEADS))
        item[:, :5000] = ecg_mv(10.0)
    recording = open_record(RecordRef(path))
    assert recording.duration_s == 80_000.0
    assert recording.read(79_990, 80_000).shape == (12, 5000)
    assert not recording.read(79_990, 80_000).any()
