"""From what ``--model`` and ``PATH`` say to bundles and records on disk."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

from ecgviewer.core.errors import BundleError, RecordError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import find_records
from ecgviewer.models.bundle.bundle import read_info, shipped_bundle
from ecgviewer.models.networks.architectures import model_ids
from ecgviewer.review.annotations import RecordKey
from ecgviewer.review.edits.store import ReviewStore


def bundle_path(model: str) -> Path:
    """Return the bundle of a model's name, or the file that is named."""
    return shipped_bundle(model) if model in model_ids() else Path(model)


def bundles_for(choice: str) -> tuple[tuple[str, Path], ...]:
    """Return name and bundle of each model chosen, in the order in which they are listed.

    Only the headers are read; torch stays unimported.

    Raises
    ------
    BundleError
        When a bundle is absent or is none.
    """
    bundles = []
    for model in model_ids() if choice == "all" else (choice,):
        path = bundle_path(model)
        info = read_info(path)
        if info.problem:
            raise BundleError(info.problem, path)
        bundles.append((info.architecture, path))
    return tuple(bundles)


def one_record(path: Path, options: ReadOptions) -> RecordRef:
    """Return the record that a path names; of a file of many the first, saying so.

    Raises
    ------
    RecordError
        When there is none, or the path is a folder of several.
    """
    found = list(islice(find_records(path, options), 2))
    if not found:
        raise UnsupportedFormatError("holds no ECG record", path)
    if len(found) > 1 and path.is_dir():
        raise RecordError("is a folder of several records; name one of them", path)
    record = found[0]
    if not isinstance(record, RecordRef):
        raise record.error
    if len(found) > 1:
        print(
            f"ecgviewer: {path.name} holds several records: this is the first "
            f"(name another as {path.name}#1, {path.name}#2 ...)",
            file=sys.stderr,
        )
    return record


def store_of_reviews(recording: Recording) -> ReviewStore:
    """Return where the record's reviews are: in the user's data folder, else beside the record."""
    store = ReviewStore.for_user()
    if store.readers(RecordKey.of(recording), recording.path):
        return store
    return ReviewStore.for_user(beside=True)
