"""Small bundles and windows for tests of the models."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch

from ecgviewer.models.bundle import Bundle


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Small networks are slower on many threads, above all on a busy machine."""
    torch.set_num_threads(1)


def _helpers() -> ModuleType:
    """Import ``bundles.py`` beside this file (test folders are no packages)."""
    name = "tests_models_bundles"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("bundles.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def make_bundle() -> Callable[..., Bundle]:
    """``make_bundle(architecture)``: an untrained, calibrated bundle."""
    built: dict[str, Bundle] = {}

    def make(architecture: str = "vae-bilstm-mha") -> Bundle:
        if architecture not in built:
            built[architecture] = _helpers().make_bundle(architecture)
        return built[architecture]

    return make
