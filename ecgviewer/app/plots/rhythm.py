"""RR tachogram, Poincaré plot and heart rate of the open record."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyqtgraph

from ecgviewer.app.plots.record_sheet import RecordSheet
from ecgviewer.app.plots.saving import Table
from ecgviewer.app.plots.sheet import CLOCK_FROM_S, Places
from ecgviewer.app.shell.workbench import Workbench

DoubleArray = npt.NDArray[np.float64]

MOST_SYMBOLS = 3000
"""Beyond these, points merge into the line and only slow it down."""
MOST_POINTS = 20_000
USUAL = 0.999
RATE_BEATS = 8
"""As in :mod:`ecgviewer.signal.holter.summary`: one premature beat is no maximum."""
NO_BEATS = "No two heart beats are known."


class _BeatSheet(RecordSheet):
    """What shows the times of the beats."""

    def __init__(self, name: str, bench: Workbench) -> None:
        super().__init__(name, bench)
        self.times_s: DoubleArray = np.zeros(0)

    @property
    def rr_s(self) -> DoubleArray:
        """RR intervals; the one at ``k`` ends with beat ``k + 1``."""
        return np.diff(self.times_s)

    def refresh(self) -> None:
        """Take the beats that are known now."""
        document = self.bench.document
        recording, heart = document.recording, document.heart
        known = recording is not None and heart is not None
        self.times_s = heart.r_peaks / recording.fs_hz if known else np.zeros(0)  # type: ignore[union-attr]
        self.draw()

    def draw(self) -> None:
        """Draw the beats."""
        self.clear_plots()
        if self.times_s.size < 3:
            self.say(NO_BEATS)
            return
        self.say(self.draw_beats())

    def draw_beats(self) -> str:
        """Draw three beats or more and return the caption."""
        raise NotImplementedError


class _TimeSheet(_BeatSheet):
    """What has the time of the recording along its lower edge."""

    def __init__(self, name: str, bench: Workbench, title: str, y: str) -> None:
        super().__init__(name, bench)
        self.plot = self.add(0, 0, "Time (s)", y, clock=True)
        self.setAccessibleDescription(title)
        self._span = pyqtgraph.LinearRegionItem(movable=False)
        self._span.setZValue(-10)

    def show_span(self, start_s: float, stop_s: float) -> None:
        """Mark what is in view, where that is not everything."""
        self._span.setRegion((start_s, stop_s))
        recording = self.bench.document.recording
        whole = recording is None or stop_s - start_s >= 0.9 * recording.duration_s
        self._span.setVisible(not whole)

    def draw_line(self, time_s: DoubleArray, values: DoubleArray, role: str) -> None:
        """Draw values by time, and let clicks go to their place."""
        few = time_s.size <= MOST_SYMBOLS
        color = self.theme.color(role)
        item = self.plot.plot(
            time_s, values, pen=pyqtgraph.mkPen(color, width=1), antialias=True,
            symbol="o" if few else None, symbolSize=4, symbolBrush=color, symbolPen=None,
        )  # fmt: skip
        # After adding: both ask for the view.
        item.setDownsampling(auto=True, method="peak")
        item.setClipToView(True)
        accent = self.theme.color("accent", 45)
        self._span.setBrush(accent)
        for line in self._span.lines:
            line.setPen(pyqtgraph.mkPen(self.theme.color("accent", 120)))
        self.plot.addItem(self._span, ignoreBounds=True)
        self.show_span(*self.bench.traces.visible_range())
        self.link(self.plot, Places(time_s, values, time_s))
        low, high = _usual_range(values)
        many = time_s[-1] >= CLOCK_FROM_S
        self.plot.getAxis("bottom").setLabel("Time (h:mm:ss)" if many else "Time (s)")
        self.plot.setYRange(low, high, padding=0.08)
        self.plot.setXRange(0.0, max(float(time_s[-1]), 1.0), padding=0.02)


class Tachogram(_TimeSheet):
    """Each RR interval at the time of the beat that ends it."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__("RR intervals over time", bench, "RR intervals", "RR (s)")

    def draw_beats(self) -> str:
        """Draw the intervals; return their count, mean and spread."""
        rr = self.rr_s
        self.draw_line(self.times_s[1:], rr, "beat")
        change = np.sqrt(np.mean(np.square(np.diff(rr)))) if rr.size > 1 else 0.0
        return (
            f"{rr.size} RR intervals: mean {rr.mean() * 1000:.0f} ms, SD {rr.std() * 1000:.0f} ms, "
            f"RMSSD {change * 1000:.0f} ms. Gaps in the recording are intervals too."
        )

    def table(self) -> Table:
        """Return the intervals."""
        rows = [
            [f"{t:.3f}", f"{rr:.4f}"] for t, rr in zip(self.times_s[1:], self.rr_s, strict=False)
        ]
        return Table(("time [s]", "RR [s]"), rows)


