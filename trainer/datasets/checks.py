"""What is checked once all tables are read: what they say of one record, patient or folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ecgviewer.core.errors import RecordError
from ecgviewer.io.wfdb.header import read_header
from trainer.datasets.entries import SPLITS, DataError, DataSet, Entry

RecordKey = tuple[Path, int | None]

OTHER_SIDE = "in a fold on another side of the split than others of the same patient"


def unclaimed(dataset: DataSet, claimed: set[RecordKey]) -> list[Entry]:
    """Return, and claim, the records that no earlier, more specific table has described already.

    Raises
    ------
    DataError
        When a record is listed twice and the rows disagree: an abnormal record must not pass as
        normal, nor one patient as two.
    """
    own: dict[RecordKey, Entry] = {}
    for entry in dataset.entries:
        key = (entry.ref.path, entry.ref.index)
        if key in claimed:
            continue
        first = own.setdefault(key, entry)
        if _said(first) != _said(entry):
            raise DataError(
                f"{entry.name} is listed twice, with different labels or patients",
                dataset.table or dataset.root,
            )
    claimed.update(own)
    return list(own.values())


def _said(entry: Entry) -> tuple[bool | None, bool, int | None, str]:
    """Return what decides on the use of a record."""
    return entry.normal, entry.clean, entry.fold, entry.group


def keep_patients_together(datasets: Iterable[DataSet]) -> None:
    """Take the label from records whose fold lies on another side than their patient's first.

    Official folds share no patients, but a table may claim otherwise. Of such a patient the
    records of one side stay in use: those to train on, else those to calibrate on.
    """
    with_folds = [d for d in datasets if any(entry.fold is not None for entry in d.entries)]
    sides: dict[str, int] = {}
    for dataset in with_folds:
        for entry in filter(_placed, dataset.entries):
            side = SPLITS.index(entry.split)
            sides[entry.group] = min(side, sides.get(entry.group, side))
    for dataset in with_folds:
        dataset.entries = [
            replace(entry, normal=None, left_out=OTHER_SIDE)
            if _placed(entry) and SPLITS.index(entry.split) != sides[entry.group]
            else entry
            for entry in dataset.entries
        ]


def _placed(entry: Entry) -> bool:
    return entry.fold is not None and entry.normal is not None


def note_unlisted(datasets: Sequence[DataSet], claimed: Iterable[RecordKey]) -> None:
    """Fill in the records that lie among those of a table and that nothing has described."""
    described = {path for path, _ in claimed}
    searched: set[Path] = set()
    for dataset in datasets:
        if dataset.lists_all:
            folders = {dataset.root, *(entry.ref.path.parent for entry in dataset.entries)}
            for folder in sorted(folders - searched):
                dataset.unlisted += _undescribed(folder, described)
            searched |= folders


def _undescribed(folder: Path, described: set[Path]) -> list[str]:
    """Return the names of the other records in a folder; parts of a record are none."""
    headers = sorted(folder.glob("*.hea"))
    rest = [path for path in headers if path not in described]
    parts = {name for path in headers for name in _segments(path)} if rest else set()
    return [path.stem for path in rest if path.stem not in parts]


def _segments(header: Path) -> list[str]:
    try:
        return [segment.name for segment in read_header(header).segments]
    except RecordError:
        # It is told where the record is opened.
        return []
