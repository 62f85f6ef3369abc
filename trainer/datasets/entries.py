"""Which records there are, which are normal, and who trains on what."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.record.record_ref import RecordRef

SPLITS = ("train", "calibrate", "report")
NO_LABEL = "without a label"
NOT_NORMAL = "not normal by their labels"


class DataError(EcgViewerError):
    """A data set cannot be used: unreadable table, no records, no normals."""


class UnlabelledError(DataError):
    """Nothing here carries labels: no table, no diagnoses in headers."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a data set and what its labels say.

    Attributes
    ----------
    ref : RecordRef
        Where it is.
    name : str
        Unique within its data set; stable between machines.
    source : str
        The data set, for the user.
    patient : str
        Records of one patient never fall on both sides of a split. The record's name where the
        patient is unknown.
    fold : int or None
        Official fold (PTB-XL ``strat_fold``).
    normal : bool or None
        What the labels say; None without a label.
    left_out : str
        Why this record is no training normal; empty for clean normals.
    classes : tuple of str
        Label classes, for figures per class.
    registry : str
        Who gave the patient the number in ``patient``: a table that covers several sources. Empty
        where the source itself did.
    """

    ref: RecordRef
    name: str
    source: str
    patient: str
    fold: int | None
    normal: bool | None
    left_out: str
    classes: tuple[str, ...] = ()
    registry: str = ""

    @property
    def clean(self) -> bool:
        """Whether this is a normal record without any accompanying finding."""
        return self.normal is True and not self.left_out

    @property
    def group(self) -> str:
        """The patient, told apart from those of other data sets; what no split may separate."""
        return f"{self.registry or self.source}/{self.patient}"

    @property
    def split(self) -> str:
        """``train``, ``calibrate`` or ``report``: official folds 1-8, 9, 10, else by patient."""
        if self.fold is not None:
            return SPLITS[max(self.fold - 8, 0)]
        digest = hashlib.sha256(self.group.encode()).digest()
        return _SHARES[digest[0] % len(_SHARES)]


_SHARES = ("train",) * 8 + ("calibrate", "report")


@dataclass(slots=True)
class DataSet:
    """What one recogniser made of one folder or file.

    Attributes
    ----------
    kind : str
        What was recognised, in words.
    root : Path
    entries : list of Entry
    without_record : list of str
        Label rows whose record is not there.
    table : Path or None
        Where the labels were read.
    lists_all : bool
        Whether that table is meant to list every WFDB record of its folders.
    unlisted : list of str
        Records that it does not list.
    """

    kind: str
    root: Path
    entries: list[Entry] = field(default_factory=list)
    without_record: list[str] = field(default_factory=list)
    table: Path | None = None
    lists_all: bool = False
    unlisted: list[str] = field(default_factory=list)

    def describe(self) -> str:
        """Return what was recognised, how many normals, and why others were left out."""
        normal = sum(entry.normal is True for entry in self.entries)
        clean = sum(entry.clean for entry in self.entries)
        lines = [
            f"{self.root.name}: {self.kind}, {len(self.entries)} records, {normal} normal by their "
            f"labels, {clean} of them without any other finding"
        ]
        reasons = Counter(entry.left_out for entry in self.entries if entry.left_out)
        lines += [f"  left out of training: {n} {reason}" for reason, n in reasons.most_common(12)]
        if len(reasons) > 12:
            lines.append(f"  left out of training: {len(reasons) - 12} further reasons")
        if self.without_record:
            lines.append(
                f"  {len(self.without_record)} label rows without a record "
                f"(first: {self.without_record[0]})"
            )
        if self.table is not None and self.unlisted:
            lines.append(
                f"  {len(self.unlisted)} records here are not listed in {self.table.name} and "
                f"were left out (first: {self.unlisted[0]})"
            )
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Index:
    """All data sets given on the command line, as one list of records."""

    datasets: tuple[DataSet, ...]

    @property
    def entries(self) -> list[Entry]:
        """Every record, data set by data set."""
        return [entry for dataset in self.datasets for entry in dataset.entries]

    def normals(self, split: str) -> list[Entry]:
        """Return the clean normals of a split."""
        return [entry for entry in self.entries if entry.clean and entry.split == split]

    def describe(self) -> str:
        """Return the description of every data set."""
        return "\n".join(dataset.describe() for dataset in self.datasets)

    def sha256(self) -> str:
        """Return a hash of names, labels and splits, for the bundle."""
        lines = (
            f"{entry.source}|{entry.name}|{entry.normal}|{entry.clean}|{entry.split}"
            for entry in self.entries
        )
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
