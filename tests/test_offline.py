"""The program never touches a network socket, not even while importing.

An audit hook in every process (children included) writes down each socket event of Python.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# gethostname asks the kernel and nobody else; lock files use it.
HOOK = """
import os, sys, traceback

def watch(event, arguments):
    if event.startswith("socket.") and event != "socket.gethostname":
        with open(os.environ["SOCKET_LOG"], "a") as log:
            log.write(event + "\\n" + "".join(traceback.format_stack()[-8:]) + "\\n")

sys.addaudithook(watch)
"""

IMPORT_EVERYTHING = """
import importlib, pkgutil
import ecgviewer, trainer
for package in (ecgviewer, trainer):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""


@pytest.fixture
def run_watched(tmp_path):
    """Return a function that runs Python in a watched process tree and returns what it tried."""

    def run(*arguments):
        (tmp_path / "hook").mkdir(exist_ok=True)
        (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK)
        log = tmp_path / "sockets.log"
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(tmp_path / "hook"), str(ROOT)]),
            "SOCKET_LOG": str(log),
            "QT_QPA_PLATFORM": "offscreen",
        }
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return log.read_text() if log.exists() else ""

    return run


def test_the_hook_would_notice(run_watched):
    assert "socket.connect" in run_watched(
        "-c", "import socket; s = socket.socket(); s.connect_ex(('127.0.0.1', 9))"
    )


def test_importing_everything_opens_no_socket(run_watched):
    assert run_watched("-c", IMPORT_EVERYTHING) == ""


@pytest.mark.slow
def test_the_command_line_opens_no_socket(run_watched, samples, tmp_path):
    record = sorted(samples.glob("*.hea"))[0]
    for arguments in (
        ["analyze", samples, "--model", "all", "--jobs", "2", "--maps", tmp_path / "maps"],
        ["screenshot", record, "--out", tmp_path / "window.png"],
        ["report", record, "--out", tmp_path / "page.pdf"],
        ["models"],
        ["selftest"],
    ):
        assert run_watched("-m", "ecgviewer", *arguments) == "", arguments
    assert (tmp_path / "window.png").stat().st_size > 10_000
