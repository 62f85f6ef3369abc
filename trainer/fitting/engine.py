"""The training loop: steps, validation, checkpoints; one process or many.

The state on disk holds weights, optimiser, random generators, history and position, and replaces
its predecessor atomically. Starting from it is the normal path: a fresh training is one that
found no state. Several processes (``torchrun``) share each batch through DistributedDataParallel.
"""

from __future__ import annotations

import errno
import io
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.progress import Progress
from ecgviewer.core.system.files import write_whole
from ecgviewer.models.networks.network import Network, build_network
from trainer.fitting.batches import Batch, steps_per_epoch, training_batches, validation_batches
from trainer.fitting.cache import WindowSet
from trainer.fitting.config import Config
from trainer.fitting.processes import Processes

STATE_VERSION = 3


class TrainingError(EcgViewerError):
    """Training cannot go on; what was reached is kept."""


@dataclass(slots=True)
class Progression:
    """Where training stands, and what it has seen."""

    epoch: int = 0
    step: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0, 0.0])
    history: list[dict[str, float]] = field(default_factory=list)
    best_loss: float = math.inf
    best_epoch: int = -1
    seconds: float = 0.0


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Turn Ctrl-C into an event: a step is never cut in half. A second Ctrl-C stops at once."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def ask(number: int, frame: FrameType | None) -> None:
        event.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)


