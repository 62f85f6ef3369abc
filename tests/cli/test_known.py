"""What an earlier run found is not computed again; a changed file, model or threshold is."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ecgviewer.cli.screening.known import InOrder, KnownRows
from ecgviewer.cli.screening.rows import Job
from ecgviewer.cli.screening.table import Row
from ecgviewer.core.record.record_ref import RecordRef


@pytest.fixture
def job(samples: Path, tmp_path: Path) -> Job:
    for suffix in (".hea", ".dat"):
        shutil.copy(samples / f"00010_hr{suffix}", tmp_path / f"00010_hr{suffix}")
    path = tmp_path / "00010_hr.hea"
    return Job(path, "00010_hr", RecordRef(path))


def opened(tmp_path: Path, specificity: float = 0.95) -> KnownRows:
    bundle = tmp_path / "m.ecgmodel"
    if not bundle.exists():
        bundle.write_bytes(b"a model")
    return KnownRows(tmp_path / "cache", [("cae", bundle)], specificity)


def kept(tmp_path: Path, job: Job, row: Row) -> None:
    with opened(tmp_path) as known:
        known.put(known.key(job), [row])


def found(tmp_path: Path, job: Job, specificity: float = 0.95) -> tuple[Row, ...] | None:
    with opened(tmp_path, specificity) as known:
        return known.get(known.key(job), job)


def test_a_row_comes_back_as_it_was(tmp_path: Path, job: Job) -> None:
    row = Row(str(job.path), job.record, "cae", 1.25, 0.5, 0.05, 1.3, 0, "ok", "V1", 0.5, 0.75)
    assert found(tmp_path, job) is None
    kept(tmp_path, job, row)
    assert found(tmp_path, job) == (row,)
    content = (tmp_path / "cache" / "rows.sqlite").read_bytes()
    assert b"00010" not in content and str(tmp_path).encode() not in content


@pytest.mark.parametrize("what", ["header", "signal", "model", "specificity", "option", "gone"])
def test_what_changed_is_not_known(tmp_path: Path, job: Job, what: str) -> None:
    kept(tmp_path, job, Row(str(job.path), job.record, "cae", 1.0))
    specificity = 0.95
    if what == "header":
        job.path.write_text(job.path.read_text() + "# more\n")
    elif what == "signal":
        dat = job.path.with_suffix(".dat")
        dat.write_bytes(dat.read_bytes()[:-24])
    elif what == "model":
        (tmp_path / "m.ecgmodel").write_bytes(b"another model")
    elif what == "specificity":
        specificity = 0.9
    elif what == "gone":
        job.path.with_suffix(".dat").unlink()
    else:
        ref = job.source
        assert isinstance(ref, RecordRef)
        job = replace(job, source=replace(ref, options=replace(ref.options, fs_hz=250.0)))
    assert found(tmp_path, job, specificity) is None


def test_errors_maps_and_records_of_segments_are_looked_at_again(tmp_path: Path, job: Job) -> None:
    kept(tmp_path, job, Row(str(job.path), job.record, "cae", error="cannot be read"))
    assert found(tmp_path, job) is None
    with opened(tmp_path) as known:
        assert known.key(replace(job, maps=tmp_path / "x")) is None
        job.path.write_text("00010_hr/2 12 500 5000\na 2500\nb 2500\n")
        assert known.key(job) is None


def test_a_damaged_cache_costs_nothing_but_time(tmp_path: Path, job: Job) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "rows.sqlite").write_bytes(b"not a database" * 1000)
    kept(tmp_path, job, Row(str(job.path), job.record, "cae", 1.0))
    assert found(tmp_path, job) is None


def test_rows_keep_the_order_of_the_records() -> None:
    order = InOrder()
    a, b, c, d = ((Row(name, name, "cae"),) for name in "abcd")
    order.known(a)
    order.awaited()
    order.known(c)
    order.awaited()
    assert list(order.ready()) == [a]
    order.arrived(b)
    assert list(order.ready()) == [b, c]
    order.arrived(d)
    assert list(order.ready()) == [d]
