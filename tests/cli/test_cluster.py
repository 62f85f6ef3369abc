"""``analyze --cluster`` on a real scheduler with real workers, on the loopback address."""

import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from ecgviewer.cli import main
from ecgviewer.cli.archive import journal as journals
from ecgviewer.cli.cluster.work import Order
from tests.cli.archives import table_of, write_records

ROOT = Path(__file__).resolve().parents[2]
N = 60
POISON = "r00041"
# The process with the models dies of this record, as of a file that kills a native reader.
POISONER = """
import os, sys
def watch(event, arguments):
    if event == "open" and str(arguments[0]).endswith("POISON.dat"):
        os.kill(os.getpid(), 9)
if "ecgviewer.cli.cluster.work" in sys.orig_argv:
    sys.addaudithook(watch)
"""
RUN = """
import sys
from ecgviewer.cli import main
from ecgviewer.cli.archive import journal
if __name__ == "__main__":
    journal.PART_ROWS = 8
    status = main(sys.argv[1:])
    print("torch" in sys.modules, status)
    sys.exit(status)
"""


class Machines:
    """A scheduler and its workers, each a process that can be killed."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(folder / "hook"), str(ROOT)]),
            "ECGVIEWER_HOME": str(folder / "home"),
        }
        self.workers = []
        self.scheduler, self.address = None, ""

    def start(self):
        self.scheduler = self._start(
            "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
            "--no-dashboard", log="scheduler.log",
        )  # fmt: skip
        self.address = self.await_text("scheduler.log", r"Scheduler at: +(tcp://\S+)")
        for k in range(2):
            self.add_worker(f"worker{k}.log")

    def add_worker(self, log):
        worker = self._start(
            "-m", "distributed.cli.dask_worker", self.address, "--nworkers", "1",
            "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1",
            log=log,
        )  # fmt: skip
        self.workers.append(worker)
        self.await_text(log, r"Registered to")

    def _start(self, *arguments, log):
        with (self.folder / log).open("w") as stream:
            return subprocess.Popen(
                [sys.executable, *arguments], env=self.environment, cwd=self.folder,
                stdout=stream, stderr=stream,
            )  # fmt: skip

    def await_text(self, log, pattern):
        until = time.monotonic() + 300
        while time.monotonic() < until:
            if found := re.search(pattern, (self.folder / log).read_text()):
                return found[found.re.groups]
            time.sleep(0.1)
        raise AssertionError((self.folder / log).read_text())

    def analyze(self, out, *arguments, log):
        driver = self.folder / "run.py"
        driver.write_text(RUN)
        return self._start(
            str(driver), "analyze", str(self.folder / "ecgs"), "--model", "cae",
            "--cluster", self.address, "--out", str(out), *arguments, log=log,
        )  # fmt: skip

    def stop(self):
        for process in (*self.workers, self.scheduler):
            if process is not None:
                process.kill()
                process.wait()


@pytest.fixture
def machines(tmp_path):
    """A running scheduler with two workers, and a folder of records with a poisonous one."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(POISONER.replace("POISON", POISON))
    write_records(tmp_path / "ecgs", N)
    found = Machines(tmp_path)
    try:
        found.start()
        yield found
    finally:
        found.stop()


def await_parts(out, n, running):
    """Wait until so many parts are written."""
    until = time.monotonic() + 600
    while len(list(journals.parts_folder(out).glob("part-*"))) < n:
        assert running.poll() is None and time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.slow
def test_workers_die_a_file_kills_and_the_run_is_killed_and_the_table_is_the_same(
    machines, tmp_path
):
    out = tmp_path / "cluster.parquet"
    running = machines.analyze(out, log="first.log")
    await_parts(out, 2, running)
    machines.workers[0].send_signal(signal.SIGKILL)
    machines.await_text("first.log", "a worker went away, 1 are left")
    await_parts(out, 4, running)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert not out.exists()
    machines.add_worker("worker2.log")
    running = machines.analyze(out, "--resume", log="second.log")
    assert running.wait(timeout=600) == 1, "the poisonous record is an error"
    first, second = ((tmp_path / f"{name}.log").read_text() for name in ("first", "second"))
    print(first, second)
    assert re.search(r"goes on: \d+ records are done already", second)
    assert "False 1" in second, "the client imported torch"

    rows = table_of(out)
    (bad,) = (row for row in rows if row["record"] == POISON)
    assert bad["error"] == "the worker process was ended by SIGKILL"
    (machines.folder / "hook" / "sitecustomize.py").unlink()
    local = tmp_path / "local.parquet"
    assert main(["analyze", str(tmp_path / "ecgs"), "--model", "cae", "--out", str(local)]) == 0
    expected = table_of(local)
    assert [row["path"] for row in rows] == [row["path"] for row in expected]
    for row, other in zip(rows, expected, strict=True):
        if row is not bad:
            for column, value in row.items():
                numbers = isinstance(value, float)
                expected_value = (
                    pytest.approx(other[column], rel=1e-6) if numbers else other[column]
                )
                assert column == "site_shift" or value == expected_value


@pytest.mark.slow
def test_ctrl_c_leaves_a_run_that_can_be_gone_on_with(machines, tmp_path):
    out = tmp_path / "parts"
    out.mkdir()
    running = machines.analyze(out, log="run.log")
    await_parts(out, 1, running)
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=60) == 130
    assert "--resume goes on with them" in (tmp_path / "run.log").read_text()
    assert list(journals.parts_folder(out).glob("part-*"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_workers_that_cannot_do_the_work_are_named_before_any_is_done(
    machines, tmp_path, capsys, monkeypatch
):
    out = tmp_path / "all.parquet"
    arguments = ["analyze", str(tmp_path / "ecgs"), "--model", "cae", "--out", str(out)]
    arguments += ["--cluster", machines.address]
    monkeypatch.setattr("ecgviewer.cli.cluster.engine.Order", partial(Order, version="9.9"))
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert re.search(r"worker tcp://\S+ has version 0.1.0 of the program, this is 9.9", err)
    monkeypatch.undo()

    # A path that means another place to each process: the workers run somewhere else.
    elsewhere = tmp_path / "elsewhere"
    write_records(elsewhere / "here", 1)
    monkeypatch.chdir(elsewhere)
    arguments[1] = "/proc/self/cwd/here"
    assert main(arguments) == 2
    assert "does not see /proc/self/cwd/here" in capsys.readouterr().err
    assert not out.exists() and not journals.parts_folder(out).exists()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x"])
def test_a_cluster_that_is_not_there_is_named(samples, tmp_path, capsys, monkeypatch, address):
    monkeypatch.setattr("ecgviewer.cli.cluster.engine.CONNECT_S", 0.3)
    out = tmp_path / "all.parquet"
    arguments = ["analyze", str(samples), "--model", "cae", "--out", str(out)]
    assert main([*arguments, "--cluster", address]) == 2
    assert f"no Dask scheduler answers at {address}" in capsys.readouterr().err
    assert not out.exists()


def test_without_distributed_the_extra_is_named(samples, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    arguments = ["analyze", str(samples), "--out", str(tmp_path / "x.parquet")]
    assert main([*arguments, "--cluster", "local"]) == 2
    assert "pip install 'ecgviewer[cluster]'" in capsys.readouterr().err


def test_a_cluster_writes_parquet_only(samples, capsys):
    assert main(["analyze", str(samples), "--cluster", "local"]) == 2
    assert "--cluster writes a Parquet table only" in capsys.readouterr().err
