"""Undo, two windows, folders that vanish, old and new formats: nothing is lost silently."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from ecgviewer.core.errors import ReviewError
from ecgviewer.review.annotations import Code, RecordKey, Review
from ecgviewer.review.edits import editing
from ecgviewer.review.edits.review_json import to_json
from ecgviewer.review.edits.session import ReviewSession
from ecgviewer.review.edits.store import ReviewStore
from ecgviewer.review.errors import EditError, NewerFormatError, ReviewConflictError


@pytest.fixture
def store(tmp_path: Path) -> ReviewStore:
    return ReviewStore(tmp_path / "reviews")


def add(session: ReviewSession, label: str, start_s: float = 1.0, end_s: float = 2.0) -> str:
    made = editing.make(session.review, start_s, end_s, ["II"], label)
    session.do(editing.add(session.review, [made]))
    return made.id


def test_undo_and_redo_walk_through_every_kind_of_edit(editor, store, record) -> None:
    session = store.open(record, "Ann")
    rng = random.Random(11)
    past = [session.review]
    for _ in range(300):
        session.do(editor.random_edit(session.review, rng))
        past.append(session.review)
    for expected in reversed(past[:-1]):
        assert session.undo() is not None
        assert session.review == expected
    assert session.undo() is None
    for expected in past[1:]:
        assert session.redo() is not None
        assert session.review == expected
    assert session.redo() is None
    session.close()
    assert store.open(record, "Ann").review == past[-1]


def test_commands_do_what_their_names_say(store, record) -> None:
    session = store.open(record, "Ann")
    one = add(session, "AFIB", 10.0, 20.0)
    session.do(editing.split(session.review, one, 14.0))
    first, second = session.review.annotations
    assert (first.id, first.start_s, first.end_s, second.end_s) == (one, 10.0, 14.0, 20.0)
    session.do(editing.set_leads(session.review, second.id, ["V1", "I"]))
    session.do(editing.set_note(session.review, second.id, "irregular"))
    session.do(editing.merge(session.review, [first.id, second.id]))
    (merged,) = session.review.annotations
    assert (merged.id, merged.start_s, merged.end_s) == (one, 10.0, 20.0)
    assert merged.leads == ("I", "II", "V1")
    assert merged.note == "irregular"
    session.do(editing.relabel(session.review, one, "AFL", [Code("SNOMED CT", "164890007")]))
    session.do(editing.move_edges(session.review, one, 70.0, 30.0))
    assert session.review.annotation(one).end_s == record.duration_s
    assert session.history.undo_text == "Move AFL"
    session.do(editing.set_leads(session.review, one, record.leads))
    assert session.review.annotation(one).leads == ()
    session.do(editing.delete(session.review, [one]))
    assert session.review.annotations == ()


@pytest.mark.parametrize(
    "edit",
    [
        lambda review: editing.make(review, 61.0, 62.0, [], "beyond the end"),
        lambda review: editing.make(review, 1.0, 2.0, ["V9"], "no such lead"),
        lambda review: editing.delete(review, ["nobody"]),
        lambda review: editing.merge(review, []),
    ],
)
def test_impossible_edits_are_refused(edit, empty) -> None:
    with pytest.raises(EditError):
        edit(empty)


def test_the_second_window_is_read_only_and_the_first_wins(store, record) -> None:
    first = store.open(record, "Ann")
    add(first, "PVC")
    second = store.open(record, "Ann")
    assert "another window" in second.read_only
    assert second.review == first.review
    with pytest.raises(ReviewError, match="another window"):
        add(second, "AFIB")
    assert second.close()
    first.close()
    third = store.open(record, "Ann")
    assert not third.read_only
    assert [item.label for item in third.review.annotations] == ["PVC"]


def test_two_readers_have_a_review_each(store, record) -> None:
    for author in ("Ann", "Bob", "张"):
        session = store.open(record, author)
        add(session, author)
        session.close()
    assert store.readers(record) == ("Ann", "Bob", "张")
    assert [item.label for item in store.read(record, "Bob").annotations] == ["Bob"]


def test_looking_at_a_record_leaves_no_files(store, record, tmp_path) -> None:
    session = store.open(record, "Ann")
    assert session.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_review_follows_a_renamed_record(store, record) -> None:
    session = store.open(record, "Ann")
    add(session, "PVC")
    session.close()
    moved = RecordKey(record.sha256, "other name", record.fs_hz, record.n_samples, record.leads)
    assert len(store.open(moved, "Ann").review.annotations) == 1


def test_beside_the_record_and_no_mixing_of_records(tmp_path, record) -> None:
    store = ReviewStore(tmp_path / "unused", beside=True)
    path = tmp_path / "ecg" / "demo.hea"
    path.parent.mkdir()
    session = store.open(record, "Ann", path)
    add(session, "PVC")
    session.close()
    assert (tmp_path / "ecg").glob("demo.Ann-*.review.json")
    assert store.readers(record, path) == ("Ann",)
    assert not (tmp_path / "unused").exists()
    other = RecordKey("ef" * 32, "demo", 500.0, 10, ("I",))
    with pytest.raises(ReviewError, match="another record"):
        store.open(other, "Ann", path)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"format": "ecgviewer-review", "version": 2}'])
def test_a_damaged_review_file_is_rebuilt_from_the_journal(store, record, damage, tmp_path) -> None:
    session = store.open(record, "Ann")
    for number in range(3):
        add(session, f"label {number}")
        session.save()
    session.close()
    session.files.review.write_bytes(damage)
    again = store.open(record, "Ann")
    assert again.review == session.review
    assert any("damaged" in note for note in again.notes)
    assert next(tmp_path.rglob("*.review.json.kept-*")).read_bytes() == damage
    again.close()
    session.files.review.unlink()
    session.files.previous.unlink()
    assert store.open(record, "Ann").review == session.review


def test_without_its_journal_the_review_file_is_enough(store, record) -> None:
    session = store.open(record, "Ann")
    add(session, "PVC")
    session.close()
    session.files.journal.unlink()
    again = store.open(record, "Ann")
    assert again.review == session.review
    add(again, "AFIB")
    again.files.review.unlink()  # the new journal holds what it started from
    assert store.read(record, "Ann") == again.review


def test_the_version_before_is_kept(store, record) -> None:
    session = store.open(record, "Ann")
    add(session, "one")
    session.save()
    add(session, "two")
    session.close()
    previous = json.loads(session.files.previous.read_text(encoding="utf-8"))
    assert [item["label"] for item in previous["annotations"]] == ["one"]


def test_a_removed_folder_comes_back_with_everything(store, record) -> None:
    session = store.open(record, "Ann")
    add(session, "before")
    session.save()
    shutil.rmtree(store.root)
    add(session, "after")
    assert session.problem is None
    session.close()
    labels = [item.label for item in store.open(record, "Ann").review.annotations]
    assert sorted(labels) == ["after", "before"]


def test_a_review_changed_by_someone_else_is_not_overwritten(store, record, tmp_path) -> None:
    session = store.open(record, "Ann")
    add(session, "mine")
    session.save()
    theirs = to_json(Review(record, "Ann"))
    session.files.review.write_text(json.dumps(theirs))
    add(session, "mine too")
    assert not session.save()
    assert isinstance(session.problem, ReviewConflictError)
    assert json.loads(session.files.review.read_text()) == theirs
    mine = json.loads(next(tmp_path.rglob("*.mine-*")).read_text())
    assert len(mine["annotations"]) == 2


def test_a_newer_format_is_refused_and_left_alone(store, record) -> None:
    files = store.files(record, "Ann")
    files.folder.mkdir(parents=True)
    newer = json.dumps({"format": "ecgviewer-review", "version": 3, "what": "ever"})
    files.review.write_text(newer)
    with pytest.raises(NewerFormatError, match="update the program"):
        store.open(record, "Ann")
    assert files.review.read_text() == newer
    assert [path.name for path in files.folder.iterdir()] == [files.review.name]


def test_an_older_format_is_upgraded_and_kept(store, record) -> None:
    files = store.files(record, "Ann")
    files.folder.mkdir(parents=True)
    old = to_json(Review(record, "Ann")) | {"version": 1}
    del old["state"]
    old["annotations"] = [
        {"id": "a1", "start_s": 1.0, "end_s": 2.5, "leads": ["II"], "label": "AF",
         "code": "49436004", "note": "", "author": "Ann",
         "created": "", "modified": "", "origin": None},
    ]  # fmt: skip
    files.review.write_text(json.dumps(old))
    session = store.open(record, "Ann")
    assert session.review.annotations[0].codes == (Code("SNOMED CT", "49436004"),)
    assert any("upgraded" in note for note in session.notes)
    session.close()
    assert json.loads(files.review.read_text())["version"] == 2
    (kept,) = files.folder.glob("*.format1-*")
    assert json.loads(kept.read_text()) == old


def test_files_are_private(store, record) -> None:
    session = store.open(record, "Ann")
    add(session, "PVC")
    session.close()
    for path in session.files.folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_ten_thousand_annotations_stay_quick(store, record, editor) -> None:
    import time

    session = store.open(record, "Ann")
    many = [
        editing.make(session.review, i * 0.005, i * 0.005 + 0.1, ["II"], "PVC")
        for i in range(10_000)
    ]
    session.do(editing.add(session.review, many))
    start = time.perf_counter()
    for item in many[:20]:
        session.do(editing.set_note(session.review, item.id, "seen"))
    assert (time.perf_counter() - start) / 20 < 0.1
