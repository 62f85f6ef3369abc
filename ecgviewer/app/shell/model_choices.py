"""The models that can be chosen: those shipped, those in the user's folder, any other file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ecgviewer.models.networks.architectures import model_title

if TYPE_CHECKING:
    from ecgviewer.models.bundle.bundle import BundleInfo


@dataclass(frozen=True)
class ModelChoice:
    """A model the user can choose; ``problem`` says why it cannot be used."""

    id: str
    title: str
    path: Path
    problem: str = ""
    content_sha256: str = ""


def find_choices() -> list[ModelChoice]:
    """Return every bundle that is installed. Reads headers only; torch stays out."""
    from ecgviewer.models.bundle.bundle import find_bundles

    return [_choice(info) for info in find_bundles()]


def choice_of_file(path: Path) -> ModelChoice:
    """Return the choice that a bundle file makes."""
    from ecgviewer.models.bundle.bundle import read_info

    return _choice(read_info(path))


def _choice(info: BundleInfo) -> ModelChoice:
    from ecgviewer.models.bundle.bundle import shipped_bundle

    title = model_title(info.architecture or info.name)
    if info.architecture and info.path == shipped_bundle(info.architecture):
        return ModelChoice(info.architecture, title, info.path, info.problem, info.content_sha256)
    name = f"{title} ({info.name})"
    return ModelChoice(str(info.path), name, info.path, info.problem, info.content_sha256)
