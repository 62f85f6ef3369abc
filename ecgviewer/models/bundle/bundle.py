"""The model bundle: one ``.ecgmodel`` file with everything a trained model needs.

A safetensors file. Tensors: ``network.*`` (weights) and ``scorer.*`` (calibration, densities,
quantiles of normal scores). Metadata (strings; JSON except the first three and the card):
``format``, ``format_version``, ``architecture``, ``hyper``, ``preprocessing``, ``windowing``,
``leads``, ``thresholds``, ``metrics``, ``training``, ``versions``, ``card`` and
``content_sha256`` over all of it.

A bundle is untrusted input: nothing in it is executed, its size is bounded before it is read, and
shapes are compared before memory is taken for the network.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from ecgviewer.core.errors import BundleError
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.system.resources import resource_dir
from ecgviewer.core.system.user_dirs import data_dir
from ecgviewer.models.bundle.card import render_card
from ecgviewer.models.bundle.claims import check_hyper, check_kinds, check_work
from ecgviewer.models.bundle.file import (
    FORMAT,
    FORMAT_VERSION,
    content_sha256,
    parse_metadata,
    read_content,
    write_atomically,
)
from ecgviewer.models.networks.architectures import architecture, model_ids

if TYPE_CHECKING:
    # Reading a card must cost neither torch nor scipy: both are imported where they are needed.
    from ecgviewer.models.networks.network import Network
    from ecgviewer.models.run.windows import Windowing
    from ecgviewer.models.score.fusion import Scorer
    from ecgviewer.signal.preprocessing import Preprocessing

SUFFIX = ".ecgmodel"
MAX_CARD_CHARS = 200_000
Array = npt.NDArray[Any]
Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Bundle:
    """A trained model. ``sha256`` is set by :meth:`load` and :meth:`save`.

    Attributes
    ----------
    architecture : str
    hyper, training, versions : mapping
        JSON values. ``training`` says how it was made: configuration, data, hardware, time.
    preprocessing : Preprocessing
    windowing : Windowing
    network_tensors, scorer_tensors : mapping of arrays
    thresholds : mapping
        Record score by specificity (as text: ``"0.95"``).
    metrics : tuple of mapping
        One per data set: its name, split, n, prevalence, figures with intervals.
    """

    architecture: str
    hyper: Json
    preprocessing: Preprocessing
    windowing: Windowing
    network_tensors: Mapping[str, Array]
    scorer_tensors: Mapping[str, Array] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    metrics: tuple[Json, ...] = ()
    training: Json = field(default_factory=dict)
    versions: Json = field(default_factory=dict)
    sha256: str = ""
    path: Path | None = None

    @classmethod
    def load(cls, path: Path) -> Bundle:
        """Read and verify a bundle.

        Raises
        ------
        BundleError
            When the file is absent, oversized, damaged, of another major version, or its tensors
            do not fit its architecture.
        """
        metadata, tensors = _verified(path)
        try:
            bundle = cls._from_parts(metadata, tensors, path)
            bundle.check_shapes()
        except BundleError as error:
            raise BundleError(error.reason, path) from error
        except (ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
            raise BundleError(f"the metadata is not valid: {error}", path) from error
        return bundle

    @classmethod
    def _from_parts(
        cls, metadata: dict[str, str], tensors: Mapping[str, Array], path: Path
    ) -> Bundle:
        from ecgviewer.models.run.windows import Windowing
        from ecgviewer.signal.preprocessing import Preprocessing

        if _json(metadata, "leads", list) != list(STANDARD_LEADS):
            raise BundleError("the model wants other leads than the 12 standard ones")
        hyper = _json(metadata, "hyper", dict)
        check_hyper(hyper)
        network_tensors = _with_prefix(tensors, "network.")
        for name, tensor in network_tensors.items():
            if tensor.dtype != np.float32:
                raise BundleError(f"the tensor {name} holds {tensor.dtype}, not float32")
            if not np.isfinite(tensor).all():
                raise BundleError(f"the tensor {name} holds values that are not finite")
        metrics = tuple(_object(item) for item in _json(metadata, "metrics", list))
        thresholds = {k: float(v) for k, v in _json(metadata, "thresholds", dict).items()}
        if not all(map(math.isfinite, thresholds.values())):
            raise BundleError("a threshold is not finite")
        return cls(
            architecture=metadata["architecture"],
            hyper=hyper,
            preprocessing=Preprocessing.from_json(metadata["preprocessing"]),
            windowing=Windowing(**_json(metadata, "windowing", dict)),
            network_tensors=network_tensors,
            scorer_tensors=_with_prefix(tensors, "scorer."),
            thresholds=thresholds,
            metrics=metrics,
            training=_json(metadata, "training", dict),
            versions=_json(metadata, "versions", dict),
            sha256=metadata["content_sha256"],
            path=path,
        )

    @property
    def card(self) -> str:
        """The model card in Markdown, rendered from the bundle's facts."""
        return render_card(self.architecture, self.training, self.thresholds, self.metrics)

    def save(self, path: Path) -> Bundle:
        """Write the bundle atomically and return it with its hash and path.

        Raises
        ------
        BundleError
            When the disk refuses; an existing file stays as it was.
        """
        try:
            card = self.card
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise BundleError(f"its facts make no card: {error}", path) from error
        metadata = {
            "format": FORMAT,
            "format_version": ".".join(map(str, FORMAT_VERSION)),
            "architecture": self.architecture,
            "card": card,
            "preprocessing": self.preprocessing.to_json(),
            "hyper": json.dumps(self.hyper, sort_keys=True),
            "leads": json.dumps(list(STANDARD_LEADS)),
            "metrics": json.dumps(list(self.metrics), sort_keys=True),
            "thresholds": json.dumps(self.thresholds, sort_keys=True),
            "training": json.dumps(self.training, sort_keys=True),
            "versions": json.dumps(self.versions, sort_keys=True),
            "windowing": json.dumps(
                {
                    "length_s": self.windowing.length_s,
                    "overlap": self.windowing.overlap,
                    "shortest_s": self.windowing.shortest_s,
                }
            ),
        }
        tensors = {f"network.{k}": v for k, v in self.network_tensors.items()}
        tensors |= {f"scorer.{k}": v for k, v in self.scorer_tensors.items()}
        # safetensors writes memory as it lies: views and 0-d arrays must be made contiguous.
        tensors = {k: np.array(v, order="C") for k, v in tensors.items()}
        metadata["content_sha256"] = sha256 = content_sha256(metadata, tensors)
        write_atomically(path, save_tensors(tensors, metadata=metadata))
        return replace(self, sha256=sha256, path=path)

    def check_shapes(self) -> None:
        """Raise BundleError when the tensors are not those of the architecture, or too much work.

        Nothing of the claimed size is allocated.
        """
        network = self._network_on("meta")
        hyper = network.hyper
        entry = architecture(self.architecture)
        check_kinds(hyper, entry.defaults)
        check_work(hyper, self.preprocessing, self.windowing)
        if self.scorer_tensors:
            from ecgviewer.models.score.tensors import check_scorer_tensors

            check_scorer_tensors(self.scorer_tensors, entry.latent_size(hyper))

    def scorer(self) -> Scorer:
        """Return the calibrated scorer.

        Raises
        ------
        BundleError
            When the bundle was never calibrated, or its tensors make no scorer.
        """
        if not self.scorer_tensors:
            raise BundleError("the model was never calibrated", self.path)
        try:
            from ecgviewer.models.score.fusion import Scorer

            return Scorer.from_tensors(self.scorer_tensors)
        except (KeyError, ValueError, IndexError, TypeError) as error:
            raise BundleError(f"the calibration is not valid: {error}", self.path) from error

    def build_network(self) -> Network:
        """Return the network with its weights, ready for inference."""
        network = self._network_on("meta")
        import torch

        state = {k: torch.from_numpy(np.array(v)) for k, v in self.network_tensors.items()}
        network.load_state_dict(state, strict=True, assign=True)
        network.requires_grad_(False)
        return network.eval()

    def _network_on(self, device: str) -> Network:
        # Imported here: reading a bundle's card must not cost the import of torch.
        import torch

        from ecgviewer.models.networks.network import build_network

        try:
            with torch.device(device):
                network = build_network(self.architecture, self.hyper)
        except (
            ValueError, RuntimeError, TypeError, AssertionError, ArithmeticError, MemoryError,
        ) as error:  # fmt: skip
            raise BundleError(f"the hyperparameters make no network: {error}") from error
        expected = {k: tuple(v.shape) for k, v in network.state_dict().items()}
        found = {k: tuple(v.shape) for k, v in self.network_tensors.items()}
        wrong = sorted(k for k in expected | found if expected.get(k) != found.get(k))
        if wrong:
            name = wrong[0]
            raise BundleError(
                f"the weights do not fit {self.architecture}: {name} is "
                f"{found.get(name, 'absent')}, should be {expected.get(name, 'absent')}"
            )
        return network


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """What a bundle's header says; its checksum was verified, torch was not imported.

    ``problem`` is empty, or why the bundle cannot be used.
    """

    path: Path
    architecture: str
    card: str
    metrics: tuple[Json, ...]
    thresholds: Mapping[str, float]
    training: Json
    content_sha256: str
    problem: str = ""

    @property
    def name(self) -> str:
        """The file's name without its suffix."""
        return self.path.stem


