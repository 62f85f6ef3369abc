"""Samples reach the screen from another thread, only as many as needed, and none is lost."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt.theme import LIGHT
from ecgviewer.app.trace.data.array_levels import ArrayLevels
from ecgviewer.app.trace.data.chunks import ChunkStore
from ecgviewer.app.trace.data.levels import query
from ecgviewer.app.trace.raster.pixel_columns import Stretch, to_pixels
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.errors import CorruptFileError
from tests.app.driving import spin
from tests.app.trace_material import (
    PX_PER_MM,
    close_to,
    ecg,
    flat,
    pixels,
    recording_of,
    show_recording,
    source_of,
)

pytestmark = pytest.mark.usefixtures("no_surprises")


@pytest.fixture
def view(qt_app: QApplication):
    view = TraceView()
    view.set_theme(LIGHT)
    view.set_pixels_per_mm(PX_PER_MM)
    view.resize(1200, 900)
    view.show()
    yield view
    view.stop_loading()
    view.close()
    view.deleteLater()


@given(
    seed=st.integers(0, 2**16),
    start=st.integers(0, 5000),
    length=st.integers(1, 5000),
    per_pixel=st.floats(0.2, 400.0),
)
@settings(max_examples=60, deadline=None)
def test_columns_hold_the_extremes_of_their_samples(seed, start, length, per_pixel) -> None:
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(2, 6000)).astype(np.float32)
    signal[:, rng.integers(0, 6000, 50)] = np.nan
    stop = min(start + length, 6000)
    columns = query(ArrayLevels(signal), start, stop, per_pixel)
    for bin_number in range(columns.lo.shape[1]):
        first = columns.first + bin_number * columns.step
        part = signal[:, first : first + columns.step]
        for row in range(2):
            finite = part[row][np.isfinite(part[row])]
            if finite.size:
                assert columns.lo[row, bin_number] == finite.min()
                assert columns.hi[row, bin_number] == finite.max()
            else:
                assert np.isnan(columns.hi[row, bin_number])
    assert columns.first <= start
    assert columns.first + columns.lo.shape[1] * columns.step >= stop
    assert columns.step <= max(per_pixel, 1.0)


@given(at=st.integers(0, 7999), per_pixel=st.floats(0.1, 60.0))
@settings(max_examples=80, deadline=None)
def test_a_one_sample_spike_is_in_exactly_its_pixel(at: int, per_pixel: float) -> None:
    signal = np.zeros((1, 8000), dtype=np.float32)
    signal[0, at] = 5.0
    columns = query(ArrayLevels(signal), 0, 8000, per_pixel)
    stretch = Stretch(0, int(8000 / per_pixel), 1.0 / per_pixel, 0.5 / per_pixel)
    _, hi = to_pixels(columns, 1.0, stretch)
    high = np.flatnonzero(hi[0] >= 4.999)
    # Within the pixel of its bin, or the joint to the next; a border pixel may cut half a bin.
    expected = (at + 0.5) / per_pixel
    assert high.size or at > 7998 - 2 * per_pixel or at < 2
    assert np.all(np.abs(high + 0.5 - expected) <= 1.0 + columns.step / per_pixel)


@pytest.mark.parametrize("span_s", [1.0, 10.0, 60.0, 400.0, 3000.0, 7200.0])
def test_pacing_spikes_are_visible_at_every_zoom(view: TraceView, span_s: float) -> None:
    recording = recording_of(flat(60.0), duration_s=7200.0)
    spike_s = 3600.1
    source_of(recording).spikes = {round(spike_s * 500): 1.2}
    show_recording(view, recording)
    view.zoom(view.traces_width() / span_s / view.moment().geometry.px_per_s, 0.0)
    view.goto(spike_s - span_s / 2)
    assert view.wait_until_loaded()
    spin(lambda: view.data.store is not None and view.data.store.complete)
    view.redraw()
    frame = view.moment().geometry
    lane = frame.page.lanes[6]
    x = round(frame.x(spike_s))
    y = round(frame.lane_y(lane.baseline) - 0.7 * frame.px_per_mv)
    shown = pixels(view)[y - 3 : y + 3, x - 2 : x + 3]
    drawn = close_to(shown, LIGHT.trace, 90) | close_to(shown, LIGHT.envelope, 60)
    assert drawn.any(axis=1).all()


def test_gaps_are_gaps(view: TraceView) -> None:
    signal = flat(10.0)
    signal[:, 1000:1500] = np.nan
    show_recording(view, recording_of(signal))
    assert view.wait_until_loaded()
    view.clearFocus()
    frame = view.moment().geometry
    lane = frame.page.lanes[3]
    row = round(frame.lane_y(lane.baseline))
    line = close_to(pixels(view)[row - 1 : row + 2], LIGHT.trace, 140).any(axis=0)
    inside = slice(round(frame.x(2.02)), round(frame.x(2.98)))
    assert line[round(frame.x(1.0)) : round(frame.x(1.95))].mean() > 0.95
    assert line[inside].mean() < 0.4, "only the words 'no signal' may be dark there"


def test_first_traces_of_a_day_need_one_chunk(view: TraceView) -> None:
    recording = recording_of(ecg(60.0), duration_s=86400.0)
    show_recording(view, recording)
    assert view.wait_until_loaded(5.0)
    first, stop = source_of(recording).reads[0]
    assert (first, stop - first) == (0, 1 << 15)
    view.stop_loading()


def test_a_day_not_read_yet_costs_no_more_than_its_picture() -> None:
    store = ChunkStore(12, 86400 * 500)
    columns = store.columns(0, store.n_samples, store.n_samples / 1500)
    assert 1500 <= columns.lo.shape[1] <= 4 * 1500
    assert columns.pending is not None and columns.pending.all()


def test_the_window_thread_never_reads(view: TraceView) -> None:
    recording = recording_of(ecg(60.0), duration_s=600.0)
    show_recording(view, recording)
    assert view.wait_until_loaded()
    view.goto(300.0)
    view.wait_until_loaded()
    assert threading.main_thread().name not in source_of(recording).readers


def test_reading_ends_with_the_record(view: TraceView) -> None:
    show_recording(view, recording_of(ecg(60.0), duration_s=86400.0))
    view.wait_until_loaded()
    show_recording(view, None)
    alive = {thread.name for thread in threading.enumerate() if thread.name.startswith("trace")}
    assert alive == set()


def test_a_file_that_went_away_is_told_on_the_paper(view: TraceView, monkeypatch) -> None:
    recording = recording_of(ecg(60.0))

    def gone(*_args: object) -> None:
        raise CorruptFileError("the file went away", "gone.dat")

    monkeypatch.setattr(source_of(recording), "read", gone)
    told: list[str] = []
    view.readFailed.connect(told.append)
    show_recording(view, recording)
    assert not view.wait_until_loaded(2.0)
    spin(lambda: bool(told))
    assert told[0] == "gone.dat: the file went away"


def test_a_long_record_opens_from_its_cached_overview(view: TraceView) -> None:
    recording = recording_of(ecg(60.0), duration_s=1200.0)
    show_recording(view, recording)
    view.wait_until_loaded()
    spin(lambda: view.data.store is not None and view.data.store.complete)
    show_recording(view, None)
    again = recording_of(ecg(60.0), duration_s=1200.0)
    show_recording(view, again)
    view.wait_until_loaded()
    spin(lambda: view.data.store is not None and view.data.store.complete)
    read = sum(stop - start for start, stop in source_of(again).reads)
    assert read <= 3 * (1 << 15), "the sweep was not repeated"


def test_display_filter_is_named_and_removes_the_baseline(view: TraceView) -> None:
    signal = ecg(60.0) + np.linspace(0.0, 5.0, 30000, dtype=np.float32)
    show_recording(view, recording_of(signal))
    view.wait_until_loaded()
    view.set_display_filter(baseline=True, mains_hz=50.0)
    assert view.wait_until_loaded()
    store = view.data.store
    assert store is not None
    samples = store.samples(0)
    assert samples is not None
    assert abs(float(np.median(samples[0, 25000:]))) < 0.2
    assert view.state.display.text() == "filtered: baseline, mains 50 Hz"
    view.set_display_filter()
    assert view.state.display.text() == "unfiltered"
