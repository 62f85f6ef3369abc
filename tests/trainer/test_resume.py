"""Continuing a training: only the same one, alike in every process, and only in its own files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.models.bundle.bundle import Bundle
from trainer.fitting.config import Augment, Beta, Config
from trainer.fitting.engine import Engine, TrainingError
from trainer.fitting.fit import FitError, fit
from trainer.fitting.progress_bar import Log

ROOT = Path(__file__).resolve().parents[2]


class Stopped(BaseException):
    """Stands for what ends a process without any clean-up."""


def stop_after(config: Config, data: Path, out: Path, epochs: int) -> None:
    """Train so many epochs, and leave the state as a killed process would."""
    close = Engine._close_epoch

    def closing(self: Engine, log: Log) -> None:
        if self.at.epoch == epochs:
            raise Stopped
        close(self, log)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "_close_epoch", closing)
        with pytest.raises(Stopped):
            fit(config, [data], out, device="cpu")


def test_only_the_same_training_is_continued(tiny_cae: Config, data: Path, tmp_path: Path) -> None:
    """Else the bundle would claim a configuration that most of its epochs never saw."""
    config = replace(tiny_cae, training=replace(tiny_cae.training, epochs=4))
    out = tmp_path / "m.ecgmodel"
    stop_after(config, data, out, 2)
    training = config.training
    others = {
        "training.learning_rate": replace(config, training=replace(training, learning_rate=1e-9)),
        "training.weight_decay": replace(config, training=replace(training, weight_decay=0.5)),
        "training.gradient_clip": replace(config, training=replace(training, gradient_clip=1.0)),
        "training.select": replace(config, training=replace(training, select="last")),
        "training.schedule": replace(config, training=replace(training, schedule="cosine")),
        "augment.noise": replace(config, augment=Augment(noise=0.5)),
        "beta.high": replace(config, beta=Beta(high=0.5)),
        "network.context": replace(config, network={"bottleneck": 4, "context": 1}),
    }
    for key, other in others.items():
        with pytest.raises(TrainingError, match=rf"another training \(.*{key}.* changed\)"):
            fit(other, [data], out, device="cpu", resume=True)
    fewer = replace(config, training=replace(training, epochs=1))
    with pytest.raises(TrainingError, match=r"has seen 2 epochs .* more than the 1 epochs"):
        fit(fewer, [data], out, device="cpu", resume=True)
    longer = replace(config, training=replace(training, epochs=5, checkpoint_s=7.0))
    resumed = fit(longer, [data], out, device="cpu", resume=True)
    assert resumed is not None
    assert [row["epoch"] for row in resumed.training["history"]] == [1, 2, 3, 4, 5]


def test_a_cosine_schedule_keeps_its_length(tiny_cae: Config, data: Path, tmp_path: Path) -> None:
    training = replace(tiny_cae.training, epochs=4, schedule="cosine")
    out = tmp_path / "m.ecgmodel"
    stop_after(replace(tiny_cae, training=training), data, out, 1)
    longer = replace(tiny_cae, training=replace(training, epochs=5))
    with pytest.raises(TrainingError, match=r"\(training.epochs changed\)"):
        fit(longer, [data], out, device="cpu", resume=True)


def test_files_of_the_user_are_left_alone(tiny_cae: Config, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "d.ecgmodel"
    mine = tmp_path / "d.fit" / "thesis.txt"
    mine.parent.mkdir()
    mine.write_text("years of work")
    fit(tiny_cae, [data], out, device="cpu")
    assert [path.name for path in mine.parent.iterdir()] == ["thesis.txt"]
    for name, what in (("e.png", "picture"), ("e.log", "this file is none")):
        (tmp_path / name).write_text("mine")
        with pytest.raises(FitError, match=what):
            fit(tiny_cae, [data], tmp_path / "e.ecgmodel", device="cpu")
        assert (tmp_path / name).read_text() == "mine"
        (tmp_path / name).unlink()


def test_a_training_that_failed_may_be_tried_again(
    tiny_cae: Config, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "m.ecgmodel"
    with pytest.raises(EcgViewerError, match="no such file"):
        fit(tiny_cae, [tmp_path / "none"], out, device="cpu")
    fit(tiny_cae, [data], out, device="cpu")
    assert out.with_suffix(".log").read_text().count("log of a training") == 1


def test_a_place_that_cannot_be_written_is_told_at_once(
    tiny_cae: Config, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.fitting.fit.scan", lambda paths: pytest.fail("work was begun"))
    (tmp_path / "file").write_text("")
    with pytest.raises(EcgViewerError, match="cannot be written there"):
        fit(tiny_cae, [data], tmp_path / "file" / "m.ecgmodel", device="cpu")
    for name in ("m.log", "m.png", "m.ecgmodel"):
        (tmp_path / name).mkdir()
        with pytest.raises(EcgViewerError, match="cannot be written there"):
            fit(tiny_cae, [data], tmp_path / "m.ecgmodel", device="cpu", overwrite=True)
        (tmp_path / name).rmdir()
    (tmp_path / "m.fit").write_text("")
    with pytest.raises(FitError, match="folder of this name"):
        fit(tiny_cae, [data], tmp_path / "m.ecgmodel", device="cpu")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_a_first_state_that_does_not_fit_says_that_there_is_none(
    tiny_cae: Config, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit of the file's size fails in the middle of writing, as a full disk does."""
    import resource

    save = Engine.save

    def limited(self: Engine) -> None:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
        try:
            save(self)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    monkeypatch.setattr(Engine, "save", limited)
    with pytest.raises(TrainingError, match=r"File too large.*there is no earlier one") as caught:
        fit(tiny_cae, [data], tmp_path / "m.ecgmodel", device="cpu")
    assert caught.value.path == tmp_path / "m.fit" / "state.pt"
    assert not (tmp_path / "m.fit").exists()


