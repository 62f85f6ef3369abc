"""``fit``: from folders of labelled records to one calibrated bundle."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.files import check_target
from ecgviewer.core.progress import Progress
from ecgviewer.core.user_dirs import cache_dir
from ecgviewer.models.bundle import Bundle
from ecgviewer.models.devices import resolve_device
from ecgviewer.models.versions import library_versions
from trainer.cache import WindowSet, cached_windows
from trainer.calibrate import calibrated
from trainer.card import hardware, training_card
from trainer.config import Config
from trainer.data import DataError, Entry, Index, scan
from trainer.engine import Engine, Processes
from trainer.plot import learning_curve
from trainer.progress_bar import Log, ProgressBar
from trainer.targets import check_new_bundle


class FitError(EcgViewerError):
    """Training was asked for in a way that cannot work."""


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one training, all named after the bundle."""

    out: Path

    @property
    def state(self) -> Path:
        """The state of an unfinished training."""
        return self.out.with_suffix(".fit") / "state.pt"

    @property
    def log(self) -> Path:
        """Plain text, appended."""
        return self.out.with_suffix(".log")

    @property
    def curve(self) -> Path:
        """The learning curve."""
        return self.out.with_suffix(".png")

    def check(self, resume: bool, overwrite: bool) -> None:
        """Raise EcgViewerError rather than touch what is there unasked, or train for nothing."""
        check_new_bundle(self.out, overwrite)
        if self.state.exists() and not (resume or overwrite):
            raise FitError(
                "an unfinished training lies beside it: --resume continues it, --overwrite "
                "starts anew",
                self.state,
            )
        if self.curve.exists() and not overwrite:
            raise FitError(
                "the learning curve is to be drawn here; --overwrite replaces this picture",
                self.curve,
            )
        for path in (self.log, self.curve):
            check_target(path)
        if self.state.parent.exists() and not self.state.parent.is_dir():
            raise FitError("the state is to be kept in a folder of this name", self.state.parent)
        if not (overwrite or Log.begun(self.log)):
            raise FitError(
                "the log is to be written here, and this file is none; --overwrite appends to it",
                self.log,
            )

    def remove_state(self) -> None:
        """Remove what this program has written of the unfinished training, and nothing else."""
        for path in (self.state, *self.state.parent.glob(f"{self.state.name}.*.part")):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            # The user may have put something of his own into it.
            self.state.parent.rmdir()


def fit(
    config: Config,
    data: Sequence[Path],
    out: Path,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
) -> Bundle | None:
    """Train, calibrate and write a bundle.

    Parameters
    ----------
    config : Config
    data : sequence of Path
        Folders or HDF5 files; see ``trainer.data.scan``.
    out : Path
        The bundle; log, learning curve and, until done, the state lie beside it.
    device : str
        ``auto``, ``cpu``, ``cuda``. Under ``torchrun`` each process takes its local GPU.
    resume : bool
        Continue an unfinished training of this name, if there is one.
    overwrite : bool
        Replace an existing bundle (and, without ``resume``, an unfinished training).

    Returns
    -------
    Bundle or None
        None in the processes that only helped.

    Raises
    ------
    EcgViewerError
        Saying what is wrong, and where. Nothing is overwritten, and finished work is kept.
    """
    places = Places(out)
    where = _local_device(device)
    processes = Processes.join(where)
    bar = ProgressBar(enabled=processes.first)
    try:
        processes.from_first(lambda: places.check(resume, overwrite))
        with Log(places.log if processes.first else None, echo=processes.first) as log:
            index = scan(data)
            log(index.describe())
            train, calibration = _windows(index, config, bar, log, processes)
            log(
                f"{len(train)} windows to train on, {len(calibration)} of other patients to "
                f"choose the weights; {hardware(where)}, {processes.world} process(es)"
            )
            identity = _identity(config, index, train, calibration)
            engine = Engine(config, train, calibration, where, processes, places.state, identity)
            if resume and engine.resume():
                log(f"resumed at epoch {engine.at.epoch + 1}, step {engine.at.step + 1}")
            network = engine.run(bar, log)
            if not processes.first:
                return None
            bar.close()
            training = {
                "config": config.to_dict(),
                "data": index.describe(),
                "index_sha256": index.sha256(),
                "sources": sorted({entry.source for entry in index.entries if entry.clean}),
                "n_train": len(train),
                "n_calibrate": len(calibration),
                "epochs": config.training.epochs,
                "best_epoch": engine.at.best_epoch,
                "best_loss": engine.at.best_loss,
                "history": engine.at.history,
                "seconds": round(engine.at.seconds, 1),
                "hardware": hardware(where),
            }
            bundle = Bundle(
                architecture=config.architecture,
                hyper=network.hyper,
                preprocessing=config.preprocessing,
                windowing=config.windowing,
                network_tensors={k: v.cpu().numpy() for k, v in network.state_dict().items()},
                training=training,
                versions=library_versions(),
                card=training_card(config.architecture, training),
            )
            bundle = calibrated(bundle, index, device, bar, log).save(out)
            try:
                learning_curve(engine.at.history, engine.at.best_epoch, places.curve)
            except OSError as error:
                log(f"the learning curve cannot be written: {error.strerror or error}")
            places.remove_state()
            log(f"wrote {out} ({bundle.sha256[:12]}) after {engine.at.seconds:.0f} s of training")
            return bundle
    finally:
        bar.close()
        processes.leave()


def _windows(
    index: Index, config: Config, progress: Progress, log: Log, processes: Processes
) -> tuple[WindowSet, WindowSet]:
    """Return the windows of the training and of the calibration normals."""
    sets: list[WindowSet] = []
    for split in ("train", "calibrate"):
        entries: list[Entry] = index.normals(split)
        if not entries:
            raise DataError(
                f"no clean normal record falls into the {split!r} part of the data; "
                "see above why records were left out"
            )
        sets.append(
            cached_windows(
                entries, config.preprocessing, config.windowing, cache_dir() / "trainer",
                progress, log,
            )
        )  # fmt: skip
    return sets[0], sets[1]


def _identity(
    config: Config, index: Index, train: WindowSet, calibration: WindowSet
) -> dict[str, str]:
    """Return all that decides a training: what a resumed state must agree with, key by key.

    How often it is saved does not, and with a constant learning rate neither does its length.
    """
    tables = config.to_dict()
    del tables["training"]["checkpoint_s"]
    if config.training.schedule == "constant":
        del tables["training"]["epochs"]
    values: dict[str, object] = {}
    for name, value in tables.items():
        if isinstance(value, dict):
            values |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            values[name] = value
    values["data"] = index.sha256()
    values["windows"] = [len(train), len(calibration)]
    return {name: json.dumps(value, sort_keys=True) for name, value in values.items()}


def _local_device(device: str) -> torch.device:
    where = resolve_device(device)
    local = os.environ.get("LOCAL_RANK")
    if where.type == "cuda" and local is not None:
        where = torch.device(f"cuda:{int(local) % torch.cuda.device_count()}")
        torch.cuda.set_device(where)
    return where
