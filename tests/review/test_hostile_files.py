"""Mutated reviews, journals, tables and annotation files end in a typed error, or are read."""

from __future__ import annotations

import copy
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.review.annotations import Review
from ecgviewer.review.edits.journal import encode_line
from ecgviewer.review.edits.review_json import dumps, from_json, to_json
from ecgviewer.review.edits.store import ReviewStore
from ecgviewer.review.exports.csv_export import export_csv, import_csv
from ecgviewer.review.exports.json_export import export_json, import_json
from ecgviewer.review.exports.wfdb import codec as wfdb_codec
from ecgviewer.review.exports.wfdb.export import export_wfdb, import_wfdb
from ecgviewer.review.labels import DEFAULT_LABELS, load_labels

STRANGE: list[Any] = [
    None, True, -1, 0, 2**70, 1e308, -0.0, "", "x" * 300, "\ud800", "\0", [], {}, [[]], [None],
    {"a": 1}, "NaN", 10**400,
]  # fmt: skip
MUTATIONS = 1500


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every node inside parsed JSON."""
    found = [path]
    if isinstance(value, dict | list):
        children = value.items() if isinstance(value, dict) else enumerate(value)
        for key, child in children:
            found.extend(nodes(child, (*path, key)))
    return found


def mutate(value: Any, rng: random.Random) -> Any:
    """Return a copy with a few nodes replaced or removed."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        path = rng.choice(nodes(value)[1:] or [()])
        if not path:
            return rng.choice(STRANGE)
        parent = value
        for key in path[:-1]:
            parent = parent[key]
        if rng.random() < 0.3 and isinstance(parent, dict):
            del parent[path[-1]]
        else:
            parent[path[-1]] = copy.deepcopy(rng.choice(STRANGE))
    return value


@pytest.fixture
def review(editor, empty: Review) -> Review:
    """A review of sixty edits."""
    rng = random.Random(21)
    for _ in range(60):
        from ecgviewer.review.edits import editing

        empty = editing.apply(empty, editor.random_edit(empty, rng))
    return empty


def test_mutated_reviews(review: Review) -> None:
    rng = random.Random(1)
    raw = to_json(review)
    refused = 0
    for _ in range(MUTATIONS):
        try:
            read = from_json(mutate(raw, rng))
        except EcgViewerError:
            refused += 1
        else:
            json.dumps(to_json(read))
            assert 0 <= read.record.duration_s < 1e18
    assert refused > MUTATIONS // 3


def test_mutated_label_sets(tmp_path: Path) -> None:
    rng = random.Random(2)
    path = tmp_path / "labels.json"
    for _ in range(300):
        path.write_text(json.dumps(mutate(DEFAULT_LABELS.to_json(), rng)), encoding="utf-8")
        try:
            load_labels(path)
        except EcgViewerError:
            continue


def test_mutated_files_of_every_kind(review: Review, tmp_path: Path) -> None:
    cases = (
        (export_json(review, tmp_path / "x.json"), import_json),
        (export_csv(review, tmp_path / "x.csv"), import_csv),
        (export_wfdb(review, tmp_path), import_wfdb),
    )
    rng = random.Random(3)
    for path, read in cases:
        data = path.read_bytes()
        slowest = 0.0
        for _ in range(400):
            path.write_bytes(scramble(data, rng))
            start = time.perf_counter()
            try:
                read(path)
            except EcgViewerError:
                continue
            finally:
                slowest = max(slowest, time.perf_counter() - start)
        assert slowest < 5.0


def scramble(data: bytes, rng: random.Random) -> bytes:
    """Return bytes with parts overwritten, cut, repeated or inserted."""
    damaged = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(damaged) + 1)
        kind = rng.randrange(4)
        if kind == 0 and at < len(damaged):
            damaged[at] = rng.randrange(256)
        elif kind == 1:
            del damaged[at : at + rng.randrange(1, 200)]
        elif kind == 2:
            damaged[at:at] = damaged[at : at + rng.randrange(1, 200)]
        else:
            damaged[at:at] = rng.randbytes(rng.randrange(1, 20))
    return bytes(damaged)


