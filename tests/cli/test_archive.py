"""``analyze`` into Parquet: stopped anyhow, gone on with, and the same table at the end."""

import csv
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ecgviewer.cli import main
from ecgviewer.cli.archive import journal as journals
from ecgviewer.cli.archive.command import run_archive
from ecgviewer.cli.archive.content import content_sha256
from ecgviewer.cli.archive.schema import About
from ecgviewer.cli.progress import RunProgress
from ecgviewer.cli.screening.rows import Job
from ecgviewer.cli.screening.table import Row
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef
from ecgviewer.io import find_records, open_record
from tests.cli.archives import table_of, write_records

ABOUT = About((("a", "1" * 64), ("b", "2" * 64)), 0.95)
SMALL_PARTS = """
import sys
from ecgviewer.cli import main
from ecgviewer.cli.archive import journal
if __name__ == "__main__":
    journal.PART_ROWS = 4
    sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def folder(tmp_path):
    """Sixty small files, each a record of its own in the eyes of these tests."""
    ecgs = tmp_path / "ecgs"
    ecgs.mkdir()
    for k in range(60):
        (ecgs / f"r{k:02d}.hea").write_text(f"r{k:02d} 0 100 0\n# {k}\n")
    return ecgs


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Parts of eight rows."""
    monkeypatch.setattr(journals, "PART_ROWS", 8)


def jobs_of(folder, names=None):
    paths = sorted(folder.glob("*.hea"))
    return [
        Job(path, path.stem, RecordRef(path)) for path in paths if path.stem in (names or path.stem)
    ]


def screening(done, stop_after=None, shuffle=False):
    """Return a stand-in for the models: rows made from the records' content."""

    def screen(jobs):
        numbered = list(enumerate(jobs))
        for count, (number, job) in enumerate(reversed(numbered) if shuffle else numbered):
            if count == stop_after:
                raise KeyboardInterrupt
            done.append(job.record)
            sha256 = content_sha256(job)
            value = int(job.path.read_text().split("#")[1]) / 100
            yield number, tuple(
                Row(str(job.path), job.record, name, score=value, p_value=1e-3 + value / 50,
                    parts={"beat": 0.1}, recording_sha256=sha256)
                for name, _ in ABOUT.models
            )  # fmt: skip

    return screen


def run(out, jobs, resume=False, about=ABOUT, **how):
    done = []
    run_archive(out, resume, about, jobs, screening(done, **how), RunProgress())
    return done


@pytest.mark.parametrize("name", ["all.parquet", "parts"])
def test_a_stopped_run_goes_on_where_it_was_and_ends_with_the_same_table(folder, tmp_path, name):
    whole, out = tmp_path / "whole" / name, tmp_path / "stopped" / name
    jobs = jobs_of(folder)
    run(whole, jobs)
    with pytest.raises(KeyboardInterrupt):
        run(out, jobs, stop_after=25)
    with pytest.raises(KeyboardInterrupt):
        assert run(out, jobs, resume=True, stop_after=20)
    done = run(out, jobs, resume=True)
    assert done == [job.record for job in jobs[45:]]
    assert table_of(out) == table_of(whole)
    assert [row["record"] for row in table_of(out)[::2]] == [job.record for job in jobs]
    assert not journals.parts_folder(out).exists()


def test_the_order_in_which_results_come_does_not_show(folder, tmp_path):
    run(tmp_path / "a.parquet", jobs_of(folder))
    run(tmp_path / "b.parquet", jobs_of(folder), shuffle=True)
    assert table_of(tmp_path / "a.parquet") == table_of(tmp_path / "b.parquet")


def test_a_changed_list_is_gone_on_with_by_content(folder, tmp_path):
    out = tmp_path / "all.parquet"
    with pytest.raises(KeyboardInterrupt):
        run(out, jobs_of(folder), stop_after=30)
    (folder / "r03.hea").unlink()
    (folder / "r04.hea").rename(folder / "x99.hea")
    (folder / "r05.hea").write_text("r05 0 100 0\n# 77\n")
    (folder / "a00.hea").write_text("a00 0 100 0\n# 78\n")
    jobs = jobs_of(folder)
    done = run(out, jobs, resume=True)
    assert "x99" not in done and "r06" not in done
    assert {"a00", "r05", "r30"} < set(done)
    run(tmp_path / "fresh.parquet", jobs)
    assert table_of(out) == table_of(tmp_path / "fresh.parquet")


def test_a_finished_archive_grows_without_doing_anything_twice(folder, tmp_path):
    out = tmp_path / "parts"
    run(out, jobs_of(folder)[:50])
    assert run(out, jobs_of(folder), resume=True) == [f"r{k}" for k in range(50, 60)]
    run(tmp_path / "fresh", jobs_of(folder))
    assert table_of(out) == table_of(tmp_path / "fresh")


def test_a_shifted_folder_shows_in_every_row_of_it(folder, tmp_path):
    run(tmp_path / "all.parquet", jobs_of(folder))
    assert {row["site_shift"] for row in table_of(tmp_path / "all.parquet")} == {"beat record"}


