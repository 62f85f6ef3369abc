"""One patient is on one side of every split, and no label is guessed."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from trainer.datasets.checks import OTHER_SIDE
from trainer.datasets.entries import DataError, Entry, Index, UnlabelledError
from trainer.datasets.ptbxl import judge, parse_codes
from trainer.datasets.scan import scan

PTBXL = "ecg_id,patient_id,scp_codes,strat_fold,filename_hr"
PATIENTS = 40


def headers(folder: Path, *names: str, comments: str = "") -> None:
    for name in names:
        path = folder / f"{name}.hea"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"{path.stem} 1 500 10\n{path.stem}.dat 16 1000/mV 16 0 0 0 0 II\n{comments}"
        )


def write_table(path: Path, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")


def stack(path: Path, n: int, **columns: object) -> None:
    with h5py.File(path, "w") as file:
        file["tracings"] = np.ones((n, 20, 12), np.float32)
        for name, values in columns.items():
            file[name] = values


def by_record(index: Index) -> dict[str, Entry]:
    return {
        entry.ref.path.stem if entry.ref.index is None else entry.name: entry
        for entry in index.entries
    }


def sides(index: Index) -> dict[str, set[str]]:
    """Return the parts of the split that every patient is in, as the tables name patients."""
    found: dict[str, set[str]] = {}
    for entry in index.entries:
        found.setdefault(entry.patient, set()).add(entry.split)
    return found


def two_years(folder: Path, columns: str = "relpath,normal,patient_id", more: str = "") -> Path:
    rows = [columns]
    for year in ("2023", "2024"):
        for k in range(PATIENTS):
            headers(folder / year, f"r{k}")
            rows.append(f"{year}/r{k},1,p{k}{more}")
    write_table(folder / "labels.csv", *rows)
    return folder


def test_a_patient_in_two_folders_of_one_table_is_on_one_side(tmp_path: Path) -> None:
    index = scan([two_years(tmp_path)])
    assert len(index.entries) == 2 * PATIENTS
    assert all(len(parts) == 1 for parts in sides(index).values())
    assert {entry.source for entry in index.entries} == {"2023", "2024"}
    assert len({entry.group for entry in index.entries}) == PATIENTS


def test_one_folder_of_them_alone_is_split_as_with_the_others(tmp_path: Path) -> None:
    two_years(tmp_path)
    whole = {entry.ref: entry.split for entry in scan([tmp_path]).entries}
    alone = {entry.ref: entry.split for entry in scan([tmp_path / "2023"]).entries}
    assert len(alone) == PATIENTS
    assert alone.items() <= whole.items()


def test_a_patient_in_two_hdf5_files_of_one_table_is_on_one_side(tmp_path: Path) -> None:
    ids = np.arange(PATIENTS)
    stack(tmp_path / "part0.hdf5", PATIENTS, exam_id=ids)
    stack(tmp_path / "part1.hdf5", PATIENTS, exam_id=100 + ids)
    rows = [f"{exam},{exam % 100},1" for exam in (*ids, *(100 + ids))]
    write_table(tmp_path / "exams.csv", "exam_id,patient_id,normal", *rows)
    index = scan([tmp_path])
    assert len(index.entries) == 2 * PATIENTS
    assert all(len(parts) == 1 for parts in sides(index).values())
    alone = {entry.ref: entry.split for entry in scan([tmp_path / "part0.hdf5"]).entries}
    assert alone.items() <= {entry.ref: entry.split for entry in index.entries}.items()


def test_a_table_of_one_source_keeps_its_key(tmp_path: Path) -> None:
    """Shipped bundles were trained on these splits."""
    wfdb, hdf5, named = (tmp_path / name for name in ("wfdb", "hdf5", "named"))
    headers(wfdb, "r0")
    write_table(wfdb / "labels.csv", "record,normal,patient_id", "r0,1,p0")
    hdf5.mkdir()
    stack(hdf5 / "part0.hdf5", 1, exam_id=[1])
    stack(hdf5 / "inside.h5", 1, normal=[1], patient_id=[3])
    write_table(hdf5 / "exams.csv", "exam_id,patient_id,normal", "1,p0,1")
    two_years(named, "relpath,normal,patient_id,source", ",S")
    headers(named / "2025", "x")
    with (named / "labels.csv").open("a") as file:
        file.write("2025/x,1,,T\n")
    assert [entry.group for entry in scan([wfdb]).entries] == ["wfdb/p0"]
    assert {entry.group for entry in scan([hdf5]).entries} == {"part0/p0", "inside/3"}
    nobody = next(entry for entry in scan([named]).entries if entry.source == "T")
    assert nobody.group == "T/2025/x", "of one whom nobody has numbered, too"


def test_records_with_an_exam_number_are_read_by_their_own_table(tmp_path: Path) -> None:
    headers(tmp_path, "r0", "r1")
    write_table(tmp_path / "labels.csv", "record,exam_id,normal", "r0,9000,1", "r1,9001,0")
    expected = {"r0": True, "r1": False}
    assert {n: e.normal for n, e in by_record(scan([tmp_path])).items()} == expected
    stack(tmp_path / "labels.h5", 2, exam_id=[1, 2])
    stack(tmp_path / "other.h5", 3)
    found = by_record(scan([tmp_path]))
    assert {name: found[name].normal for name in expected} == expected


def test_a_table_of_exams_without_any_hdf5_file_is_not_overlooked(tmp_path: Path) -> None:
    headers(tmp_path, "r0", "r1")
    write_table(tmp_path / "labels.csv", "exam_id,normal", "r0,1", "r1,0")
    with pytest.raises(DataError, match="labels need the columns record"):
        scan([tmp_path])


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("labels.csv", ("record,normal", "r0,1", "r1,1", "r1,0")),
        ("labels.csv", ("record,normal", "r0,1", "r1,0", "r1,1")),
        ("labels.csv", ("record,normal", "r0,1", "r1,1", "r1,")),
        ("labels.csv", ("record,normal,patient_id", "r1,1,a", "r1,1,b")),
        ("REFERENCE.csv", ("Recording,First_label", "r0,1", "r1,1", "r1,5")),
        ("ptbxl_database.csv", (PTBXL, "1,1,NORM,1,r1", "1,1,AFIB,1,r1")),
        ("ptbxl_database.csv", (PTBXL, "1,1,NORM,1,r1", "1,1,NORM,10,r1")),
    ],
)
def test_rows_that_contradict_each_other_are_named(
    tmp_path: Path, name: str, rows: tuple[str, ...]
) -> None:
    headers(tmp_path, "r0", "r1")
    write_table(tmp_path / name, *rows)
    with pytest.raises(DataError, match=rf"{name}: \S*1 is listed twice"):
        scan([tmp_path])


def test_so_are_exams_and_machine_reports_that_do(tmp_path: Path) -> None:
    exams, mimic = tmp_path / "exams", tmp_path / "mimic"
    exams.mkdir()
    stack(exams / "part.hdf5", 2, exam_id=[1, 2])
    write_table(exams / "exams.csv", "exam_id,normal", "1,1", "2,1", "1,0")
    with pytest.raises(DataError, match=r"exams\.csv: line 4: exam_id 1 is listed twice"):
        scan([exams])
    headers(mimic, "r1")
    write_table(mimic / "record_list.csv", "subject_id,study_id,path", "1,1,r1")
    write_table(
        mimic / "machine_measurements.csv",
        "study_id,report_0,report_1", "1,Sinus rhythm,Normal ECG", "1,Atrial fibrillation,",
    )  # fmt: skip
    with pytest.raises(DataError, match=r"line 3: study_id 1 is listed twice"):
        scan([mimic])


def test_rows_that_say_the_same_twice_count_once(tmp_path: Path) -> None:
    headers(tmp_path, "r0", "r1")
    write_table(tmp_path / "REFERENCE.csv", "Recording,First_label", "r0,1", "r1,5", "r1,8", "r0,1")
    # A less specific table is not asked about records that are described already.
    write_table(tmp_path / "labels.csv", "record,normal", "r0,0", "r1,1", "r1,0")
    found = by_record(scan([tmp_path]))
    assert [found[name].normal for name in ("r0", "r1")] == [True, False]


def test_a_row_without_a_label_says_nothing(tmp_path: Path) -> None:
    cpsc, ptbxl = tmp_path / "cpsc", tmp_path / "ptbxl"
    headers(cpsc, "r0", "r1", "r2")
    write_table(
        cpsc / "REFERENCE.csv",
        "Recording,First_label,Second_label,Third_label", "r0,,,", "r1,nan,nan,nan", "r2,1.0,nan,",
    )  # fmt: skip
    headers(ptbxl, "r3", "r4", "r5", "r6")
    rows = [f"{k},{k},{codes},1,r{k}" for k, codes in ((3, "{}"), (4, ""), (5, "nan"), (6, "SR"))]
    write_table(ptbxl / "ptbxl_database.csv", PTBXL, *rows)
    for k, codes in enumerate(("Unknown", "nan", "unknown,nan", "", "426783006")):
        headers(tmp_path / "dx", f"d{k}", comments=f"#Dx: {codes}\n")
    found = by_record(scan([tmp_path]))
    unlabelled = ("r0", "r1", "r3", "r4", "r5", "d0", "d1", "d2", "d3")
    assert {name for name, entry in found.items() if entry.normal is None} == set(unlabelled)
    assert {found[name].left_out for name in unlabelled} == {"without a label"}
    assert found["r2"].clean
    assert found["d4"].clean
    assert found["r6"].normal is False
    assert judge(parse_codes(" {} ")) == (None, "without a label", ())


def test_classes_are_whole_numbers(tmp_path: Path) -> None:
    headers(tmp_path, "r0")
    write_table(tmp_path / "REFERENCE.csv", "Recording,First_label", "r0,1.9")
    with pytest.raises(DataError, match="line 2: labels run from 1 to 9"):
        scan([tmp_path])


def test_verdicts_inside_hdf5_outweigh_codes_that_are_missing(tmp_path: Path) -> None:
    stack(tmp_path / "x.h5", 3, scp_codes=["", "", ""], normal=[1, 0, -1])
    entries = scan([tmp_path]).entries
    assert [entry.normal for entry in entries] == [True, False, None]
    assert entries[0].left_out == "without the statement NORM"


def test_a_patient_in_folds_of_two_sides_is_used_on_one(tmp_path: Path) -> None:
    folds = {"a": (1, 2, 8), "b": (3, 9), "c": (9, 10), "d": (10, 10)}
    rows, k = [PTBXL], 0
    for patient, of_patient in folds.items():
        for fold in of_patient:
            k += 1
            headers(tmp_path, f"r{k}")
            rows.append(f"{k},{patient},NORM,{fold},r{k}")
    write_table(tmp_path / "ptbxl_database.csv", *rows)
    index = scan([tmp_path])
    used: dict[str, set[str]] = {}
    for entry in index.entries:
        if entry.normal is not None:
            used.setdefault(entry.patient, set()).add(entry.split)
    assert used == {"a": {"train"}, "b": {"train"}, "c": {"calibrate"}, "d": {"report"}}
    assert sum(entry.clean for entry in index.entries) == k - 2
    assert f"left out of training: 2 {OTHER_SIDE}" in index.describe()


def test_folds_are_compared_over_all_data_sets(tmp_path: Path) -> None:
    headers(tmp_path / "ptbxl", "r1")
    write_table(tmp_path / "ptbxl" / "ptbxl_database.csv", PTBXL, "1,7.0,NORM,10,r1")
    stack(tmp_path / "z.h5", 2, scp_codes=["NORM", "NORM"], strat_fold=[1, 10], patient_id=[7, 8])
    found = by_record(scan([tmp_path]))
    assert found["r1"].left_out == OTHER_SIDE
    assert found["z#0"].clean
    assert found["z#1"].clean


@pytest.mark.parametrize("name", ["Labels.csv", "LABELS.CSV", "labels.CSV"])
def test_a_table_of_labels_may_be_spelt_in_any_case(tmp_path: Path, name: str) -> None:
    headers(tmp_path / "site", "r0", "r1")
    for folder, prefix in ((tmp_path / "site", ""), (tmp_path, "site/")):
        write_table(folder / name, "relpath,normal", f"{prefix}r0,1", f"{prefix}r1,0")
        found = by_record(scan([tmp_path / "site"]))
        assert [found[record].normal for record in ("r0", "r1")] == [True, False]
        (folder / name).unlink()


def test_so_may_the_published_tables(tmp_path: Path) -> None:
    headers(tmp_path / "cpsc", "r0")
    write_table(tmp_path / "cpsc" / "reference.csv", "Recording,First_label", "r0,5")
    headers(tmp_path / "ptbxl", "r1")
    write_table(tmp_path / "ptbxl" / "PTBXL_Database.csv", PTBXL, "1,1,NORM,1,r1")
    (tmp_path / "code").mkdir()
    stack(tmp_path / "code" / "part.hdf5", 1, exam_id=[1])
    write_table(tmp_path / "code" / "EXAMS.CSV", "exam_id,normal", "1,1")
    found = by_record(scan([tmp_path]))
    assert {name: entry.normal for name, entry in found.items()} == {
        "r0": False, "r1": True, "part#0": True,
    }  # fmt: skip


def test_a_table_written_after_a_scan_is_found_by_the_next(tmp_path: Path) -> None:
    headers(tmp_path, "r0")
    with pytest.raises(UnlabelledError):
        scan([tmp_path])
    write_table(tmp_path / "Labels.csv", "record,normal", "r0,0")
    assert [entry.normal for entry in scan([tmp_path]).entries] == [False]


def test_records_that_the_table_does_not_list_are_counted(tmp_path: Path) -> None:
    headers(tmp_path, "r0", "r1", "r2", "part1", "part2")
    (tmp_path / "whole.hea").write_text("whole/2 1 500 20\npart1 10\npart2 10\n")
    headers(tmp_path, "coded", comments="#Dx: 426783006\n")
    write_table(tmp_path / "labels.csv", "record,normal", "r0,1", "whole,1")
    text = scan([tmp_path]).describe()
    assert "2 records here are not listed in labels.csv and were left out (first: r1)" in text
    write_table(tmp_path / "labels.csv", "record,normal", "r0,1", "r1,1", "r2,1", "whole,1")
    assert "not listed" not in scan([tmp_path]).describe()


def test_so_are_those_of_folders_below_once_each(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        headers(tmp_path / folder, "r0", "r1")
    write_table(tmp_path / "labels.csv", "relpath,normal", "a/r0,1", "a/r1,1", "b/r0,1")
    index = scan([tmp_path])
    assert [dataset.unlisted for dataset in index.datasets] == [[], ["r1"]]


@pytest.mark.parametrize(
    "patients", [[np.nan] * 3, [-1.0] * 3, [-1] * 3, [b""] * 3, ["NaN"] * 3, [" "] * 3]
)
def test_unknown_patients_are_not_one_patient(tmp_path: Path, patients: list[object]) -> None:
    stack(tmp_path / "x.h5", 3, normal=[1, 1, 1], patient_id=patients)
    assert [entry.patient for entry in scan([tmp_path]).entries] == ["x#0", "x#1", "x#2"]


def test_nor_are_those_of_tables(tmp_path: Path) -> None:
    headers(tmp_path / "own", "r0", "r1")
    write_table(tmp_path / "own" / "labels.csv", "record,normal,patient_id", "r0,1,nan", "r1,1,nan")
    headers(tmp_path / "ptbxl", "r2", "r3")
    write_table(
        tmp_path / "ptbxl" / "ptbxl_database.csv", PTBXL, "2,-1,NORM,1,r2", "3,-1.0,NORM,9,r3"
    )
    entries = scan([tmp_path]).entries
    assert len({entry.group for entry in entries}) == len(entries) == 4
    assert all(entry.clean for entry in entries)


def test_code_15_is_recognised_as_it_is_published(tmp_path: Path) -> None:
    stack(tmp_path / "exams_part0.hdf5", 2, exam_id=[5, 6])
    stack(tmp_path / "exams_part1.hdf5", 2, exam_id=[7, 0])
    write_table(
        tmp_path / "exams.csv",
        "exam_id,age,patient_id,normal_ecg,trace_file",
        "5,40,1,True,exams_part0.hdf5",
        "6,41,2,False,exams_part0.hdf5",
        "7,40,1,True,exams_part1.hdf5",
        "8,40,1,True,exams_part1.hdf5",
    )
    index = scan([tmp_path])
    found = by_record(index)
    assert {name: entry.normal for name, entry in found.items()} == {
        "exams_part0#0": True, "exams_part0#1": False,
        "exams_part1#0": True, "exams_part1#1": None,
    }  # fmt: skip
    assert [dataset.without_record for dataset in index.datasets] == [[], ["8"]]
    write_table(tmp_path / "exams.csv", "exam_id,normal_ecg", "5,maybe")
    with pytest.raises(DataError, match="line 2: normal_ecg is 1 or 0"):
        scan([tmp_path])


def test_what_labels_an_hdf5_file_is_said(tmp_path: Path) -> None:
    stack(tmp_path / "part.hdf5", 2, exam_id=[5, 6])
    write_table(tmp_path / "exams.csv", "exam_id,age", "5,40", "6,50")
    with pytest.raises(UnlabelledError, match="a CSV file beside it with exam_id and normal"):
        scan([tmp_path])
