"""How a training stops: by numbers that are none, and by Ctrl-C at any moment."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from trainer.fitting.config import Config
from trainer.fitting.engine import Engine, TrainingError
from trainer.fitting.fit import fit


def test_a_validation_that_is_no_number_is_never_saved(
    tiny_cae: Config, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "m.ecgmodel"
    state = out.with_suffix(".fit") / "state.pt"
    validation_loss = Engine.validation_loss
    lost_in = 0
    monkeypatch.setattr(
        Engine,
        "validation_loss",
        lambda self: float("nan") if self.at.epoch == lost_in else validation_loss(self),
    )
    with pytest.raises(TrainingError, match=r"validation loss is nan after epoch 1") as caught:
        fit(tiny_cae, [data], out, device="cpu")
    assert caught.value.reason.endswith("start anew")
    assert not state.exists()

    lost_in = 1
    with pytest.raises(TrainingError, match=r"after epoch 2.* start anew with --overwrite$"):
        fit(tiny_cae, [data], out, device="cpu")
    assert torch.load(state, weights_only=True)["at"]["epoch"] == 1
    monkeypatch.setattr(Engine, "validation_loss", validation_loss)
    gentler = replace(tiny_cae, training=replace(tiny_cae.training, learning_rate=1e-4))
    assert fit(gentler, [data], out, device="cpu", overwrite=True) is not None


def test_the_advice_after_a_wild_loss_is_one_that_works(
    tiny_cae: Config, data: Path, tmp_path: Path
) -> None:
    wild = replace(tiny_cae, training=replace(tiny_cae.training, learning_rate=1e30))
    with pytest.raises(TrainingError, match=r"set gradient_clip, and start anew") as caught:
        fit(wild, [data], tmp_path / "m.ecgmodel", device="cpu")
    assert "--resume" not in caught.value.reason
    assert "kept" not in caught.value.reason


def test_weights_that_are_no_numbers_are_never_saved(
    tiny_cae: Config, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss of a step is finite, and its gradients are not."""
    step = Engine._step

    def overflowing(self: Engine, batch: object) -> float:
        loss = step(self, batch)
        with torch.no_grad():
            next(self.network.parameters()).fill_(float("inf"))
        return loss

    monkeypatch.setattr(Engine, "_step", overflowing)
    often = replace(tiny_cae, training=replace(tiny_cae.training, checkpoint_s=0.0))
    with pytest.raises(TrainingError, match="weights are no longer finite before epoch 1, step 2"):
        fit(often, [data], tmp_path / "m.ecgmodel", device="cpu")
    assert not (tmp_path / "m.fit").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_interrupt_in_the_last_validation_is_heard(
    tiny_cae: Config, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    validation_loss = Engine.validation_loss

    def interrupted(self: Engine) -> float:
        if self.at.epoch + 1 == self.config.training.epochs:
            os.kill(os.getpid(), signal.SIGINT)
        return validation_loss(self)

    out = tmp_path / "m.ecgmodel"
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "validation_loss", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fit(tiny_cae, [data], out, device="cpu")
    assert not out.exists()
    resumed = fit(tiny_cae, [data], out, device="cpu", resume=True)
    assert [row["epoch"] for row in resumed.training["history"]] == [1, 2]
