"""A small folder of schematic normal records, and a configuration that trains in seconds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import wfdb

from ecgviewer.core.leads import STANDARD_LEADS
from tests.models.bundles import saved_bundle
from trainer.fitting.config import Augment, Beta, Config, Training


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Bit-equal repetition needs a fixed order of additions."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def bundle_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained, calibrated CAE bundle."""
    return saved_bundle(tmp_path_factory.mktemp("bundle"), "cae")


def schematic_mv(seed: int, seconds: float = 10.0, fs: int = 100) -> np.ndarray:
    """Return [12, n] mV of a schematic normal heart whose limb leads obey Einthoven."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * fs)) / fs
    period = rng.uniform(0.7, 1.0)
    waves = np.zeros((8, t.size))
    gains = np.array([0.5, 0.9, -0.3, 0.3, 0.7, 1.0, 1.1, 0.8]) * rng.normal(1, 0.1, 8)
    for beat in np.arange(0.3, seconds, period) + rng.normal(0, 0.01):
        for at, width, height in ((-0.16, 0.025, 0.15), (0, 0.015, 1.0), (0.26, 0.05, 0.3)):
            waves += gains[:, None] * height * np.exp(-(((t - beat - at) / width) ** 2) / 2)
    waves += 0.01 * rng.standard_normal(waves.shape)
    i, ii = waves[0], waves[1]
    limbs = np.stack([i, ii, ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2])
    return np.concatenate([limbs, waves[2:]])


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """WFDB records with labels.csv: 56 normal, 4 not, all of different patients."""
    folder = tmp_path_factory.mktemp("data")
    rows = ["record,normal,patient_id"]
    for k in range(60):
        name = f"r{k:02d}"
        wfdb.wrsamp(
            name, fs=100, units=["mV"] * 12, sig_name=list(STANDARD_LEADS),
            p_signal=schematic_mv(k).T, fmt=["16"] * 12, write_dir=str(folder),
        )  # fmt: skip
        rows.append(f"{name},{int(k < 56)},p{k}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def tiny() -> Config:
    """A small VAE-BiLSTM-MHA, two epochs."""
    return Config(
        architecture="vae-bilstm-mha",
        network={
            "stem": True, "latent": 8, "hidden": 8, "hidden_share": 0.3, "dropout": 0.1,
            "beta": 0.1,
        },
        training=Training(epochs=2, batch_size=8, learning_rate=2e-3, gradient_clip=1.0),
        beta=Beta("linear", 0.0, 0.1, 2.0),
        augment=Augment(gain=0.1, noise=0.1, lead_dropout=0.2, stretch=0.1, crop=0.3),
    )  # fmt: skip


@pytest.fixture
def tiny_cae() -> Config:
    """A CAE, two epochs, nothing random in a step."""
    return replace(
        Config("cae", network={"bottleneck": 4}),
        training=Training(epochs=2, batch_size=8, learning_rate=1e-3),
    )
