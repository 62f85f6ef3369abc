"""The variational autoencoder on a bidirectional LSTM (VAE-BiLSTM).

As published (``steps = "window"``, ``stem = false``): a bidirectional LSTM over the samples of a
1-s window gives mean and log-variance of one latent vector, which is repeated over time and
decoded by an LSTM to mean and log-variance per lead and sample.

As shipped (``steps = "each"``, ``stem = true``): convolutions of stride 8 before the LSTM make
10 s 125 steps, mirrored ones after it; each step has its latent vector, and blocks of the input
are hidden so that every sample is predicted from its context.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from ecgviewer.models.networks import blocks
from ecgviewer.models.networks.architectures import VAE_BILSTM, Architecture, Hyper
from ecgviewer.models.networks.network import N_LEADS, Network, Restoration


class VaeBiLstm(Network):
    """VAE-BiLSTM; see the module's docstring."""

    entry: ClassVar[Architecture] = VAE_BILSTM

    def __init__(self, hyper: Hyper) -> None:
        super().__init__(hyper)
        self.stem = bool(self.hyper["stem"])
        self.per_step = self.hyper["steps"] == "each"
        self.latent, hidden = int(self.hyper["latent"]), int(self.hyper["hidden"])
        width = blocks.CHANNELS[-1] if self.stem else N_LEADS
        # With a stem the network is told which samples are shown; without, as published, not.
        self.encode = blocks.ConvEncoder(2 * N_LEADS) if self.stem else None
        self.encoder = nn.LSTM(width, hidden, batch_first=True, bidirectional=True)
        self.to_latent = nn.Linear(2 * hidden, 2 * self.latent)
        self.drop = nn.Dropout(float(self.hyper["dropout"]))
        self.decoder = nn.LSTM(self.latent, hidden, batch_first=True, bidirectional=self.per_step)
        decoded = 2 * hidden if self.per_step else hidden
        self.head = nn.Linear(decoded, width if self.stem else 2 * N_LEADS)
        self.decode = blocks.ConvDecoder(2 * N_LEADS) if self.stem else None

    def noise_shape(self, n: int) -> tuple[int, int] | None:
        """Return the latent's steps and size."""
        if not self.per_step:
            return 1, self.latent
        return (-(-n // blocks.STRIDE) if self.stem else n), self.latent

    def restore(self, x: Tensor, visible: Tensor, noise: Tensor | None) -> Restoration:
        """See :meth:`Network.restore`."""
        n = x.shape[-1]
        inputs = x
        if self.encode is not None:
            inputs = self.encode(blocks.pad_to_stride(torch.cat([x, visible], dim=1)))
        states, (last, _) = self.encoder(inputs.transpose(1, 2))
        if not self.per_step:
            states = torch.cat([last[0], last[1]], dim=1)[:, None, :]
        mean_z, log_var_z = self.to_latent(self.drop(states)).chunk(2, dim=-1)
        z = blocks.sampled(mean_z, log_var_z, noise)
        if not self.per_step:
            z = z.expand(-1, inputs.shape[-1], -1)
        decoded, _ = self.decoder(z)
        out = self.head(self.drop(decoded)).transpose(1, 2)
        if self.decode is not None:
            out = self.decode(torch.relu(out))[..., :n]
        mean, log_var = out.chunk(2, dim=1)
        floor = float(self.hyper["floor_sd"])
        return Restoration(mean, blocks.floored(log_var, floor), mean_z, log_var_z)
