"""Recordings: WFDB headers, signal files of every format, segments, annotations, and HDF5."""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path

import h5py
import numpy as np
import soundfile

from ecgviewer.core.errors import EcgViewerError, RecordError
from ecgviewer.io import RecordFailure, find_records, open_record
from ecgviewer.io.hdf5.locate import layout as hdf5_layout
from ecgviewer.review.exports.wfdb.read import find_annotators, read_annotator
from tests.fuzz import mutations
from tests.fuzz.hdf5_builder import write_hostile
from tests.fuzz.target import SAMPLES, Target, name_of
from tests.generators import LEADS, ecg_mv, ecg_uv, write_wfdb_16
from tests.io.encoders import PACKED, VALUE_RANGE, write_record

Rng = np.random.Generator
MAX_RECORDS = 20
"""Of one file: a stack may claim as many as it has bytes."""


def opened(path: Path) -> str:
    """Open the records of a file and read from it; return the typed error or ``opened``."""
    result = "opened"
    for found in islice(find_records(path), MAX_RECORDS):
        if isinstance(found, RecordFailure):
            return name_of(found.error)
        try:
            recording = open_record(found)
            end = recording.n_samples
            for start in (0, end // 2, max(end - 700, 0)):
                block = recording.read_samples(start, start + 700)
                assert block.shape == (len(recording.leads), min(700, end - start))
                assert not np.isinf(block).any()
            recording.source.close()
        except RecordError as error:
            result = name_of(error)
    if path.suffix in (".h5", ".hdf5"):
        try:
            for candidate in hdf5_layout.inspect(path):
                hdf5_layout.preview(path, candidate.dataset, 500)
        except RecordError as error:
            return name_of(error)
    return result


def _header_seeds(folder: Path) -> list[Path]:
    made = write_wfdb_16(folder, "a", ecg_uv(1.0), comments=("Age: 50", "Sex: M", "Dx: 1,2"))
    real = _sample(folder, "00010_hr")
    mixed = folder / "mixed.hea"
    mixed.write_text("mixed 2 250/100(5) 250 10:11:12 01/02/2003\na.dat 16x4:3+24 200(5)/uV I\n"
                     "f.dat 212 200 II\n")  # fmt: skip
    (folder / "f.dat").write_bytes(bytes(3000))
    return [made, real, mixed]


def _sample(folder: Path, name: str) -> Path:
    for suffix in (".dat", ".hea"):
        shutil.copy(SAMPLES / f"{name}{suffix}", folder)
    return folder / f"{name}.hea"


def _signal_seeds(folder: Path) -> list[Path]:
    signal_uv = ecg_uv(1.0)
    seeds = []
    for fmt in PACKED:
        low, high = VALUE_RANGE[fmt]
        counts = np.clip(signal_uv[:3] // 10, low + 1, high)
        header = write_record(folder, f"p{fmt}", fmt, counts, LEADS[:3])
        seeds += [header, header.with_suffix(".dat")]
    for fmt, subtype in (("508", "PCM_S8"), ("516", "PCM_16"), ("524", "PCM_24")):
        flac = folder / f"f{fmt}.flac"
        soundfile.write(flac, signal_uv[:4].T / 32768.0, 500, subtype)
        lines = "".join(f"{flac.name} {fmt} 1000/mV 16 0 0 0 0 {lead}\n" for lead in LEADS[:4])
        flac.with_suffix(".hea").write_text(f"f{fmt} 4 500 500\n{lines}")
        seeds += [flac, flac, flac.with_suffix(".hea")]
    # A MATLAB 4 file as the PhysioNet challenges distribute: 24 bytes before format 16.
    mat = write_record(folder, "mat", "16", signal_uv[:3], LEADS[:3], offset=24, suffix=".mat")
    return [*seeds, mat, mat.with_suffix(".mat")]


def _segment_seeds(folder: Path) -> list[Path]:
    for name in ("a", "b"):
        write_wfdb_16(folder, name, ecg_uv(1.0), comments=("Age: 50",))
    (folder / "m.hea").write_text("m/3 12 500 1100\na 500\n~ 100\nb 500\n")
    layout = "".join(f"~ 0 1000/mV 16 0 0 0 0 {lead}\n" for lead in LEADS)
    (folder / "lay.hea").write_text(f"lay 12 500 0\n{layout}")
    (folder / "v.hea").write_text("v/3 12 500 1000\nlay 0\na 500\nb 500\n")
    return [folder / f"{name}.hea" for name in ("m", "v", "lay", "b")]


def _text_or_bytes(changed: Path, data: bytes, rng: Rng) -> bytes:
    if changed.suffix != ".hea":
        return mutations.bytes_changed(data, rng)
    if rng.random() < 0.03 and b"/" in data.split(b"\n")[0]:  # a record that names itself
        return data.replace(b"\na ", f"\n{changed.stem} ".encode())
    return mutations.text_changed(data, rng)


def _read_record(folder: Path, changed: Path) -> str:
    if changed.name in ("lay.hea", "b.hea") and (folder / "v.hea").exists():
        return opened(folder / "v.hea")
    return opened(changed.with_suffix(".hea"))


def _annotation_seeds(folder: Path) -> list[Path]:
    from ecgviewer.review.annotations import RecordKey, Review
    from ecgviewer.review.edits import editing
    from ecgviewer.review.exports.wfdb.codec import Mark, encode
    from ecgviewer.review.exports.wfdb.export import export_wfdb

    write_wfdb_16(folder, "a", ecg_uv(4.0))
    marks = []
    for beat in range(0, 2000, 400):
        marks += [Mark(beat + at, symbol, 1, aux) for at, symbol, aux in (
            (10, "+", "(AFIB"), (50, "(", ""), (60, "p", ""), (70, ")", ""), (100, "N", ""),
            (120, '"', "a note"), (130, "~", "noise"), (140, "s", "ST0+"))]  # fmt: skip
    (folder / "a.atr").write_bytes(encode(marks, 500.0))
    review = Review(RecordKey("ab" * 32, "a", 500.0, 2000, ("I", "II")), "Ann")
    for start in range(3):
        review = editing.apply(
            review, editing.add(review, [editing.make(review, start, start + 0.5, ("I",), "PVC")])
        )
    return [folder / "a.atr", export_wfdb(review, folder, "a")]


def _read_annotations(folder: Path, changed: Path) -> str:
    from ecgviewer.review.exports.wfdb.export import import_wfdb

    recording = open_record(next(r for r in find_records(folder / "a.hea")))  # type: ignore[arg-type]
    assert changed.suffix[1:] in find_annotators(recording)
    layer = read_annotator(recording, changed.suffix[1:])
    for item in layer.annotations:
        assert 0 <= item.start_s <= item.end_s
    try:
        import_wfdb(changed)
    except EcgViewerError as error:
        return "layer" if not layer.problem else name_of(error)
    return "imported"


def _hdf5_seeds(folder: Path) -> list[Path]:
    ecg = ecg_mv(1.0)
    with h5py.File(folder / "code.h5", "w") as file:
        stack = np.pad(ecg.T, ((20, 20), (0, 0)))[None].repeat(2, axis=0)
        file.create_dataset("tracings", data=stack.astype("f4"), compression="gzip")
        file["exam_id"] = [1, 2]
    with h5py.File(folder / "sph.h5", "w") as file:
        file.create_dataset("ecg", data=ecg.astype("f2"), chunks=(3, 125), compression="gzip")
    with h5py.File(folder / "leads.h5", "w", libver="latest") as file:
        file.attrs.update(fs=500, units="mV")
        for lead, row in zip(LEADS, ecg, strict=True):
            file[f"ecg/2020-01-01/{lead}"] = row.astype("f4")
    with h5py.File(folder / "facts.h5", "w", userblock_size=512) as file:
        file["val"] = (ecg * 1000).T.astype("i4")
        file.attrs.update(fs=500, units="uV", leads=list(LEADS))
        names = [file.create_dataset(f"n/{k}", data=np.array([[73]], "u2")).ref for k in range(12)]
        file.create_dataset("channels", data=np.array([names], dtype=h5py.ref_dtype))
    shutil.copy(SAMPLES / "code_layout.hdf5", folder / "sample.h5")
    return sorted(folder.glob("*.h5"))


def _table_seeds(folder: Path) -> list[Path]:
    with h5py.File(folder / "A1.h5", "w") as file:
        file["ecg"] = ecg_mv(1.0).astype("f2")  # the layout of SPH: the rate stands in the table
    table = folder / "metadata.csv"
    table.write_text("ECG_ID,AHA_Code,Patient_ID,Age,Sex,fs\nA1,1;22,P1,50,M,500\nA2,1,P2,x,F,\n")
    return [table]


def _structure_seeds(folder: Path) -> list[Path]:
    (folder / "s.h5").write_bytes(b"")
    return [folder / "s.h5"]


def _structure(changed: Path, data: bytes, rng: Rng) -> bytes:
    return write_hostile(changed, rng)


TARGETS = {
    "wfdb-header": Target(_header_seeds, _text_or_bytes, _read_record),
    "wfdb-signal": Target(_signal_seeds, _text_or_bytes, _read_record),
    "wfdb-segments": Target(_segment_seeds, _text_or_bytes, _read_record),
    "wfdb-annotations": Target(
        _annotation_seeds, lambda _, data, rng: mutations.words_changed(data, rng),
        _read_annotations,
    ),
    "hdf5-bytes": Target(
        _hdf5_seeds, lambda _, data, rng: mutations.bytes_changed(data, rng),
        lambda _, changed: opened(changed),
    ),
    "hdf5-structure": Target(_structure_seeds, _structure, lambda _, changed: opened(changed)),
    "hdf5-table-beside": Target(
        _table_seeds, lambda _, data, rng: mutations.csv_changed(data, rng),
        lambda folder, _: opened(folder / "A1.h5"),
    ),
}  # fmt: skip
