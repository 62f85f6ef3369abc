"""The VAE on bidirectional LSTMs with multi-head attention (VAE-BiLSTM-MHA).

As published (``stem = false``): two bidirectional LSTMs give mean and log-variance of a latent
vector per time step; a 4-head attention across the 12 leads at each step adds lead context; an
8-head attention over time takes queries and keys from the input window and values from the
latent; two bidirectional LSTMs and an MLP decode to mean and log-variance per lead and sample.

As shipped (``stem = true``): the same behind convolutions of stride 8, which make 10 s 125 steps.
Queries and keys see the *masked* input, so attention cannot copy what it should predict; the
latent also bypasses the attention, and queries and keys know their position. With blocks hidden,
attention over time says which context was looked at rather than what was restored: the raw score
then weights errors by the attention across leads alone.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from ecgviewer.models.networks import blocks
from ecgviewer.models.networks.architectures import VAE_BILSTM_MHA, Architecture, Hyper
from ecgviewer.models.networks.network import N_LEADS, Network, Restoration


class VaeBiLstmMha(Network):
    """VAE-BiLSTM-MHA; see the module's docstring."""

    entry: ClassVar[Architecture] = VAE_BILSTM_MHA

    def __init__(self, hyper: Hyper) -> None:
        super().__init__(hyper)
        self.stem = bool(self.hyper["stem"])
        self.latent, hidden = int(self.hyper["latent"]), int(self.hyper["hidden"])
        layers, lead_width = int(self.hyper["layers"]), int(self.hyper["lead_width"])
        self.dropout = float(self.hyper["dropout"])
        width = blocks.CHANNELS[-1] if self.stem else N_LEADS
        self.encode = blocks.ConvEncoder(2 * N_LEADS) if self.stem else None
        # One step of one lead: eight samples and which of them are shown, or one sample.
        self.lead_step = 2 * blocks.STRIDE if self.stem else 1
        self.lead_attention = blocks.LeadAttention(
            self.lead_step, lead_width, int(self.hyper["lead_heads"]), self.latent, N_LEADS
        )
        self.encoder = self._bilstm(width, hidden, layers)
        self.to_latent = nn.Linear(2 * hidden, 2 * self.latent)
        self.time_attention = blocks.TimeAttention(width, self.latent, int(self.hyper["heads"]))
        self.decoder = self._bilstm(self.latent, hidden, layers)
        self.head = nn.Sequential(
            nn.Linear(2 * hidden, hidden),
            nn.ReLU(),
            nn.Dropout(self.dropout),
            nn.Linear(hidden, width if self.stem else 2 * N_LEADS),
        )
        self.decode = blocks.ConvDecoder(2 * N_LEADS) if self.stem else None

    def _bilstm(self, d_in: int, hidden: int, layers: int) -> nn.LSTM:
        dropout = self.dropout if layers > 1 else 0.0
        return nn.LSTM(d_in, hidden, layers, batch_first=True, bidirectional=True, dropout=dropout)

    def noise_shape(self, n: int) -> tuple[int, int] | None:
        """Return the latent's steps and size."""
        return (-(-n // blocks.STRIDE) if self.stem else n), self.latent

    def restore(self, x: Tensor, visible: Tensor, noise: Tensor | None) -> Restoration:
        """See :meth:`Network.restore`."""
        n = x.shape[-1]
        if self.encode is None:
            steps, per_lead = x.transpose(1, 2), x.transpose(1, 2)[..., None]
        else:
            padded = blocks.pad_to_stride(torch.cat([x, visible], dim=1))
            steps = self.encode(padded).transpose(1, 2)
            per_lead = (
                padded.reshape(len(x), 2, N_LEADS, -1, blocks.STRIDE)
                .permute(0, 3, 2, 1, 4)  # [B, T, 12, 2, 8]
                .flatten(3)
            )
        states, _ = self.encoder(steps)
        mean_z, log_var_z = self.to_latent(states).chunk(2, dim=-1)
        context, by_lead = self.lead_attention(per_lead, visible.amax(-1))
        z = blocks.sampled(mean_z, log_var_z, noise) + context
        if self.stem:
            located = steps + blocks.positions(steps.shape[1], steps.shape[2], steps)
            attended, by_time = self.time_attention(located, z, self.dropout)
            attended = attended + z
        else:
            attended, by_time = self.time_attention(steps, z, self.dropout)
        decoded, _ = self.decoder(attended)
        out = self.head(decoded).transpose(1, 2)
        if self.decode is not None:
            out = self.decode(torch.relu(out))[..., :n]
        mean, log_var = out.chunk(2, dim=1)
        attention = self._received(by_lead, by_time, n)
        return Restoration(
            mean=mean,
            log_var=blocks.floored(log_var, float(self.hyper["floor_sd"])),
            latent=mean_z,
            latent_log_var=log_var_z,
            attention=attention,
            error_weight=by_lead.mean(1)[..., None] * N_LEADS if self.stem else attention,
        )

    def _received(self, by_lead: Tensor, by_time: Tensor, n: int) -> Tensor:
        """Return attention received [B, 12, n] from [B, T, 12] and [B, T]; uniform gives 1."""
        steps = by_time.shape[1]
        received = (by_lead * by_time[..., None]).transpose(1, 2) * (N_LEADS * steps)
        if not self.stem:
            return received
        return nn.functional.interpolate(
            received, size=steps * blocks.STRIDE, mode="linear", align_corners=False
        )[..., :n]