class Engine:
    """Trains one network.

    Parameters
    ----------
    config : Config
    train, calibration : WindowSet
        Normals only. ``calibration`` decides which weights are kept, nothing else.
    device : torch.device
    processes : Processes
    state_path : Path
        Where the state is kept.
    identity : mapping
        What a state must agree with to be resumed (architecture, data ...).
    """

    def __init__(
        self,
        config: Config,
        train: WindowSet,
        calibration: WindowSet,
        device: torch.device,
        processes: Processes,
        state_path: Path,
        identity: Mapping[str, str],
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device, self.processes = config, device, processes
        self.train_windows, self.calibration_windows = train, calibration
        self.state_path, self.identity = state_path, dict(identity)
        self.network = build_network(config.architecture, config.network).to(device)
        self.best: dict[str, Tensor] = {}
        self.at = Progression()
        training = config.training
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay
        )
        self.steps = steps_per_epoch(len(train), training.batch_size)
        self._model: nn.Module = self.network
        if processes.world > 1:
            self._model = DistributedDataParallel(self.network)

    def run(self, progress: Progress, log: Callable[[str], None]) -> Network:
        """Train to the end and return the network with the chosen weights.

        Raises
        ------
        TrainingError
            When the loss is no longer finite or the state cannot be written.
        KeyboardInterrupt
            After Ctrl-C, once the state is saved.
        """
        with _interruptible() as interrupted:
            while self.at.epoch < self.config.training.epochs:
                self._epoch(progress, interrupted)
                self._close_epoch(log)
                self.save()
                if interrupted.is_set():
                    # Asked for during the validation.
                    raise KeyboardInterrupt
        chosen = self.best if self.config.training.select == "best" else None
        if chosen:
            self.network.load_state_dict(chosen)
        return self.network.eval()

    def _epoch(self, progress: Progress, interrupted: threading.Event) -> None:
        training = self.config.training
        windowing, fs = self.config.windowing, self.config.preprocessing.fs_hz
        self._model.train()
        started = saved = time.monotonic()
        before = self.at.seconds
        for batch in training_batches(
            self.train_windows,
            self.network,
            self.config.augment,
            training.batch_size,
            self.config.seed,
            self.at.epoch,
            round(windowing.shortest_s * fs),
            fs,
            self.at.step,
            self.processes.rank,
            self.processes.world,
        ):
            loss = self._step(batch.to(self.device))
            self.at.sums[0] += loss
            self.at.sums[1] += 1
            self.at.step += 1
            now = time.monotonic()
            self.at.seconds = before + now - started
            if interrupted.is_set() or now - saved > training.checkpoint_s:
                self.save()
                saved = now
            if interrupted.is_set():
                raise KeyboardInterrupt
            done = (self.at.epoch + self.at.step / self.steps) / training.epochs
            rate = self.at.step * training.batch_size / max(now - started, 1e-9)
            progress(
                done,
                f"epoch {self.at.epoch + 1}/{training.epochs}  "
                f"loss {self.at.sums[0] / self.at.sums[1]:.4f}  {rate:.0f} windows/s",
            )

    def _step(self, batch: Batch) -> float:
        position = self.at.epoch + self.at.step / self.steps
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate(position)
        fast = self.device.type == "cuda"
        with torch.autocast("cuda", dtype=torch.bfloat16) if fast else nullcontext():
            parts = self._model(
                batch.x, batch.valid, batch.hidden, batch.noise, self.config.beta.at(position)
            )
        loss: Tensor = parts["loss"]
        value = float(self.processes.total(loss.detach().clone())) / self.processes.world
        if not math.isfinite(value):
            names = {self.train_windows.names[self.train_windows.records[i]] for i in batch.indices}
            raise self._diverged(
                f"the loss is {value} in epoch {self.at.epoch + 1}, step {self.at.step + 1} "
                f"(records {', '.join(sorted(names)[:5])} ...)"
            )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.config.training.gradient_clip > 0:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.config.training.gradient_clip)
        self.optimizer.step()
        return value

    def _diverged(self, what: str) -> TrainingError:
        """Return the error for numbers that are none: going on from the state ends there again."""
        anew = "start anew" + (" with --overwrite" if self.state_path.exists() else "")
        return TrainingError(f"{what}: lower learning_rate or set gradient_clip, and {anew}")

    def _learning_rate(self, position: float) -> float:
        training = self.config.training
        rate = training.learning_rate
        if position + 1.0 / self.steps < training.warmup_epochs:
            return (
                rate * (position + 1.0 / self.steps) / (training.warmup_epochs + 1.0 / self.steps)
            )
        if training.schedule == "cosine":
            length = max(training.epochs - training.warmup_epochs, 1e-9)
            rate *= 0.5 * (1.0 + math.cos(math.pi * (position - training.warmup_epochs) / length))
        return rate

    def validation_loss(self) -> float:
        """Return the mean loss over the calibration normals, as at inference."""
        self.network.eval()
        sums = torch.zeros(2, dtype=torch.float64, device=self.device)
        for x, valid in validation_batches(
            self.calibration_windows,
            self.config.training.batch_size,
            self.processes.rank,
            self.processes.world,
        ):
            losses = self.network.validation_loss(x.to(self.device), valid.to(self.device))
            sums += torch.stack([losses.double().sum(), losses.new_tensor(len(losses)).double()])
        total, count = self.processes.total(sums).tolist()
        return float(total / count)

    def _close_epoch(self, log: Callable[[str], None]) -> None:
        validation = self.validation_loss()
        if not math.isfinite(validation):
            raise self._diverged(
                f"the validation loss is {validation} after epoch {self.at.epoch + 1}"
            )
        loss = self.at.sums[0] / max(self.at.sums[1], 1)
        self.at.history.append({"epoch": self.at.epoch + 1, "loss": loss, "validation": validation})
        if validation < self.at.best_loss:
            self.at.best_loss, self.at.best_epoch = validation, self.at.epoch + 1
            self.best = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        if self.processes.first:
            log(f"epoch {self.at.epoch + 1}: loss {loss:.5f}, validation {validation:.5f}")
        self.at.epoch, self.at.step, self.at.sums = self.at.epoch + 1, 0, [0.0, 0.0]

    def save(self) -> None:
        """Write the whole state; the previous one stays until the new one is complete.

        Raises
        ------
        TrainingError
            When it cannot be written, or the weights are no longer finite.
        """
        # A finite loss may still have infinite gradients. Every process has the same weights.
        if not all(bool(weights.isfinite().all()) for weights in self.network.parameters()):
            raise self._diverged(
                f"the weights are no longer finite before epoch {self.at.epoch + 1}, step "
                f"{self.at.step + 1}"
            )
        if not self.processes.first:
            return
        cuda = torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None
        state = {
            "version": STATE_VERSION,
            "identity": self.identity,
            "network": self.network.state_dict(),
            "best": self.best,
            "optimizer": self.optimizer.state_dict(),
            "rng": torch.get_rng_state(),
            "cuda_rng": cuda,
            "at": {name: getattr(self.at, name) for name in Progression.__slots__},
        }
        content = io.BytesIO()
        torch.save(state, content)
        try:
            self.state_path.parent.mkdir(exist_ok=True)
            write_whole(self.state_path, content.getvalue())
        except OSError as error:
            reason = (
                "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
            )
            kept = (
                "the previous one is kept: make room, then use --resume"
                if self.state_path.exists()
                else "there is no earlier one: the training has to start anew"
            )
            raise TrainingError(
                f"the state cannot be saved ({reason}); {kept}", self.state_path
            ) from error

    def resume(self) -> bool:
        """Continue from the state on the first process's disk; return whether there is one.

        Raises
        ------
        TrainingError
            When the state is damaged or of another training.
        """
        state = self.processes.from_first(self._read)
        if state is None:
            return False
        self._continue(state)
        return True

    def _read(self) -> dict[str, Any] | None:
        if not self.state_path.exists():
            return None
        try:
            state: dict[str, Any] = torch.load(
                self.state_path, map_location="cpu", weights_only=True
            )
        except Exception as error:
            # torch.load raises whatever its zip and unpickling code comes across.
            raise TrainingError(f"the state is damaged: {error}", self.state_path) from error
        return state

    def _continue(self, state: dict[str, Any]) -> None:
        if state.get("version") != STATE_VERSION:
            raise TrainingError("the state was written by another version", self.state_path)
        before = state["identity"]
        different = sorted(
            key for key in {*before, *self.identity} if before.get(key) != self.identity.get(key)
        )
        if different:
            raise TrainingError(
                f"the state belongs to another training ({', '.join(different)} changed); "
                "start anew with --overwrite",
                self.state_path,
            )
        at = Progression(**state["at"])
        if at.epoch + (at.step > 0) > self.config.training.epochs:
            raise TrainingError(
                f"the state has seen {at.epoch} epochs and {at.step} steps, more than the "
                f"{self.config.training.epochs} epochs that are asked for; start anew with "
                "--overwrite",
                self.state_path,
            )
        self.network.load_state_dict(state["network"])
        self.best = {k: v.to(self.device) for k, v in state["best"].items()}
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["rng"])
        if self.device.type == "cuda" and state["cuda_rng"] is not None:
            torch.cuda.set_rng_state(state["cuda_rng"], self.device)
        self.at = at
