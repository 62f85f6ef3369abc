"""Untrained, calibrated bundles for tests: real format, real samples, no training time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.networks.network import NetworkOutput, build_network
from ecgviewer.models.run.kept.versions import library_versions
from ecgviewer.models.run.windows import Windowing
from ecgviewer.models.score.fitting import Normal, fit_scorer
from ecgviewer.models.score.window_evidence import Window
from ecgviewer.signal.preprocessing import Preprocessing

HYPER: dict[str, dict[str, object]] = {
    "cae": {"bottleneck": 4},
    "vae-bilstm": {
        "stem": True, "steps": "each", "latent": 8, "hidden": 16, "hidden_share": 0.3,
    },
    "vae-bilstm-mha": {"stem": True, "latent": 8, "hidden": 16, "hidden_share": 0.3},
}  # fmt: skip


def normal_window(seed: int, latent: int) -> Window:
    """Return ten seconds of a schematic normal heart with a restored copy."""
    rng = np.random.default_rng(seed)
    n = 1000
    period = rng.uniform(0.7, 1.0)
    beats = np.arange(0.4, 9.6, period) + rng.normal(0, 0.01, len(np.arange(0.4, 9.6, period)))
    t = np.arange(n) / 100
    x = np.zeros((12, n))
    gains = np.linspace(0.4, 1.2, 12)[:, None] * rng.normal(1, 0.1, (12, 1))
    for beat in beats:
        for at, width, height in ((-0.16, 0.02, 0.15), (0, 0.012, 1.0), (0.25, 0.05, 0.3)):
            x += gains * height * np.exp(-(((t - beat - at) / width) ** 2) / 2)
    x += 0.02 * rng.standard_normal(x.shape)
    x = x.astype(np.float32)
    scaled = Preprocessing().scale(x)
    restored = scaled + 0.2 * rng.standard_normal(x.shape).astype(np.float32)
    output = NetworkOutput(
        mean=restored,
        log_var=np.zeros_like(scaled),
        latent=rng.standard_normal(latent).astype(np.float32),
        attention=None,
        saliency=None,
        raw_score=float(((restored - scaled) ** 2).mean()),
    )
    peaks = np.round(beats * 100).astype(np.int64)
    return Window(x, scaled, output, 100.0, peaks, np.ones(12, dtype=bool))


def make_bundle(architecture: str = "vae-bilstm-mha", calibrated: bool = True) -> Bundle:
    """Return a small bundle of an architecture."""
    torch.manual_seed(1)
    network = build_network(architecture, HYPER[architecture])  # type: ignore[arg-type]
    bundle = Bundle(
        architecture=architecture,
        hyper=network.hyper,
        preprocessing=Preprocessing(),
        windowing=Windowing(),
        network_tensors={k: v.numpy() for k, v in network.state_dict().items()},
        versions=library_versions(),
    )
    if not calibrated:
        return bundle
    probe = network.eval().infer(torch.zeros(1, 12, 1000), torch.ones(1, 12))[0]
    scorer = fit_scorer(
        [Normal(normal_window(seed, probe.latent.size), str(seed)) for seed in range(40)]
    )
    thresholds = {str(q): scorer.record_reference.threshold(q) for q in (0.9, 0.95, 0.99)}
    from dataclasses import replace

    return replace(bundle, scorer_tensors=scorer.to_tensors(), thresholds=thresholds)


def saved_bundle(folder: Path, architecture: str = "vae-bilstm-mha") -> Path:
    """Write a small bundle and return its path."""
    path = folder / f"{architecture}.ecgmodel"
    make_bundle(architecture).save(path)
    return path