def test_scrambled_journals_open_and_go_on(editor, record, tmp_path: Path) -> None:
    store = ReviewStore(tmp_path)
    rng = random.Random(4)
    session = store.open(record, "Ann")
    for _ in range(25):
        session.do(editor.random_edit(session.review, rng))
    session.close()
    files = session.files
    journal, snapshot = files.journal.read_bytes(), files.review.read_bytes()
    for _ in range(60):
        files.journal.write_bytes(scramble(journal, rng))
        if rng.random() < 0.5:
            files.review.write_bytes(scramble(snapshot, rng))
        try:
            again = store.open(record, "Ann")
        except EcgViewerError:  # another record's hash, or a newer format
            continue
        finally:
            for path in files.folder.glob("*.kept-*"):
                path.unlink()
            for path in files.folder.glob("*.mine-*"):
                path.unlink()
        again.do(editor.random_edit(again.review, rng))
        assert again.problem is None, again.problem
        again.close()
        assert store.read(record, "Ann") == again.review
        files.review.write_bytes(snapshot)


def test_a_review_nested_beyond_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 200_000)
    with pytest.raises(EcgViewerError):
        import_json(path)
    with pytest.raises(ValueError, match="JSON"):
        dumps(float("nan"))


@pytest.mark.parametrize("text", ["[" + "[]," * 9_000_000 + "1]", '{"format": ' + "{}," * 10],
                         ids=["27 MB of empty lists", "cut off"])  # fmt: skip
def test_a_review_that_would_fill_the_memory_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bomb.json"
    path.write_text(text)
    start = time.thread_time()
    with pytest.raises(EcgViewerError):
        import_json(path)
    assert time.thread_time() - start < 2.0


def test_an_annotation_file_of_endless_marks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wfdb_codec, "MAX_MARKS", 1000)
    assert len(wfdb_codec.decode(b"\x01\x04" * 1000 + b"\0\0")[0]) == 1000
    with pytest.raises(EcgViewerError, match="more than 1000 marks"):
        wfdb_codec.decode(b"\x01\x04" * 1001 + b"\0\0")


def test_a_table_with_an_id_twice_is_refused(review: Review, tmp_path: Path) -> None:
    """Taken as it was, the review could be saved and never be read again."""
    path = export_csv(review, tmp_path / "x.csv")
    lines = path.read_text().splitlines()
    whole = [line for line in lines if line.count('"') % 2 == 0]
    again = next(line for line in whole if line.startswith("annotation,"))
    path.write_text("\r\n".join([*lines, again]) + "\r\n")
    with pytest.raises(EcgViewerError, match="same id"):
        import_csv(path)


def test_half_characters_survive_every_export(review: Review, tmp_path: Path) -> None:
    """A file name that is no UTF-8 reaches the record's name as such."""
    from dataclasses import replace

    odd = replace(review, record=replace(review.record, name="x\udce9"))
    assert import_json(export_json(odd, tmp_path / "x.json")) == odd
    assert import_csv(export_csv(odd, tmp_path / "x.csv")).annotations == odd.annotations
    assert import_wfdb(export_wfdb(odd, tmp_path)) == odd


def test_pipes_are_not_waited_for(record, tmp_path: Path) -> None:
    import os

    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    store = ReviewStore(tmp_path)
    files = store.files(record, "Ann")
    files.folder.mkdir(parents=True)
    for path in (files.review, files.journal, tmp_path / "x.json"):
        os.mkfifo(path)
    for read in (lambda: import_json(tmp_path / "x.json"), lambda: store.open(record, "Ann")):
        with pytest.raises(EcgViewerError, match="not a regular file"):
            read()
    assert store.readers(record) == ()
    with pytest.raises(EcgViewerError):
        load_labels(files.review)


@pytest.mark.parametrize("head", ["no id", "nothing"])
def test_a_journal_without_an_id_is_kept_aside_and_a_new_one_begun(
    editor, record, tmp_path: Path, head: str
) -> None:
    """It was continued by creating it anew, which failed: no edit was saved any more."""
    store = ReviewStore(tmp_path)
    files = store.files(record, "Ann")
    files.folder.mkdir(parents=True)
    header = {"format": "ecgviewer-journal", "version": 1, "author": "Ann", "base": None}
    files.journal.write_bytes(encode_line(header) if head == "no id" else b"")
    session = store.open(record, "Ann")
    session.do(editor.random_edit(session.review, random.Random(1)))
    assert session.problem is None
    session.close()
    assert store.read(record, "Ann") == session.review
