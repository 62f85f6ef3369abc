"""PTB-XL: ``ptbxl_database.csv`` beside ``records500`` or ``records100``."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from ecgviewer.core.record.record_ref import RecordRef
from trainer.datasets.entries import NO_LABEL, NOT_NORMAL, DataError, DataSet, Entry
from trainer.datasets.tables import blank, patient_stated, read_table, record_named, table_named

TABLE = "ptbxl_database.csv"
NOT_DIAGNOSTIC = frozenset((
    "ABQRS", "AFIB", "AFLT", "BIGU", "HVOLT", "INVT", "LOWT", "LPR", "LVOLT", "NT_", "PAC",
    "PACE", "PRC(S)", "PSVT", "PVC", "QWAVE", "SARRH", "SBRAD", "SR", "STACH", "STD_", "STE_",
    "SVARR", "SVTAC", "TAB_", "TRIGU", "VCLVH",
))  # fmt: skip
"""Form and rhythm statements of ``scp_statements.csv``; every other statement is a diagnosis."""
SUPERCLASSES: Mapping[str, tuple[str, ...]] = {
    "MI": ("IMI", "ASMI", "ILMI", "AMI", "ALMI", "INJAS", "LMI", "INJAL", "IPLMI", "IPMI", "INJIN",
           "INJLA", "PMI", "INJIL"),
    "STTC": ("NDT", "NST_", "DIG", "LNGQT", "ISC_", "ISCAL", "ISCIN", "ISCIL", "ISCAS", "ISCLA",
             "ANEUR", "EL", "ISCAN"),
    "CD": ("LAFB", "IRBBB", "1AVB", "IVCD", "CRBBB", "CLBBB", "LPFB", "WPW", "ILBBB", "3AVB",
           "2AVB"),
    "HYP": ("LVH", "LAO/LAE", "RVH", "RAO/RAE", "SEHYP"),
}  # fmt: skip
TROUBLE = ("burst_noise", "electrodes_problems", "extra_beats", "pacemaker")
"""Columns that, when filled, keep a normal record out of training."""
NO_NORM = "without the statement NORM"
MAX_CODES_CHARS = 10_000


def parse_codes(text: str) -> dict[str, float]:
    """Return SCP codes with their likelihoods from a dictionary, JSON or a comma list.

    An empty cell, as programs write it, holds none.

    Raises
    ------
    ValueError
        When the text is none of these.
    """
    text = text.strip()
    if len(text) > MAX_CODES_CHARS:
        raise ValueError("not a list of SCP codes: too long")
    if blank(text):
        return {}
    if not text.startswith("{"):
        return {code.strip(): 100.0 for code in text.split(",") if code.strip()}
    try:
        try:
            codes = json.loads(text)
        except json.JSONDecodeError:
            codes = ast.literal_eval(text)
        return {str(code): float(likelihood) for code, likelihood in codes.items()}
    except (SyntaxError, ValueError, TypeError, AttributeError, OverflowError, RecursionError,
            MemoryError) as error:  # fmt: skip
        raise ValueError(f"not a list of SCP codes: {text[:60]}") from error


def parse_fold(text: str) -> int:
    """Return one of PTB-XL's ten folds; raises ValueError."""
    try:
        fold = int(float(text))
    except OverflowError:
        fold = 0
    if not 1 <= fold <= 10:
        raise ValueError(f"folds run from 1 to 10, not {text[:20]}")
    return fold


def judge(codes: Iterable[str]) -> tuple[bool | None, str, tuple[str, ...]]:
    """Return (normal, why no training normal, classes) of a record's SCP codes.

    Normal: NORM is the only diagnosis; None without any code, which says nothing. Clean: nothing
    but NORM and sinus rhythm is stated; 27 % of the normal records carry another statement (PVC,
    AFIB, PACE ...).
    """
    stated = set(codes)
    if not stated:
        return None, NO_LABEL, ()
    diagnoses = stated - NOT_DIAGNOSTIC - {"NORM"}
    normal = "NORM" in stated and not diagnoses
    others = sorted(stated - {"NORM", "SR"})
    superclasses = [name for name, members in SUPERCLASSES.items() if stated & set(members)]
    reason = ""
    if not normal:
        reason = NOT_NORMAL if diagnoses else NO_NORM
    elif others:
        reason = "normal with another statement (SBRAD, STACH, SARRH, PVC, ABQRS ...)"
    return normal, reason, (*superclasses, *others)


def ptbxl(folder: Path) -> DataSet | None:
    """Recognise a PTB-XL tree."""
    table = table_named(folder, TABLE)
    if table is None:
        return None
    dataset = DataSet("PTB-XL", folder, table=table)
    for number, row in enumerate(
        read_table(table, ("ecg_id", "patient_id", "scp_codes", "strat_fold")), start=2
    ):
        ecg_id = row["ecg_id"]
        path = _header(table, row)
        if path is None:
            dataset.without_record.append(f"ecg_id {ecg_id}")
            continue
        try:
            normal, reason, classes = judge(parse_codes(row["scp_codes"]))
            fold = parse_fold(row["strat_fold"])
            name = f"ptbxl/{int(float(ecg_id)):05d}"
        except (ValueError, OverflowError) as error:
            raise DataError(f"line {number}, ecg_id {ecg_id}: {error}", table) from error
        trouble = [column for column in TROUBLE if row.get(column, "").strip()]
        if normal and not reason and trouble:
            reason = f"normal with {trouble[0].replace('_', ' ')}"
        patient = patient_stated(row["patient_id"]).removesuffix(".0") or f"record {ecg_id}"
        ref = RecordRef(path)
        dataset.entries.append(Entry(ref, name, "PTB-XL", patient, fold, normal, reason, classes))
    return dataset


def _header(table: Path, row: Mapping[str, str]) -> Path | None:
    for column in ("filename_hr", "filename_lr"):
        name = row.get(column, "")
        if name and (path := record_named(table, f"{name}.hea")) is not None:
            return path
    return None
