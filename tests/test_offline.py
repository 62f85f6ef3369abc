"""The program never touches a network, not even while importing, native libraries included.

Three watchers at once, as far as the system has them: an audit hook in every process (children
included) writes down each socket event of Python; a network namespace without any interface
(``unshare``) makes every connection fail; ``strace`` lists the system calls, so that no library
can try unseen. Sockets of the X server and the desktop (AF_UNIX) stay on the machine and are
allowed.
"""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.review.annotations import RecordKey
from ecgviewer.review.edits import editing
from ecgviewer.review.edits.store import ReviewStore
from tests import generators

ROOT = Path(__file__).resolve().parent.parent
MODELS = ("cae", "vae-bilstm", "vae-bilstm-mha")

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

# Starts the program's window as the user does, analyses with the model process, and closes it.
WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from ecgviewer.app import start

def drive(app, close):
    session = close.__self__.session
    asked = []
    def step():
        if session.document.shown.analyses:
            close()
        elif session.document.recording is not None and session.models and not asked:
            asked.append(True)
            session.analyse(["cae"])
    timer = QTimer(app)
    timer.timeout.connect(step)
    timer.start(50)

start.stop_on_interrupt = drive
sys.exit(start.run([Path(sys.argv[1])]))
"""


@cache
def watchers(log: Path) -> tuple[str, ...]:
    """Return the commands in front of Python: what this system has and permits."""
    found: tuple[str, ...] = ()
    for command in (
        ("unshare", "--map-root-user", "--net"),
        ("strace", "--follow-forks", "--seccomp-bpf", "--quiet=all", "--signal=none",
         "--trace=network", f"--output={log}"),
    ):  # fmt: skip
        if shutil.which(command[0]):
            tried = subprocess.run([*command, sys.executable, "-c", ""], capture_output=True)
            if tried.returncode == 0:
                found += command
    return found


@pytest.fixture
def run_watched(tmp_path):
    """Return a function that runs Python in a watched process tree and returns what it tried."""

    def run(*arguments):
        (tmp_path / "hook").mkdir(exist_ok=True)
        (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK)
        log, calls = tmp_path / "sockets.log", tmp_path / "calls.log"
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(tmp_path / "hook"), str(ROOT)]),
            "SOCKET_LOG": str(log),
            "QT_QPA_PLATFORM": "offscreen",
        }
        done = subprocess.run(
            [*watchers(calls), sys.executable, *map(str, arguments)],
            env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        tried = [log.read_text()] if log.exists() else []
        if calls.exists():
            lines = calls.read_text().splitlines()
            tried += [line for line in lines if re.search(r"AF_(?!UNIX|UNSPEC)", line)]
        return "\n".join(tried)

    return run


def test_the_watchers_would_notice(run_watched, tmp_path):
    tried = run_watched(
        "-c",
        "import ctypes, socket; s = socket.socket(); s.connect_ex(('127.0.0.1', 9)); "
        "ctypes.CDLL(None).socket(10, 1, 0)",  # past Python: AF_INET6, as a library would
    )
    assert "socket.connect" in tried
    print("in front of Python:", *watchers(tmp_path / "calls.log"))
    if "strace" in watchers(tmp_path / "calls.log"):
        assert "AF_INET," in tried and "AF_INET6" in tried


def test_importing_everything_opens_no_socket(run_watched):
    assert run_watched("-c", IMPORT_EVERYTHING) == ""


def _reviewed(header):
    """Leave a review of a record in the user's folder, so that there is one to export."""
    recording = open_record(RecordRef(header))
    session = ReviewStore.for_user().open(RecordKey.of(recording), "Ann")
    made = editing.make(session.review, 1.0, 2.0, ("II",), "Pause")
    session.do(editing.add(session.review, [made]))
    session.close()


@pytest.mark.slow
def test_the_command_line_opens_no_socket(run_watched, samples, tmp_path):
    record = sorted(samples.glob("*.hea"))[0]
    _reviewed(record)
    clinic = tmp_path / "clinic"
    clinic.mkdir()
    for name in ("00010_hr", "00330_hr", "00338_hr"):
        shutil.copy(samples / f"{name}.hea", clinic)
        # Other samples: the model was trained with the records themselves.
        counts = np.fromfile(samples / f"{name}.dat", "<i2")
        (counts + 1).astype("<i2").tofile(clinic / f"{name}.dat")
    (clinic / "labels.csv").write_text("record,normal\n00010_hr,1\n00330_hr,1\n00338_hr,0\n")
    cae = ROOT / "resources" / "models" / "cae.ecgmodel"
    for arguments in (
        ["ecgviewer", "analyze", samples, "--model", "all", "--jobs", "2",
         "--maps", tmp_path / "maps"],
        ["ecgviewer", "screenshot", record, "--out", tmp_path / "window.png"],
        ["ecgviewer", "report", record, "--out", tmp_path / "page.pdf"],
        ["ecgviewer", "export", record, "--to", "json", "--out", tmp_path / "out"],
        ["ecgviewer", "models"],
        ["ecgviewer", "selftest"],
        ["trainer", "evaluate", "--model", cae, "--data", clinic, "--out", tmp_path / "r.json"],
    ):  # fmt: skip
        assert run_watched("-m", *arguments) == "", arguments
    assert (tmp_path / "window.png").stat().st_size > 10_000
    assert len(list((tmp_path / "maps").rglob("*.npz"))) >= 6 * len(MODELS)
    assert (tmp_path / "r.json").stat().st_size > 100


TINY = """
architecture = "cae"
[network]
bottleneck = 4
[training]
epochs = 1
batch_size = 8
learning_rate = 1e-3
"""


@pytest.mark.slow
def test_training_and_calibrating_open_no_socket(run_watched, tmp_path):
    config = tmp_path / "tiny.toml"
    # The second ward calibrates: the first one's records are known to the model.
    for name, first, n in (("ward", 0, 60), ("other", 60, 12)):
        ward = tmp_path / name
        ward.mkdir()
        for k in range(first, first + n):
            signal = generators.ecg_uv(10.0, 100.0, heart_rate_bpm=58.0 + k / 3, seed=k)
            generators.write_wfdb_16(ward, f"n{k:02d}", signal, fs_hz=100.0)
        rows = [f"n{k:02d},1,p{k}" for k in range(first, first + n)]
        (ward / "labels.csv").write_text("\n".join(["record,normal,patient_id", *rows]) + "\n")
    config.write_text(TINY)
    made, ours = tmp_path / "made.ecgmodel", tmp_path / "ours.ecgmodel"
    for arguments in (
        ["fit", "--config", config, "--data", tmp_path / "ward", "--out", made, "--device", "cpu"],
        ["calibrate", "--model", made, "--normals", tmp_path / "other", "--out", ours],
    ):
        assert run_watched("-m", "trainer", *arguments) == "", arguments
    assert made.stat().st_size > 1000 and ours.stat().st_size > 1000


@pytest.mark.slow
def test_the_window_opens_no_socket(run_watched, samples):
    assert run_watched("-c", WINDOW, samples / "00010_hr.hea") == ""
