"""The Plots panel: what it draws, where clicks lead, what it saves, and nothing while blind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from ecgviewer.app.plots.family_beats import gather_families
from ecgviewer.app.plots.loops import Loops, find_loops
from ecgviewer.app.plots.rhythm import rate_trend
from ecgviewer.app.plots.saving import Table
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.progress import CancelToken, no_progress
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.signal.measures.vector_loops import LEADS, heart_vector
from tests.app.driving import open_and_wait, spin
from tests.app.trace_material import ecg, flat, recording_of

Build = Callable[..., MainWindow]
RECORD = "00010_hr.hea"


def shown(window: MainWindow, name: str):
    """Show a kind of plot as its command does, and return the sheet."""
    window.commands.action(f"plots.{name}").trigger()
    panel = window.plots.panel
    spin(lambda: panel.sheet is not None and not panel.caption.text().startswith("Working"))
    spin(lambda: not panel.caption.text().startswith("Finding"))
    return panel.sheet


def test_every_kind_is_shown_by_its_command_and_saved(
    make_window: Build, samples: Path, tmp_path: Path
) -> None:
    window = make_window()
    open_and_wait(window, samples / RECORD)
    spin(lambda: window.document.heart is not None)
    panel = window.plots.panel
    for name in ("rr", "poincare", "rate", "families", "loops"):
        sheet = shown(window, name)
        assert panel.isVisible() and panel.caption.text(), name
        table = sheet.table()
        assert len(table.rows) >= 5 and len(table.columns) == len(table.rows[0]), name
        assert "[" in table.columns[-1], f"{name}: no unit"
        window.plots.panel.save("copy")
        assert not QGuiApplication.clipboard().pixmap().isNull()
    assert shown(window, "rr").times_s.size == window.document.heart.r_peaks.size
    assert "RR intervals: mean" in panel.caption.text()
    csv = table.csv()
    panel._saver.write(tmp_path / "loops.csv", lambda path: path.write_bytes(csv))
    assert (tmp_path / "loops.csv").read_text().startswith('from R [s],"X, to the left [mV]"')
    assert any("Saved as" in text for text in window.messages.texts())


def test_what_cannot_be_saved_is_said(make_window: Build, tmp_path: Path) -> None:
    window = make_window()

    def full(path: Path) -> None:
        raise EcgViewerError("the disk is full", path)

    window.plots.panel._saver.write(tmp_path / "rr.csv", full)
    assert any("Not saved" in text for text in window.messages.texts())


def test_a_click_on_an_interval_goes_to_its_place(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / RECORD)
    spin(lambda: window.document.heart is not None)
    window.traces.set_scale(50.0, None)
    sheet = shown(window, "rr")
    QApplication.processEvents()
    time_s, rr = sheet.times_s[1:], sheet.rr_s
    at = sheet.plot.getViewBox().mapViewToScene(QPointF(time_s[-1], rr[-1]))
    assert sheet.place_at(sheet.plot, at) == pytest.approx(time_s[-1])
    window.traces.goto(0.0)
    sheet.timeChosen.emit(float(time_s[-1]))
    first, last = window.traces.visible_range()
    assert first <= time_s[-1] <= last
    pair = shown(window, "poincare")
    places = pair._places[pair.plot]
    assert places.time_s == pytest.approx(pair.times_s[1:-1])
    assert places.x == pytest.approx(pair.rr_s[:-1])


def test_p_shows_the_plots_and_then_the_next_kind(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / RECORD)
    panel = window.plots.panel
    assert not panel.isVisible() and panel.sheets == {}
    window.commands.action("plots.next").trigger()
    assert panel.isVisible() and panel.choice.currentText() == "RR intervals"
    window.commands.action("plots.next").trigger()
    assert panel.choice.currentText() == "Poincaré plot"
    window.commands.action("plots.previous").trigger()
    window.commands.action("plots.previous").trigger()
    assert panel.choice.currentText() == "p of the work list"


def test_score_among_normals_shows_nothing_while_blind(make_window: Build, samples: Path) -> None:
    window = make_window()
    open_and_wait(window, samples / RECORD)
    window.session.analyse(["cae"])
    spin(lambda: not window.session.running)
    window.session.choose_model("cae")
    sheet = shown(window, "normals")
    analysis = window.document.shown.analysis
    assert f"Score {analysis.score:.2f}" in window.plots.panel.caption.text()
    assert any("quantile" in str(row[0]) for row in sheet.table().rows)
    window.commands.action("review.blind").trigger()
    assert "Reading blind" in window.plots.panel.caption.text()
    assert sheet.table().rows == ()
    assert all(not plot.items for plot in sheet._plots)
    folder = window.plots.panel.sheets.get("folder")
    assert folder is None or folder.table().rows == []
    window.commands.action("review.blind").trigger()


def test_the_work_lists_p_values_are_counted_per_model(make_window: Build, samples: Path) -> None:
    window = make_window()
    window.session.open_paths([samples])
    spin(lambda: window.review.worklist.queue is not None)
    spin(lambda: window.document.recording is not None)
    window.review.worklist.screen(["cae"])
    spin(lambda: not window.review.worklist.screening)
    sheet = shown(window, "folder")
    rows = [row for row in window.review.rows() if row.scores]
    assert len(sheet.table().rows) == len(rows) > 0
    assert f"{len(rows)} records" in window.plots.panel.caption.text()
    window.commands.action("review.blind").trigger()
    assert sheet.table().rows == [] and "blind" in window.plots.panel.caption.text()


def test_the_rate_is_a_mean_of_intervals() -> None:
    times_s = np.cumsum(np.full(200, 0.8))
    time_s, bpm, count = rate_trend(times_s)
    assert count == 8
    assert bpm == pytest.approx(75.0)
    assert time_s[0] == pytest.approx(times_s[:9].mean())
    assert rate_trend(times_s[:5])[2] == 1


def test_families_hold_their_beats_at_rest_before_qrs() -> None:
    recording = recording_of(ecg(10.0), duration_s=120.0)
    found = gather_families(recording, "V5", no_progress, CancelToken())
    largest = found.families[0]
    assert found.n_beats == pytest.approx(120, abs=3)
    assert largest.count >= 0.9 * found.n_beats
    assert largest.beats_mv.shape[0] == min(largest.count, 40)
    middle = largest.beats_mv[5:-5]
    assert np.abs(np.nanmedian(middle[:, :100], axis=1)).max() < 0.1
    peak = np.nanargmax(np.nanmedian(middle, axis=0)) / found.fs_hz
    assert peak == pytest.approx(0.3, abs=0.02)


def test_loops_are_the_regression_of_eight_leads(samples: Path) -> None:
    x, y, z = heart_vector(np.eye(8), LEADS)
    assert (x[0], y[1], z[2]) == (0.38, 0.93, -0.43)
    assert heart_vector(np.eye(7), LEADS[:7]) is None
    recording = open_record(RecordRef(samples / RECORD))
    loops = find_loops(recording, 0.0, 10.0)
    recording.source.close()
    assert isinstance(loops, Loops)
    assert set(loops.spans) == {"P", "QRS", "T"}
    qrs = (loops.time_s >= loops.spans["QRS"][0]) & (loops.time_s <= loops.spans["QRS"][1])
    largest = loops.xyz[:, qrs][:, np.argmax(np.square(loops.xyz[:, qrs]).sum(axis=0))]
    assert largest[0] > 0 and largest[1] > 0, "a normal QRS points left and down"
    assert loops.start_s <= loops.beat_s <= loops.stop_s


def test_why_there_are_no_loops_is_said() -> None:
    assert "need the leads" in find_loops(recording_of(ecg()[:2], leads=("I", "II")), 0.0, 9.0)
    assert "No prevailing beat" in find_loops(recording_of(flat(10.0)), 0.0, 10.0)


def test_a_csv_has_a_line_of_titles_and_empty_cells() -> None:
    text = Table(("time [s]", "a, b"), [(1.5, None), ("x", 'say "y"')]).csv().decode()
    assert text == 'time [s],"a, b"\n1.5,\nx,"say ""y"""\n'


def test_the_panel_is_installed_without_pyqtgraph() -> None:
    code = (
        "import sys; import ecgviewer.app.main, ecgviewer.app.plots.install;"
        "sys.exit('pyqtgraph' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
