"""Journals that were cut short or damaged give back every complete entry and say what is lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ecgviewer.review.edits import editing
from ecgviewer.review.edits.journal import JournalWriter, encode_line, new_header, parse
from ecgviewer.review.edits.session import ReviewSession
from ecgviewer.review.edits.store import ReviewStore
from ecgviewer.review.errors import NewerFormatError, ReviewConflictError, StorageError


@pytest.fixture
def session(editor, record, tmp_path: Path) -> ReviewSession:
    """A review with six edits, an undo among them, killed before it was saved."""
    rng = random.Random(7)
    session = ReviewStore(tmp_path).open(record, "Ann")
    for _ in range(5):
        session.do(editor.random_edit(session.review, rng))
    session.undo()
    assert not session.files.review.exists()
    return session


def stages(session: ReviewSession) -> tuple[bytes, list[int], list[object]]:
    """Return the journal, where each line ends, and the review after each entry."""
    data = session.files.journal.read_bytes()
    ends = [i + 1 for i, byte in enumerate(data) if byte == 10]
    review = ReviewSession(session.files, session.review, editing.History()).review
    review = type(review)(session.review.record, session.review.author)
    reviews: list[object] = [review]
    for entry in parse(data).entries:
        review = editing.apply(review, entry.edit)
        reviews.append(review)
    assert reviews[-1] == session.review
    return data, ends, reviews


def test_every_edit_is_on_disk_when_do_returns(session: ReviewSession) -> None:
    content = parse(session.files.journal.read_bytes())
    assert [entry.operation for entry in content.entries] == ["do"] * 5 + ["undo"]
    assert not content.damages


def test_a_journal_cut_at_any_byte_keeps_all_complete_entries(session, record, tmp_path) -> None:
    data, ends, reviews = stages(session)
    session.close()
    session.files.review.unlink()
    for size in range(len(data) + 1):
        session.files.journal.write_bytes(data[:size])
        # The last line counts as complete once its payload is there, line break or not.
        complete = sum(1 for end in ends if end - 1 <= size)
        content = parse(data[:size])
        assert len(content.entries) == max(complete - 1, 0)
        assert bool(content.damages) == (size not in (0, *ends)), size
        restored = ReviewStore(tmp_path).read(record, "Ann")
        assert restored == reviews[max(complete - 1, 0)]


def test_a_flipped_byte_anywhere_costs_one_entry_at_most(session, record, tmp_path) -> None:
    data, ends, _ = stages(session)
    whole = parse(data).entries
    rng = random.Random(3)
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1 << rng.randrange(8)
        content = parse(bytes(damaged))
        line = sum(1 for end in ends if end <= position)
        others = [entry for number, entry in enumerate(whole, start=1) if number != line]
        assert [entry for entry in content.entries if entry in others] == others
        assert content.damages
        assert any(damage.start <= position < damage.stop for damage in content.damages)


def test_damage_is_reported_kept_aside_and_editing_goes_on(session, record, tmp_path) -> None:
    data, ends, reviews = stages(session)
    session.close()
    session.files.review.unlink()
    session.files.journal.write_bytes(data[: ends[4] + 20])
    again = ReviewStore(tmp_path).open(record, "Ann")
    assert again.review == reviews[4]
    assert any("incomplete entry" in note for note in again.notes)
    kept = list(tmp_path.rglob("*.journal.kept-*"))
    assert [path.read_bytes() for path in kept] == [data[: ends[4] + 20]]
    again.do(editing.set_state(again.review, "reviewed"))
    again.close()
    assert ReviewStore(tmp_path).open(record, "Ann").review == again.review


def test_edits_after_a_damaged_entry_survive(session, record, tmp_path) -> None:
    data, ends, _ = stages(session)
    session.close()
    session.files.review.unlink()
    damaged = bytearray(data)
    damaged[ends[1] + 60] ^= 1
    session.files.journal.write_bytes(bytes(damaged))
    again = ReviewStore(tmp_path).open(record, "Ann")
    assert any("checksum" in note for note in again.notes)
    assert any("5 entries" in note for note in again.notes)


def test_a_full_disk_leaves_no_half_entry_and_is_tried_again(record, tmp_path) -> None:
    resource = pytest.importorskip("resource", reason="a limit on file sizes needs POSIX")
    session = ReviewStore(tmp_path).open(record, "Ann")
    session.do(editing.set_state(session.review, "in progress"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = session.files.journal.stat().st_size
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, before[1]))
        session.do(editing.set_state(session.review, note="while the disk is full"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(session.problem, StorageError)
    assert session.pending == 1
    assert session.review.state.note == "while the disk is full"
    assert session.files.journal.stat().st_size == size
    session.do(editing.set_state(session.review, "reviewed"))
    assert session.problem is None
    assert session.pending == 0
    assert ReviewStore(tmp_path).read(record, "Ann") == session.review


def test_a_device_without_space_is_a_typed_error(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(StorageError):
        JournalWriter(full, size=0)._write(b"x")


def test_a_journal_of_a_newer_program_is_refused(session, record, tmp_path) -> None:
    session.close()
    line = encode_line(new_header({}) | {"version": 2})
    session.files.journal.write_bytes(line)
    with pytest.raises(NewerFormatError, match="update"):
        ReviewStore(tmp_path).open(record, "Ann")
    assert session.files.journal.read_bytes() == line


def test_another_program_writing_the_journal_is_noticed(session, tmp_path) -> None:
    with session.files.journal.open("ab") as file:
        file.write(b"from elsewhere\n")
    session.do(editing.set_state(session.review, "reviewed"))
    assert isinstance(session.problem, ReviewConflictError)
    assert session.files.journal.read_bytes().endswith(b"from elsewhere\n")
    mine = next(tmp_path.rglob("*.mine-*"))
    assert b'"reviewed"' in mine.read_bytes()
