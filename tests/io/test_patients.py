"""Patient fields: read in the forms that archives write, never guessed, and said where unknown."""

from __future__ import annotations

from pathlib import Path

import h5py
import pytest

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.io.statements.patients import parse_age, patient_from_comments
from tests.generators import LEADS, ecg_mv, ecg_uv, write_wfdb_16


@pytest.mark.parametrize(
    ("comments", "line"),
    [
        (["69 M 1085 1629 x1", "Aldomet, Inderal"], "male · 69 y"),
        (["-1 F 111 x"], "female"),
        (["63 F"], "female · 63 y"),
        (["71 y, male"], "male · 71 y"),
        (["mrn 12345", "age 71"], "12345 · 71 y"),
        (["MRN: 0012345"], "0012345"),
        (["Age 71 Sex F"], "female · 71 y"),
        (["age 71 years, sex F"], "female · 71 y"),
        (["sex M"], "male"),
        (["Age: 62  Sex: M", "Mixed angina"], "male · 62 y"),
        (["Age: 63; Sex: F; Dx: AFIB"], "female · 63 y"),
        (["<age>: 62 <sex>: M <diagnoses> Coronary artery disease"], "male · 62 y"),
        (["patient name Jane Doe", "date of birth 01/02/1950"], "Jane Doe · born 01/02/1950"),
        (["Age: 6 months"], "0.5 y"),
        (["Age: 064Y"], "64 y"),
    ],
)
def test_forms_that_archives_write(comments: list[str], line: str) -> None:
    assert patient_from_comments(comments).line() == line


@pytest.mark.parametrize(
    "comment",
    ["patient was moving", "ID number of tape", "age unknown", "Age: NaN", "sex of the patient",
     "5 m cable", "69 leads", "name of the device 7", "Age: 300"],
)  # fmt: skip
def test_sentences_are_no_patient_data(comment: str) -> None:
    patient = patient_from_comments([comment])
    assert (patient.line(), patient.diagnoses) == ("", ())


def test_codes_without_a_colon() -> None:
    assert patient_from_comments(["Dx 164889003,59118001"]).diagnoses == ("164889003", "59118001")


def test_ages_in_other_units() -> None:
    ages = [parse_age(text) for text in ("6 months", "052W", "1 year", "73 yrs", "90 days")]
    assert ages == pytest.approx([0.5, 0.997, 1.0, 73.0, 0.246], abs=1e-3)
    assert [parse_age(text) for text in ("-1", "12 h", "12 M", "300", "")] == [None] * 5


def test_comments_that_were_not_understood_are_not_called_absent(tmp_path: Path) -> None:
    header = write_wfdb_16(tmp_path, "a", ecg_uv(1.0), comments=("recorded at home",))
    assert open_record(RecordRef(header)).patient.absence == "No patient data recognised"
    header = write_wfdb_16(tmp_path, "b", ecg_uv(1.0))
    assert open_record(RecordRef(header)).patient.absence == "No patient data in the file"


def test_attributes_of_hdf5_that_can_mean_nothing_else(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "r.h5", "w") as file:
        item = file.create_dataset("ecg", data=ecg_mv(2.0))
        item.attrs.update(
            {"fs": 500, "units": "mV", "leads": LEADS, "age": 63, "Sex": "F", "mrn": "A-77",
             "name": "amplifier 3", "id": "17"}
        )  # fmt: skip
    assert open_record(RecordRef(tmp_path / "r.h5")).patient.line() == "A-77 · female · 63 y"