def test_records_that_are_not_settled_are_tried_again(folder, tmp_path):
    out = tmp_path / "all.parquet"

    def broken(jobs):
        for number, job in enumerate(jobs):
            yield (
                number,
                tuple(
                    Row(str(job.path), job.record, name, error="no such disk")
                    for name, _ in ABOUT.models
                ),
            )
            if number == 9:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_archive(out, False, ABOUT, jobs_of(folder), broken, RunProgress())
    assert len(run(out, jobs_of(folder), resume=True)) == 60
    assert len(table_of(out)) == 120


def test_a_table_of_other_models_or_another_version_is_left_as_it_is(folder, tmp_path):
    out = tmp_path / "all.parquet"
    run(out, jobs_of(folder))
    before = out.read_bytes()
    for about, word in (
        (About((("a", "3" * 64), ("b", "2" * 64)), 0.95), "other models"),
        (About(ABOUT.models, 0.99), "another threshold"),
        (About(ABOUT.models, 0.95, version="9.9"), "version 0.1.0 of the program, this is 9.9"),
    ):
        with pytest.raises(EcgViewerError, match=word):
            run(out, jobs_of(folder), resume=True, about=about)
    with pytest.raises(EcgViewerError, match="--resume goes on with it"):
        run(out, jobs_of(folder))
    (tmp_path / "none.parquet").write_text("path,record\n")
    with pytest.raises(EcgViewerError, match="no Parquet table"):
        run(tmp_path / "none.parquet", jobs_of(folder), resume=True)
    assert out.read_bytes() == before


def test_a_full_disk_leaves_the_finished_parts(folder, tmp_path, monkeypatch):
    out = tmp_path / "all.parquet"
    replace = Path.replace
    written = []

    def full(self, target):
        if len(written) == 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(target)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(EcgViewerError, match=r"No space left on device.*--resume"):
        run(out, jobs_of(folder))
    monkeypatch.undo()
    assert len(list(journals.parts_folder(out).iterdir())) == 5
    assert len(run(out, jobs_of(folder), resume=True)) == 40
    assert len(table_of(out)) == 120


def test_two_runs_do_not_write_into_one_table(folder, tmp_path):
    out = tmp_path / "all.parquet"
    with (
        journals.Journal(out, ABOUT, resume=False),
        pytest.raises(EcgViewerError, match="another run"),
    ):
        run(out, jobs_of(folder), resume=True)


def test_without_pyarrow_the_extra_is_named(samples, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    out = tmp_path / "all.parquet"
    assert main(["analyze", str(samples), "--model", "cae", "--out", str(out)]) == 2
    assert "pip install 'ecgviewer[archive]'" in capsys.readouterr().err
    assert not out.exists()


def test_only_parquet_is_gone_on_with(samples, tmp_path, capsys):
    assert main(["analyze", str(samples), "--out", str(tmp_path / "x.csv"), "--resume"]) == 2
    assert "--resume goes on with a Parquet table only" in capsys.readouterr().err


def test_the_quick_hash_of_a_record_is_that_of_its_analysis(samples):
    options = ReadOptions(fs_hz=400.0, units="mV")
    refs = [*find_records(samples), *find_records(sorted(samples.glob("*.hdf5"))[0], options)]
    for ref in refs:
        recording = open_record(ref)
        assert content_sha256(Job(ref.path, ref.name, ref)) == recording.content_hash()
        recording.source.close()


@pytest.mark.slow
def test_a_killed_run_of_the_program_ends_with_the_rows_of_the_csv(tmp_path):
    ecgs, out = tmp_path / "ecgs", tmp_path / "all.parquet"
    write_records(ecgs, 60)
    driver = tmp_path / "driver.py"
    driver.write_text(SMALL_PARTS)

    def start(home, *arguments):
        return subprocess.Popen(
            [sys.executable, str(driver), "analyze", str(ecgs), "--model", "cae", "--jobs", "1",
             *arguments],
            env=os.environ | {"ECGVIEWER_HOME": str(tmp_path / home)},
        )  # fmt: skip

    parts = journals.parts_folder(out)
    running = start("first", "--out", str(out))
    until = time.monotonic() + 120
    while len(list(parts.glob("part-*"))) < 3 and time.monotonic() < until:
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    kept = len(list(parts.glob("part-*")))
    assert 3 <= kept < 12 and not out.exists()
    (ecgs / "r00002.hea").unlink()
    (ecgs / "r00003.hea").rename(ecgs / "s00003.hea")
    write_records(ecgs, 3, first=90)
    # A cache of its own: nothing but the parts knows the first run.
    assert start("second", "--out", str(out), "--resume").wait() == 0
    assert start("third", "--out", str(tmp_path / "all.csv")).wait() == 0
    with (tmp_path / "all.csv").open() as file:
        rows = list(csv.DictReader(file))
    found = table_of(out)
    assert [row["path"] for row in found] == [row["path"] for row in rows]
    for row, line in zip(found, rows, strict=True):
        for column, text in line.items():
            if column == "site_shift":
                continue  # that of the whole folder, not up to the row
            value = row[column]
            if isinstance(value, float):
                assert value == pytest.approx(float(text), rel=1e-5)
            else:
                assert ("" if value is None else str(value)) == text
