"""A work list over a folder ranks, filters, resumes, and survives damage."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.quality import QualityFinding
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.reference import NormalReference
from ecgviewer.review.annotations import FlagOrigin, FlagVerdict, Review
from ecgviewer.review.edits import editing
from ecgviewer.review.queue import WorkQueue, default_database
from ecgviewer.review.ranking import SORT_KEYS, QueueFilter, arrange, next_open

FOLDER = Path("/ecg")


def refs(n: int = 5) -> list[RecordRef]:
    return [RecordRef(FOLDER / "ward" / f"r{i}.hea") for i in range(n)]


def analysis(score: float, p_value: float, model: str = "cae", bundle: str = "b1") -> Analysis:
    normal = NormalReference.from_scores(np.arange(20.0))
    nothing = np.zeros((12, 0), np.float32)
    return Analysis(
        model, bundle, "ab" * 32, "r", {}, (), 10.0, score, score, p_value, {}, (), 100.0,
        nothing, nothing, nothing, nothing, normal, normal,
        quality=(QualityFinding("V1", "flat", 0.0, 1.0),) if score > 8 else (),
    )  # fmt: skip


@pytest.fixture
def queue() -> WorkQueue:
    queue = WorkQueue(FOLDER, refs(), "Ann")
    for number, p_value in ((0, 0.5), (1, 0.001), (3, 0.04)):
        queue.set_analysis(f"ward/r{number}.hea", analysis(1 / p_value, p_value))
    yield queue
    queue.close()


def names(rows) -> str:
    return "".join(row.ref.name[1:] for row in rows)


def test_the_most_suspicious_come_first_and_unscreened_last(queue: WorkQueue) -> None:
    assert names(arrange(queue.rows)) == "13024"
    assert names(arrange(queue.rows, descending=True)) == "03124"
    assert names(arrange(queue.rows, "score")) == "13024"
    assert names(arrange(queue.rows, "record")) == "01234"
    for key in SORT_KEYS:
        assert len(arrange(queue.rows, key)) == 5


def test_filters(queue: WorkQueue) -> None:
    assert names(arrange(queue.rows, only=QueueFilter(max_p_value=0.05))) == "13"
    assert names(arrange(queue.rows, only=QueueFilter(text="FLAT"))) == "13"
    assert names(arrange(queue.rows, only=QueueFilter(text="r4"))) == "4"
    assert names(arrange(queue.rows, only=QueueFilter(status="reviewed"))) == ""


def test_several_models_rank_by_the_lowest_p_value(queue: WorkQueue) -> None:
    queue.set_analysis("ward/r4.hea", analysis(2.0, 0.2))
    queue.set_analysis("ward/r4.hea", analysis(3.0, 0.0001, "vae-bilstm"))
    assert names(arrange(queue.rows))[0] == "4"
    assert math.isnan(queue.row("ward/r2.hea").p_value)


def test_what_is_screened_already_is_not_screened_again(queue: WorkQueue) -> None:
    assert names(queue.unscreened({"cae": "b1"})) == "24"
    assert names(queue.unscreened({"cae": "b2"})) == "01234"
    queue.set_error("ward/r2.hea", "3 leads are missing")
    assert names(queue.unscreened({"cae": "b1"})) == "24"
    assert queue.row("ward/r2.hea").error == "3 leads are missing"
    queue.set_analysis("ward/r2.hea", analysis(1.0, 0.9))
    assert queue.row("ward/r2.hea").error == ""


def test_work_resumes_tomorrow(queue: WorkQueue, empty: Review) -> None:
    made = editing.make(empty, 1.0, 2.0, [], "AFIB")
    review = editing.apply(empty, editing.add(empty, [made]))
    said = FlagVerdict("v1", "accepted", 1.0, 2.0, (), "", FlagOrigin("cae", "b1", 1.0, 0.1))
    review = editing.apply(review, editing.judge(review, said))
    review = editing.apply(review, editing.set_state(review, "reviewed", "abnormal"))
    queue.set_review("ward/r1.hea", review)
    queue.place = "ward/r1.hea"
    queue.close()
    again = WorkQueue(FOLDER, refs(), "Ann")
    assert again.rows == queue.rows
    assert again.place == "ward/r1.hea"
    assert again.progress() == (1, 5)
    row = again.row("ward/r1.hea")
    assert (row.status, row.conclusion, row.labels) == ("reviewed", "abnormal", ("AFIB",))
    assert row.verdicts == {"accepted": 1}
    assert next_open(arrange(again.rows), again.place).ref.name == "r3"
    assert next_open(arrange(again.rows), again.place, backwards=True).ref.name == "r4"
    again.close()
    other = WorkQueue(FOLDER, refs(), "Bob")
    assert other.progress() == (0, 5)
    assert other.row("ward/r1.hea").p_value == 0.001
    other.close()


def test_files_of_many_records_have_a_row_each() -> None:
    many = [RecordRef(FOLDER / "x.hdf5", index) for index in range(3)]
    queue = WorkQueue(FOLDER, many, "Ann")
    assert [row.key for row in queue.rows] == ["x.hdf5#0", "x.hdf5#1", "x.hdf5#2"]
    assert queue.key_of(many[2]) == "x.hdf5#2"
    assert queue.key_of(RecordRef(FOLDER / "y.hea")) is None
    queue.close()


def test_a_damaged_work_list_is_built_again() -> None:
    path = default_database(FOLDER)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"SQLite? No." * 500)
    queue = WorkQueue(FOLDER, refs(), "Ann")
    assert "damaged" in queue.note
    assert len(queue.rows) == 5
    queue.close()


def test_five_thousand_records_stay_quick() -> None:
    start = time.perf_counter()
    queue = WorkQueue(FOLDER, refs(5000), "Ann")
    one = analysis(5.0, 0.01)
    for row in queue.rows[:200]:
        queue.set_analysis(row.key, replace(one, p_value=0.01))
    for _ in range(10):
        assert len(arrange(queue.rows, only=QueueFilter(text="r1"))) == 1111
    queue.close()
    assert time.perf_counter() - start < 3.0
