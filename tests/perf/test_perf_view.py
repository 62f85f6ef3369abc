"""Benchmarks of the window's part: frames, opening, reading. ``pytest -m perf -s tests/perf``."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.theme import LIGHT
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.record_ref import RecordRef
from ecgviewer.io import open_record
from tests.generators import write_long_wfdb
from tests.perf.frames import (
    SIZE,
    NaiveViewer,
    long_analysis,
    long_recording,
    our_viewer,
    set_span,
    show_range,
    sweep,
    time_frames,
)

pytestmark = pytest.mark.perf
DAY_S = 86400.0
NAIVE_S = 1800.0
"""What the naive viewer is given: the whole day would need 8 GB in it."""
SPANS_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 10800.0, 86400.0)
FRAMES = 40
BUDGET_MS = 16.7


@pytest.fixture(scope="module")
def day_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same day in format 16 and 212."""
    return tmp_path_factory.mktemp("day")


def test_pan_frames(qt_app: QApplication) -> None:
    recording = long_recording(DAY_S)
    view = our_viewer(recording, long_analysis(recording))
    naive = NaiveViewer(long_recording(NAIVE_S).read(0.0, NAIVE_S))
    sweep(view)
    print(f"\n\nPan frames, {SIZE[0]}x{SIZE[1]}, ms on the wall clock (budget p95 {BUDGET_MS})")
    print("This program: 24 h, reconstruction, heat strips, paper, 10,000 annotations.")
    print("Naive: 12 pyqtgraph plots, 30 min, clipToView, auto peak downsampling, traces only.")
    print(f"{'in view':>9} | {'median':>7} {'p95':>7} | {'naive':>7} {'p95':>7} | ratio of medians")
    slow = []
    for span_s in SPANS_S:
        set_span(view, span_s)
        view.goto(DAY_S / 3)
        view.wait_until_loaded()
        ours = time_frames(lambda i, s=span_s: show_range(view, DAY_S / 3 + i * s / 60), FRAMES)
        line = f"{span_s:>7g} s | {ours.median:7.1f} {ours.p95:7.1f} | "
        if span_s < NAIVE_S:
            other = time_frames(
                lambda i, s=span_s: naive.show_range(60.0 + i * s / 60, s), FRAMES // 2
            )
            line += f"{other.median:7.1f} {other.p95:7.1f} | {ours.median / other.median:.2f}"
        print(line)
        if ours.p95 > BUDGET_MS:
            slow.append(f"{span_s:g} s: {ours.p95:.1f} ms")
    naive.close()
    zoom = time_frames(lambda i: (view.zoom(1.3 if i % 40 < 20 else 1 / 1.3), view.repaint()), 80)
    print(f"zoom frames from 24 h inwards and back: median {zoom.median:.1f}, p95 {zoom.p95:.1f}")
    view.stop_loading()
    view.close()
    view.deleteLater()
    if slow:
        print("over budget (is the machine busy?): " + "; ".join(slow))


@pytest.mark.parametrize("fmt", ["16", "212"])
def test_a_day_opens_at_once(qt_app: QApplication, day_folder: Path, fmt: str) -> None:
    header = write_long_wfdb(day_folder, f"day{fmt}", fmt=fmt)
    size = header.with_suffix(".dat").stat().st_size / 2**30
    view = TraceView()
    view.set_theme(LIGHT)
    view.resize(*SIZE)
    view.show()
    qt_app.processEvents()
    start = time.perf_counter()
    recording = open_record(RecordRef(header))
    view.set_recording(recording)
    assert view.wait_until_loaded()
    view.repaint()
    opened = time.perf_counter() - start
    frames = time_frames(lambda i: show_range(view, i * 0.2), 100)
    sweep(view)
    swept = time.perf_counter() - start
    view.set_recording(None)
    start = time.perf_counter()
    view.set_recording(recording)
    set_span(view, DAY_S)
    sweep(view)
    view.wait_until_loaded()
    view.repaint()
    again = time.perf_counter() - start
    view.stop_loading()
    view.close()
    view.deleteLater()
    recording.source.close()
    header.with_suffix(".dat").unlink()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        2**20 if sys.platform == "darwin" else 1024
    )
    print(f"\n\n24 h, 12 leads, 500 Hz, format {fmt}, {size:.2f} GB")
    print(f"first traces visible after {opened * 1e3:.0f} ms (budget 1000)")
    print(
        f"frames while the overview is built: median {frames.median:.1f}, p95 {frames.p95:.1f} ms"
    )
    print(f"overview of the whole day built in {swept:.1f} s; from the cache {again:.2f} s")
    print(f"peak memory of this process so far {peak:.0f} MB (budget 600 for one record)")
    assert opened < 3.0


def test_ten_seconds_open_at_once(qt_app: QApplication, samples: Path) -> None:
    import wfdb

    header = sorted(samples.glob("*_hr.hea"))[0]
    view = TraceView()
    view.resize(*SIZE)
    view.show()
    times, whole = [], []
    for _ in range(7):
        start = time.perf_counter()
        recording = open_record(RecordRef(header))
        view.set_recording(recording)
        assert view.wait_until_loaded()
        view.repaint()
        times.append((time.perf_counter() - start) * 1e3)
        start = time.perf_counter()
        signal = wfdb.rdrecord(str(header.with_suffix(""))).p_signal
        naive = NaiveViewer(signal.T.astype(np.float32))
        naive.show_range(0.0, 10.0)
        whole.append((time.perf_counter() - start) * 1e3)
        naive.close()
        view.set_recording(None)
        recording.source.close()
    view.close()
    view.deleteLater()
    ours, other = float(np.median(times)), float(np.median(whole))
    print(f"\n\n10-s record, traces visible: {ours:.0f} ms (budget 100); naive {other:.0f} ms")
    print(f"ratio {ours / other:.2f}")


def test_reading_ranges(day_folder: Path) -> None:
    import wfdb

    header = write_long_wfdb(day_folder, "hour", hours=1.0)
    recording = open_record(RecordRef(header))
    ranges = time_frames(lambda i: recording.read(i * 60.0, i * 60.0 + 10.0), 30)
    whole = time_frames(lambda i: wfdb.rdrecord(str(header.with_suffix(""))), 3)
    recording.source.close()
    print("\n\nReading 10 s of an hour (12 leads, 500 Hz, format 16)")
    print(f"by range {ranges.median:.2f} ms; wfdb.rdrecord whole {whole.median:.0f} ms")
    print(f"ratio 1 : {whole.median / ranges.median:.0f}")
