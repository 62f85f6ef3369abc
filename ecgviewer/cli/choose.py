"""From what ``--model`` says to bundles on disk."""

from __future__ import annotations

from pathlib import Path

from ecgviewer.cli.parser import MODELS
from ecgviewer.core.errors import BundleError
from ecgviewer.models.bundle import read_info, shipped_bundle


def bundle_path(model: str) -> Path:
    """Return the bundle of a model's name, or the file that is named."""
    return shipped_bundle(model) if model in MODELS else Path(model)


def bundles_for(choice: str) -> tuple[tuple[str, Path], ...]:
    """Return name and bundle of each model chosen, in the order in which they are listed.

    Only the headers are read; torch stays unimported.

    Raises
    ------
    BundleError
        When a bundle is absent or is none.
    """
    bundles = []
    for model in MODELS if choice == "all" else (choice,):
        path = bundle_path(model)
        info = read_info(path)
        if info.problem:
            raise BundleError(info.problem, path)
        bundles.append((info.architecture, path))
    return tuple(bundles)