class RateTrend(_TimeSheet):
    """The heart rate, each value the mean of some beats."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__("Heart rate over time", bench, "Heart rate", "Heart rate (bpm)")

    def draw_beats(self) -> str:
        """Draw the rate; return its range."""
        time_s, bpm, count = rate_trend(self.times_s)
        self.draw_line(time_s, bpm, "accent")
        over = f"means of {count} intervals" if count > 1 else "of each interval"
        return (
            f"Heart rate, {over}: {bpm.min():.0f} to {bpm.max():.0f} bpm, "
            f"mean {60.0 / self.rr_s.mean():.0f} bpm"
        )

    def table(self) -> Table:
        """Return the rates."""
        time_s, bpm, _count = rate_trend(self.times_s)
        rows = [[f"{t:.3f}", f"{rate:.1f}"] for t, rate in zip(time_s, bpm, strict=True)]
        return Table(("time [s]", "heart rate [bpm]"), rows)


class Poincare(_BeatSheet):
    """Each RR interval against the next one."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__("Each RR interval against the next", bench)
        self.plot = self.add(0, 0, "RR (s)", "next RR (s)")
        self.plot.setAspectLocked(True)

    def draw_beats(self) -> str:
        """Draw the pairs; return their spread across and along the diagonal."""
        rr = self.rr_s
        first, second = rr[:-1], rr[1:]
        step = -(-first.size // MOST_POINTS)
        low, high = _usual_range(rr)
        self.curve(self.plot, [0.0, 10.0], [0.0, 10.0], self.theme.color("border"))
        color = self.theme.color("beat", 255 if first.size < 500 else 110)
        self.plot.plot(
            first[::step], second[::step], pen=None, symbol="o",
            symbolSize=5 if first.size < 2000 else 3, symbolBrush=color, symbolPen=None,
        )  # fmt: skip
        self.link(self.plot, Places(first, second, self.times_s[1:-1]))
        self.plot.setRange(xRange=(low, high), yRange=(low, high), padding=0.1)
        sd1 = float(np.std((second - first) / np.sqrt(2.0)))
        sd2 = float(np.std((second + first) / np.sqrt(2.0)))
        shown = f"; every {step}th is drawn" if step > 1 else ""
        return f"{first.size} pairs: SD1 {sd1 * 1000:.0f} ms, SD2 {sd2 * 1000:.0f} ms{shown}"

    def table(self) -> Table:
        """Return the pairs."""
        rr = self.rr_s
        rows = [
            [f"{t:.3f}", f"{a:.4f}", f"{b:.4f}"]
            for t, a, b in zip(self.times_s[1:-1], rr[:-1], rr[1:], strict=False)
        ]
        return Table(("time [s]", "RR [s]", "next RR [s]"), rows)


def rate_trend(times_s: DoubleArray) -> tuple[DoubleArray, DoubleArray, int]:
    """Return when, the mean rate (bpm) of the intervals around then, and of how many.

    Of eight intervals, in a short record of fewer.
    """
    rr = np.diff(times_s)
    count = int(np.clip(rr.size // 8, 1, RATE_BEATS))
    total = np.concatenate([[0.0], np.cumsum(rr)])
    mean = (total[count:] - total[:-count]) / count
    middle = (times_s[count:] + times_s[:-count]) / 2
    return middle, 60.0 / mean, count


def _usual_range(values: DoubleArray) -> tuple[float, float]:
    """Return the range of almost all values: a lone gap does not flatten the rest."""
    low, high = (float(q) for q in np.quantile(values, [1.0 - USUAL, USUAL]))
    middle = (low + high) / 2
    half = max((high - low) / 2, 0.1 * abs(middle))
    return middle - half, middle + half
