"""``fit``: from folders of labelled records to one calibrated bundle."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch

from ecgviewer.core.progress import Progress
from ecgviewer.core.system.user_dirs import cache_dir
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.run.devices import resolve_device
from ecgviewer.models.run.kept.versions import library_versions
from ecgviewer.models.score.fitting import MIN_NORMALS
from trainer.datasets.copies import keep_copies_together
from trainer.datasets.entries import DataError, Entry, Index
from trainer.datasets.scan import scan
from trainer.datasets.used_records import RECORDS, SOURCES, Signals, signals_of, with_normals
from trainer.fitting.cache import WindowSet, cached_windows
from trainer.fitting.calibration.calibrate import calibrated
from trainer.fitting.config import Config
from trainer.fitting.engine import Engine, Progression
from trainer.fitting.learning_curve import learning_curve
from trainer.fitting.processes import Processes
from trainer.fitting.progress_bar import Log, ProgressBar
from trainer.fitting.training_files import FitError, Places

__all__ = ["FitError", "fit"]


def fit(
    config: Config,
    data: Sequence[Path],
    out: Path,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
    yardstick: Sequence[Path] = (),
) -> Bundle | None:
    """Train, calibrate and write a bundle.

    Parameters
    ----------
    config : Config
    data : sequence of Path
        Folders or HDF5 files; see ``trainer.datasets.entries.scan``.
    out : Path
        The bundle; log, learning curve and, until done, the state lie beside it.
    device : str
        ``auto``, ``cpu``, ``cuda``. Under ``torchrun`` each process takes its local GPU.
    resume : bool
        Continue an unfinished training of this name, if there is one.
    overwrite : bool
        Replace an existing bundle (and, without ``resume``, an unfinished training).
    yardstick : sequence of Path
        Further data whose normals, all of them, count in the calibration but train no network.

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
        with ExitStack() as held:
            processes.from_first(lambda: held.enter_context(places.held(resume, overwrite)))
            log = held.enter_context(
                Log(places.log if processes.first else None, echo=processes.first)
            )
            index = keep_copies_together(scan(data), bar)
            log(index.describe())
            others = scan(yardstick) if yardstick else Index(())
            bar.close()
            if yardstick:
                log(f"for the calibration alone:\n{others.describe()}")
            train, calibration = _windows(index, config, bar, log, processes)
            log(
                f"{len(train)} windows to train on, {len(calibration)} of other patients to "
                f"choose the weights; {_hardware(where)}, {processes.world} process(es)"
            )
            signals = processes.from_first(lambda: signals_of(index, bar))
            identity = _identity(config, index, signals, train, calibration)
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
                SOURCES: sorted({entry.source for entry in index.entries if entry.normal}),
                RECORDS: signals.listed and with_normals(signals.listed, others, bar),
                "yardstick": others.describe(),
                "n_train": len(train),
                "n_train_records": _n_records(train),
                "n_calibrate": len(calibration),
                "epochs": config.training.epochs,
                "best_epoch": engine.at.best_epoch,
                "best_loss": engine.at.best_loss,
                "history": engine.at.history,
                "seconds": round(engine.at.seconds, 1),
                "hardware": _hardware(where),
            }
            bundle = Bundle(
                architecture=config.architecture,
                hyper=network.hyper,
                preprocessing=config.preprocessing,
                windowing=config.windowing,
                network_tensors={k: v.cpu().numpy() for k, v in network.state_dict().items()},
                training=training,
                versions=library_versions(),
            )
            bundle = places.save(
                calibrated(bundle, index, others, config.devices, device, bar, log), overwrite
            )
            _draw(engine.at, places.curve, overwrite, log)
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
    train, calibration = sets
    clean = _n_records(train) + _n_records(calibration)
    if clean < MIN_NORMALS:
        raise DataError(
            f"{clean} clean normal records are too few: the score is calibrated on them in the "
            f"end, and that takes {MIN_NORMALS}"
        )
    return train, calibration


def _draw(at: Progression, curve: Path, overwrite: bool, log: Log) -> None:
    """Draw the learning curve; without it the bundle is as good."""
    if curve.exists() and not overwrite:
        log(f"the learning curve is not drawn: {curve.name} came to lie there meanwhile")
        return
    try:
        learning_curve(at.history, at.best_epoch, curve)
    except OSError as error:
        log(f"the learning curve cannot be written: {error.strerror or error}")


def _n_records(windows: WindowSet) -> int:
    """Return how many records have windows in a set."""
    return int(np.unique(windows.records).size)


def _identity(
    config: Config, index: Index, signals: Signals, train: WindowSet, calibration: WindowSet
) -> dict[str, str]:
    """Return all that decides a training: what a resumed state must agree with, key by key.

    How often it is saved does not, and with a constant learning rate neither does its length.
    """
    tables = config.to_dict()
    del tables["training"]["checkpoint_s"], tables["devices"]
    if config.training.schedule == "constant":
        del tables["training"]["epochs"]
    values: dict[str, object] = {}
    for name, value in tables.items():
        if isinstance(value, dict):
            values |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            values[name] = value
    values["data"] = index.sha256()
    values["signals"] = signals.normals_sha256
    values["windows"] = [len(train), len(calibration)]
    return {name: json.dumps(value, sort_keys=True) for name, value in values.items()}


def _local_device(device: str) -> torch.device:
    where = resolve_device(device)
    local = os.environ.get("LOCAL_RANK")
    if where.type == "cuda" and local is not None:
        where = torch.device(f"cuda:{int(local) % torch.cuda.device_count()}")
        torch.cuda.set_device(where)
    return where


def _hardware(device: torch.device) -> str:
    """Return what trains here, in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    processor = platform.processor() or platform.machine()
    return f"CPU ({processor}, {torch.get_num_threads()} threads of {os.cpu_count()} cores)"
