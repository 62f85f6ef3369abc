"""The two viewers that the frame benchmarks compare, and how a frame is timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt.theme import LIGHT
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.analysis import Analysis, WindowScore
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.recording import FloatArray, Recording
from ecgviewer.core.reference import NormalReference
from ecgviewer.review.annotations import Annotation
from tests.app.trace_material import show_analysis, show_annotations, show_recording
from tests.generators import ecg_mv

SIZE = (1600, 1000)
FS_HZ = 500.0
MAP_FS_HZ = 100.0
N_ANNOTATIONS = 10_000


class TiledSource:
    """A minute of ECG, repeated: what a long record costs without its disk."""

    def __init__(self) -> None:
        self.minute = ecg_mv(60.0, FS_HZ, noise_mv=0.02).astype(np.float32)

    def read(self, start: int, stop: int, leads: list[int]) -> FloatArray:
        return self.minute[np.ix_(leads, np.arange(start, stop) % self.minute.shape[1])]

    def content_hash(self) -> str:
        return "ef" * 32

    def close(self) -> None:
        pass


def long_recording(duration_s: float) -> Recording:
    return Recording(
        "tiled", Path("tiled.hea"), "memory", STANDARD_LEADS, FS_HZ, round(duration_s * FS_HZ),
        TiledSource(),
    )  # fmt: skip


def long_analysis(recording: Recording, folder: Path | None = None) -> Analysis:
    """Return an analysis with maps over the whole recording; mapped files in a folder, if given.

    They are mapped as the program maps those of long recordings.
    """
    n = round(recording.duration_s * MAP_FS_HZ)
    minute = recording.read(0.0, 60.0)[:, ::5]
    rng = np.random.default_rng(0)
    noise = np.abs(rng.normal(1.0, 1.0, minute.shape)).astype(np.float32)
    repeats = -(-n // minute.shape[1])

    def tiled(name: str, values: FloatArray) -> FloatArray:
        if folder is None:
            return np.tile(values, (1, repeats))[:, :n]
        path = folder / f"{name}.npy"
        np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(12, n))
        with path.open("r+b") as file:
            file.seek(-12 * 4 * n, 2)
            for row in values:
                file.write(np.tile(row, repeats)[:n].tobytes())
        mapped: FloatArray = np.load(path, mmap_mode="r")
        return mapped

    score, reconstruction = tiled("score", noise), tiled("reconstruction", minute * 0.9)
    nothing = np.zeros((12, 1), dtype=np.float32)
    return Analysis(
        model="cae", bundle_sha256="cd" * 32, recording_sha256="ef" * 32,
        record_name=recording.name, preprocessing={}, leads=STANDARD_LEADS,
        duration_s=recording.duration_s, score=1.0, raw_score=1.0, p_value=0.5, parts={},
        windows=(WindowScore(0.0, 10.0, 1.0, 1.0, 0.5, {}),), map_fs_hz=MAP_FS_HZ,
        score_map=score, reconstruction_mv=reconstruction,
        model_input_mv=nothing, model_output_mv=nothing,
        record_reference=NormalReference.from_scores(np.linspace(0, 3, 100)),
        map_reference=NormalReference.from_scores(np.linspace(0, 5, 100)),
    )  # fmt: skip


def many_annotations(duration_s: float) -> list[Annotation]:
    rng = np.random.default_rng(1)
    one = Annotation("", 0.0, 0.0, (), "PVC")
    return [
        replace(
            one, id=f"{i:032x}", start_s=start, end_s=start + 1.0,
            leads=(STANDARD_LEADS[i % 12],) if i % 3 else (),
        )
        for i, start in enumerate(np.sort(rng.uniform(0, duration_s - 2, N_ANNOTATIONS)).tolist())
    ]  # fmt: skip


def our_viewer(recording: Recording, analysis: Analysis | None) -> TraceView:
    """Return this program's view with paper, reconstruction, strips and 10,000 annotations."""
    view = TraceView()
    view.set_theme(LIGHT)
    view.resize(*SIZE)
    show_recording(view, recording)
    show_analysis(view, analysis)
    show_annotations(view, many_annotations(recording.duration_s))
    view.show()
    view.wait_until_loaded()
    return view


def sweep(view: TraceView) -> None:
    """Wait until the overview of the whole recording is built."""
    store = view.data.store
    assert store is not None
    while not store.complete:
        QApplication.processEvents()
        time.sleep(0.005)


class NaiveViewer:
    """Twelve plots of pyqtgraph with its own clipping and peak downsampling, nothing else."""

    def __init__(self, signal_mv: FloatArray) -> None:
        import pyqtgraph

        self.widget = pyqtgraph.GraphicsLayoutWidget()
        self.widget.resize(*SIZE)
        self.plots = []
        seconds = np.arange(signal_mv.shape[1]) / FS_HZ
        for row, lead in enumerate(signal_mv):
            plot = self.widget.addPlot(row=row, col=0)
            curve = plot.plot(seconds, lead, pen="k")
            # Set after adding: before it, pyqtgraph raises.
            curve.setClipToView(True)
            curve.setDownsampling(auto=True, method="peak")
            plot.setMouseEnabled(x=True, y=False)
            if self.plots:
                plot.setXLink(self.plots[0])
            self.plots.append(plot)
        self.widget.show()
        QApplication.processEvents()

    def show_range(self, start_s: float, span_s: float) -> None:
        """Move the plots and paint them once: what they put off is part of the next picture."""
        self.plots[0].setXRange(start_s, start_s + span_s, padding=0)
        QApplication.processEvents()

    def close(self) -> None:
        self.widget.close()
        self.widget.deleteLater()


def show_range(view: TraceView, start_s: float) -> None:
    """Move our view and paint it, as a drag does."""
    view.goto(start_s)
    QApplication.processEvents()


def set_span(view: TraceView, span_s: float) -> None:
    view.zoom(view.traces_width() / span_s / view.moment().geometry.px_per_s, 0.0)


@dataclass(frozen=True)
class Timing:
    """Milliseconds per frame: on the wall clock, and of this thread's processor time."""

    median: float
    p95: float
    cpu_median: float
    cpu_p95: float

    def text(self) -> str:
        """Return the four numbers as columns of a table."""
        return f"{self.median:6.1f} {self.p95:6.1f} | {self.cpu_median:6.1f} {self.cpu_p95:6.1f}"


FRAME_S = 1.0 / 60.0


def time_frames(frame: Callable[[int], object], count: int, paced: bool = True) -> Timing:
    """Time frames, as a screen asks for them (or one right after the other)."""
    wall, cpu = [], []
    for index in range(count):
        start, thread = time.perf_counter(), time.thread_time()
        frame(index)
        cpu.append((time.thread_time() - thread) * 1e3)
        taken = time.perf_counter() - start
        wall.append(taken * 1e3)
        if paced:
            time.sleep(max(FRAME_S - taken, 0.0))
    return Timing(
        float(np.median(wall)),
        float(np.percentile(wall, 95)),
        float(np.median(cpu)),
        float(np.percentile(cpu, 95)),
    )


def settle(view: TraceView) -> None:
    """Wait until the overview and all maps that are shown were read from start to end."""
    sweep(view)
    end = view.scene.duration_s
    maps, analysis = view.data.maps, view.scene.analysis
    if maps is not None and analysis is not None:
        fs_hz = analysis.map_fs_hz
        while not maps.ready(0, round(end * fs_hz), fs_hz):
            QApplication.processEvents()
            time.sleep(0.005)
