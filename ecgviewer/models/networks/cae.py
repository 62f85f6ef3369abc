"""The convolutional autoencoder (CAE).

Encoder: three convolutions of stride 2, 12 to 32, 64, 128 channels, kernels 7, 5, 3; decoder: the
same with transposed convolutions; loss and score: mean squared error. ``bottleneck`` > 0 squeezes
the 128 channels through that many: an autoencoder without a bottleneck copies its input, diseased
or not. ``context`` adds that many dilated residual convolutions inside the bottleneck, so that
a step sees the neighbouring beats.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from ecgviewer.models.networks import blocks
from ecgviewer.models.networks.architectures import CAE, Architecture, Hyper
from ecgviewer.models.networks.network import N_LEADS, Network, Restoration


class ConvolutionalAutoencoder(Network):
    """CAE; see the module's docstring."""

    entry: ClassVar[Architecture] = CAE
    shows_saliency: ClassVar[bool] = True

    def __init__(self, hyper: Hyper) -> None:
        super().__init__(hyper)
        narrow = int(self.hyper["bottleneck"])
        wide = blocks.CHANNELS[-1]
        self.encoder = blocks.ConvEncoder(N_LEADS)
        self.squeeze = nn.Conv1d(wide, narrow, 1) if narrow else nn.Identity()
        self.widen = nn.Conv1d(narrow, wide, 1) if narrow else nn.Identity()
        self.context = nn.ModuleList(
            nn.Conv1d(wide, wide, 3, padding=2**i, dilation=2**i)
            for i in range(int(self.hyper["context"]))
        )
        self.decoder = blocks.ConvDecoder(N_LEADS)

    def noise_shape(self, n: int) -> tuple[int, int] | None:
        """Return None: the latent is no distribution."""
        return None

    def restore(self, x: Tensor, visible: Tensor, noise: Tensor | None) -> Restoration:
        """See :meth:`Network.restore`; ``visible`` is not an input of this network."""
        latent = self.squeeze(self.encoder(blocks.pad_to_stride(x)))
        wide = self.widen(latent)
        for layer in self.context:
            wide = wide + functional.relu(layer(wide))
        mean = self.decoder(wide)[..., : x.shape[-1]]
        return Restoration(mean=mean, log_var=None, latent=latent.transpose(1, 2))
