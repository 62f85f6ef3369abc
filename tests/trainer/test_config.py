"""Configurations: what cannot be trained is told before any work, with file, table and key."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from trainer.__main__ import main
from trainer.fitting.calibration import calibrate
from trainer.fitting.config import CONFIG_DIR, ConfigError, load_config
from trainer.judging import evaluate


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("seed = -1", "seed must be a whole number from 0"),
        ("seed = 1.7", "seed must be a whole number"),
        ("[training]\nepochs = 1.5", r"\[training\]: epochs must be a whole number"),
        ("[training]\nbatch_size = 2.5", r"\[training\]: batch_size must be a whole number"),
        ("[training]\nbatch_size = true", r"\[training\]: batch_size must be"),
        ("[training]\nlearning_rate = nan", r"\[training\]: learning_rate must be a number"),
        ("[training]\nlearning_rate = inf", r"\[training\]: learning_rate must be finite"),
        ("[training]\nlearning_rate = 0", r"\[training\]: learning_rate must be a number"),
        ("[training]\nweight_decay = -1", r"\[training\]: weight_decay"),
        ("[training]\ngradient_clip = nan", r"\[training\]: gradient_clip"),
        ("[training]\nwarmup_epochs = '1'", r"\[training\]: warmup_epochs"),
        ("[augment]\nstretch = -1", r"\[augment\]: stretch must be a number from 0 to 0.5"),
        ("[augment]\nstretch = 3.0", r"\[augment\]: stretch must be a number from 0 to 0.5"),
        ("[augment]\nnoise = -1", r"\[augment\]: noise"),
        ("[augment]\ncrop = 1.5", r"\[augment\]: crop must be a number from 0 to 1"),
        ("[beta]\nhigh = 'x'", r"\[beta\]: high must be a number"),
        ("[beta]\nkind = 'sine'", r"\[beta\]: kind is constant, linear or cyclical"),
        ("[beta]\nepochs = 0", r"\[beta\]: epochs"),
        ("[network]\nbottlneck = 4", r"\[network\]: .*bottlneck"),
        ("[network]\nbottleneck = -4", r"\[network\]: .*bottleneck = -4"),
        ("[network]\nbottleneck = 'x'", r"\[network\]: .*bottleneck = 'x'"),
        ("[network]\nbottleneck = 4.5", r"\[network\]: bottleneck must be a whole number"),
        ("[network]\nhidden_share = 4", r"\[network\]: hidden_share must be a number from 0 to 1"),
        ("[network]\nbottleneck = [1]", r"\[network\]: .*bottleneck"),
        ("network = 3", r"network is a table"),
        ("[windowing]\nlength_s = 0.01\nshortest_s = 0.01", r"\[windowing\]: shortest_s"),
        ("[windowing]\nlength_s = 'x'", r"\[windowing\]"),
        ("[preprocessing]\nfs_hz = 'x'", r"\[preprocessing\]"),
        ("[preprocessing]\nfz_hz = 100", r"\[preprocessing\].*fz_hz"),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_is_told_with_its_key(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "c.toml"
    path.write_text(f'architecture = "cae"\n{text}\n')
    with pytest.raises(ConfigError, match=reason) as caught:
        load_config(path)
    assert caught.value.path == path


@pytest.mark.parametrize("path", sorted(CONFIG_DIR.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_configurations_pass(path: Path) -> None:
    assert load_config(path).seed == 1


@pytest.mark.parametrize("seed", ["-1", "1.5", "x", str(2**63)])
def test_a_seed_that_is_none_is_wrong_usage(
    seed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "m.ecgmodel")
    arguments = ["fit", "--model", "cae", "--data", str(tmp_path), "--out", out, "--seed", seed]
    assert main(arguments) == 2
    assert "--seed" in capsys.readouterr().err


def test_only_a_training_is_resumed_after_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*arguments: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(evaluate, "run", interrupted)
    monkeypatch.setattr(calibrate, "run", interrupted)
    for command, data in (("evaluate", "--data"), ("calibrate", "--normals")):
        assert main([command, "--model", "m", data, "d", "--out", "o"]) == 130
        told = capsys.readouterr().err
        assert "stopped" in told
        assert "resume" not in told
