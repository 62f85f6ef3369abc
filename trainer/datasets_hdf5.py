"""HDF5 files of many records with their labels inside, or in a table beside them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from ecgviewer.core.record_ref import RecordRef
from trainer.data import DataError, DataSet, Entry
from trainer.datasets_ptbxl import judge, parse_codes
from trainer.tables import has_columns, read_table, truth

SUFFIXES = (".h5", ".hdf5")
SIGNALS = ("signal", "tracings")


def labelled_file(path: Path) -> DataSet | None:
    """Recognise an HDF5 file with ``signal`` or ``tracings`` [N, ...] and labels.

    Labels: datasets ``normal`` or ``scp_codes`` inside (with ``strat_fold`` and ``patient_id``
    where known), else a CSV file beside it with ``exam_id`` (or one row per tracing) and
    ``normal``.
    """
    if not h5py.is_hdf5(path):
        return None
    try:
        with h5py.File(path, "r") as file:
            name = next((n for n in SIGNALS if isinstance(file.get(n), h5py.Dataset)), None)
            if name is None or file[name].ndim != 3:
                return None
            n = file[name].shape[0]
            if "normal" in file or "scp_codes" in file:
                return _labels_inside(path, file, n)
            exam_ids = _column(path, file, "exam_id", n)
    except OSError as error:
        raise DataError(f"the HDF5 file cannot be read: {error}", path) from error
    return _labels_beside(path, n, exam_ids)


def _labels_inside(path: Path, file: h5py.File, n: int) -> DataSet:
    codes = _column(path, file, "scp_codes", n)
    normals = _column(path, file, "normal", n)
    folds = _column(path, file, "strat_fold", n)
    patients = _column(path, file, "patient_id", n)
    dataset = DataSet("HDF5 with labels inside" + (" (PTB-XL folds)" if folds else ""), path)
    for i in range(n):
        normal: bool | None
        if codes is not None:
            try:
                normal, reason, classes = judge(parse_codes(codes[i]))
            except ValueError as error:
                raise DataError(f"record {i}: {error}", path) from error
        else:
            normal, reason, classes = None, "without a label", ()
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
                fold=int(folds[i]) if folds else None,
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
    rows = read_table(table, ("normal",))
    dataset = DataSet(f"HDF5 with labels in {table.name}", path)
    if exam_ids is not None and has_columns(table, ("exam_id",)):
        by_id = {row["exam_id"].strip(): row for row in rows}
        dataset.without_record = sorted(set(by_id) - set(exam_ids))
        ordered = [by_id.get(exam_id, {}) for exam_id in exam_ids]
    elif len(rows) == n:
        ordered = rows
    else:
        raise DataError(f"{len(rows)} rows for the {n} tracings of {path.name}", table)
    for i, row in enumerate(ordered):
        normal = truth(row.get("normal", ""))
        reason = "without a label" if normal is None else "" if normal else "not normal"
        name = f"{path.stem}#{i}"
        patient = row.get("patient_id", "").strip() or name
        entry = Entry(RecordRef(path, i), name, path.stem, patient, None, normal, reason)
        dataset.entries.append(entry)
    return dataset


def _column(path: Path, file: h5py.File, name: str, n: int) -> list[str] | None:
    """Return a label dataset as text, None when absent."""
    item = file.get(name)
    if not isinstance(item, h5py.Dataset):
        return None
    if item.shape != (n,):
        raise DataError(f"{name} has shape {item.shape} for {n} records", path)
    values = np.asarray(item[:])
    return [v.decode() if isinstance(v, bytes) else str(v) for v in values.tolist()]
