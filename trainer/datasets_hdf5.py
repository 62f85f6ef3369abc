"""HDF5 files of many records with their labels inside, or in a table beside them."""

from __future__ import annotations

from pathlib import Path

from ecgviewer.core.errors import RecordError
from ecgviewer.core.record_ref import RecordRef
from ecgviewer.io.fileaccess import is_regular, starts_with
from ecgviewer.io.hdf5_records import StackLabels, stack_labels
from ecgviewer.io.registry import HDF5_SIGNATURE
from trainer.data import DataError, DataSet, Entry
from trainer.datasets_ptbxl import judge, parse_codes, parse_fold
from trainer.tables import has_columns, read_table, stated_truth, truth

SUFFIXES = (".h5", ".hdf5")
SIGNALS = ("signal", "tracings")
COLUMNS = ("scp_codes", "normal", "strat_fold", "patient_id", "exam_id")


def labelled_file(path: Path) -> DataSet | None:
    """Recognise an HDF5 file with ``signal`` or ``tracings`` [N, ...] and labels.

    Labels: datasets ``normal`` or ``scp_codes`` inside (with ``strat_fold`` and ``patient_id``
    where known), else a CSV file beside it with ``exam_id`` (or one row per tracing) and
    ``normal``.
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
    return _labels_beside(path, labels.n_records, labels.columns.get("exam_id"))


def labels_hdf5(table: Path) -> bool:
    """Return whether a CSV file holds the labels of an HDF5 file beside it."""
    own = any(is_regular(table.with_suffix(suffix)) for suffix in SUFFIXES)
    return has_columns(table, ("normal",)) and (own or has_columns(table, ("exam_id",)))


def _labels_inside(path: Path, labels: StackLabels) -> DataSet:
    codes, normals, folds, patients = map(
        labels.columns.get, ("scp_codes", "normal", "strat_fold", "patient_id")
    )
    dataset = DataSet("HDF5 with labels inside" + (" (PTB-XL folds)" if folds else ""), path)
    for i in range(labels.n_records):
        normal: bool | None = None
        reason = "without a label"
        classes: tuple[str, ...] = ()
        try:
            if codes is not None:
                normal, reason, classes = judge(parse_codes(codes[i]))
            fold = parse_fold(folds[i]) if folds else None
        except ValueError as error:
            raise DataError(f"record {i}: {error}", path) from error
        if normals is not None and (stated := truth(normals[i])) is not None:
            if normal is None or not stated:
                reason = "" if stated else "not normal by their labels"
            normal = stated
        patient = patients[i] if patients else "-1"
        name = f"{path.stem}#{i}"
        dataset.entries.append(
            Entry(
                ref=RecordRef(path, i),
                name=name,
                source="PTB-XL" if folds else path.stem,
                patient=name if patient == "-1" else patient,
                fold=fold,
                normal=normal,
                left_out=reason,
                classes=classes,
            )
        )
    return dataset


def _labels_beside(path: Path, n: int, exam_ids: list[str] | None) -> DataSet | None:
    tables = [t for t in sorted(path.parent.glob("*.csv")) if has_columns(t, ("normal",))]
    own = [t for t in tables if t.stem == path.stem]
    candidates = own or [t for t in tables if has_columns(t, ("exam_id",))]
    if not candidates:
        return None
    table = candidates[0]
    rows = [
        (row, stated_truth(row["normal"], table, line))
        for line, row in enumerate(read_table(table, ("normal",)), start=2)
    ]
    dataset = DataSet(f"HDF5 with labels in {table.name}", path)
    if exam_ids is not None and has_columns(table, ("exam_id",)):
        by_id = {row["exam_id"].strip(): (row, normal) for row, normal in rows}
        dataset.without_record = sorted(set(by_id) - set(exam_ids))
        ordered = [by_id.get(exam_id, ({}, None)) for exam_id in exam_ids]
    elif len(rows) == n:
        ordered = rows
    else:
        raise DataError(f"{len(rows)} rows for the {n} tracings of {path.name}", table)
    for i, (row, normal) in enumerate(ordered):
        reason = "without a label" if normal is None else "" if normal else "not normal"
        name = f"{path.stem}#{i}"
        patient = row.get("patient_id", "").strip() or name
        entry = Entry(RecordRef(path, i), name, path.stem, patient, None, normal, reason)
        dataset.entries.append(entry)
    return dataset