def test_a_log_that_cannot_go_on_does_not_end_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full:
        name = "m.log"

        def writelines(self, lines: object) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            raise OSError(28, "No space left on device")

    with Log(tmp_path / "m.log") as log:
        log._file.close()
        log._file = Full()
        log("epoch 1")
        log("epoch 2")
    errors = capsys.readouterr().err
    assert "m.log: the log ends here: No space left" in errors
    assert "epoch 2" in errors


@pytest.mark.slow
def test_processes_that_share_no_disk_continue_alike(
    tiny_cae: Config, data: Path, tmp_path: Path
) -> None:
    """The state lies on the first process's disk only."""
    config = replace(tiny_cae, training=replace(tiny_cae.training, epochs=4))
    whole = fit(config, [data], tmp_path / "whole.ecgmodel", device="cpu")
    stop_after(config, data, tmp_path / "rank0" / "m.ecgmodel", 2)
    (tmp_path / "rank1").mkdir()
    (tmp_path / "c.toml").write_text(
        'architecture = "cae"\n[network]\nbottleneck = 4\n'
        "[training]\nepochs = 4\nbatch_size = 8\nlearning_rate = 1e-3\n"
    )
    script = tmp_path / "each.py"
    script.write_text(
        textwrap.dedent("""
        import hashlib, os, pathlib, sys
        from trainer.__main__ import main
        from trainer.fitting.engine import Engine

        here = pathlib.Path(sys.argv[1]) / f"rank{os.environ['RANK']}"
        os.environ["ECGVIEWER_HOME"] = str(here / "home")
        run = Engine.run

        def noted(self, progress, log):
            begun = self.at.epoch
            network = run(self, progress, log)
            values = b"".join(v.numpy().tobytes() for v in network.state_dict().values())
            (here / "seen.txt").write_text(f"{begun} {hashlib.sha256(values).hexdigest()}")
            return network

        Engine.run = noted
        sys.exit(main(["fit", "--config", sys.argv[1] + "/c.toml", "--data", sys.argv[2], "--out",
                       str(here / "m.ecgmodel"), "--device", "cpu", "--resume"]))
        """)
    )
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
         str(script), str(tmp_path), str(data)],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = ((tmp_path / f"rank{k}" / "seen.txt").read_text() for k in (0, 1))
    assert first == second
    assert first.startswith("2 ")
    assert whole is not None
    double = Bundle.load(tmp_path / "rank0" / "m.ecgmodel")
    for one, two in zip(whole.training["history"], double.training["history"], strict=True):
        assert two["validation"] == pytest.approx(one["validation"], rel=1e-3)


def test_changed_signals_are_another_training_and_moved_ones_are_not(
    tiny_cae: Config, data: Path, tmp_path: Path
) -> None:
    """Names, labels and sizes stay; only samples differ."""
    moved = tmp_path / "elsewhere" / data.name
    shutil.copytree(data, moved)
    out = tmp_path / "m.ecgmodel"
    stop_after(tiny_cae, data, out, 1)
    signal = moved / "r03.dat"
    before = signal.read_bytes()
    signal.write_bytes(before[2400:] + before[:2400])
    with pytest.raises(TrainingError, match=r"another training \(signals changed\)"):
        fit(tiny_cae, [moved], out, device="cpu", resume=True)
    signal.write_bytes(before)
    resumed = fit(tiny_cae, [moved], out, device="cpu", resume=True)
    whole = fit(tiny_cae, [data], tmp_path / "whole.ecgmodel", device="cpu")
    assert resumed is not None
    assert whole is not None
    assert resumed.training["records"] == whole.training["records"]
    assert resumed.training["history"] == whole.training["history"]
