"""Driving the real window in tests: waiting, opening, and a model process made of clockwork."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.main import build
from ecgviewer.app.shell.session import Session
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.app.work.inference import Run
from ecgviewer.core.analysis import Analysis, WindowScore
from ecgviewer.core.errors import CancelledError, EcgViewerError
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.reference import NormalReference
from ecgviewer.io import open_record
from ecgviewer.review.annotations import RecordKey, Review
from ecgviewer.review.edits.store import ReviewStore

MAP_FS_HZ = 100.0
TICK_MS = 15
Build = Callable[..., MainWindow]


def build_window(session: Session) -> MainWindow:
    """Build the program and give its window, for tests, everything that is installed in it.

    The program's own parts do not know each other through the window; a test that drives the
    window looks into all of them.
    """
    program = build(session)
    window, panels = program.window, program.panels
    for name in (
        "bench", "view_commands", "file_commands", "analyse_commands", "tool_commands", "review",
        "context", "plots",
    ):  # fmt: skip
        setattr(window, name, getattr(program, name))
    window.records, window.record_panel = panels.records, panels.record
    window.analysis_panel, window.flags_panel = panels.analysis, panels.flags
    window.consensus_panel = panels.consensus
    window.program = program
    window.select_flag = program.bench.go_to_flag
    return window


def spin(until: Callable[[], bool], within_s: float = 60.0) -> None:
    """Let the window work until something is so."""
    end = time.monotonic() + within_s
    while not until():
        if time.monotonic() > end:
            raise AssertionError("the window did not get there in time")
        QApplication.processEvents()
        time.sleep(0.002)


def annotate(window: MainWindow, start_s: float = 1.0) -> None:
    """Mark a second and label it, as keys would."""
    spin(lambda: window.review.document.review is not None)
    before = len(window.review.document.review.annotations)
    window.review.document.mark(start_s, start_s + 1.0, ("V1",))
    window.commands.action("review.label.5").trigger()
    assert len(window.review.document.review.annotations) == before + 1


def kept(path: Path, reader: str) -> int:
    """Return how many annotations of a record are on disk."""
    recording = open_record(RecordRef(path))
    review = ReviewStore.for_user().read(RecordKey.of(recording), reader)
    recording.source.close()
    return len(review.annotations)


def make_analysis(ref: RecordRef, model: str) -> Analysis:
    """Return an analysis of a real record with three suspicious places, known in advance.

    V2 and V3 at 2.0-2.4 s (far out), II at 5.0-5.2 s (out), V5 at 8.0-8.2 s (borderline).
    """
    recording = open_record(ref)
    signal = recording.read(0.0, recording.duration_s)
    recording.source.close()
    n = round(recording.duration_s * MAP_FS_HZ)
    at = np.minimum((np.arange(n) / MAP_FS_HZ * recording.fs_hz).astype(int), signal.shape[1] - 1)
    rows = [recording.leads.index(lead) for lead in STANDARD_LEADS]
    seen = signal[rows][:, at].astype(np.float32)
    shift = {"cae": 0.0, "vae-bilstm": 0.1, "vae-bilstm-mha": 0.2}.get(model, 0.0)
    score_map = np.full((12, n), 0.5, np.float32)
    for leads, start_s, stop_s, height in (
        (("V2", "V3"), 2.0 + shift, 2.4 + shift, 9.0),
        (("II",), 5.0, 5.2, 4.5),
        (("V5",), 8.0, 8.2, 3.3),
    ):
        for lead in leads:
            row = STANDARD_LEADS.index(lead)
            score_map[row, int(start_s * MAP_FS_HZ) : int(stop_s * MAP_FS_HZ)] = height
    normals = NormalReference.from_scores(np.linspace(0.0, 4.0, 400))
    parts = {"residual": 0.002, "latent": 0.03, "beat": 0.4, "rhythm": 0.6, "st": 0.01}
    return Analysis(
        model=model,
        bundle_sha256="0" * 64,
        recording_sha256="1" * 64,
        record_name=recording.name,
        preprocessing={"fs_hz": 100.0},
        leads=STANDARD_LEADS,
        duration_s=recording.duration_s,
        score=4.6,
        raw_score=0.03,
        p_value=normals.p_value(4.6),
        parts=parts,
        # It passes without any finding of its own: its flags are the places on the map.
        windows=(WindowScore(0.0, recording.duration_s, 4.6, 0.03, 1e-5, {}),),
        map_fs_hz=MAP_FS_HZ,
        score_map=score_map,
        reconstruction_mv=seen * np.float32(0.9),
        model_input_mv=seen,
        model_output_mv=seen * np.float32(0.9),
        record_reference=normals,
        map_reference=normals,
        attention=np.abs(seen) if model == "vae-bilstm-mha" else None,
        saliency=np.abs(seen) if model == "cae" else None,
        notes=("Made for a test.",),
    )


MAPS = ("score_map", "reconstruction_mv", "model_input_mv", "model_output_mv", "saliency")


def beginning(analysis: Analysis, seconds: float) -> Analysis:
    """Return what was found of an analysis by some moment."""
    n = round(seconds * MAP_FS_HZ)
    maps = {name: getattr(analysis, name) for name in MAPS}
    return replace(
        analysis, analysed_s=seconds,
        **{name: values[:, :n] for name, values in maps.items() if values is not None},
    )  # fmt: skip


class ClockworkInference(QObject):
    """Answers like the model process, tick by tick, without one.

    With ``in_parts`` each tick tells what was found so far; it stops for good at ``held_at``.
    """

    devicesFound = Signal(list)

    def __init__(self, ticks: int = 5, in_parts: bool = False) -> None:
        super().__init__()
        self.ticks = ticks
        self.in_parts = in_parts
        self.held_at: int | None = None
        self.told = 0
        self.runs: list[Run] = []
        self.asked: list[tuple[str, str]] = []
        self.closed = False
        self.fail_with: Exception | None = None

    def warm_up(self) -> None:
        self.devicesFound.emit([("auto", "Automatic"), ("cpu", "CPU"), ("cuda:0", "GPU 0")])

    def analyse(
        self, ref: RecordRef, bundle: Path, device: str, on_result: Any, on_error: Any,
        on_progress: Any = None, on_partial: Any = None,
    ) -> Run:  # fmt: skip
        run = Run(on_result, on_error, on_progress, on_partial, lambda: None)
        self.runs.append(run)
        self.asked.append((bundle.stem, device))
        ticks = itertools.count(1)
        timer = QTimer(self)

        def tick() -> None:
            if self.held_at == self.told and not run.cancel_token.cancelled:
                return
            at = next(ticks)
            if run.cancel_token.cancelled:
                timer.deleteLater()
                run.deliver("error", CancelledError())
            elif at < self.ticks:
                run.deliver("progress", (at / self.ticks, f"window {at} of {self.ticks}"))
                if self.in_parts:
                    whole = make_analysis(ref, bundle.stem)
                    run.deliver("partial", beginning(whole, at / self.ticks * whole.duration_s))
                self.told = at
            else:
                timer.deleteLater()
                if self.fail_with is not None:
                    run.deliver("error", self.fail_with)
                else:
                    try:
                        run.deliver("result", self.answer(ref, bundle.stem))
                    except EcgViewerError as error:
                        run.deliver("error", error)

        timer.timeout.connect(tick)
        timer.start(TICK_MS)
        return run

    def answer(self, ref: RecordRef, model: str) -> Analysis:
        return make_analysis(ref, model)

    def close(self) -> None:
        self.closed = True
        for timer in self.findChildren(QTimer):
            timer.deleteLater()  # what it calls would keep the session for ever


def open_and_wait(window: MainWindow, path: Path) -> None:
    """Open a file and wait until its traces and beats are there."""
    generation = window.document.generation
    window.session.open_paths([path])
    spin(lambda: window.document.generation > generation)
    spin(lambda: window.document.heart is not None)


def open_for_review(window: MainWindow, path: Path) -> MainWindow:
    """Open a record, wait until its review is open too, and give the traces the keyboard."""
    window.session.open_paths([path])
    spin(lambda: window.review.document.review is not None and window.document.heart is not None)
    window.traces.setFocus()
    QApplication.processEvents()
    return window


def press(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier | None = None) -> None:
    """Press a key where the keyboard focus is."""
    target = QApplication.focusWidget() or window.traces
    QTest.keyClick(target, key, modifiers or Qt.KeyboardModifier.NoModifier)
    QApplication.processEvents()


def review_of(window: MainWindow) -> Review:
    review = window.review.document.review
    assert review is not None
    return review


def on_disk(window: MainWindow) -> Review:
    """Return the review as another program start would find it now."""
    return ReviewStore.for_user().read(review_of(window).record, window.review.document.reader)
