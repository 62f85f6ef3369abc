"""The Measurements panel, and caliper measurements that are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from ecgviewer.app.shell.window import MainWindow
from tests.app.driving import open_and_wait, open_for_review, spin

Build = Callable[..., MainWindow]


def texts(table) -> list[list[str]]:
    return [
        [table.item(row, column).text() for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def test_what_is_in_view_is_measured_with_limits_and_sources(
    make_window: Build, samples: Path
) -> None:
    window = make_window()
    open_and_wait(window, samples / "00338_hr.hea")
    panel = window.program.panels.measurements
    assert not panel.isVisible() and panel.rows == ()
    window.bench.panels.bring_to_front("measurements")
    spin(lambda: bool(panel.rows))
    whole = {line[0]: line for line in texts(panel.whole)}
    assert whole["QRS"][1].startswith("▲ ") and whole["QRS"][2].startswith("< 120  [")
    assert not whole["PR"][1].startswith(("▲", "▼"))
    assert len(texts(panel.leads)) == 12 and texts(panel.leads)[0][0] == "I"
    assert "QT dispersion is not given" in panel.notes.text()
    assert "[1] AHA/ACCF/HRS 2009" in panel.notes.text()
    at = [line[0] for line in texts(panel.whole)].index("QRS")
    assert "above its limit: < 120 ms (AHA" in panel.whole.item(at, 1).toolTip()
    panel.copy()
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("from [s]\tto [s]\tmeasurement") and "\tSokolow-Lyon\t" in copied
    assert len(panel.table().csv().decode().splitlines()) == 1 + len(panel.rows)
    window.commands.action("review.blind").trigger()
    assert panel.isVisible() and panel.rows, "nothing of it is an opinion"
    window.session.close_record()
    assert panel.rows == () and texts(panel.leads) == []


def test_another_record_never_shows_the_figures_of_the_last(
    make_window: Build, samples: Path
) -> None:
    window = make_window()
    open_and_wait(window, samples / "00338_hr.hea")
    panel = window.program.panels.measurements
    window.bench.panels.bring_to_front("measurements")
    spin(lambda: bool(panel.rows))
    before = panel.table().rows
    seen: list[bool] = []
    window.document.recordingChanged.connect(lambda: seen.append(panel.rows == ()))
    open_and_wait(window, samples / "00010_hr.hea")
    assert seen and all(seen)
    spin(lambda: bool(panel.rows))
    assert panel.table().rows != before


def test_a_caliper_measurement_is_kept_undone_and_done_again(
    make_window: Build, samples: Path
) -> None:
    window = make_window()
    open_for_review(window, samples / "00010_hr.hea")
    action = window.commands.action("tools.keep_calipers")
    assert not action.isEnabled()
    spin(lambda: window.document.heart is not None)
    window.commands.action("tools.measure_rr").trigger()
    caliper = window.traces.layers.calipers.caliper
    QTest.keyClick(window.traces, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    (kept,) = window.review.document.review.annotations
    assert kept.label == "Measurement" and kept.leads == (caliper.first.lead,)
    assert kept.duration_s == caliper.seconds or abs(kept.duration_s - caliper.seconds) < 1e-9
    assert kept.note == f"{caliper.time_text()} · {caliper.level_text()}"
    window.commands.action("review.undo").trigger()
    assert window.review.document.review.annotations == ()
    window.commands.action("review.redo").trigger()
    assert window.review.document.review.annotations == (kept,)
