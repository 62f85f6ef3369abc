"""What every network offers: a training loss, and restoration with its by-products.

A network sees windows ``[B, 12, n]`` in network units (see ``ecgviewer.signal.preprocessing``)
and restores them. Where its hyperparameters hide blocks (``hidden_share`` > 0), each sample is
predicted from its context: training hides a random share of the blocks, inference runs as many
complementary masks as cover every block once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib import import_module
from typing import ClassVar, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ecgviewer.models.networks import architectures, blocks
from ecgviewer.models.networks.architectures import Architecture, Hyper

FloatArray = npt.NDArray[np.float32]

N_LEADS = 12
N_MASKS = 4
"""Complementary masks at inference: each hides every fourth block."""


@dataclass(frozen=True, eq=False, slots=True)
class NetworkOutput:
    """One window through a network, in network units.

    Attributes
    ----------
    mean : array [12, n]
        The restored window.
    log_var : array [12, n] or None
        Log-variance the network expects of its error; None for the CAE.
    latent : array [d]
        Mean and standard deviation over time of the latent (the latent itself where there is
        one per window).
    attention : array [12, n] or None
        Attention received, 1 where it is what a uniform spread would give.
    saliency : array [12, n] or None
        Magnitude of the gradient of the score by the input, mean 1.
    raw_score : float
        As the paper defines it for this architecture, per sample.
    """

    mean: FloatArray
    log_var: FloatArray | None
    latent: FloatArray
    attention: FloatArray | None
    saliency: FloatArray | None
    raw_score: float


@dataclass(slots=True)
class Restoration:
    """What one forward pass gives; ``T`` is the number of latent steps.

    Attributes
    ----------
    mean, log_var : tensor [B, 12, n]
    latent : tensor [B, T, d]
        The latent's mean.
    latent_log_var : tensor [B, T, d] or None
    attention : tensor [B, 12, n] or None
    error_weight : tensor [B, 12, n] or [B, 12, 1] or None
        Weight of the squared errors in the raw score, from attention.
    """

    mean: Tensor
    log_var: Tensor | None
    latent: Tensor
    latent_log_var: Tensor | None = None
    attention: Tensor | None = None
    error_weight: Tensor | None = None


class Network(nn.Module, ABC):
    """Base of the architectures.

    Parameters
    ----------
    hyper : mapping
        Hyperparameters, completed by the entry's ``defaults``.
    """

    entry: ClassVar[Architecture]
    """The network's entry in the table of models."""
    shows_saliency: ClassVar[bool] = False
    """Whether the gradient of the score is shown, for want of attention."""

    def __init__(self, hyper: Hyper) -> None:
        super().__init__()
        unknown = set(hyper) - set(self.entry.defaults)
        if unknown:
            raise ValueError(f"{self.entry.id} has no hyperparameter {sorted(unknown)}")
        self.hyper: dict[str, float | int | str | bool] = {**self.entry.defaults, **hyper}

    @abstractmethod
    def restore(self, x: Tensor, visible: Tensor, noise: Tensor | None) -> Restoration:
        """Return the restored windows.

        Parameters
        ----------
        x : tensor [B, 12, n]
            Hidden and invalid samples are already 0.
        visible : tensor [B, 12, n]
            1 where ``x`` is shown.
        noise : tensor [B, T, d] or None
            Standard normal noise for the latent; None uses its mean.
        """

    @abstractmethod
    def noise_shape(self, n: int) -> tuple[int, int] | None:
        """Return ``(T, d)`` of the latent noise for ``n`` samples, None without sampling."""

    @property
    def hides_blocks(self) -> bool:
        """Whether samples are predicted from context rather than copied through."""
        return float(self.hyper["hidden_share"]) > 0

    def random_hidden(self, n: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
        """Return a training mask [n], True where hidden (``hidden_share`` of the blocks)."""
        share, block = float(self.hyper["hidden_share"]), int(self.hyper["block"])
        if share <= 0:
            return np.zeros(n, dtype=bool)
        offset = int(rng.integers(block))
        n_blocks = -(-(n + offset) // block)
        hidden = rng.permutation(n_blocks) < max(round(share * n_blocks), 1)
        return np.repeat(hidden, block)[offset : offset + n]

    def complementary_hidden(self, n: int) -> npt.NDArray[np.bool_]:
        """Return the inference masks [m, n]; together they hide every sample exactly once."""
        if not self.hides_blocks:
            return np.zeros((1, n), dtype=bool)
        block = np.arange(n) // int(self.hyper["block"])
        masks: npt.NDArray[np.bool_] = block[None, :] % N_MASKS == np.arange(N_MASKS)[:, None]
        return masks

    def forward(
        self, x: Tensor, valid: Tensor, hidden: Tensor, noise: Tensor | None, beta: float
    ) -> dict[str, Tensor]:
        """Return the training loss and its parts (scalars: ``loss``, ``error``, ``kl``).

        Parameters
        ----------
        x : tensor [B, 12, n]
            Windows in network units.
        valid : tensor [B, 12, n]
            1 where a sample counts.
        hidden : tensor [B, n]
            1 where the network must predict from context; all 0 for plain reconstruction.
        noise : tensor or None
            See :meth:`noise_shape`.
        beta : float
            Weight of the Kullback-Leibler divergence.
        """
        visible = valid * (1.0 - hidden[:, None, :])
        corrupted = x
        if self.training and float(self.hyper["input_noise"]) > 0:
            corrupted = x + float(self.hyper["input_noise"]) * torch.randn_like(x)
        result = self.restore(corrupted * visible, visible, noise)
        counted = valid * hidden[:, None, :] if self.hides_blocks else valid
        error = (self._errors(x, result) * counted).sum() / counted.sum().clamp(min=1.0)
        parts = {"error": error.detach(), "loss": error}
        if result.latent_log_var is not None:
            kl = blocks.kl_divergence(
                result.latent, result.latent_log_var, float(self.hyper["free_bits"])
            )
            kl = kl / (x.shape[1] * x.shape[2])
            parts["kl"] = kl.detach()
            parts["loss"] = error + beta * kl
        return parts

    @torch.no_grad()
    def validation_loss(self, x: Tensor, valid: Tensor) -> Tensor:
        """Return each window's loss [B] as at inference: no noise, every sample from context."""
        result = self.restore_all(x * valid, valid)
        errors = (self._errors(x, result) * valid).sum((1, 2))
        loss = errors / valid.sum((1, 2)).clamp(min=1.0)
        if result.latent_log_var is not None:
            kl = blocks.kl_per_window(result.latent, result.latent_log_var)
            loss = loss + float(self.hyper["beta"]) * kl / (x.shape[1] * x.shape[2])
        return loss

    @staticmethod
    def _errors(x: Tensor, result: Restoration) -> Tensor:
        """Return squared errors, or Gaussian negative log-likelihoods, [B, 12, n]."""
        squared = (result.mean - x) ** 2
        if result.log_var is None:
            return squared
        return 0.5 * (result.log_var + squared * torch.exp(-result.log_var))

    def raw_score(self, x: Tensor, valid: Tensor, result: Restoration) -> Tensor:
        """Return the paper's score of each window [B], per sample.

        Mean squared error; plus the KL divergence per sample where the latent is a
        distribution; the error weighted by attention received where there is attention. The
        divergence counts in full here, whatever weight training gave it.
        """
        weight = valid if result.error_weight is None else valid * result.error_weight
        total = weight.sum((1, 2)).clamp(min=1e-6)
        score = ((result.mean - x) ** 2 * weight).sum((1, 2)) / total
        if result.latent_log_var is not None:
            kl = blocks.kl_per_window(result.latent, result.latent_log_var)
            score = score + kl / (x.shape[1] * x.shape[2])
        return score

    def restore_all(self, x: Tensor, valid: Tensor) -> Restoration:
        """Return windows of which every sample was predicted with its block hidden.

        ``x`` and ``valid`` are [B, 12, n]. Latents and attention are averaged over the masks.
        """
        n_windows, n = x.shape[0], x.shape[2]
        hidden = torch.from_numpy(self.complementary_hidden(n)).to(x)
        m = hidden.shape[0]
        visible = valid[None] * (1.0 - hidden[:, None, None, :])
        visible = visible.reshape(m * n_windows, N_LEADS, n)
        result = self.restore(x.repeat(m, 1, 1) * visible, visible, None)
        if m == 1:
            return result

        def average(value: Tensor | None) -> Tensor | None:
            return None if value is None else value.reshape(m, n_windows, *value.shape[1:]).mean(0)

        def chosen(value: Tensor) -> Tensor:
            return (value.reshape(m, n_windows, N_LEADS, n) * hidden[:, None, None, :]).sum(0)

        return Restoration(
            mean=chosen(result.mean),
            log_var=None if result.log_var is None else chosen(result.log_var),
            latent=cast("Tensor", average(result.latent)),
            latent_log_var=average(result.latent_log_var),
            attention=average(result.attention),
            error_weight=average(result.error_weight),
        )

    def infer(self, x: Tensor, valid: Tensor, explain: bool = True) -> list[NetworkOutput]:
        """Return what the network makes of each window.

        Parameters
        ----------
        x : tensor [B, 12, n]
            Windows in network units, of any length from 2.5 s; without NaN.
        valid : tensor [B, 12] or [B, 12, n]
            False where a lead, or a sample, may not be judged. Invalid samples are never shown.
        explain : bool
            Whether to take the gradient where the network shows saliency; it costs as much again.
        """
        gradient = explain and self.shows_saliency
        valid = (valid if valid.ndim == 3 else valid[:, :, None]).to(x).expand_as(x)
        # A network that shows saliency needs the gradient of the very pass that restores.
        with torch.enable_grad() if gradient else torch.inference_mode():
            probe = x.detach().clone().requires_grad_() if gradient else x
            result = self.restore_all(probe * valid, valid)
            raw = self.raw_score(probe, valid, result)
            saliency = self._saliency(probe, valid, raw) if gradient else None
            latent = blocks.pool_latent(result.latent)
        return [
            NetworkOutput(
                mean=_numpy(result.mean[i]),
                log_var=None if result.log_var is None else _numpy(result.log_var[i]),
                latent=_numpy(latent[i]),
                attention=None if result.attention is None else _numpy(result.attention[i]),
                saliency=None if saliency is None else _numpy(saliency[i]),
                raw_score=float(raw[i].detach()),
            )
            for i in range(x.shape[0])
        ]

    @staticmethod
    def _saliency(probe: Tensor, valid: Tensor, raw: Tensor) -> Tensor:
        """Return [B, 12, n] from the windows and the raw score [B] that was computed from them."""
        (gradient,) = torch.autograd.grad(raw.sum(), probe)
        # The gradient alternates in sign from sample to sample: 50 ms make it readable.
        magnitude = functional.avg_pool1d(gradient.abs(), 5, 1, 2, count_include_pad=False)
        scale = (magnitude * valid).sum((1, 2)) / valid.sum((1, 2)).clamp(min=1.0)
        return magnitude / scale.clamp(min=1e-12)[:, None, None]


def _numpy(value: Tensor) -> FloatArray:
    return cast("FloatArray", value.detach().float().cpu().numpy())


def network_class(entry: Architecture) -> type[Network]:
    """Import and return the network's class of a model in the table."""
    module, _, name = entry.network.partition(":")
    found: type[Network] = getattr(import_module(module), name)
    return found


def build_network(architecture: str, hyper: Hyper) -> Network:
    """Return a freshly initialised network.

    Parameters
    ----------
    architecture : str
        The id of a model in the table.
    hyper : mapping
        Hyperparameters; unknown names raise ValueError.
    """
    try:
        entry = architectures.architecture(architecture)
    except KeyError:
        known = ", ".join(architectures.model_ids())
        raise ValueError(f"unknown architecture {architecture!r}; known: {known}") from None
    return network_class(entry)(hyper)
