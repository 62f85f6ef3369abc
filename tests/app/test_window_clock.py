"""The time of day is a choice of the axis and of the lists, where the file gives it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from pathlib import Path

from PySide6.QtCore import Qt

from ecgviewer.app.qt.time_texts import span_text
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.app.trace.page.time_axis import axis_times
from ecgviewer.core.record.start import Start
from ecgviewer.review.edits import editing
from tests.app.driving import make_analysis, spin
from tests.generators import ecg_uv, write_wfdb_16

NIGHT = Start(clock=time(23, 59, 55, 500_000))


def test_the_marks_of_the_axis_are_at_whole_steps_of_the_clock() -> None:
    marks = list(axis_times(0.0, 9.0, 5.0, False, NIGHT))
    assert marks[:2] == [(4.5, "00:00:00 +1 d"), (9.5, "00:00:05 +1 d")]
    assert next(axis_times(1.0, 2.0, 0.2, False, NIGHT))[1] == "23:59:56.6"
    day = Start(clock=time(10, 0))
    assert [text for _, text in axis_times(0.0, 3600.0, 1800.0, True, day)][:3] == [
        "10:00:00", "10:30:00", "11:00:00",
    ]  # fmt: skip


def test_without_a_time_of_day_the_axis_counts_from_the_start() -> None:
    for clock in (None, Start(2020), Start()):
        assert list(axis_times(0.0, 9.0, 5.0, False, clock))[:2] == [(0.0, "0 s"), (5.0, "5 s")]


def test_spans_by_the_clock() -> None:
    assert span_text(4.0, 5.0, False, NIGHT) == "23:59:59.5-00:00:00.5 +1 d"
    assert span_text(4.0, 5.0, False, Start(2020)) == span_text(4.0, 5.0, False) == "4.00-5.00 s"


def test_choosing_the_time_of_day(make_window: Callable[..., MainWindow], tmp_path: Path) -> None:
    header = write_wfdb_16(tmp_path, "r", ecg_uv(10.0))
    header.write_text(header.read_text().replace("r 12 500 5000", "r 12 500 5000 23:59:55", 1))
    window = make_window(size=(1280, 720))
    window.session.open_paths([header])
    spin(lambda: window.review.document.review is not None and window.document.heart is not None)
    document = window.document
    assert document.ref is not None
    document.add_analysis("vae-bilstm-mha", make_analysis(document.ref, "vae-bilstm-mha"))
    spin(lambda: len(document.shown.flags) > 0)
    review = window.review.document
    review.attempt(lambda one: editing.add(one, [editing.make(one, 4.0, 6.0, [], "run")]))
    flags, annotations = window.flags_panel.model, window.review.panel.model

    def told() -> list[str]:
        display = Qt.ItemDataRole.DisplayRole
        return [str(one.index(0, 0).data(display)) for one in (flags, annotations)]

    assert "4.00-6.00 s" in told()[1]
    window.commands.action("view.clock").trigger()
    assert "23:59:59.0-00:00:01.0 +1 d" in told()[1]
    assert "23:59:" in told()[0]
    assert window.bench.traces.scene.clock is not None
    assert window.settings.value.clock_time
    window.commands.action("view.clock").trigger()
    assert "4.00-6.00 s" in told()[1]
    assert document.clock is None
