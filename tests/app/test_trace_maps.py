"""Maps of long analyses: read in the background, growing, at every zoom, in little memory."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt.theme import LIGHT
from ecgviewer.app.trace.data.samples import MapSamples
from ecgviewer.app.trace.overview.beside import overview_of
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.analysis import Analysis
from ecgviewer.core.system import mapped_arrays as mapped_files
from tests.app.trace_material import (
    PX_PER_MM,
    analysis_of,
    flat,
    pixels,
    recording_of,
    show_analysis,
    show_recording,
)

pytestmark = pytest.mark.usefixtures("no_surprises")
HOT_S = 3000.0


@pytest.fixture
def view(qt_app: QApplication):
    view = TraceView()
    view.set_theme(LIGHT)
    view.set_pixels_per_mm(PX_PER_MM)
    view.resize(1000, 800)
    view.show()
    yield view
    view.stop_loading()
    view.close()
    view.deleteLater()


def mapped(analysis: Analysis, folder: Path, n_known: int | None = None) -> Analysis:
    """Return an analysis whose maps are mapped files, or their first columns."""
    names = ("score_map", "reconstruction_mv", "model_input_mv", "model_output_mv", "attention")
    maps = {}
    for name in names:
        path = folder / f"{name}.npy"
        if not path.exists():
            np.save(path, getattr(analysis, name))
        maps[name] = np.load(path, mmap_mode="r")[:, :n_known]
    return replace(analysis, **maps)


@pytest.fixture
def hot(tmp_path: Path):
    """A recording of 100 minutes, its analysis in files, one sample of V1 burning in it."""
    recording = recording_of(flat(60.0), duration_s=6000.0)
    analysis = analysis_of(recording)
    analysis.score_map[:] = 0.0
    analysis.score_map[6, round(HOT_S * 100)] = 50.0
    return recording, analysis, tmp_path


def strip_of(view: TraceView, row: int) -> np.ndarray:
    frame = view.moment().geometry
    top = round(frame.lane_y(frame.page.lanes[row].strips[0])) + 3
    # The last pixels may belong to the frame of the focus.
    return pixels(view)[top, round(frame.page.left) : round(frame.page.right) - 2].astype(int)


def hottest_s(view: TraceView, row: int) -> float | None:
    """Return the time of the darkest pixel of a heat strip that is nearly uniform."""
    strip = strip_of(view, row).sum(axis=1)
    if strip.min() > np.median(strip) - 150:
        return None
    frame = view.moment().geometry
    return frame.time(frame.page.left + float(strip.argmin()) + 0.5)


@pytest.mark.parametrize("span_s", [5.0, 60.0, 600.0, 6000.0])
def test_a_single_hot_sample_is_seen_at_every_zoom(view: TraceView, hot, span_s: float) -> None:
    recording, analysis, folder = hot
    show_recording(view, recording)
    show_analysis(view, mapped(analysis, folder))
    view.zoom(view.traces_width() / span_s / view.moment().geometry.px_per_s, 0.0)
    view.goto(HOT_S - span_s / 2)
    assert view.wait_until_loaded()
    at_s = hottest_s(view, 6)
    assert at_s is not None
    assert abs(at_s - HOT_S) <= 1.5 / view.moment().geometry.px_per_s + 0.01
    assert hottest_s(view, 7) is None


def test_the_window_thread_reads_no_map(view: TraceView, hot, monkeypatch) -> None:
    readers = set()
    read = MapSamples.read

    def noted(self: MapSamples, start: int, stop: int):
        readers.add(threading.current_thread().name)
        return read(self, start, stop)

    monkeypatch.setattr(MapSamples, "read", noted)
    recording, analysis, folder = hot
    show_recording(view, recording)
    show_analysis(view, mapped(analysis, folder))
    for span_s in (5.0, 100.0, 3000.0):
        view.zoom(view.traces_width() / span_s / view.moment().geometry.px_per_s, 0.0)
        view.goto(1000.0)
        assert view.wait_until_loaded()
        pixels(view)
    assert readers
    assert threading.main_thread().name not in readers


def test_maps_of_an_analysis_under_way_grow(view: TraceView, hot) -> None:
    recording, analysis, folder = hot
    bar = overview_of(view)
    bar.resize(900, bar.sizeHint().height())
    show_recording(view, recording)
    show_analysis(view, mapped(analysis, folder, 250_000))
    maps = view.data.maps
    view.zoom(view.traces_width() / 60.0 / view.moment().geometry.px_per_s, 0.0)
    view.goto(HOT_S - 30.0)
    assert view.wait_until_loaded()
    paper = strip_of(view, 6)
    show_analysis(view, mapped(analysis, folder, 305_000))
    assert view.data.maps is maps, "what was read of the same run is kept"
    assert view.wait_until_loaded()
    assert np.abs(strip_of(view, 6) - paper).max() > 20, "the strip reaches into the view now"
    assert hottest_s(view, 6) == pytest.approx(HOT_S, abs=0.1)
    show_analysis(view, mapped(analysis, folder))
    assert view.data.maps is maps
    view.zoom(view.traces_width() / 6000.0 / view.moment().geometry.px_per_s, 0.0)
    assert view.wait_until_loaded()
    assert hottest_s(view, 6) == pytest.approx(HOT_S, abs=10.0)
    bar.deleteLater()


def test_another_analysis_replaces_the_maps(view: TraceView, hot) -> None:
    recording, analysis, folder = hot
    show_recording(view, recording)
    show_analysis(view, mapped(analysis, folder))
    maps = view.data.maps
    show_analysis(view, replace(mapped(analysis, folder), bundle_sha256="ef" * 32))
    assert view.data.maps is not maps
    show_analysis(view, None)
    show_recording(view, None)
    alive = {thread.name for thread in threading.enumerate() if thread.name.startswith("trace")}
    assert alive == set()


def test_a_mapped_file_is_read_without_being_looked_at(tmp_path: Path, monkeypatch) -> None:
    values = np.arange(24_000, dtype=np.float32).reshape(12, 2000)
    np.save(tmp_path / "map.npy", values)
    known = np.load(tmp_path / "map.npy", mmap_mode="r")[:, :1500]
    samples = MapSamples(known, 100.0)
    assert (samples.n_rows, samples.n_samples, samples.n_known) == (12, 2000, 1500)
    np.testing.assert_array_equal(samples.read(700, 1600), values[:, 700:1500])
    calls = []
    from_file = mapped_files._from_file
    monkeypatch.setattr(
        mapped_files, "_from_file", lambda *args: calls.append(args) or from_file(*args)
    )
    samples.read(0, 10)
    assert len(calls) == 1
    (tmp_path / "map.npy").unlink()
    np.testing.assert_array_equal(samples.read(700, 710), values[:, 700:710])
