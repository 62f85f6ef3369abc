"""Which records are reported on, and in which groups.

Records a model may have been trained or calibrated on are not: of data with official folds only
fold 10 is reported, of data named in a bundle's training only the report split, and no record that
a bundle lists, nor another one of its patient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from pathlib import Path

from ecgviewer.core.progress import Progress
from ecgviewer.core.record.record_ref import RecordRef
from trainer.datasets.entries import Entry, Index
from trainer.datasets.used_records import UsedRecords


def report_groups(
    index: Index, trained_on: Set[str], listed: Set[RecordRef] = frozenset()
) -> dict[str, list[Entry]]:
    """Return the labelled records to report on, by group.

    Parameters
    ----------
    trained_on : set of str
        Sources that bundles without a list of their records saw in training; of these only the
        report split counts.
    listed : set of RecordRef
        The records that they list, and those of the same patients; see :func:`listed_here`.
    """
    names = _group_names(index)
    groups: dict[str, list[Entry]] = {}
    for root, entry in _labelled(index):
        if not _withheld(entry, trained_on, listed):
            name = names[root] if entry.fold is None else f"{entry.source} fold 10"
            groups.setdefault(name, []).append(entry)
    return groups


def left_out(index: Index, trained_on: Set[str], listed: Set[RecordRef]) -> list[str]:
    """Return lines that say how many labelled records are not reported on, and why."""
    reasons = Counter(_withheld(entry, trained_on, listed) for _, entry in _labelled(index))
    del reasons[""]
    return [f"not reported: {n} records {why}" for why, n in sorted(reasons.items())]


def listed_here(index: Index, seen: UsedRecords, progress: Progress) -> frozenset[RecordRef]:
    """Return the records here that a bundle lists, and the others of their patients.

    Only records that nothing else keeps out of the report are read.
    """
    entries = [
        entry for _, entry in _labelled(index) if not _withheld(entry, seen.sources, frozenset())
    ]
    found = seen.among([entry.ref for entry in entries], progress)
    patients = {entry.group for entry in entries if entry.ref in found}
    return frozenset(entry.ref for entry in entries if entry.group in patients)


def tuning_entries(index: Index) -> list[Entry]:
    """Return labelled records of the calibration fold, for the threshold rules that need labels."""
    return [
        entry for _, entry in _labelled(index) if entry.fold is not None
        and entry.split == "calibrate"
    ]  # fmt: skip


def _labelled(index: Index) -> Iterator[tuple[Path, Entry]]:
    for dataset in index.datasets:
        yield from ((dataset.root, e) for e in dataset.entries if e.normal is not None)


def _withheld(entry: Entry, trained_on: Set[str], listed: Set[RecordRef]) -> str:
    """Return why a labelled record is not reported on; empty where it is."""
    if entry.split != "report" and entry.fold is not None:
        return "of folds 1 to 9, which are for training and calibration"
    if entry.split != "report" and entry.source in trained_on:
        return (
            f"of {entry.source}, a name that stands in the training of a bundle without a list "
            "of its records"
        )
    if entry.ref in listed:
        return "that a bundle was trained or calibrated with, or of the same patients"
    return ""


def _group_names(index: Index) -> dict[Path, str]:
    """Return each data set's name: its folder's, with folders above it where several share it."""
    roots = dict.fromkeys(dataset.root for dataset in index.datasets)
    names: dict[Path, str] = {}
    shown = 1
    while len(names) < len(roots):
        tails = {root: _tail(root, shown) for root in roots}
        times = Counter(tails.values())
        for root, tail in tails.items():
            if times[tail] == 1:
                names.setdefault(root, tail)
        shown += 1
    return names


def _tail(root: Path, shown: int) -> str:
    """Return the last parts of a path; of a file alone the name without its suffix."""
    if shown == 1:
        return root.stem if root.is_file() else root.name
    return "/".join(root.parts[-shown:])
