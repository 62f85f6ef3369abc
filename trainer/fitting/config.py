"""The trainer's configuration: TOML in, frozen dataclasses out, every value checked."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, cast

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.models.bundle.claims import check_hyper, check_kinds, check_work
from ecgviewer.models.networks.architectures import architecture, model_ids
from ecgviewer.models.run.windows import Windowing
from ecgviewer.signal.preprocessing import Preprocessing

CONFIG_DIR = Path(__file__).parents[1] / "configs"


class ConfigError(EcgViewerError):
    """A configuration cannot be used; says which table and key."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a number in a table may be; whole numbers where ``whole``."""

    low: float
    high: float = 1e9
    whole: bool = False

    def check(self, key: str, value: object) -> None:
        """Raise ValueError, naming the key, for another number or no number at all."""
        kinds = (int,) if self.whole else (int, float)
        number = isinstance(value, kinds) and not isinstance(value, bool)
        # NaN compares as false.
        if not (number and self.low <= cast("float", value) <= self.high):
            kind = "a whole number" if self.whole else "a number"
            raise ValueError(f"{key} must be {kind} from {self.low:g} to {self.high:g}, "
                             f"not {value!r:.40}")  # fmt: skip


def _check(table: object, **ranges: Range) -> None:
    for key, allowed in ranges.items():
        allowed.check(key, getattr(table, key))


MIN_WINDOW_S = 0.5
"""A shorter window holds no whole beat."""
MAX_SEED = 2**63 - 1
NOT_NEGATIVE = Range(0.0)
SHARE = Range(0.0, 1.0)
TINY = 1e-12
"""The least of what must be more than 0."""


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
        if self.kind not in ("constant", "linear", "cyclical"):
            raise ValueError(f"kind is constant, linear or cyclical, not {self.kind!r:.40}")
        _check(self, low=NOT_NEGATIVE, high=NOT_NEGATIVE, epochs=Range(TINY))

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
    device : float
        Probability that a window is filtered as by another device
        (``trainer.fitting.calibration.device_copies``).
    turn : float
        Largest turn of the heart vector about each axis, in degrees, and half as many percent of
        change along it (``trainer.fitting.heart_vector``).
    """

    gain: float = 0.0
    noise: float = 0.0
    wander: float = 0.0
    lead_dropout: float = 0.0
    stretch: float = 0.0
    crop: float = 0.0
    device: float = 0.0
    turn: float = 0.0

    def __post_init__(self) -> None:
        _check(
            self, gain=Range(0.0, 10.0), noise=NOT_NEGATIVE, wander=NOT_NEGATIVE,
            lead_dropout=SHARE, stretch=Range(0.0, 0.5), crop=SHARE, device=SHARE,
            turn=Range(0.0, 90.0),
        )  # fmt: skip


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
        _check(
            self, epochs=Range(1, whole=True), batch_size=Range(1, whole=True),
            learning_rate=Range(TINY, math.inf), weight_decay=NOT_NEGATIVE,
            gradient_clip=NOT_NEGATIVE, warmup_epochs=NOT_NEGATIVE, checkpoint_s=NOT_NEGATIVE,
        )  # fmt: skip
        if math.isinf(self.learning_rate):
            raise ValueError("learning_rate must be finite")
        if self.schedule not in ("constant", "cosine") or self.select not in ("best", "last"):
            raise ValueError("schedule is constant or cosine, select is best or last")


MOST_COPIES = 20


@dataclass(frozen=True, slots=True)
class Devices:
    """Copies of the normals as other devices would have stored them, for the calibration.

    Attributes
    ----------
    copies : int
        Of every normal in mV; 0 calibrates on the records as they are.
    seed : int
    """

    copies: int = 3
    seed: int = 1

    def __post_init__(self) -> None:
        _check(self, copies=Range(0, MOST_COPIES, whole=True), seed=Range(0, MAX_SEED, whole=True))


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
    devices: Devices = field(default_factory=Devices)

    def __post_init__(self) -> None:
        _check(self, seed=Range(0, MAX_SEED, whole=True))

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
    if values.get("architecture") not in model_ids():
        raise ConfigError(f"architecture must be one of {', '.join(model_ids())}", path)
    try:
        config = Config(
            architecture=values["architecture"],
            seed=values.get("seed", 1),
            network=_build(dict, values, "network"),
            preprocessing=_build(
                lambda **table: Preprocessing.from_dict(table), values, "preprocessing"
            ),
            windowing=_build(Windowing, values, "windowing"),
            training=_build(Training, values, "training"),
            beta=_build(Beta, values, "beta"),
            augment=_build(Augment, values, "augment"),
            devices=_build(Devices, values, "devices"),
        )
        if config.windowing.shortest_s < MIN_WINDOW_S:
            raise ValueError(f"[windowing]: shortest_s must be at least {MIN_WINDOW_S:g}")
        _check_network(config)
    except ValueError as error:
        raise ConfigError(str(error), path) from error
    return config


def _build(kind: Callable[..., T], values: Mapping[str, Any], table: str) -> T:
    given = values.get(table, {})
    if not isinstance(given, dict):
        raise ValueError(f"{table} is a table: [{table}], then its keys")
    try:
        return kind(**given)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"[{table}]: {error}") from error


def _check_network(config: Config) -> None:
    """Raise ValueError for a network that cannot be built, or whose bundle would be refused."""
    # Imported here: other users of a configuration need no torch.
    import torch

    from ecgviewer.models.networks.network import build_network

    try:
        check_hyper(config.network)
        with torch.device("meta"):
            defaults = architecture(config.architecture).defaults
            hyper = {**defaults, **config.network}
            check_kinds(hyper, defaults)
            for name, default in defaults.items():
                if name in ("hidden_share", "dropout"):
                    SHARE.check(name, hyper[name])
                elif type(default) is int:
                    Range(0, whole=True).check(name, hyper[name])
            build_network(config.architecture, config.network)
        check_work(hyper, config.preprocessing, config.windowing)
    except EcgViewerError as error:
        raise ValueError(f"[network]: {error.reason}") from error
    except (ValueError, TypeError, RuntimeError, AssertionError) as error:
        raise ValueError(f"[network]: {error}") from error


def shipped_config(architecture: str) -> Path:
    """Return the configuration of the shipped model of this architecture."""
    return CONFIG_DIR / f"{architecture}.toml"
