"""Which records a bundle has seen: known by their samples, whatever their names and wherever.

A bundle carries the first digits of a hash of every labelled record of its training and
calibration parts. Abnormal ones are among them although no network is trained on them: so the
records of these patients stay apart, and what is left has the prevalence of the whole. Another
sampling of the same record is another record here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.progress import Progress
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.io.record_hash import record_hash
from ecgviewer.models.bundle.bundle import Bundle
from trainer.datasets.entries import Index

DIGITS = 10
"""Of each hash: 0.2 of a million strange records are taken for one of 200,000 listed."""
MAX_RECORDS = 200_000
"""2 MB, of the 4 MB that a bundle's header may have."""
RECORDS, SOURCES = "records", "sources"
"""Keys of ``Bundle.training``."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What a training was given.

    Attributes
    ----------
    normals_sha256 : str
        Of the samples of the clean normals that it trains on and is chosen by.
    listed : str
        The identities of all records of these parts, one after the other; empty where they are
        more than ``MAX_RECORDS``.
    """

    normals_sha256: str
    listed: str


def signals_of(index: Index, progress: Progress) -> Signals:
    """Read the labelled records of the training and calibration parts."""
    parts = [e for e in index.entries if e.normal is not None and e.split != "report"]
    listed = len(parts) <= MAX_RECORDS
    entries = parts if listed else [entry for entry in parts if entry.clean]
    hashes = sample_hashes([entry.ref for entry in entries], progress)
    lines = sorted(
        f"{entry.source}|{entry.name}|{found}"
        for entry, found in zip(entries, hashes, strict=True)
        if entry.clean
    )
    return Signals(
        normals_sha256=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        listed="".join(sorted({found[:DIGITS] for found in hashes})) if listed else "",
    )


def with_normals(listed: str, index: Index, progress: Progress) -> str:
    """Return a list of records with all normals of an index added."""
    normals = [entry.ref for entry in index.entries if entry.normal]
    known = {listed[k : k + DIGITS] for k in range(0, len(listed), DIGITS)}
    return "".join(sorted(known | {h[:DIGITS] for h in sample_hashes(normals, progress) if h}))


def sample_hashes(refs: Sequence[RecordRef], progress: Progress) -> list[str]:
    """Return the SHA-256 (hex) of each record's samples in mV; empty where one is unreadable."""
    out: list[str] = []
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        for found in pool.map(_sample_hash, refs):
            out.append(found)
            progress(len(out) / len(refs), f"reading record {len(out)} of {len(refs)}")
    return out


def _sample_hash(ref: RecordRef) -> str:
    try:
        recording = open_record(ref)
        source = recording.source
        try:
            return record_hash(
                ref.path, "", False, len(recording.leads), recording.n_samples, source.read
            )
        finally:
            source.close()
    except EcgViewerError:
        # Why it cannot be read is told where it is used.
        return ""


@dataclass(frozen=True, slots=True)
class UsedRecords:
    """What some bundles were trained and calibrated on.

    Attributes
    ----------
    records : frozenset of str
        Identities, of the bundles that list them.
    sources : frozenset of str
        Names of the data sets, of the bundles that do not.
    """

    records: frozenset[str]
    sources: frozenset[str]

    @classmethod
    def by(cls, bundles: Iterable[Bundle]) -> UsedRecords:
        """Return what these bundles say of themselves."""
        records: set[str] = set()
        sources: set[str] = set()
        for bundle in bundles:
            listed = bundle.training.get(RECORDS)
            if isinstance(listed, str) and listed:
                records |= {listed[k : k + DIGITS] for k in range(0, len(listed), DIGITS)}
            else:
                sources |= {str(source) for source in bundle.training.get(SOURCES, ())}
        return cls(frozenset(records), frozenset(sources))

    def among(self, refs: Sequence[RecordRef], progress: Progress) -> frozenset[RecordRef]:
        """Return the records that are listed; none is read where no bundle lists any."""
        if not self.records:
            return frozenset()
        hashes = sample_hashes(refs, progress)
        return frozenset(
            ref for ref, found in zip(refs, hashes, strict=True) if found[:DIGITS] in self.records
        )
