"""Long recordings: told on the way, cancelled with what is there, and continued where cut off."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.errors import AnalysisError, CancelledError
from ecgviewer.core.flags import derive_flags, extend_flags
from ecgviewer.core.progress import CancelToken
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.core.system.file_lock import FileLock
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.process.client import InferenceClient
from ecgviewer.models.run import growing_maps as maps
from ecgviewer.models.run import piecewise as course
from ecgviewer.models.run import windows
from ecgviewer.models.run.analyser import Detector
from ecgviewer.models.run.kept import unfinished
from tests.generators import write_long_wfdb
from tests.models.test_client import Waiter

MAPS = ("score_map", "reconstruction_mv", "model_input_mv", "model_output_mv", "saliency")
PIECE_S = 20.0


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make two minutes as many pieces as an hour, and tell of each."""
    monkeypatch.setattr(windows, "CHUNK_S", PIECE_S)
    monkeypatch.setattr(maps, "IN_MEMORY_SAMPLES", 2000)
    monkeypatch.setattr(course, "PARTIAL_EVERY_S", 0.0)
    monkeypatch.setattr(course, "PARTIAL_SHARE", float("inf"))


@pytest.fixture
def record(samples: Path) -> Recording:
    return open_record(RecordRef(samples / "S0005.hea"))


@pytest.fixture(scope="module")
def detector(
    make_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory
) -> Detector:
    path = tmp_path_factory.mktemp("models") / "small.ecgmodel"
    make_bundle("cae").save(path)
    return Detector(Bundle.load(path), "cpu")


def cut_off(detector: Detector, record: Recording, after: int) -> list[Analysis]:
    """Cancel a run after some pieces and return what was told of it."""
    told: list[Analysis] = []
    token = CancelToken()

    def stop(so_far: Analysis) -> None:
        told.append(so_far)
        if len(told) >= after:
            token.cancel()

    with pytest.raises(CancelledError):
        detector.analyze(record, cancel=token, on_partial=stop)
    return told


def assert_same(one: Analysis, other: Analysis) -> None:
    for name in MAPS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.windows == other.windows
    assert one.quality == other.quality
    assert (one.score, one.raw_score, one.p_value, one.parts, one.notes) == (
        other.score, other.raw_score, other.p_value, other.parts, other.notes,
    )  # fmt: skip


@pytest.mark.usefixtures("small_pieces")
def test_parts_are_told_on_the_way_and_are_the_beginning_of_the_result(
    detector: Detector, record: Recording
) -> None:
    told: list[Analysis] = []
    fractions: list[float] = []
    whole = detector.analyze(
        record, progress=lambda f, _: fractions.append(f), on_partial=told.append
    )
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert len(told) == 5  # the sixth piece is the result
    for at, part in enumerate(told, start=1):
        seconds = round(at * PIECE_S)
        assert part.is_partial
        assert part.analysed_s == seconds
        assert f"first 0:{seconds // 60:02d}:{seconds % 60:02d} of 0:01:55" in part.extent_text()
        assert part.windows == whole.windows[: len(part.windows)]
        assert np.isfinite(part.score)
        for name in MAPS:
            values = getattr(part, name)
            assert values.shape == (12, 100 * seconds)
            np.testing.assert_array_equal(values, getattr(whole, name)[:, : 100 * seconds])
    assert not whole.is_partial
    assert whole.continues(told[-1]) and told[1].continues(told[0])
    assert not told[0].continues(told[1])


@pytest.mark.usefixtures("small_pieces")
def test_flags_of_a_growing_analysis_are_those_of_the_whole(
    detector: Detector, record: Recording
) -> None:
    told: list[Analysis] = []
    whole = detector.analyze(record, on_partial=told.append)
    for specificity in (0.02, 0.5, 0.95):
        flags, before = derive_flags(told[0], specificity), told[0]
        for part in [*told[1:], whole]:
            flags, before = extend_flags(flags, before, part, specificity), part
            assert flags == derive_flags(part, specificity)
        assert any(flag.leads for flag in flags)


