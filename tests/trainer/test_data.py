"""Data sets are recognised by content; labels decide who is a training normal, and why not."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from trainer.datasets.entries import DataError, Entry
from trainer.datasets.ptbxl import judge, parse_codes
from trainer.datasets.scan import scan
from trainer.datasets.wfdb import normal_report

HEADER = "{name} 1 500 10\n{name}.dat 16 1000/mV 16 0 0 0 0 II\n{comments}"


def header(folder: Path, name: str, comments: str = "") -> None:
    path = folder / f"{name}.hea"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER.format(name=path.stem, comments=comments))


def only(folder: Path) -> dict[str, Entry]:
    return {entry.name: entry for entry in scan([folder]).entries}


def test_ptbxl(tmp_path: Path) -> None:
    rows = [
        "ecg_id,patient_id,scp_codes,strat_fold,pacemaker,filename_lr,filename_hr",
        "1,11.0,\"{'NORM': 100.0, 'SR': 0.0}\",3,,lr/1,hr/1",
        "2,12.0,\"{'NORM': 80.0, 'PVC': 100.0}\",9,,lr/2,hr/2",
        "3,13.0,\"{'IMI': 100.0, 'SR': 0.0}\",10,,lr/3,hr/3",
        "4,14.0,\"{'NORM': 100.0}\",10,ja,lr/4,hr/4",
        "5,15.0,\"{'NORM': 100.0}\",1,,lr/5,hr/5",
        "6,16.0,\"{'NORM': 100.0}\",1,,lr/6,hr/6",
    ]
    (tmp_path / "ptbxl_database.csv").write_text("\n".join(rows))
    for k in range(1, 5):
        header(tmp_path, f"hr/{k}")
    header(tmp_path, "lr/6")
    found = only(tmp_path)
    assert found["ptbxl/00001"].clean
    assert found["ptbxl/00001"].split == "train"
    assert found["ptbxl/00001"].patient == "11"
    assert found["ptbxl/00002"].normal
    assert "another statement" in found["ptbxl/00002"].left_out
    assert found["ptbxl/00002"].split == "calibrate"
    assert found["ptbxl/00003"].normal is False
    assert "MI" in found["ptbxl/00003"].classes
    assert found["ptbxl/00003"].split == "report"
    assert found["ptbxl/00004"].left_out == "normal with pacemaker"
    assert found["ptbxl/00006"].ref.path == tmp_path / "lr" / "6.hea"
    text = scan([tmp_path]).describe()
    assert "5 records, 4 normal by their labels, 2 of them without any other finding" in text
    assert "1 label rows without a record (first: ecg_id 5)" in text
    assert str(tmp_path.parent) not in text


def test_codes_in_every_spelling() -> None:
    assert parse_codes("{'NORM': 100.0}") == parse_codes('{"NORM": 100}') == {"NORM": 100.0}
    assert set(parse_codes("SR,NORM")) == {"SR", "NORM"}
    for wrong in ("{broken", "{__import__('os')}", "{1, 2}"):
        with pytest.raises(ValueError, match="not a list of SCP codes"):
            parse_codes(wrong)
    assert judge(["NORM", "SR"])[:2] == (True, "")
    assert judge(["NORM", "LVH"])[0] is False
    assert judge(["SR"])[1] == "without the statement NORM"


def test_cpsc2018(tmp_path: Path) -> None:
    (tmp_path / "REFERENCE.csv").write_text(
        "Recording,First_label,Second_label,Third_label\nA1,1,,\nA2,5,8,\nA3,1,,\n"
    )
    header(tmp_path, "A1")
    header(tmp_path, "A2")
    found = only(tmp_path)
    assert found["cpsc2018/A1"].clean
    assert found["cpsc2018/A2"].classes == ("RBBB", "STD")
    assert scan([tmp_path]).datasets[0].without_record == ["A3"]
    (tmp_path / "REFERENCE.csv").write_text("Recording,First_label\nA1,12\n")
    with pytest.raises(DataError, match=r"line 2.*from 1 to 9"):
        scan([tmp_path])


def test_headers_with_snomed_codes(tmp_path: Path) -> None:
    header(tmp_path, "n", "#Age: 50\n#Dx: 426783006\n")
    header(tmp_path, "a", "#Dx: 164889003,59118001\n")
    header(tmp_path, "u", "#Dx: \n")
    header(tmp_path, "x", "#Age: 3\n")
    found = {e.ref.path.stem: e for e in scan([tmp_path]).entries}
    assert set(found) == {"n", "a", "u"}
    assert found["n"].clean
    assert found["a"].classes == ("AF", "RBBB")
    assert found["u"].normal is None


def test_a_labels_table_here_or_one_level_up(tmp_path: Path) -> None:
    site = tmp_path / "site"
    header(site, "a")
    header(site, "b")
    (tmp_path / "labels.csv").write_text(
        "relpath,source,normal,dx\nsite/a,S,1,\nsite/b,S,,\nother/c,O,1,\n../outside,O,1,\n"
    )
    for folder in (tmp_path, site):
        found = {e.ref.path.stem: e for e in scan([folder]).entries}
        assert set(found) == {"a", "b"}
        assert found["a"].clean
        assert found["b"].left_out == "without a label"


def test_mimic(tmp_path: Path) -> None:
    header(tmp_path, "files/p1/s1/s1")
    header(tmp_path, "files/p1/s2/s2")
    (tmp_path / "record_list.csv").write_text(
        "subject_id,study_id,file_name,ecg_time,path\n"
        "1,1,s1,,files/p1/s1/s1\n1,2,s2,,files/p1/s2/s2\n"
    )
    (tmp_path / "machine_measurements.csv").write_text(
        "subject_id,study_id,report_0,report_1,report_2\n"
        "1,1,Sinus rhythm.,Normal ECG,\n1,2,Sinus rhythm,Normal ECG,Low QRS voltages\n"
    )
    found = only(tmp_path)
    assert found["mimic/1"].clean
    assert found["mimic/2"].normal is False
    assert found["mimic/1"].split == found["mimic/2"].split, "one patient, one side"
    assert not normal_report(("sinus rhythm",))


def test_hdf5_with_labels_inside_and_beside(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "z.h5", "w") as file:
        file["signal"] = np.zeros((3, 12, 20), np.int16)
        file["scp_codes"] = ["NORM,SR", json.dumps({"NORM": 100.0, "PVC": 1.0}), "IMI"]
        file["normal"] = np.array([1, 1, 0], np.int8)
        file["strat_fold"] = np.array([1, 9, 10], np.int8)
        file["patient_id"] = np.array([-1, 7, -1])
    with h5py.File(tmp_path / "code.hdf5", "w") as file:
        file["tracings"] = np.zeros((2, 20, 12), np.float32)
        file["exam_id"] = np.array([5, 6])
    (tmp_path / "code.csv").write_text("exam_id,normal\n6,1\n5,0\n9,1\n")
    found = only(tmp_path)
    assert [found[f"z#{i}"].clean for i in range(3)] == [True, False, False]
    assert [found[f"z#{i}"].split for i in range(3)] == ["train", "calibrate", "report"]
    assert found["z#1"].patient == "7"
    assert found["z#0"].patient == "z#0"
    assert [found[f"code#{i}"].normal for i in range(2)] == [False, True]
    (tmp_path / "code.csv").write_text("normal\n1\n")
    with pytest.raises(DataError, match="1 rows for the 2 tracings"):
        scan([tmp_path])


def test_nothing_is_counted_twice(tmp_path: Path) -> None:
    header(tmp_path / "a", "n", "#Dx: 426783006\n")
    (tmp_path / "labels.csv").write_text("relpath,normal\na/n,1\n")
    assert len(scan([tmp_path, tmp_path / "a"]).entries) == 1


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        scan([tmp_path / "none"])
    (tmp_path / "ptbxl_database.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no column ecg_id"):
        scan([tmp_path])
    (tmp_path / "ptbxl_database.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read"):
        scan([tmp_path])


def test_the_real_folders(shared_data: Path) -> None:
    index = scan([shared_data])
    by_source: dict[str, int] = {}
    for dataset in index.datasets:
        by_source[dataset.root.name] = len(dataset.entries)
    assert by_source["ptbxl"] == 488
    assert by_source["ptbxl_zscored_100hz.h5"] == 1785
    assert by_source["cpsc2018"] == 150
    assert by_source["georgia_chapman"] == 78
    assert len(index.normals("train")) > 700
    patients: dict[tuple[str, str], set[str]] = {}
    for entry in index.entries:
        patients.setdefault((entry.source, entry.patient), set()).add(entry.split)
    assert all(len(splits) == 1 for splits in patients.values())
