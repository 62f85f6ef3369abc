"""The model process: results, errors, cancelling, and what happens when it is killed."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.errors import (
    AnalysisError,
    BundleError,
    CancelledError,
    EcgViewerError,
    MissingFileError,
)
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.process.client import Callbacks, InferenceClient
from tests.generators import write_long_wfdb

WAIT_S = 120.0


class Waiter:
    """Collects what a job reports."""

    def __init__(self) -> None:
        self.ended: queue.Queue[Analysis | EcgViewerError] = queue.Queue()
        self.progress: list[float] = []
        self.parts: list[Any] = []
        self.calls = Callbacks(
            result=self.ended.put,
            error=self.ended.put,
            progress=lambda fraction, text: self.progress.append(fraction),
            partial=self.parts.append,
        )

    def wait(self) -> Analysis | EcgViewerError:
        return self.ended.get(timeout=WAIT_S)

    def wait_until_running(self) -> None:
        end = time.monotonic() + WAIT_S
        while not self.parts and time.monotonic() < end:
            time.sleep(0.01)
        assert self.parts


@pytest.fixture(scope="module")
def bundle(make_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "small.ecgmodel"
    make_bundle("vae-bilstm-mha").save(path)
    return path


@pytest.fixture(scope="module")
def long_record(tmp_path_factory: pytest.TempPathFactory) -> RecordRef:
    """24 minutes: long enough to be told of on the way."""
    return RecordRef(write_long_wfdb(tmp_path_factory.mktemp("records"), hours=0.4))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[InferenceClient]:
    client = InferenceClient(tmp_path / "cache")
    yield client
    client.close()


def test_results_and_errors_come_back(
    client: InferenceClient, bundle: Path, samples: Path, tmp_path: Path
) -> None:
    good, missing, damaged = Waiter(), Waiter(), Waiter()
    client.analyze(RecordRef(samples / "00010_hr.hea"), bundle, "cpu", good.calls)
    client.analyze(RecordRef(tmp_path / "none.hea"), bundle, "cpu", missing.calls)
    (tmp_path / "bad.ecgmodel").write_bytes(b"no")
    client.analyze(
        RecordRef(samples / "00010_hr.hea"), tmp_path / "bad.ecgmodel", "cpu", damaged.calls
    )
    analysis = good.wait()
    assert isinstance(analysis, Analysis)
    assert analysis.duration_s == 10.0
    assert good.progress[-1] == 1.0
    assert good.parts == []  # ten seconds are there at once
    error = missing.wait()
    assert isinstance(error, MissingFileError)
    assert error.path == tmp_path / "none.hea"
    assert isinstance(damaged.wait(), BundleError)
    devices: queue.Queue[list[tuple[str, str]]] = queue.Queue()
    client.list_devices(devices.put)
    assert [key for key, _ in devices.get(timeout=WAIT_S)][:2] == ["auto", "cpu"]


@pytest.mark.slow
def test_a_killed_process_costs_one_job(
    client: InferenceClient, bundle: Path, samples: Path, long_record: RecordRef
) -> None:
    victim, behind, after = Waiter(), Waiter(), Waiter()
    client.analyze(long_record, bundle, "cpu", victim.calls)
    client.analyze(RecordRef(samples / "00330_hr.hea"), bundle, "cpu", behind.calls)
    victim.wait_until_running()
    first = client.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
    error = victim.wait()
    assert isinstance(error, AnalysisError)
    assert "ended unexpectedly" in error.reason
    assert isinstance(behind.wait(), Analysis)
    client.analyze(RecordRef(samples / "00010_hr.hea"), bundle, "cpu", after.calls)
    assert isinstance(after.wait(), Analysis)
    assert client.process_id != first


@pytest.mark.slow
def test_cancelling_ends_a_job_and_leaves_the_next(
    client: InferenceClient, bundle: Path, samples: Path, long_record: RecordRef
) -> None:
    long, waiting, next_one = Waiter(), Waiter(), Waiter()
    number = client.analyze(long_record, bundle, "cpu", long.calls)
    second = client.analyze(long_record, bundle, "cpu", waiting.calls)
    client.analyze(RecordRef(samples / "00010_hr.hea"), bundle, "cpu", next_one.calls)
    client.cancel(second)
    long.wait_until_running()
    client.cancel(number)
    assert isinstance(long.wait(), CancelledError | Analysis)
    assert isinstance(waiting.wait(), CancelledError)
    assert isinstance(next_one.wait(), Analysis)


def test_closing_during_a_job_is_quick_and_silent(
    tmp_path: Path, bundle: Path, samples: Path
) -> None:
    client = InferenceClient(tmp_path)
    waiter = Waiter()
    client.analyze(RecordRef(samples / "S0005.hea"), bundle, "cpu", waiter.calls)
    started = time.monotonic()
    client.close()
    assert time.monotonic() - started < 10
    assert waiter.ended.empty()
    with pytest.raises(AnalysisError, match="closing"):
        client.analyze(RecordRef(samples / "S0005.hea"), bundle, "cpu", waiter.calls)


WINDOW = """
import sys, time
from pathlib import Path
from ecgviewer.models.process.client import InferenceClient
client = InferenceClient(Path(sys.argv[1]))
client.list_devices(lambda devices: print("ready", flush=True))
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_window_leaves_no_folder_behind(tmp_path: Path) -> None:
    spare = tmp_path / "spare"
    spare.mkdir()
    window = subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(tmp_path / "cache")],
        env=os.environ | {"TMPDIR": str(spare)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert window.stdout is not None and window.stdout.readline() == "ready\n"
    assert [path.name[:10] for path in spare.iterdir()] == ["ecgviewer-"]
    window.kill()
    window.communicate()
    end = time.monotonic() + WAIT_S
    while list(spare.iterdir()) and time.monotonic() < end:
        time.sleep(0.05)
    assert list(spare.iterdir()) == []
