"""The trainer's configuration: TOML in, frozen dataclasses out, every value checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.models.bundle_file import ARCHITECTURES
from ecgviewer.models.windows import Windowing
from ecgviewer.signal.preprocessing import Preprocessing

CONFIG_DIR = Path(__file__).parent / "configs"


class ConfigError(EcgViewerError):
    """A configuration cannot be used; says which table and key."""


@dataclass(frozen=True, slots=True)
class Beta:
    """Weight of the KL divergence over the epochs.

    ``constant``: ``high``. ``linear``: from ``low`` to ``high`` in ``epochs``, then constant.
    ``cyclical``: in cycles of ``epochs``, rising over the first half of each and then constant.
    """

    kind: str = "constant"
    low: float = 0.0
    high: float = 0.0
    epochs: float = 10.0

    def __post_init__(self) -> None:
        if self.kind not in ("constant", "linear", "cyclical") or self.epochs <= 0:
            raise ValueError(f"no such schedule: {self.kind}, {self.epochs} epochs")

    def at(self, epoch: float) -> float:
        """Return the weight at a (fractional) epoch."""
        if self.kind == "constant":
            return self.high
        rise = epoch / self.epochs
        if self.kind == "cyclical":
            rise = 2.0 * (rise % 1.0)
        return self.low + (self.high - self.low) * min(rise, 1.0)


@dataclass(frozen=True, slots=True)
class Augment:
    """Random changes of training windows, in network units. All 0: none.

    Attributes
    ----------
    gain : float
        Standard deviation of the logarithm of each lead's gain.
    noise, wander : float
        Largest standard deviation of added white noise, and of slow drift.
    lead_dropout : float
        Probability that some leads (up to half of them) are missing.
    stretch : float
        Largest change of the time scale (0.1: from 10 % slower to 10 % faster).
    crop : float
        Probability that a window is shortened (to no less than the shortest allowed).
    """

    gain: float = 0.0
    noise: float = 0.0
    wander: float = 0.0
    lead_dropout: float = 0.0
    stretch: float = 0.0
    crop: float = 0.0


@dataclass(frozen=True, slots=True)
class Training:
    """How long, how fast, on what.

    Attributes
    ----------
    schedule : str
        ``constant`` or ``cosine`` (after ``warmup_epochs`` of linear rise, down to 0).
    select : str
        Which weights are kept: ``best`` by calibration loss, or ``last``.
    checkpoint_s : float
        The state is saved after each epoch, and within one after this many seconds.
    """

    epochs: int = 60
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    gradient_clip: float = 0.0
    schedule: str = "constant"
    warmup_epochs: float = 0.0
    select: str = "best"
    checkpoint_s: float = 120.0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1 or self.learning_rate <= 0:
            raise ValueError("epochs, batch_size and learning_rate must be positive")
        if self.schedule not in ("constant", "cosine") or self.select not in ("best", "last"):
            raise ValueError("schedule is constant or cosine, select is best or last")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that decides what a training gives, besides the data."""

    architecture: str
    seed: int = 1
    network: dict[str, Any] = field(default_factory=dict)
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    windowing: Windowing = field(default_factory=Windowing)
    training: Training = field(default_factory=Training)
    beta: Beta = field(default_factory=Beta)
    augment: Augment = field(default_factory=Augment)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, for the bundle and the state file."""
        return asdict(self) | {"preprocessing": self.preprocessing.to_dict()}


T = TypeVar("T")


def load_config(path: Path) -> Config:
    """Read a TOML configuration.

    Raises
    ------
    ConfigError
        Naming the file, the table and the key.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the configuration cannot be read: {error}", path) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"not valid TOML: {error}", path) from error
    known = {f.name for f in fields(Config)}
    if unknown := set(values) - known:
        raise ConfigError(f"unknown keys: {', '.join(sorted(unknown))}", path)
    if values.get("architecture") not in ARCHITECTURES:
        raise ConfigError(f"architecture must be one of {', '.join(ARCHITECTURES)}", path)
    try:
        return Config(
            architecture=values["architecture"],
            seed=int(values.get("seed", 1)),
            network=dict(values.get("network", {})),
            preprocessing=Preprocessing.from_dict(values.get("preprocessing", {})),
            windowing=_build(Windowing, values, "windowing"),
            training=_build(Training, values, "training"),
            beta=_build(Beta, values, "beta"),
            augment=_build(Augment, values, "augment"),
        )
    except (ValueError, TypeError, OverflowError) as error:
        raise ConfigError(str(error), path) from error


def _build(kind: type[T], values: Mapping[str, Any], table: str) -> T:
    try:
        return kind(**values.get(table, {}))
    except TypeError as error:
        raise ValueError(f"[{table}]: {error}") from error


def shipped_config(architecture: str) -> Path:
    """Return the configuration of the shipped model of this architecture."""
    return CONFIG_DIR / f"{architecture}.toml"
