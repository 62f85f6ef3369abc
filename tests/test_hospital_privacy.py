"""The planted patient in every format of the hospital: nothing of them leaves with an export."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from edfio import Edf, EdfSignal, Patient

from ecgviewer.cli import main
from ecgviewer.io import find_records, open_record
from ecgviewer.review.edits.store import ReviewStore
from ecgviewer.review.exports.exports import FORMATS, export_record
from ecgviewer.review.privacy.anonymize import Privacy
from ecgviewer.review.privacy.identity import names_patient
from tests.generators import LEADS, ecg_mv, ecg_uv
from tests.io.clinical_files import write_mortara, write_scp
from tests.io.dicom_files import group, write
from tests.io.holter_files import write_ishne, write_schiller
from tests.test_privacy import reviewed, told_in

DATA = Path(__file__).parent / "io" / "data" / "clinical"


def edf(path: Path) -> None:
    who = Patient(code="PX-48151623", name="Zebrowska_Apolonia", additional=("Larkspur",))
    signals = [
        EdfSignal(row, 500, label=lead, physical_dimension="mV", physical_range=(-9, 9))
        for lead, row in zip(LEADS, ecg_mv(10.0), strict=True)
    ]
    Edf(signals, patient=who).write(path)


def plain_edf(path: Path) -> None:
    edf(path)
    data = bytearray(path.read_bytes())
    data[8:88] = b"Zebrowska, Apolonia 23.11.1959 PX-48151623".ljust(80)
    data[88:168] = b"St. Hedwig Spital, Dr. Ottokar Wendehals".ljust(80)
    path.write_bytes(data)


def dicom(path: Path) -> None:
    write(
        path, group(ecg_mv(10.0)), PatientName="Zebrowska^Apolonia", PatientID="PX-48151623",
        PatientBirthDate="19591123", ReferringPhysicianName="Wendehals^Ottokar",
        InstitutionName="St. Hedwig Spital", PatientAddress="17 Larkspur Crescent",
    )  # fmt: skip


def scp(path: Path) -> None:
    born = struct.pack("<HBB", 1959, 11, 23)
    tags = {0: b"Zebrowska\0", 1: b"Apolonia\0", 2: b"PX-48151623\0", 5: born,
            20: b"Ottokar Wendehals\0"}  # fmt: skip
    write_scp(path, ecg_uv(10.0)[[0, 1, 6, 7, 8, 9, 10, 11]], tags=tags)


def replaced(name: str, *pairs: tuple[str, str]) -> Callable[[Path], None]:
    def plant(path: Path) -> None:
        text = (DATA / name).read_text("latin-1")
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text, "latin-1")

    return plant


def mortara(path: Path) -> None:
    write_mortara(path, ecg_mv(10.0))
    text = path.read_text().replace('"Doe"', '"Zebrowska"').replace('"Jane"', '"Apolonia"')
    path.write_text(text.replace('"000123"', '"PX-48151623"').replace("19620506", "19591123"))


def schiller(path: Path) -> None:
    write_schiller(path, ecg_mv(10.0), tuple(LEADS))
    text = path.read_text().replace(">Doe<", ">Zebrowska<").replace(">Jane<", ">Apolonia<")
    path.write_text(text.replace(">S7<", ">PX-48151623<").replace("19620506", "19591123"))


def ishne(path: Path) -> None:
    write_ishne(path, ecg_mv(10.0), tuple(LEADS), comment=b"Physician: Wendehals")
    data = bytearray(path.read_bytes())
    data[8:10] = b"\0\0"
    data[28:68], data[68:108] = b"Apolonia".ljust(40, b"\0"), b"Zebrowska".ljust(40, b"\0")
    data[108:128] = b"PX-48151623".ljust(20, b"\0")
    struct.pack_into("<3h", data, 132, 23, 11, 1959)
    path.write_bytes(data)


def table(path: Path) -> None:
    lines = ["# Name: Zebrowska, Apolonia", "# Patient ID: PX-48151623", "# DOB: 1959-11-23",
             "# fs: 500 Hz", ",".join(f"{lead} (mV)" for lead in LEADS)]  # fmt: skip
    lines += [",".join(f"{v:.4f}" for v in row) for row in ecg_mv(10.0).T]
    path.write_text("\n".join(lines))


WRITERS: dict[str, Callable[[Path], None]] = {
    "a.edf": edf, "b.edf": plain_edf, "c.dcm": dicom, "d.scp": scp, "g.xml": mortara,
    "h.xml": schiller, "i.ecg": ishne, "j.csv": table,
    "e.xml": replaced(
        "aecg_sets4.xml", ("<name>Doe</name>", "<name>Zebrowska Apolonia</name>"),
        ('extension="S-1"', 'extension="PX-48151623"'), ("19620506", "19591123"),
    ),
    "f.xml": replaced(
        "muse_std.xml", ("<PatientID>000123<", "<PatientID>PX-48151623<"),
        ("05-06-1962", "11-23-1959"), ("<SiteName>HOSP<", "<SiteName>St. Hedwig Spital<"),
        ("<CartNumber>", "<ReferringMDLastName>Wendehals</ReferringMDLastName><CartNumber>"),
    ),
    "k.xml": replaced(
        "1_03_129DYPRG.xml", ("<patientid>1112010721168bdc<", "<patientid>PX-48151623<"),
        (">GE EMS<", ">St. Hedwig Spital<"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
def test_exports_of_every_format_name_nobody(tmp_path: Path, name: str) -> None:
    path = tmp_path / "in" / name
    path.parent.mkdir()
    WRITERS[name](path)
    assert told_in(path)  # planted
    reviewed(path)
    recording = open_record(next(iter(find_records(path))))  # type: ignore[arg-type]
    assert names_patient(recording, "px-48151623.dat")
    for to in FORMATS:
        out = tmp_path / to
        export_record(recording, to, out, ReviewStore.for_user(), Privacy.HEADER)
        told = [one for one in told_in(out) if one.split(": ")[1] in _planted(path)]
        assert told == []


def _planted(path: Path) -> set[str]:
    """The secrets that this file knows of: a note may name others, who are nobody to it."""
    return {one.split(": ")[1] for one in told_in(path)}


@pytest.mark.slow
def test_reports_and_tables_of_every_format_name_nobody(tmp_path: Path, user_home: Path) -> None:
    pytest.importorskip("PySide6")
    folder = tmp_path / "in"
    folder.mkdir()
    for name, plant in WRITERS.items():
        plant(folder / name)
        out = tmp_path / "out" / f"{name}.pdf"
        out.parent.mkdir(exist_ok=True)
        assert main(["report", str(folder / name), "--out", str(out), "--model", "cae"]) in (0, 1)
    table_file = tmp_path / "out" / "all.csv"
    main(["analyze", str(folder), "--anonymize", "--model", "cae", "--jobs", "1",
          "--out", str(table_file)])  # fmt: skip
    assert len(table_file.read_text().splitlines()) == len(WRITERS) + 1
    assert told_in(tmp_path / "out") == []