def read_info(path: Path) -> BundleInfo:
    """Return what a bundle says; a damaged or changed one gets its ``problem`` filled."""
    try:
        metadata, _ = _verified(path)
        return BundleInfo(
            path=path,
            architecture=metadata["architecture"],
            card=metadata.get("card", "")[:MAX_CARD_CHARS],
            metrics=tuple(_object(item) for item in _json(metadata, "metrics", list)),
            thresholds=_json(metadata, "thresholds", dict),
            training=_json(metadata, "training", dict),
            content_sha256=metadata["content_sha256"],
        )
    except BundleError as error:
        return BundleInfo(path, "", "", (), {}, {}, "", error.reason)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        problem = f"the metadata is not valid: {error}"
        return BundleInfo(path, "", "", (), {}, {}, "", problem)


def find_bundles(*folders: Path) -> list[BundleInfo]:
    """Return the bundles shipped, those in the user's ``models`` folder, and in ``folders``.

    The shipped ones come first, in the order of the table of models.
    """
    places = [resource_dir() / "models", data_dir() / "models", *folders]
    infos = [
        read_info(path)
        for place in places
        if place.is_dir()
        for path in sorted(place.glob(f"*{SUFFIX}"))
    ]
    shipped, known = places[0], model_ids()

    def order(info: BundleInfo) -> tuple[bool, int]:
        return (
            info.path.parent != shipped,
            known.index(info.architecture) if info.architecture in known else len(known),
        )

    return sorted(infos, key=order)


def shipped_bundle(model: str) -> Path:
    """Return the path of a model of the table as shipped."""
    return resource_dir() / "models" / f"{model}{SUFFIX}"


def _verified(path: Path) -> tuple[dict[str, str], dict[str, Array]]:
    """Return metadata and tensors of a file whose checksum is right.

    Read once: what is checked is what is used, whatever happens to the file meanwhile.

    Raises
    ------
    BundleError
    """
    content = read_content(path)
    metadata = parse_metadata(content, path)
    try:
        tensors = load_tensors(content)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise BundleError(f"the file is damaged: {error}", path) from error
    signed = {key: value for key, value in metadata.items() if key != "content_sha256"}
    if metadata.get("content_sha256") != content_sha256(signed, tensors):
        raise BundleError("the checksum does not match: the file was changed or damaged", path)
    return metadata, tensors


def _json(metadata: Mapping[str, str], key: str, kind: type) -> Any:
    value = json.loads(metadata[key])
    if not isinstance(value, kind):
        raise ValueError(f"{key} is not a JSON {kind.__name__}")
    return value


def _object(value: object) -> Json:
    if not isinstance(value, dict):
        raise ValueError("metrics are JSON objects")
    return value


def _with_prefix(tensors: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
