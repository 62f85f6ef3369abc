"""What goes wrong around the window: files vanish, disks fill, clocks jump, processes die."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest

from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.work.inference import Inference
from ecgviewer.core.errors import AnalysisError, RecordError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.system.user_dirs import cache_dir
from ecgviewer.io import open_record
from ecgviewer.review import annotations
from ecgviewer.review.annotations import RecordKey
from ecgviewer.review.edits import editing, session
from ecgviewer.review.edits.journal import parse
from ecgviewer.review.edits.store import ReviewStore
from ecgviewer.review.privacy.anonymize import Privacy
from tests import generators
from tests.app.driving import Build, ClockworkInference, annotate, kept, open_and_wait, spin

pytestmark = pytest.mark.usefixtures("qt_warnings")


# Files that change while they are open --------------------------------------------------------


def removed(header: Path) -> None:
    for path in header.parent.glob(f"{header.stem}.*"):
        path.unlink()


def truncated(header: Path) -> None:
    data = header.with_suffix(".dat") if header.suffix == ".hea" else header
    os.truncate(data, data.stat().st_size // 3)


def replaced(header: Path) -> None:
    data = header.with_suffix(".dat") if header.suffix == ".hea" else header
    other = np.random.default_rng(0).integers(0, 256, data.stat().st_size, dtype=np.uint8)
    fresh = data.with_suffix(".new")
    fresh.write_bytes(other.tobytes())
    os.utime(fresh, (time.time() + 5, time.time() + 5))
    fresh.replace(data)


def folder_gone(header: Path) -> None:
    header.parent.rename(header.parent.with_name("unmounted"))


def write_long(folder: Path, kind: str) -> Path:
    """Write twenty minutes of ECG: more than the window reads at once."""
    folder.mkdir()
    if kind == "wfdb":
        return generators.write_long_wfdb(folder, "long", hours=1 / 3)
    path = folder / "long.h5"
    with h5py.File(path, "w") as file:
        signal = np.tile(generators.ecg_mv(10.0, 250.0).astype("f4"), (1, 12))
        data = file.create_dataset("ecg", data=signal, chunks=(12, 2500))
        data.attrs["fs"], data.attrs["units"] = 250.0, "mV"
        data.attrs["lead_names"] = list(generators.LEADS)
    return path


@pytest.mark.parametrize("kind", ["wfdb", "hdf5"])
@pytest.mark.parametrize("change", [removed, truncated, replaced, folder_gone])
def test_a_file_that_changes_while_open_is_a_typed_error(
    tmp_path: Path, kind: str, change: Callable[[Path], None]
) -> None:
    path = write_long(tmp_path / "drive", kind)
    recording = open_record(RecordRef(path))
    assert np.isfinite(recording.read(0.0, 5.0)).all()
    recording.source.close()  # as after some idle time; a network drive drops its handles too
    change(path)
    late_s = recording.duration_s - 10.0
    with pytest.raises(RecordError) as caught:
        recording.read(late_s, late_s + 5.0)
    assert caught.value.path is not None and caught.value.reason
    with pytest.raises(RecordError):
        recording.content_hash()
    recording.source.close()


@pytest.mark.parametrize("change", [removed, truncated, replaced, folder_gone])
def test_the_window_says_so_and_keeps_the_annotations(
    make_window: Build, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    window = make_window()
    path = write_long(tmp_path / "drive", "wfdb")
    safe = shutil.copytree(path.parent, tmp_path / "copy")
    open_and_wait(window, path)
    annotate(window)
    change(path)
    window.document.recording.source.close()
    for start_s in (1190.0, 700.0, 400.0):
        window.traces.goto(start_s)
        window.traces.wait_until_loaded(2.0)
    spin(lambda: any("long" in text for text in window.messages.texts()))
    assert len(window.messages.texts()) <= 2  # told, not told again and again
    annotate(window, 3.0)
    window.commands.action("review.undo").trigger()
    annotate(window, 5.0)
    open_and_wait(window, safe / path.name)  # the drive is back, elsewhere
    spin(lambda: window.review.document.review is not None)
    assert len(window.review.document.review.annotations) == 2
    assert window.traces.wait_until_loaded()


# Disks ----------------------------------------------------------------------------------------


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes; within a test only: pytest's output may be a file."""
    resource = pytest.importorskip("resource", reason="a limit on file sizes needs POSIX")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_and_leaves_no_half_file(
    make_window: Build, samples: Path, tmp_path: Path
) -> None:
    window = make_window(settings=SettingsStore.for_user())
    path = samples / "00010_hr.hea"
    open_and_wait(window, path)
    annotate(window)
    before = tmp_path / "before.pdf"
    before.write_bytes(b"the report of yesterday")
    with full_disk(100):
        annotate(window, 3.0)
        assert any("in memory only" in text for text in window.messages.texts())
        out = tmp_path / "out"
        reporting = window.file_commands._reporting
        for target in (out / "page.pdf", out / "page.png", before):
            window.messages.clear()
            reporting.export(target)
            spin(lambda: any("No report" in text for text in window.messages.texts()))
        window.messages.clear()
        window.review.records.export(["json", "csv", "wfdb"], out, Privacy.HEADER, False)
        assert any("cannot be written" in text for text in window.messages.texts())
        window.file_commands._screenshot(out / "window.png")
        assert any("window.png" in text for text in window.messages.texts())
        assert [p for p in out.rglob("*") if p.is_file()] == []
        assert before.read_bytes() == b"the report of yesterday"
        assert window.settings.save() is False and "cannot be saved" in window.settings.problem
        assert not window.close() and window.isVisible()  # edits are in memory only
    window.review.document._try_again()
    reader = window.settings.value.reader
    assert window.close()
    assert kept(path, reader) == 2