def test_flags_extend_exactly_whatever_the_map(
    make_bundle: Callable[..., Bundle], samples: Path
) -> None:
    base = Detector(make_bundle("cae"), "cpu").analyze(
        open_record(RecordRef(samples / "00010_hr.hea"))
    )
    level = base.map_threshold(0.95)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n = 400
        low = np.repeat(rng.random((12, n // 4)) < rng.uniform(0.01, 0.2), 4, axis=1)
        noise = rng.random((12, n)) < 0.01
        values = np.where(low ^ noise, level * rng.uniform(1, 3, (12, n)), 0.0).astype(np.float32)
        whole = replace(base, score_map=values)
        borders = sorted({*rng.integers(1, n, 4).tolist(), n})
        known = replace(base, score_map=values[:, : borders[0]], analysed_s=1.0)
        flags = derive_flags(known, 0.95)
        for border in borders[1:]:
            later = replace(whole, score_map=values[:, :border], analysed_s=border / 100)
            flags, known = extend_flags(flags, known, later, 0.95), later
        assert flags == derive_flags(whole, 0.95), seed


@pytest.mark.usefixtures("small_pieces")
def test_a_cancelled_run_is_continued_with_the_same_result(
    detector: Detector, record: Recording, user_home: Path
) -> None:
    told = cut_off(detector, record, after=2)
    assert told[-1].analysed_s >= 2 * PIECE_S
    texts: list[str] = []
    first: list[Analysis] = []
    continued = detector.analyze(
        record, progress=lambda _, text: texts.append(text), on_partial=first.append
    )
    assert texts[0].startswith("continues at 0:00:")
    assert "continued at" in texts[-1]
    assert first[0].analysed_s == told[-1].analysed_s  # visible at once
    assert len(texts) < 6
    fresh = Detector(detector.bundle, "cpu").analyze(record)  # the folder is taken: its own
    assert_same(continued, fresh)
    del continued, fresh, told, first
    assert list((user_home / "cache" / "unfinished").iterdir()) == []


def _one(pattern: str, user_home: Path) -> Path:
    (found,) = (user_home / "cache" / "unfinished").glob(pattern)
    return found


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("damage", ["about", "foreign", "map", "log", "tail", "versions"])
def test_a_damaged_or_foreign_checkpoint_is_not_continued(
    detector: Detector, record: Recording, user_home: Path, damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    cut_off(detector, record, after=3)
    about, log_file = _one("*/about.json", user_home), _one("*/pieces.jsonl", user_home)
    raw = log_file.read_bytes()
    if damage == "about":
        about.write_text("{")
    elif damage == "foreign":
        about.write_text(about.read_text().replace('"n_samples": 11', '"n_samples": 12'))
    elif damage == "versions":
        about.write_text(about.read_text().replace('"torch": "', '"torch": "9'))
    elif damage == "map":
        os.truncate(_one("*/score_map.npy", user_home), 5000)
    elif damage == "log":
        log_file.write_bytes(raw[:20] + b"7" + raw[21:])
    else:
        log_file.write_bytes(raw[:-9])  # the power failed in the middle of the last line
    texts: list[str] = []
    with caplog.at_level("INFO"):
        again = detector.analyze(record, progress=lambda _, text: texts.append(text))
    assert (texts[0].startswith("continues")) == (damage == "tail")
    assert any("interrupted analysis" in message for message in caplog.messages)
    assert_same(again, Detector(detector.bundle, "cpu").analyze(record))


@pytest.mark.usefixtures("small_pieces")
def test_old_interrupted_runs_make_room_but_none_that_is_under_way(
    detector: Detector, record: Recording, user_home: Path
) -> None:
    root = user_home / "cache" / "unfinished"
    for number in range(6):
        folder = root / f"old{number}"
        folder.mkdir(parents=True)
        (folder / "about.json").write_text("{}")
        os.utime(folder, (number, number))
    lock = FileLock(root / "old0.lock")
    assert lock.acquire()
    cut_off(detector, record, after=1)
    left = {entry.name for entry in root.iterdir() if entry.is_dir() and "-" not in entry.name}
    assert left == {"old0", "old3", "old4", "old5"}
    lock.release()


@pytest.mark.usefixtures("small_pieces")
def test_a_full_cache_folder_is_told_before_the_work(
    detector: Detector, record: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "SPARE_BYTES", 1 << 60)
    with pytest.raises(AnalysisError, match=r"MB in the cache"):
        detector.analyze(record)


@pytest.mark.slow
def test_a_killed_model_process_is_continued(
    make_bundle: Callable[..., Bundle], tmp_path: Path
) -> None:
    """The real process on 24 minutes, killed in the middle; a new one goes on."""
    header = write_long_wfdb(tmp_path, "long", hours=0.4)
    bundle = tmp_path / "small.ecgmodel"
    make_bundle("cae").save(bundle)
    client = InferenceClient(tmp_path / "cache")
    try:
        victim, after = Waiter(), Waiter()
        client.analyze(RecordRef(header), bundle, "cpu", victim.calls)
        victim.wait_until_running()
        assert client.process_id is not None
        os.kill(client.process_id, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        error = victim.wait()
        assert isinstance(error, AnalysisError)
        assert "continues where it stopped" in error.reason
        assert victim.parts[-1].is_partial
        assert np.isfinite(victim.parts[-1].score_map[:, -1000:]).all()  # still to be looked at
        client.analyze(RecordRef(header), bundle, "cpu", after.calls)
        result = after.wait()
        assert isinstance(result, Analysis)
        assert after.progress[0] > 0.05  # not from the start
        assert after.parts[0].analysed_s >= 120.0
    finally:
        client.close()
    detector = Detector(Bundle.load(bundle), "cpu")
    assert_same(result, detector.analyze(open_record(RecordRef(header))))


@pytest.mark.usefixtures("small_pieces")
def test_a_closed_cache_folder_costs_going_on_and_not_the_analysis(
    detector: Detector, record: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = detector.analyze(record)
    spare = tmp_path / "spare"
    spare.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spare))
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ECGVIEWER_HOME", str(tmp_path / "file" / "home"))
    analysis = detector.analyze(record)
    assert_same(analysis, whole)
    assert list(spare.iterdir())
    del analysis
    assert not list(spare.iterdir())
