"""``ecgviewer watch`` as a ward would use it: files that come slowly, are replaced, are no ECG."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from ecgviewer.cli import main
from ecgviewer.cli.screening.table import COLUMNS, Row
from ecgviewer.cli.watch.ledger import FileState, Ledger
from ecgviewer.core.errors import EcgViewerError
from tests.generators import ecg_uv, write_wfdb_16

ABOUT = {"folder": "/in", "models": [["cae", "1"]], "specificity": 0.95}
STATES = (FileState("r1.hea", 10, 1), FileState("r1.dat", 20, 2))


def rows_of(out):
    if out.suffix == ".json":
        return json.loads(out.read_text())
    with out.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(params=[".csv", ".json"])
def out(request, tmp_path):
    return tmp_path / f"rows{request.param}"


def add(ledger, name):
    ledger.add(name, STATES, name * 8, [Row(name, name, model, 1.5) for model in ("cae", "mha")])


def test_a_table_is_whole_after_every_record_and_goes_on_later(out):
    for run in range(3):
        with Ledger(out, ABOUT) as ledger:
            assert len(ledger) == run
            assert len(rows_of(out)) == 2 * run
            add(ledger, f"r{run}")
            rows = rows_of(out)
            assert [row["record"] for row in rows[-2:]] == [f"r{run}"] * 2
            assert tuple(rows[0]) == COLUMNS


@pytest.mark.parametrize("lost", [1, 30, 10_000])
def test_rows_that_a_killed_run_wrote_in_part_are_taken_back(out, lost):
    with Ledger(out, ABOUT) as ledger:
        add(ledger, "r0")
        before = out.stat().st_size
        add(ledger, "r1")
    whole = out.read_bytes()
    out.write_bytes(whole[: max(len(whole) - lost, before)])
    with Ledger(out, ABOUT) as ledger:
        assert [row["record"] for row in rows_of(out)] == ["r0"] * 2
        assert ledger.knows("r0", STATES, [])
        assert not ledger.knows("r1", STATES, [])
        add(ledger, "r1")
        assert out.read_bytes() == whole


def test_a_line_that_a_killed_run_noted_in_part_is_passed_over(out):
    with Ledger(out, ABOUT) as ledger:
        add(ledger, "r0")
    with out.with_name(f"{out.name}.watch").open("a") as state:
        state.write('{"key": "r1", "fil')
    with Ledger(out, ABOUT) as ledger:
        assert len(ledger) == 1
        assert len(rows_of(out)) == 2


def test_a_table_of_something_else_is_left_alone(out):
    out.write_text("path,record\n")
    with pytest.raises(EcgViewerError, match="not written by 'watch'"), Ledger(out, ABOUT):
        pass
    assert out.read_text() == "path,record\n"
    out.unlink()
    with Ledger(out, ABOUT) as ledger:
        add(ledger, "r0")
    other = ABOUT | {"specificity": 0.9}
    with pytest.raises(EcgViewerError, match="another folder, model or threshold"):
        Ledger(out, other).__enter__()
    out.write_bytes(out.read_bytes() + b"x\n")
    with pytest.raises(EcgViewerError, match="changed by another program"):
        Ledger(out, ABOUT).__enter__()


def test_two_runs_do_not_write_into_one_table(out):
    with Ledger(out, ABOUT), pytest.raises(EcgViewerError, match="another run"):
        Ledger(out, ABOUT).__enter__()


def test_a_folder_that_is_none_is_wrong_usage(tmp_path, capsys):
    arguments = ["watch", str(tmp_path / "no"), "--out", str(tmp_path / "rows.csv")]
    assert main(arguments) == 2
    assert "is no folder" in capsys.readouterr().err
    assert not (tmp_path / "rows.csv").exists()


class Run:
    """The program watching ``folder``, in a home of its own."""

    def __init__(self, folder, out, home):
        self.out = out
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ecgviewer", "watch", folder, "--model", "cae", "--out", out],
            env=os.environ | {"ECGVIEWER_HOME": str(home)}, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def wait_for(self, n_rows, within_s=180.0):
        """Return the rows when there are so many, and how long that took."""
        began = time.monotonic()
        while time.monotonic() - began < within_s:
            if self.out.exists() and len(rows := rows_of(self.out)) >= n_rows:
                return rows, time.monotonic() - began
            time.sleep(0.1)
        raise AssertionError(f"no {n_rows} rows within {within_s} s")

    def stop(self, how=signal.SIGINT):
        self.process.send_signal(how)
        _, said = self.process.communicate(timeout=120)
        return self.process.returncode, said


@pytest.fixture
def start(tmp_path):
    """Return a function that starts the program on a folder; whatever still runs is ended."""
    runs = []

    def begin(folder, out):
        runs.append(Run(folder, out, tmp_path / "home"))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            print(run.stop(signal.SIGKILL)[1])


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is no signal there")
def test_records_are_judged_as_they_come_and_a_killed_run_goes_on(samples, tmp_path, start):
    folder, out, elsewhere = tmp_path / "in", tmp_path / "rows.csv", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    header = sorted(samples.glob("*_hr.hea"))[0]
    run = start(folder, out)
    shutil.copy(header, folder)
    shutil.copy(header.with_suffix(".dat"), folder)
    rows, _ = run.wait_for(1)
    assert (rows[0]["record"], rows[0]["error"]) == (header.stem, "")

    # A writer that takes its time is not judged before it is done, and then within 5 s.
    slow = write_wfdb_16(elsewhere, "slow", ecg_uv(10.0))
    shutil.copy(slow, folder)
    data = slow.with_suffix(".dat").read_bytes()
    with (folder / "slow.dat").open("wb") as file:
        for at in range(0, len(data), len(data) // 8 + 1):
            file.write(data[at : at + len(data) // 8 + 1])
            file.flush()
            time.sleep(0.4)
            assert len(rows_of(out)) == 1
    rows, took_s = run.wait_for(2)
    assert (rows[1]["record"], rows[1]["error"]) == ("slow", "")
    assert took_s < 5.0

    # A writer that was killed: a row with the reason, once.
    (folder / "cut.hea").write_text(slow.read_text().replace("slow", "cut"))
    (folder / "cut.dat").write_bytes(data[:10_000])
    rows, _ = run.wait_for(3)
    assert (rows[2]["record"], rows[2]["score"]) == ("cut", "")
    assert "truncated" in rows[2]["error"]

    # The program is killed, files change meanwhile; it goes on with those alone.
    run.stop(signal.SIGKILL)
    os.utime(folder / "slow.dat")
    (folder / "cut.dat").write_bytes(data)
    run = start(folder, out)
    rows, _ = run.wait_for(4)
    assert (rows[3]["record"], rows[3]["error"]) == ("cut", "")
    time.sleep(2.5)
    status, said = run.stop()
    assert status == 0
    assert "3 records are judged already" in said
    assert "stopped: 1 record" in said
    assert len(rows_of(out)) == 4, "a file that was touched only is the same record"
    screened = tmp_path / "screened.csv"
    main(["analyze", str(folder), "--model", "cae", "--jobs", "1", "--out", str(screened)])
    for row in rows_of(screened):
        same = next(one for one in reversed(rows) if one["record"] == row["record"])
        assert {**row, "site_shift": ""} == {**same, "site_shift": ""}


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is no signal there")
def test_a_record_is_judged_while_it_is_recorded(tmp_path, start):
    folder, out, elsewhere = tmp_path / "in", tmp_path / "rows.csv", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    whole = write_wfdb_16(elsewhere, "live", ecg_uv(35.0))
    header = whole.read_text().splitlines()
    # As a device writes it: nobody knows yet how many samples there will be.
    header[0] = header[0].rsplit(" ", 1)[0]
    (folder / "live.hea").write_text("\n".join(header) + "\n")
    run = start(folder, out)
    write_wfdb_16(folder, "first", ecg_uv(10.0))
    run.wait_for(1)
    data = whole.with_suffix(".dat").read_bytes()
    second = 500 * 12 * 2
    late_s = []
    with (folder / "live.dat").open("ab") as file:
        for at in range(0, len(data), second):
            file.write(data[at : at + second])
            file.flush()
            seconds = at // second + 1
            if seconds % 10 == 0:
                late_s.append(run.wait_for(1 + seconds // 10)[1])
            else:
                time.sleep(0.3)
    assert max(late_s) < 2.0
    rows, _ = run.wait_for(5)
    names = [row["record"] for row in rows[1:]]
    assert names == ["live@0-10", "live@10-20", "live@20-30", "live"]
    assert not any(row["error"] for row in rows)
    assert 10 <= float(rows[2]["worst_start_s"]) < float(rows[2]["worst_end_s"]) <= 20
    run.stop()
    run = start(folder, out)
    write_wfdb_16(folder, "last", ecg_uv(10.0, seed=1))
    rows, _ = run.wait_for(6)
    run.stop()
    assert [row["record"] for row in rows[5:]] == ["last"]
