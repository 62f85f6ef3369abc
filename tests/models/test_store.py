"""The analysis store: round trip, damage, room."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.flags import derive_flags
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.run.analyser import Detector
from ecgviewer.models.run.kept.store import AnalysisStore


@pytest.fixture(scope="module")
def analysis(make_bundle: Callable[..., Bundle]) -> Analysis:
    root = Path(__file__).resolve().parents[2] / "resources" / "samples"
    record = open_record(RecordRef(root / "00338_hr.hea"))
    bundle = replace(make_bundle("vae-bilstm-mha"), sha256="ab" * 32)
    return Detector(bundle, "cpu").analyze(record)


def key(analysis: Analysis) -> tuple[str, str]:
    return analysis.recording_sha256, analysis.bundle_sha256


def test_round_trip(analysis: Analysis, tmp_path: Path) -> None:
    store = AnalysisStore(tmp_path)
    assert store.get(*key(analysis)) is None
    assert store.put(analysis)
    again = store.get(*key(analysis))
    assert again is not None
    for name in ("score_map", "reconstruction_mv", "attention"):
        np.testing.assert_array_equal(getattr(again, name), getattr(analysis, name))
    assert again.saliency is None
    assert again.windows == analysis.windows
    assert again.parts == analysis.parts
    assert again.quality == analysis.quality
    assert again.threshold(0.95) == analysis.threshold(0.95)
    assert derive_flags(again, 0.9) == derive_flags(analysis, 0.9)


def test_nothing_of_the_patient_is_in_file_names(analysis: Analysis, tmp_path: Path) -> None:
    AnalysisStore(tmp_path).put(analysis)
    names = [path.name for path in tmp_path.rglob("*")]
    assert names
    assert not any(analysis.record_name in name for name in names)


@pytest.mark.parametrize("damage", ["truncate", "text", "pickle", "missing"])
def test_a_damaged_entry_is_dropped(analysis: Analysis, tmp_path: Path, damage: str) -> None:
    store = AnalysisStore(tmp_path)
    store.put(analysis)
    folder = store.place(*key(analysis))
    victim = folder / "score_map.npy"
    if damage == "truncate":
        victim.write_bytes(victim.read_bytes()[:200])
    elif damage == "text":
        (folder / "analysis.json").write_text("[1, 2")
    elif damage == "pickle":
        np.save(victim, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    else:
        victim.unlink()
    assert store.get(*key(analysis)) is None
    assert not folder.exists()


def test_the_least_recently_used_go_first(analysis: Analysis, tmp_path: Path) -> None:
    store = AnalysisStore(tmp_path)
    store.put(analysis)
    size = sum(f.stat().st_size for f in store.place(*key(analysis)).iterdir())
    small = AnalysisStore(tmp_path, max_bytes=round(2.5 * size))
    for k in range(1, 5):
        other = replace(analysis, recording_sha256=f"{k:064d}")
        small.put(other)
        os.utime(small.place(*key(other)), (k * 1e6, k * 1e6))
    kept = [k for k in range(1, 5) if small.get(f"{k:064d}", analysis.bundle_sha256)]
    assert kept == [3, 4] or kept == [4]


def test_a_read_only_cache_does_no_harm(
    analysis: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert AnalysisStore(tmp_path / "no").put(analysis) is False
