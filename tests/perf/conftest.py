"""A QApplication without a screen for the benchmarks of the window."""

from __future__ import annotations

import os

import pytest

if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def qt_app():
    """The program's QApplication."""
    from PySide6.QtWidgets import QApplication

    return QApplication.instance() or QApplication([])
