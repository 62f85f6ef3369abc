"""Reviews: the JSON and CSV exports, the store's own files, journals and label sets."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import numpy as np

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.review.annotations import Review
from ecgviewer.review.edits import editing
from ecgviewer.review.edits.journal import encode_line
from ecgviewer.review.edits.review_json import to_json
from ecgviewer.review.edits.store import ReviewStore
from ecgviewer.review.exports.csv_export import export_csv, import_csv
from ecgviewer.review.exports.json_export import export_json, import_json
from ecgviewer.review.exports.wfdb.export import export_wfdb
from ecgviewer.review.labels import DEFAULT_LABELS, load_labels
from tests.fuzz import mutations
from tests.fuzz.target import Target, name_of
from tests.review import scripted_editor
from tests.review.scripted_editor import RECORD

Rng = np.random.Generator


def _review(n_edits: int) -> Review:
    rng = random.Random(21)
    review = Review(RECORD, "Ann")
    for _ in range(n_edits):
        review = editing.apply(review, scripted_editor.random_edit(review, rng))
    return review


def _json_seeds(folder: Path) -> list[Path]:
    one = export_json(_review(40), folder / "x.json")
    old = to_json(_review(10)) | {"version": 1}
    del old["state"]
    for item in old["annotations"]:
        item["code"] = (item.pop("codes") or [{"value": ""}])[0]["value"]
    (folder / "old.json").write_text(json.dumps(old))
    return [one, folder / "old.json"]


def _imported(changed: Path) -> str:
    read = import_csv if changed.suffix == ".csv" else import_json
    try:
        review = read(changed)
    except EcgViewerError as error:
        return name_of(error)
    assert all(0 <= item.start_s <= item.end_s for item in review.annotations)
    folder = changed.parent / "again"
    shutil.rmtree(folder, ignore_errors=True)
    again = export_json(review, folder / "again.json")
    assert to_json(import_json(again)) == to_json(review)
    for export in (lambda: export_csv(review, folder / "again.csv"),
                   lambda: export_wfdb(review, folder, "again")):  # fmt: skip
        try:
            export()
        except EcgViewerError:
            continue
    return "imported"


def _store_seeds(folder: Path) -> list[Path]:
    """Leave a journal as after a kill, with and without a review file before it."""
    rng = random.Random(4)
    store = ReviewStore(folder)
    session = store.open(RECORD, "Ann")
    for _ in range(12):
        session.do(scripted_editor.random_edit(session.review, rng))
    session.close()
    session = store.open(RECORD, "Ann")
    for _ in range(12):
        session.do(scripted_editor.random_edit(session.review, rng))
    files = session.files
    kept = {path: path.read_bytes() for path in (files.review, files.journal)}
    session.close()
    for path, data in kept.items():
        path.write_bytes(data)
    return [files.journal, files.journal, files.review]


def _store_damage(changed: Path, data: bytes, rng: Rng) -> bytes:
    if changed.suffix == ".json":
        return mutations.json_changed(data, rng)
    if rng.random() < 0.4:
        return mutations.text_changed(data, rng)
    lines = data.splitlines(keepends=True)
    at = int(rng.integers(len(lines)))
    _, _, body = lines[at].split(b" ", 2)
    changed_body = mutations.value_changed(json.loads(body), rng)
    try:
        lines[at] = encode_line(changed_body)
    except ValueError:  # NaN: the journal's own writer refuses it
        lines[at] = lines[at][:-1]
    return b"".join(lines)


def _reopened(folder: Path, changed: Path) -> str:
    store = ReviewStore(folder)
    before = set(changed.parent.iterdir())
    sound = {path: path.read_bytes() for path in before if path.suffix in (".json", ".journal")}
    result = "opened"
    try:
        store.readers(RECORD)
        session = store.open(RECORD, "Ann")
    except EcgViewerError as error:
        result = name_of(error)
    else:
        try:
            session.do(scripted_editor.random_edit(session.review, random.Random(5)))
            assert session.problem is None, session.problem
        finally:
            session.close()
        assert store.read(RECORD, "Ann") == session.review
    for path in set(changed.parent.iterdir()) - before:
        path.unlink()
    for path, data in sound.items():
        path.write_bytes(data)
    return result


def _labels_seeds(folder: Path) -> list[Path]:
    DEFAULT_LABELS.save(folder / "labels.json")
    return [folder / "labels.json"]


def _labels(_: Path, changed: Path) -> str:
    try:
        found = load_labels(changed)
    except EcgViewerError as error:
        return name_of(error)
    found.save(changed)
    assert load_labels(changed) == found
    return "loaded"


TARGETS = {
    "review-json": Target(
        _json_seeds, lambda _, data, rng: mutations.json_changed(data, rng),
        lambda _, changed: _imported(changed),
    ),
    "review-csv": Target(
        lambda folder: [export_csv(_review(40), folder / "x.csv")],
        lambda _, data, rng: mutations.csv_changed(data, rng),
        lambda _, changed: _imported(changed),
    ),
    "review-journal": Target(_store_seeds, _store_damage, _reopened),
    "label-set": Target(
        _labels_seeds, lambda _, data, rng: mutations.json_changed(data, rng), _labels
    ),
}  # fmt: skip
