"""HDF5 files of many records with their labels inside, or in a table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ecgviewer.core.errors import RecordError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io.file_access import is_regular, starts_with
from ecgviewer.io.hdf5.records import StackLabels, stack_labels
from ecgviewer.io.registry import HDF5_SIGNATURE
from trainer.datasets.entries import NO_LABEL, NOT_NORMAL, DataError, DataSet, Entry
from trainer.datasets.ptbxl import NO_NORM, judge, parse_codes, parse_fold
from trainer.datasets.tables import (
    LABELS,
    columns_of,
    files_in,
    has_columns,
    names_records,
    patient_stated,
    read_table,
    stated_truth,
    tables_in,
    truth,
)

SUFFIXES = (".h5", ".hdf5")
SIGNALS = ("signal", "tracings")
COLUMNS = ("scp_codes", "normal", "strat_fold", "patient_id", "exam_id")
VERDICTS = ("normal", "normal_ecg")
"""How a table beside may call its verdicts; the second is CODE-15 %'s word."""

Row = dict[str, str]


def labelled_file(path: Path) -> DataSet | None:
    """Recognise an HDF5 file with ``signal`` or ``tracings`` [N, ...] and labels.

    Labels: datasets ``normal`` or ``scp_codes`` inside (with ``strat_fold`` and ``patient_id``
    where known), else a CSV file beside it with ``exam_id`` (or one row per tracing) and
    ``normal`` (CODE-15 %: ``normal_ecg``).
    """
    if starts_with(path, len(HDF5_SIGNATURE)) != HDF5_SIGNATURE:
        return None
    try:
        labels = stack_labels(path, SIGNALS, COLUMNS)
    except RecordError as error:
        raise DataError(f"the HDF5 file cannot be read: {error.reason}", path) from error
    if labels is None:
        return None
    if "normal" in labels.columns or "scp_codes" in labels.columns:
        return _labels_inside(path, labels)
    table = _table_of(path)
    if table is None:
        return None
    return _labels_beside(path, labels.n_records, labels.columns.get("exam_id"), table)


def labels_hdf5(table: Path) -> bool:
    """Return whether ``labels.csv`` speaks of HDF5 files beside it, and of no WFDB records."""
    if _verdicts(table) is None or names_records(table):
        return False
    own = any(is_regular(table.with_suffix(suffix)) for suffix in SUFFIXES)
    return own or (has_columns(table, ("exam_id",)) and bool(files_in(table.parent, SUFFIXES)))


def _verdicts(table: Path) -> str | None:
    """Return which column of a table says what is normal."""
    columns = columns_of(table)
    return next((column for column in VERDICTS if column in columns), None)


def _table_of(path: Path) -> Path | None:
    """Return the table beside that holds the labels of an HDF5 file without any inside."""
    tables = [table for table in tables_in(path.parent) if _verdicts(table) is not None]
    own = (table for table in tables if table.stem == path.stem)
    by_exam = (
        table
        for table in tables
        if has_columns(table, ("exam_id",))
        and not (table.name.lower() == LABELS and names_records(table))
    )
    return next(own, None) or next(by_exam, None)


def _shared(table: Path, path: Path) -> bool:
    """Return whether the table holds the labels of another HDF5 file of its folder, too."""
    others = (other for other in files_in(path.parent, SUFFIXES) if other != path)
    return any(_table_of(other) == table and _is_stack_without_labels(other) for other in others)


def _is_stack_without_labels(path: Path) -> bool:
    if starts_with(path, len(HDF5_SIGNATURE)) != HDF5_SIGNATURE:
        return False
    try:
        labels = stack_labels(path, SIGNALS, ("normal", "scp_codes"))
    except RecordError:
        # It is told where this file's own records are looked for.
        return False
    return labels is not None and not labels.columns


def _labels_inside(path: Path, labels: StackLabels) -> DataSet:
    codes, normals, folds, patients = map(
        labels.columns.get, ("scp_codes", "normal", "strat_fold", "patient_id")
    )
    dataset = DataSet("HDF5 with labels inside" + (" (PTB-XL folds)" if folds else ""), path)
    for i in range(labels.n_records):
        normal: bool | None = None
        reason = NO_LABEL
        classes: tuple[str, ...] = ()
        try:
            if codes is not None:
                normal, reason, classes = judge(parse_codes(codes[i]))
            fold = parse_fold(folds[i]) if folds else None
        except ValueError as error:
            raise DataError(f"record {i}: {error}", path) from error
        if normals is not None and (stated := truth(normals[i])) is not None:
            if not stated:
                reason = NOT_NORMAL
            elif codes is None:
                reason = ""
            elif normal is None:
                reason = NO_NORM
            normal = stated
        name = f"{path.stem}#{i}"
        dataset.entries.append(
            Entry(
                ref=RecordRef(path, i),
                name=name,
                source="PTB-XL" if folds else path.stem,
                patient=(patient_stated(patients[i]) if patients else "") or name,
                fold=fold,
                normal=normal,
                left_out=reason,
                classes=classes,
            )
        )
    return dataset


def _labels_beside(path: Path, n: int, exam_ids: list[str] | None, table: Path) -> DataSet:
    rows = _labelled_rows(table)
    dataset = DataSet(f"HDF5 with labels in {table.name}", path, table=table)
    if exam_ids is not None and has_columns(table, ("exam_id",)):
        by_id = _by_exam(rows, table)
        here = set(exam_ids)
        dataset.without_record = sorted(
            exam_id
            for exam_id, (row, _) in by_id.items()
            if exam_id not in here and row.get("trace_file", "").strip() in ("", path.name)
        )
        ordered = [by_id.get(exam_id, ({}, None)) for exam_id in exam_ids]
    elif len(rows) == n:
        ordered = rows
    else:
        raise DataError(f"{len(rows)} rows for the {n} tracings of {path.name}", table)
    numbered = has_columns(table, ("patient_id",))
    # One patient may have tracings in several files: then the table tells patients apart.
    registry = table.name.lower() if numbered and _shared(table, path) else ""
    for i, (row, normal) in enumerate(ordered):
        reason = NO_LABEL if normal is None else "" if normal else "not normal"
        name = f"{path.stem}#{i}"
        patient = patient_stated(row.get("patient_id", ""))
        dataset.entries.append(
            Entry(
                ref=RecordRef(path, i),
                name=name,
                source=path.stem,
                patient=patient or name,
                fold=None,
                normal=normal,
                left_out=reason,
                registry=registry if patient else "",
            )
        )
    return dataset


def _labelled_rows(table: Path) -> list[tuple[Row, bool | None]]:
    column = _verdicts(table) or VERDICTS[0]
    return [
        (row, stated_truth(row[column], table, line, column))
        for line, row in enumerate(read_table(table, (column,)), start=2)
    ]


def _by_exam(
    rows: Sequence[tuple[Row, bool | None]], table: Path
) -> dict[str, tuple[Row, bool | None]]:
    by_id: dict[str, tuple[Row, bool | None]] = {}
    for line, (row, normal) in enumerate(rows, start=2):
        exam_id = row["exam_id"].strip()
        first, verdict = by_id.setdefault(exam_id, (row, normal))
        if verdict != normal or first.get("patient_id") != row.get("patient_id"):
            raise DataError(
                f"line {line}: exam_id {exam_id} is listed twice, with different labels or "
                "patients",
                table,
            )
    return by_id