def test_a_long_record_opens_where_its_overview_has_no_room(
    make_window: Build, tmp_path: Path
) -> None:
    window = make_window()
    path = write_long(tmp_path / "drive", "wfdb")
    with full_disk(2000):
        open_and_wait(window, path)
        spin(lambda: window.traces.data.store.complete)
        window.traces.set_fit(True, 1200.0)
        assert window.traces.wait_until_loaded()
        assert window.messages.texts() == []
    # What fails is the cache, which is the program's own: nothing is left of it but stubs.
    assert sum(p.stat().st_size for p in cache_dir().rglob("*") if p.is_file()) < 20_000


def test_a_home_that_cannot_be_written_costs_no_viewing(
    make_window: Build, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a read-only home: the folder for everything of the program's own is a file."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ECGVIEWER_HOME", str(tmp_path / "file" / "home"))
    store = SettingsStore.for_user()
    assert not store.save() and "cannot be saved" in store.problem
    window = make_window(settings=store)
    open_and_wait(window, samples / "S0005.hea")
    spin(lambda: any("shown only" in text for text in window.messages.texts()))
    window.session.analyse(["cae"])
    spin(lambda: not window.session.running)
    assert window.document.shown.analysis is not None
    assert window.traces.wait_until_loaded()
    assert window.close()
    assert (tmp_path / "file").read_text() == "in the way"


# Clocks ---------------------------------------------------------------------------------------


def test_a_clock_that_jumps_spoils_neither_order_nor_history(
    make_window: Build, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(4)
    for module in (annotations, editing, session):
        year = lambda: f"{rng.randrange(1970, 2100)}-01-01T00:00:00.000Z"  # noqa: E731
        monkeypatch.setattr(module, "utc_now", year)
    window = make_window()
    path = samples / "00010_hr.hea"
    open_and_wait(window, path)
    for start_s in (1.0, 3.0, 5.0, 7.0):
        annotate(window, start_s)
    window.commands.action("review.undo").trigger()
    window.commands.action("review.undo").trigger()
    window.commands.action("review.redo").trigger()
    review = window.review.document.review
    assert [item.start_s for item in review.annotations] == [1.0, 3.0, 5.0]
    journal = window.review.document.session.files.journal
    stamps = [entry.at for entry in parse(journal.read_bytes()).entries]
    assert len(stamps) == 7 and stamps != sorted(stamps)  # the clock did jump
    reader = window.settings.value.reader
    window.close()
    recording = open_record(RecordRef(path))
    again = ReviewStore.for_user().open(RecordKey.of(recording), reader)
    assert again.review == review and again.notes == ()
    again.close()


def test_durations_are_never_taken_from_the_wall_clock() -> None:
    """A jump of the clock would make progress and timeouts absurd."""
    root = Path(__file__).resolve().parents[2] / "ecgviewer"
    using = [path.name for path in root.rglob("*.py") if "time.time()" in path.read_text()]
    assert using == []


# Processes ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_model_process_is_killed_and_the_window_goes_on(
    make_window: Build, samples: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inference = Inference()
    window = make_window(inference, models=False)
    window.session.find_models()
    spin(lambda: bool(window.session.models))
    # Long enough that no core is quick enough to end it before the kill.
    open_and_wait(window, generators.write_long_wfdb(tmp_path, "long", hours=0.5))
    annotate(window)
    for _ in range(2):
        window.session.analyse(["vae-bilstm-mha"])
        spin(lambda: window.status.progress.value() > 0, 300.0)
        first = inference._client.process_id
        os.kill(first, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        spin(lambda: not window.session.running, 300.0)
        assert any("ended unexpectedly" in text for text in window.messages.texts())
        window.messages.clear()
        annotate(window, 3.0)
    assert len(window.review.document.review.annotations) == 3
    open_and_wait(window, samples / "00010_hr.hea")
    window.session.analyse(["cae"])
    spin(lambda: not window.session.running, 120.0)
    assert window.document.shown.analyses["cae"] is not None
    assert window.messages.texts() == []


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_costs_no_result(
    make_window: Build, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ECGVIEWER_HOME", str(tmp_path / "file" / "home"))
    window = make_window(Inference(), models=False)
    window.session.find_models()
    spin(lambda: bool(window.session.models))
    open_and_wait(window, samples / "00010_hr.hea")
    window.session.analyse(["cae"])
    spin(lambda: not window.session.running, 120.0)
    assert window.document.shown.analyses["cae"].score_map.shape == (12, 1000)
    spare = Path(window.session._inference._client._spare.name)
    assert spare.stat().st_mode & 0o077 == 0 and any(spare.rglob("*.npy"))
    window.close()
    assert not spare.exists()


def test_an_unforeseen_failure_of_a_model_is_told_in_words(
    make_window: Build, samples: Path, clockwork: ClockworkInference
) -> None:
    clockwork.fail_with = AnalysisError("the GPU was pulled out")
    window = make_window(clockwork)
    open_and_wait(window, samples / "00010_hr.hea")
    annotate(window)
    window.session.analyse(["cae"])
    spin(lambda: not window.session.running)
    assert window.messages.texts() == ["00010_hr: the GPU was pulled out"]
    assert len(window.review.document.review.annotations) == 1
