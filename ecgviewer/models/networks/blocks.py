"""Building blocks the three architectures share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

KERNELS = (7, 5, 3)
CHANNELS = (32, 64, 128)
STRIDE = 8
"""Samples per step after three convolutions of stride 2."""


def pad_to_stride(x: Tensor, stride: int = STRIDE) -> Tensor:
    """Return ``x`` [B, C, n] with its last sample repeated up to a multiple of ``stride``.

    The network needs whole steps; what it makes of the padding is cut off and never scored.
    """
    missing = -x.shape[-1] % stride
    return functional.pad(x, (0, missing), mode="replicate") if missing else x


class ConvEncoder(nn.Module):
    """Three convolutions of stride 2: [B, in, n] to [B, 128, n / 8] (n a multiple of 8)."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        widths = (in_channels, *CHANNELS)
        self.layers = nn.ModuleList(
            nn.Conv1d(widths[i], widths[i + 1], k, stride=2, padding=k // 2)
            for i, k in enumerate(KERNELS)
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = functional.relu(layer(x))
        return x


class ConvDecoder(nn.Module):
    """The encoder mirrored: [B, 128, T] to [B, out, 8 T]."""

    def __init__(self, out_channels: int) -> None:
        super().__init__()
        widths = (*reversed(CHANNELS), out_channels)
        self.layers = nn.ModuleList(
            nn.ConvTranspose1d(
                widths[i], widths[i + 1], k, stride=2, padding=k // 2, output_padding=1
            )
            for i, k in enumerate(reversed(KERNELS))
        )

    def forward(self, x: Tensor) -> Tensor:
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i + 1 < len(self.layers):
                x = functional.relu(x)
        return x


class LeadAttention(nn.Module):
    """Attention across the leads at each step: who looks at whom, and what comes of it.

    Parameters
    ----------
    d_in : int
        Features per lead and step.
    d_model, n_heads : int
    d_out : int
        Size of the context vector per step.
    """

    def __init__(self, d_in: int, d_model: int, n_heads: int, d_out: int, n_leads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.embed = nn.Linear(d_in, d_model)
        self.lead = nn.Parameter(0.5 * torch.randn(n_leads, d_model))
        self.project_qkv = nn.Linear(d_model, 3 * d_model)
        self.project = nn.Linear(n_leads * d_model, d_out)

    def forward(self, features: Tensor, shown: Tensor) -> tuple[Tensor, Tensor]:
        """Return the context [B, T, d_out] and the attention received [B, T, n_leads].

        Parameters
        ----------
        features : tensor [B, T, n_leads, d_in]
        shown : tensor [B, n_leads]
            0 where a lead must not be looked at.
        """
        tokens = self.embed(features) + self.lead
        q, k, v = (_heads(part, self.n_heads) for part in self.project_qkv(tokens).chunk(3, -1))
        # A window without any lead would have nothing to look at: then every lead is shown.
        absent = (shown < 0.5) & (shown > 0.5).any(1, keepdim=True)
        scores = (q / math.sqrt(q.shape[-1])) @ k.transpose(-1, -2)
        # torch.softmax is slow over twelve values; the clamp takes the place of its maximum.
        looks = scores.clamp(-30.0, 30.0).exp()
        if bool(absent.any()):
            looks = looks * (~absent)[:, None, None, None, :]
        weights = looks / looks.sum(-1, keepdim=True)  # [B, T, heads, query, key]
        mixed = (weights @ v).transpose(2, 3).flatten(2)
        context: Tensor = self.project(mixed)
        # Averaging over the keys would give 1 / n_leads everywhere; over heads and queries it
        # is what each lead receives.
        return context, weights.mean((2, 3))


class TimeAttention(nn.Module):
    """Attention over time whose queries and keys come from the input and values from elsewhere."""

    def __init__(self, d_input: int, d_value: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(d_input, d_value)
        self.key = nn.Linear(d_input, d_value)
        self.value = nn.Linear(d_value, d_value)
        self.out = nn.Linear(d_value, d_value)

    def forward(self, source: Tensor, values: Tensor, dropout: float) -> tuple[Tensor, Tensor]:
        """Return the attended values [B, T, d_value] and the attention received [B, T].

        ``source`` is [B, T, d_input], ``values`` [B, T, d_value].
        """
        q, k = _heads(self.query(source), self.n_heads), _heads(self.key(source), self.n_heads)
        v = _heads(self.value(values), self.n_heads)
        weights = torch.softmax((q / math.sqrt(q.shape[-1])) @ k.transpose(-1, -2), dim=-1)
        received = weights.mean((1, 2))
        weights = functional.dropout(weights, dropout, self.training)
        out: Tensor = self.out((weights @ v).transpose(1, 2).flatten(2))
        return out, received


def _heads(x: Tensor, n_heads: int) -> Tensor:
    """Return [..., S, d] as [..., n_heads, S, d / n_heads]."""
    return x.reshape(*x.shape[:-1], n_heads, -1).transpose(-2, -3)


def positions(steps: int, d: int, like: Tensor) -> Tensor:
    """Return sinusoidal position features [steps, d] (d even)."""
    at = torch.arange(steps, device=like.device, dtype=torch.float32)[:, None]
    rate = torch.exp(
        torch.arange(0, d, 2, device=like.device, dtype=torch.float32) * (-math.log(1e4) / d)
    )
    return torch.cat([torch.sin(at * rate), torch.cos(at * rate)], dim=1).to(like.dtype)


def floored(log_var: Tensor, floor_sd: float) -> Tensor:
    """Return the log-variance with ``floor_sd`` squared added to the variance.

    Without a floor the likelihood of a well restored flat stretch grows without bound.
    """
    return torch.logaddexp(log_var, torch.full_like(log_var, 2.0 * math.log(floor_sd)))


def kl_per_window(mean: Tensor, log_var: Tensor) -> Tensor:
    """Return the KL divergence from a standard normal, summed over [T, d]: [B]."""
    return 0.5 * (mean**2 + log_var.exp() - 1.0 - log_var).sum((1, 2))


def kl_divergence(mean: Tensor, log_var: Tensor, free_bits: float) -> Tensor:
    """Return the KL divergence summed over steps and dimensions, averaged over windows.

    ``free_bits`` (nats) is what each latent dimension may carry per step without cost.
    """
    kl = 0.5 * (mean**2 + log_var.exp() - 1.0 - log_var).mean((0, 1))
    return kl.clamp(min=free_bits).sum() * mean.shape[1]


def sampled(mean: Tensor, log_var: Tensor, noise: Tensor | None) -> Tensor:
    """Return a draw from the latent, or its mean where there is no noise."""
    return mean if noise is None else mean + torch.exp(0.5 * log_var) * noise


def pool_latent(latent: Tensor) -> Tensor:
    """Return [B, T, d] as mean and standard deviation over time [B, 2 d], or [B, d] for T = 1."""
    if latent.shape[1] == 1:
        return latent[:, 0]
    return torch.cat([latent.mean(1), latent.std(1, correction=0)], dim=1)
