"""A record, an empty review and random edits for the tests of reviews."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from ecgviewer.review.annotations import RecordKey, Review


@pytest.fixture(scope="session")
def editor() -> ModuleType:
    """The scripted editor, as a module."""
    path = Path(__file__).with_name("scripted_editor.py")
    spec = importlib.util.spec_from_file_location("scripted_editor", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def record(editor: ModuleType) -> RecordKey:
    """One minute at 500 Hz of six leads."""
    key: RecordKey = editor.RECORD
    return key


@pytest.fixture
def empty(record: RecordKey) -> Review:
    """A review without any entry."""
    return Review(record, "Ann")
