"""Run by a test in a process of its own: the window on two screens, one of them calibrated.

Prints, for each place of the window, the screen, the logical pixels per millimetre in force, and
how many of the screen's own pixels lie between two spikes that are 50 mm apart.
"""

from __future__ import annotations

import json

import numpy as np
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt.theme import LIGHT
from ecgviewer.app.shell.session import Session
from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.app.start import make_application
from tests.app.driving import ClockworkInference, build_window
from tests.app.trace_material import close_to, flat, pixels, recording_of, show_recording, source_of

MEASURED_PX_PER_MM = 6.5


def between_spikes(window: MainWindow) -> int:
    """Return the distance of the spikes in lead II, in pixels of the picture."""
    traces = window.traces
    frame = traces.moment().geometry
    lane = next(lane for lane in frame.page.lanes if lane.lead == "II")
    ratio = traces.devicePixelRatioF()
    base = frame.lane_y(lane.baseline)
    rows = slice(
        round((base - 0.9 * frame.px_per_mv) * ratio), round((base - 0.6 * frame.px_per_mv) * ratio)
    )
    dark = close_to(pixels(traces)[rows, round(frame.page.left * ratio) :], LIGHT.trace, 60)
    columns = np.flatnonzero(dark.mean(axis=0) > 0.8)
    return int(columns[-1] - columns[0])


def wait(milliseconds: int = 200) -> None:
    """Let Qt move the window."""
    done: list[bool] = []
    QTimer.singleShot(milliseconds, lambda: done.append(True))
    while not done:
        QApplication.processEvents()


def main() -> None:
    """Move the window to the screen that was calibrated by hand, and back."""
    application = make_application([])
    settings = SettingsStore(None)
    settings.value.theme = "light"
    settings.value.pixels_per_mm = {"measured": MEASURED_PX_PER_MM}
    window = build_window(Session(settings, ClockworkInference()))
    window.resize(900, 600)
    window.commands.action("view.traces_only").trigger()
    window.show()
    recording = recording_of(flat(10.0))
    source_of(recording).spikes = {500: 1.0, 1500: 1.0}
    window.pages.setCurrentIndex(1)
    show_recording(window.traces, recording)
    seen = []
    plain, measured = sorted(application.screens(), key=lambda screen: screen.geometry().x())
    for screen in (plain, measured, plain):
        window.move(screen.geometry().topLeft() + QPoint(20, 20))
        wait()
        window.traces.wait_until_loaded()
        per_mm = window.traces.state.pixels_per_mm
        seen.append((window.traces.screen().name(), per_mm, between_spikes(window)))
    print(json.dumps(seen))
    window.close()
    application.quit()


if __name__ == "__main__":
    main()
