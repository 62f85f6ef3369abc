"""Folders of WFDB records with labels in a table or in their headers.

CPSC 2018 (``REFERENCE.csv``), PhysioNet/CinC 2020 and 2021 (``#Dx`` in the headers),
MIMIC-IV-ECG (``record_list.csv`` and ``machine_measurements.csv``), and a hospital's own
``labels.csv`` with ``relpath`` or ``record`` and ``normal``.
"""

from __future__ import annotations

import re
from pathlib import Path

from ecgviewer.core.errors import RecordError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io.file_access import read_bytes
from ecgviewer.io.limits import MAX_HEADER_BYTES
from trainer.datasets.entries import NO_LABEL, NOT_NORMAL, DataError, DataSet, Entry
from trainer.datasets.hdf5 import labels_hdf5
from trainer.datasets.tables import (
    LABELS,
    RECORD_KEYS,
    blank,
    columns_of,
    has_columns,
    patient_stated,
    read_table,
    record_named,
    stated_truth,
    table_named,
)

CPSC_CLASSES = ("Normal", "AF", "I-AVB", "LBBB", "RBBB", "PAC", "PVC", "STD", "STE")
SINUS_RHYTHM = "426783006"
SNOMED_CLASSES = {
    "164889003": "AF", "164890007": "AFL", "270492004": "I-AVB", "164909002": "LBBB",
    "733534002": "LBBB", "59118001": "RBBB", "713427006": "RBBB", "713426002": "IRBBB",
    "284470004": "PAC", "63593006": "PAC", "164884008": "PVC", "427172004": "PVC",
    "17338001": "PVC", "429622005": "STD", "164931005": "STE", "426177001": "SB",
    "427084000": "ST", "427393009": "SA", "39732003": "LAD", "47665007": "RAD",
    "164934002": "TAb", "59931005": "TInv", "445118002": "LAnFB", "10370003": "PR",
    "111975006": "LQT", "698252002": "NSIVCB", "164917005": "QAb", "251146004": "LQRSV",
    "164865005": "MI", "164873001": "LVH", "428750005": "NSSTTA", "426783006": "NSR",
}  # fmt: skip
"""Scored diagnoses of CinC 2020/21 and a few frequent others."""
_NOTHING_SAID = ("unknown", "nan", "na")
"""What stands after ``#Dx:`` in place of codes."""


def reference_table(folder: Path) -> DataSet | None:
    """Recognise CPSC 2018: ``REFERENCE.csv`` of recording and up to three class numbers."""
    table = table_named(folder, "REFERENCE.csv")
    columns = ("Recording", "First_label")
    if table is None:
        return None
    dataset = DataSet("CPSC 2018", folder, table=table, lists_all=True)
    for number, row in enumerate(read_table(table, columns), start=2):
        name = row["Recording"].strip()
        cells = [row.get(c, "") for c in ("First_label", "Second_label", "Third_label")]
        try:
            classes = tuple(_cpsc_class(cell) for cell in cells if not blank(cell))
        except ValueError as error:
            raise DataError(f"line {number}: labels run from 1 to 9, not {cells}", table) from error
        path = record_named(table, f"{name}.hea")
        if path is None:
            dataset.without_record.append(name)
            continue
        normal = classes == ("Normal",) if classes else None
        found = tuple(c for c in classes if c != "Normal")
        dataset.entries.append(
            Entry(RecordRef(path), f"cpsc2018/{name}", "CPSC 2018", name, None, normal,
                  _reason(normal), found)
        )  # fmt: skip
    return dataset


def labels_table(folder: Path) -> DataSet | None:
    """Recognise ``labels.csv`` (``relpath`` or ``record``, ``normal``), here or one level up.

    From one level up, the rows whose path begins with this folder's name are taken.

    Raises
    ------
    DataError
        When there is such a table and it cannot be understood: its records are not unlabelled.
    """
    table, prefix = table_named(folder, LABELS), ""
    if table is None:
        table, prefix = table_named(folder.parent, LABELS), f"{folder.name}/"
    if table is None or labels_hdf5(table):
        return None
    key = next((k for k in RECORD_KEYS if has_columns(table, (k, "normal"))), None)
    if key is None:
        found = ", ".join(columns_of(table))[:200]
        raise DataError(
            "line 1: labels need the columns record (or relpath) and normal, separated by commas, "
            f"not {found!r}; rename the file if it is no table of labels",
            table,
        )
    dataset = DataSet(f"records listed in {table.name}", folder, table=table, lists_all=True)
    # One patient may have records in several sources: then the table tells patients apart.
    registry = table.name.lower() if _covers_sources(table, key) else ""
    for number, row in enumerate(read_table(table, (key, "normal")), start=2):
        relative = row[key].strip()
        if not relative.startswith(prefix):
            continue
        path = _listed_record(table, relative)
        if path is None:
            dataset.without_record.append(relative)
            continue
        normal = stated_truth(row["normal"], table, number)
        patient = patient_stated(row.get("patient_id", ""))
        codes = re.split(r"[;,\s]+", row.get("dx", ""))
        classes = dict.fromkeys(SNOMED_CLASSES[code] for code in codes if code in SNOMED_CLASSES)
        dataset.entries.append(
            Entry(
                ref=RecordRef(path),
                name=relative,
                source=row.get("source", "").strip() or folder.name,
                patient=patient or relative,
                fold=None,
                normal=normal,
                left_out=_reason(normal),
                classes=tuple(c for c in classes if c != "NSR"),
                registry=registry if patient else "",
            )
        )
    # A table one level up need not speak of this folder.
    return dataset if dataset.entries or dataset.without_record or not prefix else None


