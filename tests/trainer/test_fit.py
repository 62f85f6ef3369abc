"""Training: a bundle comes out, interruptions leave no trace, mistakes are refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.run.analyser import Detector
from trainer.__main__ import main
from trainer.datasets.entries import DataError
from trainer.fitting import engine as engine_module
from trainer.fitting.config import Config, ConfigError, load_config, shipped_config
from trainer.fitting.engine import Engine, TrainingError
from trainer.fitting.fit import FitError, fit

ROOT = Path(__file__).resolve().parents[2]


def weights(bundle: Bundle) -> np.ndarray:
    tensors = bundle.network_tensors
    return np.concatenate([tensors[name].ravel() for name in sorted(tensors)])


def test_fit_writes_a_bundle_the_viewer_runs(
    tiny: Config, data: Path, tmp_path: Path, samples: Path
) -> None:
    out = tmp_path / "m.ecgmodel"
    fit(tiny, [data], out, device="cpu")
    bundle = Bundle.load(out)
    assert bundle.training["n_train"] > 30
    assert bundle.training["config"]["network"] == tiny.network
    assert set(bundle.thresholds) == {"0.90", "0.95", "0.99"}
    assert str(data.parent) not in bundle.card
    assert out.with_suffix(".png").stat().st_size > 1000
    assert "left out of training: 4 not normal" in out.with_suffix(".log").read_text()
    assert not out.with_suffix(".fit").exists()
    analysis = Detector(bundle, "cpu").analyze(open_record(RecordRef(samples / "00338_hr.hea")))
    assert analysis.bundle_sha256 == bundle.sha256


def test_training_lowers_the_loss_and_repeats_exactly(
    tiny_cae: Config, data: Path, tmp_path: Path
) -> None:
    longer = replace(tiny_cae, training=replace(tiny_cae.training, epochs=4))
    first = fit(longer, [data], tmp_path / "a.ecgmodel", device="cpu")
    second = fit(longer, [data], tmp_path / "b.ecgmodel", device="cpu")
    other = fit(replace(longer, seed=2), [data], tmp_path / "c.ecgmodel", device="cpu")
    history = first.training["history"]
    assert history[-1]["validation"] < history[0]["validation"]
    np.testing.assert_array_equal(weights(first), weights(second))
    assert not np.array_equal(weights(first), weights(other))


class Killed(BaseException):
    """Stands for what ends a process without any clean-up."""


@pytest.mark.parametrize("after_steps", [3, 7, 9])
def test_resuming_gives_the_same_weights_bit_by_bit(
    tiny: Config, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after_steps: int
) -> None:
    """Saved in the middle of an epoch, killed later, resumed from what was saved."""
    config = replace(tiny, training=replace(tiny.training, checkpoint_s=0.0))
    whole = fit(config, [data], tmp_path / "whole.ecgmodel", device="cpu")
    steps = 0
    step = Engine._step

    def dying(self: Engine, batch: object) -> float:
        nonlocal steps
        steps += 1
        if steps > after_steps:
            raise Killed
        return step(self, batch)

    monkeypatch.setattr(Engine, "_step", dying)
    out = tmp_path / "cut.ecgmodel"
    with pytest.raises(Killed):
        fit(config, [data], out, device="cpu")
    assert not out.exists()
    monkeypatch.setattr(Engine, "_step", step)
    torch.manual_seed(99)
    with pytest.raises(FitError, match="--resume"):
        fit(config, [data], out, device="cpu")
    resumed = fit(config, [data], out, device="cpu", resume=True)
    np.testing.assert_array_equal(weights(resumed), weights(whole))
    assert resumed.training["history"] == whole.training["history"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_process_resumes(
    tiny: Config, data: Path, tmp_path: Path, how: signal.Signals
) -> None:
    config = tmp_path / "c.toml"
    config.write_text(
        textwrap.dedent("""
        architecture = "cae"
        [network]
        bottleneck = 4
        [training]
        epochs = 40
        batch_size = 8
        """)
    )
    out = tmp_path / "m.ecgmodel"
    command = [sys.executable, "-m", "trainer", "fit", "--config", str(config), "--data",
               str(data), "--out", str(out), "--device", "cpu"]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE)
    state = out.with_suffix(".fit") / "state.pt"
    end = time.monotonic() + 120
    while not state.exists() and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(how)
    process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if how == signal.SIGKILL else 130)
    assert not out.exists()
    done = subprocess.run(
        [*command, "--resume"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "resumed at epoch" in done.stderr
    assert Bundle.load(out).training["history"][-1]["epoch"] == 40


@pytest.mark.slow
def test_two_processes_reach_the_same_validation_loss(
    tiny_cae: Config, data: Path, tmp_path: Path
) -> None:
    single = fit(tiny_cae, [data], tmp_path / "one.ecgmodel", device="cpu")
    config = tmp_path / "c.toml"
    config.write_text(
        'architecture = "cae"\n[network]\nbottleneck = 4\n'
        "[training]\nepochs = 2\nbatch_size = 8\nlearning_rate = 1e-3\n"
    )
    out = tmp_path / "two.ecgmodel"
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
         "-m", "trainer", "fit", "--config", str(config), "--data", str(data), "--out", str(out),
         "--device", "cpu"],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    double = Bundle.load(out)
    for one, two in zip(single.training["history"], double.training["history"], strict=True):
        assert two["validation"] == pytest.approx(one["validation"], rel=1e-3)


def test_nothing_is_overwritten_unasked(tiny_cae: Config, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.ecgmodel"
    fit(tiny_cae, [data], out, device="cpu")
    before = out.read_bytes()
    with pytest.raises(EcgViewerError, match="--overwrite"):
        fit(tiny_cae, [data], out, device="cpu")
    assert out.read_bytes() == before
    fit(replace(tiny_cae, seed=3), [data], out, device="cpu", overwrite=True)
    assert out.read_bytes() != before
    with pytest.raises(EcgViewerError, match="ends in"):
        fit(tiny_cae, [data], tmp_path / "m.bin", device="cpu")


def test_a_loss_that_is_no_number_stops_with_a_reason(
    tiny_cae: Config, data: Path, tmp_path: Path
) -> None:
    wild = replace(tiny_cae, training=replace(tiny_cae.training, learning_rate=1e30))
    with pytest.raises(TrainingError, match=r"loss is (nan|inf) in epoch \d, step \d.*records r"):
        fit(wild, [data], tmp_path / "m.ecgmodel", device="cpu")
    assert not (tmp_path / "m.ecgmodel").exists()


def test_a_full_disk_keeps_the_last_state(
    tiny_cae: Config, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saves = 0
    write = engine_module.write_whole

    def filling(path: Path, content: bytes) -> None:
        nonlocal saves
        saves += 1
        if saves > 1:
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(engine_module, "write_whole", filling)
    out = tmp_path / "m.ecgmodel"
    with pytest.raises(TrainingError, match=r"the disk is full.*previous one is kept"):
        fit(tiny_cae, [data], out, device="cpu")
    monkeypatch.setattr(engine_module, "write_whole", write)
    assert fit(tiny_cae, [data], out, device="cpu", resume=True) is not None


def test_a_state_of_another_training_is_refused(
    tiny_cae: Config, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: Engine) -> float:
        raise Killed

    out = tmp_path / "m.ecgmodel"
    config = replace(tiny_cae, training=replace(tiny_cae.training, checkpoint_s=0.0))
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "validation_loss", stop)
        with pytest.raises(Killed):
            fit(config, [data], out, device="cpu")
    with pytest.raises(TrainingError, match="seed changed"):
        fit(replace(config, seed=5), [data], out, device="cpu", resume=True)
    state = out.with_suffix(".fit") / "state.pt"
    state.write_bytes(b"not a state")
    with pytest.raises(TrainingError, match="damaged"):
        fit(config, [data], out, device="cpu", resume=True)


def test_unreadable_records_are_named_and_left_out(
    tiny_cae: Config, data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for path in data.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "r03.dat").write_bytes(b"")
    (folder / "r05.hea").unlink()
    out = tmp_path / "m.ecgmodel"
    fit(tiny_cae, [folder], out, device="cpu")
    log = out.with_suffix(".log").read_text()
    assert "r03" in log
    assert "1 label rows without a record (first: r05)" in log


def test_no_normals_is_an_error_that_says_so(tiny_cae: Config, tmp_path: Path, data: Path) -> None:
    folder = tmp_path / "sick"
    folder.mkdir()
    for name in ("r56.hea", "r56.dat"):
        (folder / name).write_bytes((data / name).read_bytes())
    (folder / "labels.csv").write_text("record,normal\nr56,0\n")
    with pytest.raises(DataError, match="no clean normal record"):
        fit(tiny_cae, [folder], tmp_path / "m.ecgmodel", device="cpu")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no data set was recognised"):
        fit(tiny_cae, [tmp_path / "empty"], tmp_path / "n.ecgmodel", device="cpu")


def test_the_command_line(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "--model", "cae"]) == 2
    assert main(["fit", "--data", str(data), "--out", str(tmp_path / "m.ecgmodel")]) == 2
    assert main(["fit", "--model", "cae", "--data", str(tmp_path / "none"), "--out",
                 str(tmp_path / "m.ecgmodel"), "--device", "cpu"]) == 1  # fmt: skip
    assert "no such file or folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["cae", "vae-bilstm", "vae-bilstm-mha"])
@pytest.mark.parametrize("form", ["", "-paper"])
def test_shipped_configurations_make_their_network(name: str, form: str) -> None:
    from ecgviewer.models.networks.network import build_network

    config = load_config(shipped_config(f"{name}{form}"))
    assert config.architecture == name
    network = build_network(name, config.network)
    if form:
        assert config.windowing.length_s == 1.0
        assert config.preprocessing.fs_hz == 500.0
        assert not network.hides_blocks


def test_a_wrong_configuration_names_the_key(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    for text, reason in (
        ("architecture = 1", "architecture must be"),
        ('architecture = "cae"\nepocs = 3', "epocs"),
        ('architecture = "cae"\n[training]\nepocs = 3', r"\[training\].*epocs"),
        ('architecture = "cae"\n[training]\nepochs = 0', r"\[training\]: epochs must be a whole"),
        ('architecture = "cae"\n[preprocessing]\nlow_hz = 90', "band"),
        ("architecture =", "not valid TOML"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match=reason):
            load_config(path)
    assert issubclass(ConfigError, EcgViewerError)
