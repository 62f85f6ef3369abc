"""Label tables and labelled HDF5 files that nobody vouches for."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.generators import ecg_uv, write_wfdb_16
from trainer.datasets import tables
from trainer.datasets.entries import DataError
from trainer.datasets.scan import scan

PTBXL = "ecg_id,patient_id,scp_codes,strat_fold,filename_lr,filename_hr\n"


def _own_table(folder: Path, text: str) -> Path:
    write_wfdb_16(folder, "r1", ecg_uv(0.2))
    (folder / "labels.csv").write_text(text)
    return folder


@pytest.mark.parametrize(
    "outside", ["../other/x", "/etc/passwd", "C:\\x", "x" * 300, "", "..", "."]
)
def test_a_table_names_no_record_outside_its_folder(tmp_path: Path, outside: str) -> None:
    (tmp_path / "other").mkdir()
    write_wfdb_16(tmp_path / "other", "x", ecg_uv(0.2))
    (tmp_path / "own").mkdir()
    folder = _own_table(tmp_path / "own", f"relpath,normal\nr1,1\n{outside},1\n")
    (dataset,) = scan([folder]).datasets
    assert [entry.name for entry in dataset.entries] == ["r1"]
    assert dataset.without_record == [outside]


@pytest.mark.parametrize("name", ["../../other/x", "/other/x"])
def test_neither_do_the_published_tables(tmp_path: Path, name: str) -> None:
    for folder in ("other", "ptbxl", "cpsc"):
        (tmp_path / folder).mkdir()
        write_wfdb_16(tmp_path / folder, "x", ecg_uv(0.2))
    (tmp_path / "ptbxl" / "ptbxl_database.csv").write_text(
        f"{PTBXL}1,1,NORM,1,,x\n2,2,NORM,1,,{name}\n"
    )
    (tmp_path / "cpsc" / "REFERENCE.csv").write_text(
        f"Recording,First_label,Second_label,Third_label\nx,1,,\n{name},1,,\n"
    )
    for folder in ("ptbxl", "cpsc"):
        assert len(scan([tmp_path / folder]).entries) == 1


@pytest.mark.parametrize(
    "row",
    ["1,1,NORM,inf,,x", "1,1,NORM,99,,x", "1,1,NORM,0,,x", "x,1,NORM,1,,x", "1e400,1,NORM,1,,x",
     "1,1,{'NORM': []},1,,x", f"1,1,{{{'(' * 3000},1,,x", "1,1,{\"a\": 1e999999999999},nan,,x"],
)  # fmt: skip
def test_impossible_cells_are_told_with_their_line(tmp_path: Path, row: str) -> None:
    write_wfdb_16(tmp_path, "x", ecg_uv(0.2))
    (tmp_path / "ptbxl_database.csv").write_text(f"{PTBXL}{row}\n")
    with pytest.raises(DataError, match="line 2"):
        scan([tmp_path])


@pytest.mark.parametrize("label", ["0", "10", "inf", "x", "-1"])
def test_there_are_nine_classes(tmp_path: Path, label: str) -> None:
    write_wfdb_16(tmp_path, "x", ecg_uv(0.2))
    (tmp_path / "REFERENCE.csv").write_text(
        f"Recording,First_label,Second_label,Third_label\nx,{label},,\n"
    )
    with pytest.raises(DataError, match="labels run from 1 to 9"):
        scan([tmp_path])


def test_a_field_of_a_hundred_megabytes(tmp_path: Path) -> None:
    with (tmp_path / "labels.csv").open("w") as file:
        file.write('relpath,normal\n"')
        for _ in range(100):
            file.write("x" * 1_000_000)
    before = tables.csv.field_size_limit()
    with pytest.raises(DataError, match="longer than"):
        scan([_linked(tmp_path)])
    assert tables.csv.field_size_limit() == before


def _linked(folder: Path) -> Path:
    write_wfdb_16(folder, "r1", ecg_uv(0.2))
    return folder


def test_tables_of_absurd_width_and_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = ",".join(map(str, range(5000)))
    with pytest.raises(DataError, match="columns"):
        scan([_own_table(tmp_path, f"relpath,normal,{columns}\nr1,1\n")])
    monkeypatch.setattr(tables, "MAX_ROWS", 10)
    with pytest.raises(DataError, match="more than 10 rows"):
        scan([_own_table(tmp_path, "relpath,normal\n" + "r1,1\n" * 11)])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipes_and_circles_of_links(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    _own_table(folder, "relpath,normal\nr1,1\n")
    (folder / "round").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "labels.csv")
    os.mkfifo(tmp_path / "REFERENCE.csv")
    assert len(scan([tmp_path]).entries) == 1


def _stack(path: Path, **columns: object) -> Path:
    with h5py.File(path, "w") as file:
        file["signal"] = np.ones((4, 500, 12), "f4")
        for name, values in columns.items():
            file[name] = values
    return path


def test_labels_inside_hdf5_come_through_the_reader_process(tmp_path: Path) -> None:
    path = _stack(tmp_path / "x.h5", scp_codes=["NORM", "NORM,SR", "AFIB", ""],
                  strat_fold=[1, 2.0, 9, 10], patient_id=[7, 7, 8, -1])  # fmt: skip
    entries = scan([path]).entries
    assert [entry.normal for entry in entries] == [True, True, False, None]
    assert [entry.split for entry in entries] == ["train", "train", "calibrate", "report"]
    assert [entry.patient for entry in entries] == ["7", "7", "8", "x#3"]


def test_hostile_labels_inside_hdf5(tmp_path: Path) -> None:
    hostile: tuple[dict[str, object], ...] = (
        {"normal": [1, 1]},
        {"scp_codes": ["{" * 5000] * 4},
        {"normal": [1] * 4, "strat_fold": [np.nan] * 4},
        {"normal": h5py.ExternalLink("o.h5", "/x")},
    )
    for k, columns in enumerate(hostile):
        with pytest.raises(DataError):
            scan([_stack(tmp_path / f"{k}.h5", **columns)])
    path = _stack(tmp_path / "claim.h5")
    with h5py.File(path, "r+") as file:
        file.create_dataset("normal", shape=(10**12,), dtype="i1", chunks=(1000,))
    with pytest.raises(DataError):
        scan([path])


def test_a_table_that_cannot_be_read_is_named_rather_than_overlooked(tmp_path: Path) -> None:
    folder = _linked(tmp_path)
    (folder / "labels.csv").write_bytes(b"record,normal,who\nr1,1,M\xfcller\n")
    with pytest.raises(DataError, match=r"labels\.csv.*line 2 is not UTF-8"):
        scan([folder])


def test_labels_of_an_hdf5_file_may_be_called_labels(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "code.hdf5", "w") as file:
        file["tracings"] = np.zeros((2, 20, 12), np.float32)
        file["exam_id"] = np.array([5, 6])
    (tmp_path / "labels.csv").write_text("exam_id,normal\n6,1\n5,maybe\n")
    with pytest.raises(DataError, match="line 3: normal is 1 or 0, not 'maybe'"):
        scan([tmp_path])
    (tmp_path / "labels.csv").write_text("exam_id,normal\n6,1\n5,\n")
    assert [entry.normal for entry in scan([tmp_path]).entries] == [None, True]
