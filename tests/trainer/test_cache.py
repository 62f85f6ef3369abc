"""The cache of prepared windows: it follows its records, and heals."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.models.run.windows import Windowing
from ecgviewer.signal.preprocessing import Preprocessing
from trainer.datasets.entries import Entry
from trainer.datasets.scan import scan
from trainer.fitting.cache import WindowSet, cached_windows


@pytest.fixture
def own(data: Path, tmp_path: Path) -> Path:
    """A copy of a few records, to be changed."""
    folder = tmp_path / "own"
    folder.mkdir()
    for k in range(4):
        for suffix in ("hea", "dat"):
            shutil.copy(data / f"r{k:02d}.{suffix}", folder)
    (folder / "labels.csv").write_text(
        "record,normal\n" + "".join(f"r{k:02d},1\n" for k in range(4))
    )
    return folder


def entries(folder: Path) -> list[Entry]:
    return scan([folder]).entries


def windows(own: Path, cache: Path, log: list[str] | None = None) -> WindowSet:
    lines: list[str] = [] if log is None else log
    return cached_windows(
        entries(own), Preprocessing(), Windowing(), cache, lambda fraction, text: None, lines.append
    )


def test_changed_signals_are_prepared_anew(own: Path, tmp_path: Path) -> None:
    """The header stays the same when only the signal file is replaced."""
    before = windows(own, tmp_path / "cache").window(3).copy()
    path = own / "r03.dat"
    samples = np.fromfile(path, "<i2").reshape(-1, 12)
    samples[::-1].tofile(path)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))
    after = windows(own, tmp_path / "cache").window(3)
    assert not np.array_equal(before, after)
    path.unlink()
    assert windows(own, tmp_path / "cache").left_out[0][0] == "r03"


def test_unchanged_records_are_prepared_once(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = windows(own, tmp_path / "cache")
    monkeypatch.setattr(
        "trainer.fitting.cache.prepare_windows", lambda *a: pytest.fail("prepared again")
    )
    np.testing.assert_array_equal(windows(own, tmp_path / "cache").values, before.values)


@pytest.mark.parametrize(
    "harm",
    [
        lambda place: os.truncate(place / "values.f16", 1000),
        lambda place: os.truncate(place / "values.f16", 0),
        lambda place: (place / "values.f16").unlink(),
        lambda place: (place / "index.json").write_text("{"),
        lambda place: (place / "index.json").write_text('{"offsets": [[1]]}'),
        lambda place: (place / "index.json").write_text("[]"),
        lambda place: (place / "index.json").write_bytes(b"\xff\x00"),
        lambda place: (place / "index.json").unlink(),
    ],
)  # fmt: skip
def test_a_damaged_cache_is_built_anew(own: Path, tmp_path: Path, harm: object) -> None:
    whole = np.array(windows(own, tmp_path / "cache").values)
    (place,) = (tmp_path / "cache").iterdir()
    harm(place)
    log: list[str] = []
    again = windows(own, tmp_path / "cache", log)
    np.testing.assert_array_equal(again.values, whole)
    assert any("damaged" in line for line in log)
    log.clear()
    windows(own, tmp_path / "cache", log)
    assert log == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_signals_in_the_cache_are_the_users_alone(own: Path, tmp_path: Path) -> None:
    cache = tmp_path / "home" / "cache"
    cache.mkdir(parents=True, mode=0o755)
    windows(own, cache)
    (place,) = cache.iterdir()
    assert {path.stat().st_mode & 0o777 for path in (cache, place)} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in place.iterdir()} == {0o600}


def test_what_killed_builds_left_behind(own: Path, tmp_path: Path) -> None:
    """A build of the same number does not stumble over it; only what nobody works on goes."""
    cache = tmp_path / "cache"
    windows(own, cache)
    (place,) = cache.iterdir()
    left = [cache / f"{place.name}.{os.getpid()}.partial", cache / "other.1.partial"]
    for folder in left:
        folder.mkdir()
        (folder / "values.f16").write_bytes(b"xx")
    shutil.rmtree(place)
    windows(own, cache)
    assert {*cache.iterdir()} == {place, *left}
    for path in (left[1], left[1] / "values.f16"):
        os.utime(path, (0, 0))
    shutil.rmtree(place)
    windows(own, cache)
    assert {*cache.iterdir()} == {place, left[0]}
