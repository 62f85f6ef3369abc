"""Small bundles and windows for tests of the models."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from ecgviewer.models.bundle.bundle import Bundle
from tests.models import bundles


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Small networks are slower on many threads, above all on a busy machine."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def make_bundle() -> Callable[..., Bundle]:
    """``make_bundle(architecture)``: an untrained, calibrated bundle."""
    built: dict[str, Bundle] = {}

    def make(architecture: str = "vae-bilstm-mha") -> Bundle:
        if architecture not in built:
            built[architecture] = bundles.make_bundle(architecture)
        return built[architecture]

    return make
