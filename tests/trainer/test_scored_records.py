"""Evaluation goes on when a record kills the process that scores it."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

from ecgviewer.core.progress import no_progress
from ecgviewer.core.record.record_ref import RecordRef
from trainer.datasets.entries import Entry
from trainer.judging import scored_records
from trainer.judging.scored_records import score_entries


def _entry(path: Path, number: int) -> Entry:
    return Entry(RecordRef(path), f"{path.stem}/{number}", "test", str(number), None, True, "")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_record_that_kills_its_process_gets_its_error_and_the_others_their_scores(
    bundle_path: Path,
    samples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(scored_records, "SERVED_BY", "poisoned_scoring")
    paths = [samples / "00010_hr.hea"] * 16
    paths[5] = tmp_path / "poison.hea"
    paths[9] = tmp_path / "none.hea"
    entries = [_entry(path, number) for number, path in enumerate(paths)]
    scored = score_entries(entries, [bundle_path], "cpu", None, no_progress, jobs=2)
    assert [one.entry for one in scored] == entries
    assert scored[5].errors == {bundle_path.stem: "the worker process was ended by SIGKILL"}
    assert math.isnan(scored[5].duration_s) and not scored[5].answers
    assert "none.hea" in scored[9].errors[bundle_path.stem]
    sound = [one for number, one in enumerate(scored) if number not in (5, 9)]
    (alone,) = score_entries(entries[:1], [bundle_path], "cpu", None, no_progress, jobs=1)
    assert all(one.answers == alone.answers and not one.errors for one in sound)
    assert {(one.rate, one.duration_s) for one in sound} == {(alone.rate, 10.0)}
