"""Results appear as they come; what a cancelled run found stays, and is called partial."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from ecgviewer.app.shell.window import MainWindow
from tests.app.driving import Build, ClockworkInference, open_and_wait, spin


@pytest.fixture
def halfway(make_window: Build, samples: Path) -> tuple[MainWindow, ClockworkInference]:
    """The window in the middle of a run: four of ten seconds are analysed."""
    clockwork = ClockworkInference(ticks=10, in_parts=True)
    clockwork.held_at = 4
    window = make_window(clockwork)
    open_and_wait(window, samples / "00010_hr.hea")
    QTest.keyClick(window, Qt.Key.Key_F5)
    spin(lambda: clockwork.told == 4)
    return window, clockwork


def heat_of(window: MainWindow) -> np.ndarray:
    """Return how many seconds the heat map covers, as the trace view would draw it."""
    maps = window.traces.data.maps
    assert maps is not None
    return maps.columns("score", 0, 1000, 10.0).hi


def test_flags_heat_and_a_provisional_verdict_appear_during_the_run(
    halfway: tuple[MainWindow, ClockworkInference],
) -> None:
    window, clockwork = halfway
    assert window.session.running
    panel = window.analysis_panel
    assert panel.verdict.headline.text() == "So far: abnormal"
    assert "first 0:00:04 of 0:00:10" in panel.verdict.figures.text()
    flagged = {flag.leads for flag in window.document.shown.flags if flag.leads}
    assert flagged == {("V2", "V3")}  # what comes at 5 and 8 s is not known yet
    assert heat_of(window).shape[1] == 40
    clockwork.held_at = None
    spin(lambda: not window.session.running)
    assert panel.verdict.headline.text() == "Abnormal"
    assert "first" not in panel.verdict.figures.text()
    assert {("V2", "V3"), ("II",)} <= {flag.leads for flag in window.document.shown.flags}
    assert heat_of(window).shape[1] >= 100


def test_a_cancelled_run_keeps_what_it_found_and_says_that_it_is_partial(
    halfway: tuple[MainWindow, ClockworkInference],
) -> None:
    window, _clockwork = halfway
    QTest.mouseClick(window.status.cancel_button, Qt.MouseButton.LeftButton)
    spin(lambda: not window.session.running)
    assert window.messages.texts() == []
    assert window.analysis_panel.verdict.headline.text() == "So far: abnormal"
    assert "goes on from there" in window.analysis_panel.notes.text()
    assert window.document.shown.flags
    assert window.commands.action("analyse.run").isEnabled()
    picture: QImage = window.traces.grab().toImage()
    assert not picture.isNull()


def test_a_selected_flag_stays_selected_while_more_come(
    halfway: tuple[MainWindow, ClockworkInference],
) -> None:
    window, clockwork = halfway
    window.select_flag(next(i for i, f in enumerate(window.document.shown.flags) if f.leads))
    chosen = window.document.shown.flags[window.document.selected_flag or 0]
    clockwork.held_at = None
    spin(lambda: not window.session.running)
    assert window.document.selected_flag is not None
    assert window.document.shown.flags[window.document.selected_flag].leads == chosen.leads
