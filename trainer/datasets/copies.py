"""Copies of a record: the same samples under other names never fall on two sides of a split."""

from __future__ import annotations

from dataclasses import replace

from ecgviewer.core.progress import Progress
from trainer.datasets.entries import SPLITS, DataSet, Entry, Index
from trainer.datasets.used_records import sample_hashes

COPY = "a copy of a record that lies on another side of the split"


def keep_copies_together(index: Index, progress: Progress) -> Index:
    """Return the index with every copy on the side of the first of its kind.

    Records are the same where all their samples are, in mV. Where official folds leave no
    choice, those of the later side lose their label; else copies share a patient.
    """
    entries = index.entries
    hashes = sample_hashes([entry.ref for entry in entries], progress)
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for entry, found in zip(entries, hashes, strict=True):
        if found:
            # Chains count: one patient's copies may lie among those of several others.
            parent[root(f"samples {found}")] = root(f"patient {entry.group}")
    members: dict[str, list[Entry]] = {}
    for entry in entries:
        members.setdefault(root(f"patient {entry.group}"), []).append(entry)
    changed = {
        id(entry): new
        for group in members.values()
        if len({entry.group for entry in group}) > 1
        for entry, new in zip(group, _together(group), strict=True)
    }
    datasets = [
        _with(dataset, [changed.get(id(entry), entry) for entry in dataset.entries])
        for dataset in index.datasets
    ]
    return Index(tuple(datasets))


def _together(group: list[Entry]) -> list[Entry]:
    """Return entries of several names that hold the same records, all on one side."""
    placed = [entry for entry in group if entry.fold is not None]
    side = min((SPLITS.index(entry.split) for entry in placed), default=None)
    first = group[0]
    out = []
    for entry in group:
        if entry.fold is None and side is None:
            out.append(replace(entry, patient=first.group, registry="copies"))
        elif SPLITS.index(entry.split) == side:
            out.append(entry)
        else:
            out.append(replace(entry, normal=None, left_out=COPY))
    return out


def _with(dataset: DataSet, entries: list[Entry]) -> DataSet:
    return replace(dataset, entries=entries)
