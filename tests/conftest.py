"""Fixtures every test can use: shipped samples, further real data, private user folders."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def user_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, reviews, caches and logs of this test alone."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ECGVIEWER_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """The program keeps its log to itself once it runs: give it back to the tests that follow."""
    log = logging.getLogger("ecgviewer")
    handlers, level, propagate = list(log.handlers), log.level, log.propagate
    yield
    for handler in log.handlers:
        if handler not in handlers:
            handler.close()
    log.handlers, log.level, log.propagate = handlers, level, propagate


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of shipped real records."""
    return ROOT / "resources" / "samples"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """A folder of further real ECG data, where the machine has one; else the test is skipped.

    ``ECGVIEWER_TEST_DATA`` names it; by default it lies beside the source tree.
    """
    folder = Path(os.environ.get("ECGVIEWER_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("further real data is not on this machine")
    return folder
