"""A record that is opened is laid out once, painted once, and found once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.shell.window import MainWindow
from ecgviewer.app.trace import canvas
from ecgviewer.app.trace.page.page import Page
from ecgviewer.io import registry
from tests.app.driving import spin


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[str]:
    """Return a list that grows with every call."""
    calls: list[str] = []
    function = getattr(owner, name)

    def noted(*arguments: Any, **options: Any) -> Any:
        calls.append(name)
        return function(*arguments, **options)

    monkeypatch.setattr(owner, name, noted)
    return calls


# On busy cores the samples come later than the paper waits for them: one more paint, rightly.
@pytest.mark.slow
@pytest.mark.alone
def test_one_layout_one_paint_one_look_at_the_path(
    make_window: Callable[..., MainWindow], samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window(size=(1600, 1000))
    window.show()
    spin(lambda: not window.session.workers.busy)
    solved = counted(monkeypatch, canvas, "solve")
    painted = counted(monkeypatch, Page, "update")
    located = counted(monkeypatch, registry, "_locate")
    seen = []
    for path in sorted(samples.glob("0*.hea"))[:3]:  # a core that is busy elsewhere has more tries
        for calls in (solved, painted, located):
            calls.clear()
        window.session.open_paths([path])
        spin(lambda name=path.stem: window.header.record.text() == name)
        spin(lambda: window.document.heart is not None and not window.session.workers.busy)
        spin(lambda: bool(painted))
        for _ in range(20):
            QApplication.processEvents()
        seen.append((len(solved), len(painted), len(located)))
        if seen[-1] == (1, 1, 1):
            return
    raise AssertionError(f"layouts, paints and looks at the path: {seen}")
