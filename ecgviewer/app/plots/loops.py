"""Vector loops of the median beat in view, in the frontal and the horizontal plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QTimer

from ecgviewer.app.plots.record_sheet import RecordSheet
from ecgviewer.app.plots.saving import Table
from ecgviewer.app.plots.sheet import Places
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.core.record.recording import Recording
from ecgviewer.signal.delineation import Marks
from ecgviewer.signal.heartbeats.beats import median_beats
from ecgviewer.signal.heartbeats.r_peaks import detect_r_peaks
from ecgviewer.signal.measures.intervals import measure
from ecgviewer.signal.measures.span import measured_span
from ecgviewer.signal.measures.vector_loops import LEADS, heart_vector

PRE_S, POST_S = 0.35, 0.60
SETTLE_MS = 400
WAVES = {"P": "annotation", "QRS": "trace", "T": "reconstruction"}
"""The waves and the roles of their colours."""
WORDS = "Kors 1990; P violet, QRS dark (light in the dark theme), T blue; a dot each 20 ms"


@dataclass(frozen=True, eq=False)
class Loops:
    """The heart vector of a median beat.

    Attributes
    ----------
    time_s : array [m]
        From the R peak.
    xyz : array [3, m]
        To the left, down, to the back; the level before QRS is taken off.
    spans : dict
        From when to when each wave lasts, in seconds from the R peak.
    n_beats : int
    unit : str
    start_s, stop_s : float
        What was measured.
    beat_s : float
        The R peak of a beat in the middle, to which clicks go.
    """

    time_s: npt.NDArray[np.float64]
    xyz: npt.NDArray[np.float64]
    spans: dict[str, tuple[float, float]]
    n_beats: int
    unit: str
    start_s: float
    stop_s: float
    beat_s: float


def find_loops(recording: Recording, start_s: float, stop_s: float) -> Loops | str:
    """Return the loops of a range (widened to 10 s where it is shorter), or why there are none."""
    start_s, stop_s = measured_span(start_s, stop_s, recording.duration_s)
    signal = recording.read(start_s, stop_s)
    fs_hz = recording.fs_hz
    if heart_vector(np.zeros((len(recording.leads), 1)), recording.leads) is None:
        return f"Vector loops need the leads {', '.join(LEADS)}."
    intervals = measure(signal, fs_hz, recording.leads)
    if intervals.marks is None:
        return "No prevailing beat can be measured here."
    r_peaks = detect_r_peaks(signal, fs_hz)
    beat = median_beats(signal, r_peaks, fs_hz, PRE_S, POST_S)
    vector = heart_vector(beat, recording.leads)
    if vector is None or not np.isfinite(vector).all():
        return "A lead that the loops need has no signal here."
    time_s = np.arange(vector.shape[1]) / fs_hz - PRE_S
    spans = _spans(intervals.marks)
    before = (time_s < spans["QRS"][0]) & (time_s > spans["QRS"][0] - 0.02)
    vector -= np.median(vector[:, before], axis=1, keepdims=True)
    return Loops(
        time_s, vector, spans, intervals.n_beats, recording.unit, start_s,
        stop_s, start_s + float(r_peaks[r_peaks.size // 2]) / fs_hz,
    )  # fmt: skip


def _spans(marks: Marks) -> dict[str, tuple[float, float]]:
    on, off = marks.qrs_on_s, marks.qrs_off_s
    spans = {"QRS": (-0.05 if on is None else on, 0.05 if off is None else off)}
    if marks.p_on_s is not None:
        spans["P"] = (marks.p_on_s, spans["QRS"][0])
    if marks.t_off_s is not None:
        spans["T"] = (spans["QRS"][1], marks.t_off_s)
    return spans


class LoopSheet(RecordSheet):
    """Follows what is in view, once it stands still."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__("Vector loops", bench)
        self._loops: Loops | None = None
        self._of: tuple[int, tuple[float, float]] | None = None
        self._frontal = self.add(0, 0, "X: right – left (mV)", "Y: down – up (mV)", title="Frontal")
        self._frontal.invertY(True)
        self._horizontal = self.add(
            1, 0, "X: right – left (mV)", "Z: front – back (mV)", title="Horizontal"
        )
        self._horizontal.invertY(False)
        for plot in (self._frontal, self._horizontal):
            plot.setAspectLocked(True)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._measure)

    def show_span(self, start_s: float, stop_s: float) -> None:
        """Measure there, once the view stands still."""
        self._settle.start()

    def refresh(self) -> None:
        """Measure what is in view."""
        self._measure()

    def _measure(self) -> None:
        document = self.bench.document
        recording = document.recording
        if recording is None:
            self._of = None
            self._show("")
            return
        span = measured_span(*self.bench.traces.visible_range(), recording.duration_s)
        if self._of == (document.generation, span):
            return
        self._of = (document.generation, span)
        self.work(lambda _progress, _cancel: find_loops(recording, *span), self._show)

    def _show(self, found: Loops | str) -> None:
        self._loops = found if isinstance(found, Loops) else None
        self.draw()
        if isinstance(found, str):
            self.say(found)
            return
        self.say(
            f"Median of {found.n_beats} beats, {found.start_s:.1f} to {found.stop_s:.1f} s; {WORDS}"
        )

    def draw(self) -> None:
        """Draw both planes; the axes cross where nothing is excited."""
        self.clear_plots()
        loops, theme = self._loops, self.theme
        if loops is None:
            return
        x, y, z = loops.xyz
        reach = 1.1 * max(float(np.abs(loops.xyz).max()), 0.2)
        for plot, down in ((self._frontal, y), (self._horizontal, z)):
            for at in ([-reach, reach], [0.0, 0.0]), ([0.0, 0.0], [-reach, reach]):
                self.curve(plot, *at, theme.color("border"))
            for wave, (start_s, stop_s) in loops.spans.items():
                own = (loops.time_s >= start_s) & (loops.time_s <= stop_s)
                color = theme.color(WAVES[wave])
                self.curve(plot, x[own], down[own], color, 1.5)
                fs_hz = 1.0 / (loops.time_s[1] - loops.time_s[0])
                dots = np.flatnonzero(own)[:: max(round(0.02 * fs_hz), 1)]
                plot.plot(
                    x[dots], down[dots], pen=None, symbol="o", symbolSize=4, symbolBrush=color,
                    symbolPen=None,
                )  # fmt: skip
            self.link(plot, Places(x, down, loops.beat_s + loops.time_s))
            plot.setRange(xRange=(-reach, reach), yRange=(-reach, reach), padding=0.0)

    def table(self) -> Table:
        """Return the heart vector by time."""
        loops = self._loops
        if loops is None:
            return Table((), ())
        rows = [
            [f"{t:.4f}", *(f"{v:.4f}" for v in xyz)]
            for t, xyz in zip(loops.time_s, loops.xyz.T, strict=True)
        ]
        names = ("X, to the left", "Y, down", "Z, to the back")
        return Table(("from R [s]", *(f"{name} [{loops.unit}]" for name in names)), rows)
