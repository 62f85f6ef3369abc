"""The one table of models: what the menu, the command line, the card and the trainer go through.

Free of torch. To add a model: a :class:`~ecgviewer.models.networks.network.Network` of its own,
an entry in :data:`TABLE`, a configuration ``trainer/configs/ID.toml``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Hyper = Mapping[str, float | int | str | bool]


def _mean_and_spread(hyper: Hyper) -> int:
    """Return the numbers that tell a latent of several steps: its mean and spread over time."""
    return 2 * int(hyper["latent"])


@dataclass(frozen=True, slots=True)
class Architecture:
    """A model as everybody but its network knows it.

    Attributes
    ----------
    id : str
        In bundles, options, rows and settings.
    title : str
        As the paper writes it.
    description : str
        On the card, in the middle of a sentence.
    network : str
        ``module:class``, imported when a network is built.
    defaults : mapping
        Every hyperparameter with its value where nothing else is said.
    explanation : str
        The map that shows what the network looked at: ``attention`` or ``saliency``.
    latent_size : callable
        Of the complete hyperparameters: how many numbers describe a window's latent.
    published : tuple of (float, float), optional
        AUROC and AUPRC that the paper reports on a balanced subset of CPSC 2018.
    """

    id: str
    title: str
    description: str
    network: str
    defaults: Hyper = field(hash=False)
    explanation: str
    latent_size: Callable[[Hyper], int] = _mean_and_spread
    published: tuple[float, float] | None = None


CAE = Architecture(
    id="cae",
    title="CAE",
    description="a convolutional autoencoder",
    network="ecgviewer.models.networks.cae:ConvolutionalAutoencoder",
    defaults=MappingProxyType(
        {"bottleneck": 0, "context": 0, "hidden_share": 0.0, "block": 20, "input_noise": 0.0}
    ),
    explanation="saliency",
    latent_size=lambda hyper: 2 * (int(hyper["bottleneck"]) or 128),
    published=(0.77, 0.80),
)
VAE_BILSTM = Architecture(
    id="vae-bilstm",
    title="VAE-BiLSTM",
    description="a variational autoencoder on a bidirectional LSTM",
    network="ecgviewer.models.networks.vae_bilstm:VaeBiLstm",
    defaults=MappingProxyType(
        {
            "stem": False,
            "steps": "window",
            "latent": 64,
            "hidden": 128,
            "hidden_share": 0.0,
            "block": 20,
            "input_noise": 0.0,
            "dropout": 0.0,
            "free_bits": 0.0,
            "floor_sd": 0.05,
            "beta": 1.0,
        }
    ),
    explanation="",
    latent_size=lambda hyper: int(hyper["latent"]) * (2 if hyper["steps"] == "each" else 1),
    published=(0.78, 0.81),
)
VAE_BILSTM_MHA = Architecture(
    id="vae-bilstm-mha",
    title="VAE-BiLSTM-MHA",
    description="a variational autoencoder on bidirectional LSTMs with attention across the leads "
    "and over time",
    network="ecgviewer.models.networks.vae_bilstm_mha:VaeBiLstmMha",
    defaults=MappingProxyType(
        {
            "stem": False,
            "latent": 64,
            "hidden": 128,
            "layers": 2,
            "heads": 8,
            "lead_heads": 4,
            "lead_width": 16,
            "hidden_share": 0.0,
            "block": 20,
            "input_noise": 0.01,
            "dropout": 0.1,
            "free_bits": 0.0,
            "floor_sd": 0.05,
            "beta": 0.01,
        }
    ),
    explanation="attention",
    published=(0.80, 0.81),
)
TABLE: tuple[Architecture, ...] = (CAE, VAE_BILSTM, VAE_BILSTM_MHA)
"""In the order in which they are listed and run."""
DEFAULT = VAE_BILSTM_MHA


def model_ids() -> tuple[str, ...]:
    """Return the id of every model, in the table's order."""
    return tuple(entry.id for entry in TABLE)


def architecture(model: str) -> Architecture:
    """Return the entry of a model's id; raises KeyError for one that is not in the table."""
    for entry in TABLE:
        if entry.id == model:
            return entry
    raise KeyError(model)


def model_title(model: str) -> str:
    """Return a model's name as the paper writes it; a name that is no id stays as it is."""
    return next((entry.title for entry in TABLE if entry.id == model), model)
