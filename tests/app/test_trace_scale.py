"""Millimetres on the screen are millimetres, and the view says when they are not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt.theme import LIGHT
from ecgviewer.app.trace.page.scale_line import scale_text
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.leads import STANDARD_LEADS
from tests.app.trace_material import (
    PX_PER_MM,
    analysis_of,
    close_to,
    ecg,
    flat,
    pixels,
    recording_of,
    show_analysis,
    show_recording,
    shown_view,
    source_of,
)
from tests.app.two_screens import MEASURED_PX_PER_MM

pytestmark = pytest.mark.usefixtures("no_surprises")


@pytest.fixture
def view(qt_app: QApplication):
    yield from shown_view(1300, 1000)


def spiky_view(view: TraceView) -> None:
    """Show a record at rest with 1-mV spikes at 1 s and 3 s."""
    recording = recording_of(flat(10.0))
    source_of(recording).spikes = {500: 1.0, 1500: 1.0}
    show_recording(view, recording)
    assert view.wait_until_loaded()


def spike_columns(view: TraceView, lead: str) -> np.ndarray:
    """Return the x of every column in which a lead rises at least 0.8 mV above its baseline."""
    frame = view.moment().geometry
    lane = next(lane for lane in frame.page.lanes if lane.lead == lead)
    base = round(frame.lane_y(lane.baseline))
    rows = slice(base - round(0.95 * frame.px_per_mv), base - round(0.6 * frame.px_per_mv))
    dark = close_to(pixels(view)[rows, round(frame.page.left) :], LIGHT.trace, 60)
    return np.flatnonzero(dark.mean(axis=0) > 0.9) + round(frame.page.left)


def test_two_seconds_are_fifty_millimetres_apart(view: TraceView) -> None:
    spiky_view(view)
    columns = spike_columns(view, "V3")
    assert columns[-1] - columns[0] == pytest.approx(50 * PX_PER_MM, abs=1.5)


def test_a_millivolt_is_ten_millimetres_high(view: TraceView) -> None:
    spiky_view(view)
    frame = view.moment().geometry
    lane = next(lane for lane in frame.page.lanes if lane.lead == "V6")
    column = spike_columns(view, "V6")[0]
    image = pixels(view)
    rows = slice(round(frame.lane_y(lane.top)), round(frame.lane_y(lane.bottom)))
    dark = np.flatnonzero(close_to(image[rows, column : column + 1], LIGHT.trace, 120))
    assert dark[-1] - dark[0] == pytest.approx(10 * PX_PER_MM, abs=2.0)


def test_a_tall_wave_is_whole_over_its_neighbours_and_their_heat(view: TraceView) -> None:
    signal = flat(10.0)
    row = STANDARD_LEADS.index("V3")
    signal[row, 500:520] = 1.5
    recording = recording_of(signal)
    view.resize(1300, 560)
    show_recording(view, recording)
    show_analysis(view, analysis_of(recording))
    assert view.wait_until_loaded()
    frame = view.moment().geometry
    lane = next(lane for lane in frame.page.lanes if lane.lead == "V3")
    base = round(frame.lane_y(lane.baseline))
    assert 1.5 * frame.px_per_mv > frame.page.pitch
    x = round(frame.x(1.0))
    rise = pixels(view)[base - round(15 * PX_PER_MM) + 2 : base - 2, x - 2 : x + 3]
    assert close_to(rise, LIGHT.trace, 60).any(axis=1).all()


def test_scale_survives_resizing(view: TraceView) -> None:
    spiky_view(view)
    view.resize(900, 700)
    columns = spike_columns(view, "V3")
    assert columns[-1] - columns[0] == pytest.approx(50 * PX_PER_MM, abs=1.5)


@pytest.mark.parametrize(("speed", "millimetres"), [(12.5, 25.0), (50.0, 100.0)])
def test_paper_speeds(view: TraceView, speed: float, millimetres: float) -> None:
    spiky_view(view)
    view.set_scale(mm_per_s=speed)
    view.goto(0.0)
    columns = spike_columns(view, "V3")
    assert columns[-1] - columns[0] == pytest.approx(millimetres * PX_PER_MM, abs=1.5)


def test_grid_has_a_bold_line_every_five_millimetres(view: TraceView) -> None:
    show_recording(view, recording_of(flat(10.0)))
    view.wait_until_loaded()
    frame = view.moment().geometry
    row = pixels(view)[round(frame.page.bottom) - 3, : round(frame.page.right) - 2]
    bold = np.flatnonzero(close_to(row[np.newaxis], LIGHT.grid_major, 6)[0])
    assert np.diff(bold) == pytest.approx(5 * PX_PER_MM, abs=1.0)
    at_zero = np.abs(bold - frame.x(0.0)).min()
    assert at_zero <= 1.0, "a bold line passes through the start of the record"


def test_screen_resolution_is_taken_from_the_screen(view: TraceView) -> None:
    view.set_pixels_per_mm(None)
    expected = view.screen().physicalDotsPerInch() / 25.4
    assert view.state.pixels_per_mm == pytest.approx(expected)


def test_calibrated_screen_keeps_its_correction(view: TraceView) -> None:
    view.set_pixels_per_mm(4.4)
    view.hide()
    view.show()
    assert view.state.pixels_per_mm == 4.4


def test_fit_says_that_it_is_not_to_scale(view: TraceView) -> None:
    show_recording(view, recording_of(ecg()))
    view.wait_until_loaded()
    view.set_fit(True)
    frame = view.moment().geometry
    assert "not to scale" in scale_text(frame.px_per_s, frame.px_per_mv, PX_PER_MM, fit=True)
    assert frame.stop_s - frame.start_s == pytest.approx(10.0, rel=0.01)
    view.resize(800, 600)
    frame = view.moment().geometry
    assert frame.stop_s - frame.start_s == pytest.approx(10.0, rel=0.01)


def test_fitting_shows_the_whole_record_while_its_beats_can_be_told_apart(
    view: TraceView,
) -> None:
    for duration_s in (36.0, 120.0):
        view.set_fit(False)
        show_recording(view, recording_of(ecg(), duration_s=duration_s))
        view.set_fit(True)
        assert view.visible_range() == (0.0, pytest.approx(duration_s, rel=0.01))
    view.set_fit(False)
    show_recording(view, recording_of(ecg(), duration_s=3600.0))
    before = view.visible_range()
    view.set_fit(True)
    assert view.visible_range() == pytest.approx(before, abs=0.5)


def test_scale_text_is_the_paper_speed_and_the_gain() -> None:
    assert scale_text(100.0, 40.0, 4.0, fit=False) == "25 mm/s · 10 mm/mV"
    assert scale_text(50.0, 20.0, 4.0, fit=False) == "12.5 mm/s · 5 mm/mV"
    assert scale_text(2.0, 40.0, 4.0, fit=False).startswith("30 mm/min")


def test_three_zoom_steps_double_the_paper_speed(view: TraceView) -> None:
    show_recording(view, recording_of(ecg(60.0)))
    for _ in range(3):
        view.zoom(2 ** (1 / 3))
    assert view.state.mm_per_s == 50.0
    for _ in range(6):
        view.zoom(2 ** (-1 / 3))
    assert view.state.mm_per_s == 12.5


def test_gain_steps_are_the_usual_ones(view: TraceView) -> None:
    seen = []
    for _ in range(4):
        seen.append(view.state.mm_per_mv)
        view.gain_step(-1)
    assert seen == [10.0, 5.0, 2.5, 2.5]
    for _ in range(3):
        view.gain_step(1)
    assert view.state.mm_per_mv == 20.0


@pytest.mark.slow
@pytest.mark.parametrize("zoom", ["1", "2"])
def test_every_monitor_has_a_scale_of_its_own(tmp_path: Path, user_home: Path, zoom: str) -> None:
    screen = {"y": 0, "width": 2400, "height": 1600, "logicalDpi": 96, "logicalBaseDpi": 96}
    screens = [screen | {"name": "plain", "x": 0}, screen | {"name": "measured", "x": 2400}]
    config = tmp_path / "screens.json"
    config.write_text(json.dumps({"synchronousWindowSystemEvents": True, "screens": screens}))
    environment = os.environ | {
        "QT_QPA_PLATFORM": f"offscreen:configfile={config}", "QT_SCALE_FACTOR": zoom,
        "ECGVIEWER_HOME": str(user_home),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.app.two_screens"],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second, third = json.loads(done.stdout)
    ratio, reported = float(zoom), 100 / 25.4
    assert first == ["plain", pytest.approx(reported / ratio), pytest.approx(50 * reported, abs=2)]
    # What was measured by hand is in the screen's own pixels, whatever the desktop's zoom.
    measured = MEASURED_PX_PER_MM
    assert second == [
        "measured", pytest.approx(measured / ratio), pytest.approx(50 * measured, abs=2)
    ]  # fmt: skip
    assert third == first
