"""Training batches: which windows, changed how, hidden where; reproducible one by one.

Every random choice comes from a generator seeded by (seed, epoch, window), so that batches do not
depend on how often training was interrupted or on how many processes share the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ecgviewer.models.networks.network import Network
from trainer.fitting.cache import WindowSet
from trainer.fitting.calibration.device_copies import as_other_device
from trainer.fitting.config import Augment
from trainer.fitting.heart_vector import turned

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Batch:
    """What :meth:`Network.forward` takes; ``indices`` says which windows these are."""

    indices: tuple[int, ...]
    x: Tensor
    valid: Tensor
    hidden: Tensor
    noise: Tensor | None

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        noise = None if self.noise is None else self.noise.to(device, non_blocking=True)
        x, valid, hidden = (
            tensor.to(device, non_blocking=True) for tensor in (self.x, self.valid, self.hidden)
        )
        return Batch(self.indices, x, valid, hidden, noise)


def steps_per_epoch(n_windows: int, batch_size: int) -> int:
    """Return the number of whole batches; at least one."""
    return max(n_windows // batch_size, 1)


def training_batches(
    windows: WindowSet,
    network: Network,
    augment: Augment,
    batch_size: int,
    seed: int,
    epoch: int,
    shortest: int,
    fs_hz: float,
    first_step: int = 0,
    rank: int = 0,
    world: int = 1,
) -> Iterator[Batch]:
    """Yield this process's share of the batches of an epoch, from ``first_step`` on.

    Parameters
    ----------
    batch_size : int
        Windows per step over all processes.
    shortest : int
        Samples that a shortened window keeps at least.
    fs_hz : float
        Of the windows.
    """
    order = np.random.default_rng((seed, epoch)).permutation(len(windows))
    for step in range(first_step, steps_per_epoch(len(windows), batch_size)):
        chosen = order[step * batch_size : (step + 1) * batch_size]
        usable = len(chosen) // world * world
        # One length per step, the same in every process.
        rng = np.random.default_rng((seed, epoch, step, 1))
        n = int(windows.lengths[chosen].min())
        if augment.crop > 0 and rng.random() < augment.crop:
            n = int(rng.integers(min(shortest, n), n + 1))
        mine = [int(i) for i in chosen[:usable][rank::world]]
        yield _batch(windows, network, augment, mine, n, (seed, epoch), fs_hz)


def validation_batches(
    windows: WindowSet, batch_size: int, rank: int = 0, world: int = 1
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (x, valid) of every window of this process's share, grouped by length."""
    mine = np.arange(len(windows))[rank::world]
    mine = mine[np.argsort(windows.lengths[mine], kind="stable")]
    groups = np.split(mine, np.flatnonzero(np.diff(windows.lengths[mine])) + 1)
    for group in groups:
        for start in range(0, len(group), batch_size):
            values = np.stack([windows.window(int(i)) for i in group[start : start + batch_size]])
            yield (
                torch.from_numpy(np.nan_to_num(values)),
                torch.from_numpy(np.isfinite(values).astype(np.float32)),
            )


def _batch(
    windows: WindowSet,
    network: Network,
    augment: Augment,
    indices: list[int],
    n: int,
    seed: tuple[int, int],
    fs_hz: float,
) -> Batch:
    noise_shape = network.noise_shape(n)
    values, hidden, noise = [], [], []
    for i in indices:
        rng = np.random.default_rng((*seed, i, 2))
        values.append(augmented(windows.window(i), n, augment, rng, fs_hz))
        hidden.append(network.random_hidden(n, rng))
        if noise_shape is not None:
            noise.append(rng.standard_normal(noise_shape, dtype=np.float32))
    stacked = np.stack(values)
    return Batch(
        indices=tuple(indices),
        x=torch.from_numpy(np.nan_to_num(stacked)),
        valid=torch.from_numpy(np.isfinite(stacked).astype(np.float32)),
        hidden=torch.from_numpy(np.stack(hidden).astype(np.float32)),
        noise=torch.from_numpy(np.stack(noise)) if noise else None,
    )


def augmented(
    window: FloatArray, n: int, augment: Augment, rng: np.random.Generator, fs_hz: float
) -> FloatArray:
    """Return ``n`` samples of a window [12, m], changed at random; NaN stays NaN."""
    m = window.shape[1]
    if augment.device > 0 and rng.random() < augment.device:
        window = as_other_device(window, fs_hz, rng)
    if augment.turn > 0:
        window = turned(window, augment.turn, rng)
    x = window
    if augment.stretch > 0:
        # Sampling within the window only: a slower copy covers fewer seconds of the original.
        factor = min(1.0 + rng.uniform(-augment.stretch, augment.stretch), (m - 1) / max(n - 1, 1))
        start = rng.uniform(0.0, max(m - 1 - factor * (n - 1), 0.0))
        at = start + factor * np.arange(n)
        low = np.clip(at.astype(np.int64), 0, max(m - 2, 0))
        share = (at - low).astype(np.float32)
        x = window[:, low] * (1 - share) + window[:, low + 1] * share
    else:
        start = int(rng.integers(m - n + 1))
        x = window[:, start : start + n].copy()
    if augment.gain > 0:
        x = x * np.exp(augment.gain * rng.standard_normal((12, 1))).astype(np.float32)
    if augment.noise > 0:
        level = rng.uniform(0, augment.noise)
        x = x + level * rng.standard_normal(x.shape, dtype=np.float32)
    if augment.wander > 0:
        drift = rng.uniform(0, augment.wander, (12, 1))
        cycles, phase = rng.uniform(1, 6, (12, 1)), rng.uniform(0, 2 * np.pi, (12, 1))
        x = x + (drift * np.sin(2 * np.pi * cycles * np.arange(n) / m + phase)).astype(np.float32)
    if augment.lead_dropout > 0 and rng.random() < augment.lead_dropout:
        x = x.copy()
        x[rng.permutation(12)[: int(rng.integers(1, 7))]] = np.nan
    return x