def _covers_sources(table: Path, key: str) -> bool:
    """Return whether ``labels.csv`` numbers the patients of several sources that are here.

    Of the whole table, not of one folder's rows: the same records must fall into the same parts
    when only that folder is given.
    """
    if not has_columns(table, ("patient_id",)):
        return False
    sources: set[str] = set()
    for row in read_table(table, (key,)):
        relative = row[key].strip()
        head, inside, _ = relative.partition("/")
        folder = head if inside and not head.startswith(".") else table.parent.name
        source = row.get("source", "").strip() or folder
        if source not in sources and _listed_record(table, relative) is not None:
            sources.add(source)
            if len(sources) > 1:
                return True
    return False


def _listed_record(table: Path, name: str) -> Path | None:
    return record_named(table, f"{name}.hea") or record_named(table, name)


def dx_headers(folder: Path) -> DataSet | None:
    """Recognise PhysioNet/CinC 2020 and 2021: SNOMED codes after ``#Dx:`` in the headers."""
    dataset = DataSet("WFDB records with #Dx in their headers", folder)
    for path in sorted(folder.glob("*.hea")):
        codes = _header_codes(path)
        if codes is None:
            continue
        unique = tuple(dict.fromkeys(codes))
        normal = unique == (SINUS_RHYTHM,) if unique else None
        name = f"{folder.name}/{path.stem}"
        classes = dict.fromkeys(SNOMED_CLASSES.get(code, code) for code in unique)
        dataset.entries.append(
            Entry(RecordRef(path), name, folder.name, path.stem, None, normal, _reason(normal),
                  tuple(c for c in classes if c != "NSR"))
        )  # fmt: skip
    return dataset if dataset.entries else None


def mimic(folder: Path) -> DataSet | None:
    """Recognise MIMIC-IV-ECG.

    Normal: the machine report reads sinus rhythm and normal ECG and nothing else.
    """
    records = table_named(folder, "record_list.csv")
    measurements = table_named(folder, "machine_measurements.csv")
    if records is None or measurements is None:
        return None
    reports = _machine_reports(measurements)
    dataset = DataSet("MIMIC-IV-ECG", folder, table=records)
    for row in read_table(records, ("subject_id", "study_id", "path")):
        path = record_named(records, f"{row['path']}.hea")
        if path is None:
            dataset.without_record.append(row["path"])
            continue
        report = reports.get(row["study_id"], ())
        normal = normal_report(report) if report else None
        reason = "without a machine report" if normal is None else "" if normal else NOT_NORMAL
        dataset.entries.append(
            Entry(RecordRef(path), f"mimic/{row['study_id']}", "MIMIC-IV-ECG",
                  patient_stated(row["subject_id"]) or f"study {row['study_id']}", None, normal,
                  reason)
        )  # fmt: skip
    return dataset


def _machine_reports(table: Path) -> dict[str, tuple[str, ...]]:
    """Return the lines of every study's machine report.

    Raises
    ------
    DataError
        When a study is listed twice and the reports differ.
    """
    reports: dict[str, tuple[str, ...]] = {}
    for number, row in enumerate(read_table(table, ("study_id", "report_0")), start=2):
        texts = (row[c] for c in sorted(row, key=_report_number) if c.startswith("report_"))
        report = tuple(t for text in texts if (t := _plain(text)))
        if reports.setdefault(row["study_id"], report) != report:
            raise DataError(
                f"line {number}: study_id {row['study_id']} is listed twice, with different "
                "reports",
                table,
            )
    return reports


def _reason(normal: bool | None) -> str:
    return NO_LABEL if normal is None else "" if normal else NOT_NORMAL


def _cpsc_class(cell: str) -> str:
    number = float(cell)
    if not (number.is_integer() and 1 <= number <= len(CPSC_CLASSES)):
        raise ValueError(f"there is no class {number}")
    return CPSC_CLASSES[int(number) - 1]


def normal_report(report: tuple[str, ...]) -> bool:
    """Return whether a machine report (plain lower case lines) says normal and nothing else."""
    rhythm = {"sinus rhythm", "normal sinus rhythm"}
    verdict = {"normal ecg"}
    lines = set(report)
    return bool(lines & rhythm) and bool(lines & verdict) and lines <= rhythm | verdict


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9 ]", "", text.lower()).strip()


def _report_number(column: str) -> tuple[int, str]:
    digits = column.removeprefix("report_")
    return (int(digits) if digits.isdigit() else -1, column)


def _header_codes(path: Path) -> list[str] | None:
    """Return the codes after ``#Dx:``, none for "Unknown"; None without such a line."""
    try:
        text = read_bytes(path, MAX_HEADER_BYTES).decode("utf-8", "replace")
    except RecordError as error:
        raise DataError(f"the header cannot be read: {error.reason}", path) from error
    match = re.search(r"^#\s*Dx:[ \t]*(.*)$", text, re.MULTILINE)
    if match is None:
        return None
    codes = [code.strip() for code in match.group(1).split(",") if code.strip()]
    return codes if any(code.lower() not in _NOTHING_SAID for code in codes) else []
