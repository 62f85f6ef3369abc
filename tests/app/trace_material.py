"""Recordings in memory and the pixels of a view, for the tests of the trace view."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from ecgviewer.app.qt.theme import LIGHT
from ecgviewer.app.trace.scene.scene import Scene
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.analysis import Analysis, Flag, WindowScore
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.recording import Patient, Recording
from ecgviewer.core.reference import NormalReference
from ecgviewer.review.annotations import Annotation
from tests.generators import ecg_mv

FloatArray = npt.NDArray[np.float32]
PX_PER_MM = 4.0


class MemorySource:
    """Samples in memory, repeated as often as the record is long; remembers what was read."""

    def __init__(self, signal_mv: FloatArray) -> None:
        self.signal_mv = signal_mv
        self.spikes: dict[int, float] = {}
        self.reads: list[tuple[int, int]] = []
        self.readers: set[str] = set()

    def read(self, start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        self.reads.append((start, stop))
        self.readers.add(threading.current_thread().name)
        at = np.arange(start, stop) % self.signal_mv.shape[1]
        part = self.signal_mv[np.ix_(list(leads), at)]
        for sample, height in self.spikes.items():
            if start <= sample < stop:
                part[:, sample - start] = height
        return part

    def content_hash(self) -> str:
        return "ab" * 32

    def close(self) -> None:
        pass


def recording_of(
    signal_mv: npt.NDArray[np.floating],
    fs_hz: float = 500.0,
    leads: tuple[str, ...] = STANDARD_LEADS,
    duration_s: float | None = None,
) -> Recording:
    """Return a recording of these samples, repeated up to ``duration_s``."""
    n_samples = signal_mv.shape[1] if duration_s is None else round(duration_s * fs_hz)
    return Recording(
        name="in memory",
        path=Path("in_memory.hea"),
        format="memory",
        leads=leads,
        fs_hz=fs_hz,
        n_samples=n_samples,
        source=MemorySource(signal_mv.astype(np.float32)),
        patient=Patient(patient_id="P-17", sex="F", age_years=63),
    )


def source_of(recording: Recording) -> MemorySource:
    assert isinstance(recording.source, MemorySource)
    return recording.source


def flat(duration_s: float, fs_hz: float = 500.0) -> FloatArray:
    """Return 12 leads at rest."""
    return np.zeros((12, round(duration_s * fs_hz)), dtype=np.float32)


def ecg(duration_s: float = 10.0, fs_hz: float = 500.0) -> FloatArray:
    """Return a regular ECG at 60 beats per minute."""
    return ecg_mv(duration_s, fs_hz, heart_rate_bpm=60.0, noise_mv=0.002).astype(np.float32)


def analysis_of(recording: Recording, fs_hz: float = 100.0) -> Analysis:
    """Return an analysis whose score map is 1 everywhere and 9 in V2 from 3 to 4 s."""
    n = round(recording.duration_s * fs_hz)
    score = np.ones((12, n), dtype=np.float32)
    score[STANDARD_LEADS.index("V2"), round(3 * fs_hz) : round(4 * fs_hz)] = 9.0
    zeros = np.zeros((12, n), dtype=np.float32)
    return Analysis(
        model="vae-bilstm-mha",
        bundle_sha256="cd" * 32,
        recording_sha256="ab" * 32,
        record_name=recording.name,
        preprocessing={"low_hz": 0.5, "high_hz": 40.0, "fs_hz": 100.0},
        leads=STANDARD_LEADS,
        duration_s=recording.duration_s,
        score=3.2,
        raw_score=0.9,
        p_value=0.004,
        parts={"residual": 0.004},
        windows=(WindowScore(0.0, recording.duration_s, 3.2, 0.9, 0.004, {"residual": 0.004}),),
        map_fs_hz=fs_hz,
        score_map=score,
        reconstruction_mv=zeros + 0.5,
        model_input_mv=zeros - 0.5,
        model_output_mv=zeros + 0.25,
        attention=zeros + 0.1,
        record_reference=NormalReference.from_scores(np.linspace(0.0, 3.0, 200)),
        map_reference=NormalReference.from_scores(np.linspace(0.0, 5.0, 200)),
    )


def pixels(widget: QWidget) -> npt.NDArray[np.uint8]:
    """Return what a widget shows as [height, width, (red, green, blue)]."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def close_to(shown: npt.NDArray[np.uint8], color: str, within: int = 40) -> npt.NDArray[np.bool_]:
    """Return where pixels have about a colour (``#rrggbb``)."""
    wanted = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])
    return np.abs(shown.astype(int) - wanted).max(axis=2) <= within


def show_recording(view: TraceView, recording: Recording | None) -> None:
    """Show a recording and nothing else."""
    view.show_scene(Scene(recording))


def show_analysis(view: TraceView, analysis: Analysis | None) -> None:
    view.show_scene(view.scene.with_analysis(analysis, view.scene.specificity))


def show_flags(view: TraceView, flags: Sequence[Flag], verdicts: Sequence[str] = ()) -> None:
    view.show_scene(view.scene.with_flags(flags, verdicts))


def show_annotations(view: TraceView, annotations: Sequence[Annotation]) -> None:
    view.show_scene(view.scene.with_annotations(annotations))


def show_beats(view: TraceView, r_peaks: npt.NDArray[np.int64]) -> None:
    view.show_scene(replace(view.scene, r_peaks=r_peaks))


NO_KEYS = Qt.KeyboardModifier.NoModifier


def shown_view(width_px: int, height_px: int) -> Iterator[TraceView]:
    """Show a light view of a size for the time of a test; for fixtures."""
    view = TraceView()
    view.set_theme(LIGHT)
    view.set_pixels_per_mm(PX_PER_MM)
    view.resize(width_px, height_px)
    view.show()
    view.clearFocus()
    yield view
    view.stop_loading()
    view.close()
    view.deleteLater()
