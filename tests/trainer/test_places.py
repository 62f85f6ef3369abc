"""A training's files: nothing that comes to lie there meanwhile is replaced, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.networks.network import Network
from trainer.datasets.entries import DataError
from trainer.fitting.config import Config
from trainer.fitting.engine import Engine
from trainer.fitting.fit import fit
from trainer.fitting.progress_bar import Log, ProgressBar
from trainer.fitting.training_files import FitError


def meanwhile(monkeypatch: pytest.MonkeyPatch, *happening: object) -> None:
    """Have something happen when a training has just ended."""
    run = Engine.run

    def running(self: Engine, bar: ProgressBar, log: Log) -> Network:
        network = run(self, bar, log)
        for happens in happening:
            happens()
        return network

    monkeypatch.setattr(Engine, "run", running)


def test_files_that_appear_during_the_training_stay(
    tiny_cae: Config, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, picture = tmp_path / "m.ecgmodel", tmp_path / "m.png"
    with monkeypatch.context() as patch:
        meanwhile(patch, lambda: out.write_text("mine"))
        with pytest.raises(FitError, match=r"during the training .* --resume") as caught:
            fit(tiny_cae, [data], out, device="cpu")
    assert caught.value.path == out
    assert out.read_text() == "mine"
    out.unlink()
    # The state was kept: nothing is trained again.
    monkeypatch.setattr(Engine, "_epoch", lambda *a: pytest.fail("trained again"))
    meanwhile(monkeypatch, lambda: picture.write_text("my drawing"))
    assert fit(tiny_cae, [data], out, device="cpu", resume=True) is not None
    assert picture.read_text() == "my drawing"
    assert "m.png came to lie there" in out.with_suffix(".log").read_text()
    assert not out.with_suffix(".fit").exists()


def test_two_trainings_do_not_write_one_bundle(
    tiny_cae: Config, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "m.ecgmodel"
    refused = []

    def second() -> None:
        with pytest.raises(FitError, match="another training is writing this bundle") as caught:
            fit(tiny_cae, [data], out, device="cpu", resume=True)
        refused.append(caught.value.path)

    meanwhile(monkeypatch, second)
    fit(tiny_cae, [data], out, device="cpu")
    assert refused == [out]
    assert not out.with_suffix(".fit").exists()
    assert Bundle.load(out).training["epochs"] == 2


def test_a_bundle_that_does_not_fit_says_that_the_state_is_kept(
    tiny_cae: Config, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    out = tmp_path / "m.ecgmodel"
    with monkeypatch.context() as patch:
        patch.setattr("ecgviewer.models.bundle.file.write_whole", full)
        with pytest.raises(FitError, match=r"No space left .* state is kept.* --resume") as caught:
            fit(tiny_cae, [data], out, device="cpu")
    assert caught.value.path == out
    monkeypatch.setattr(Engine, "_epoch", lambda *a: pytest.fail("trained again"))
    assert fit(tiny_cae, [data], out, device="cpu", resume=True) is not None


def test_too_few_normals_are_told_before_the_training(
    tiny_cae: Config, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    rows = (data / "labels.csv").read_text().splitlines()[:24]
    (few / "labels.csv").write_text("\n".join(rows) + "\n")
    for row in rows[1:]:
        for suffix in ("hea", "dat"):
            name = f"{row.split(',')[0]}.{suffix}"
            (few / name).write_bytes((data / name).read_bytes())
    monkeypatch.setattr(Engine, "run", lambda *a: pytest.fail("training was begun"))
    with pytest.raises(DataError, match=r"\d+ clean normal records are too few: .* takes 24"):
        fit(tiny_cae, [few], tmp_path / "m.ecgmodel", device="cpu")
