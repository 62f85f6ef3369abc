"""Scrolling paints only what comes into view, and shows the same as painting everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.trace.page.scrolled_picture import ScrolledPicture
from ecgviewer.app.trace.raster.picture import Picture
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.analysis import Flag
from ecgviewer.core.quality import QualityFinding
from ecgviewer.review.annotations import Annotation
from tests.app.trace_material import (
    analysis_of,
    ecg,
    pixels,
    recording_of,
    show_analysis,
    show_annotations,
    show_beats,
    show_flags,
    show_recording,
    shown_view,
)

FS_HZ = 500.0


@pytest.fixture
def view(qt_app: QApplication) -> Iterator[TraceView]:
    yield from shown_view(900, 640)


def with_everything(view: TraceView, wander_mv: float = 0.0) -> None:
    """Show two minutes with flags, annotations, R peaks, both maps, and unusable stretches."""
    signal = ecg(120.0)
    seconds = np.arange(signal.shape[1]) / FS_HZ
    signal += np.float32(wander_mv) * np.sin(seconds / 7.0).astype(np.float32)
    recording = recording_of(signal)
    show_recording(view, recording)
    bad = QualityFinding("V5", "noisy", 2.0, 41.3)
    show_analysis(view, replace(analysis_of(recording), quality=(bad,)))
    show_flags(
        view,
        [
            Flag(1.3 + 2.1 * i, 2.2 + 2.1 * i, ("V1", "V2") if i % 2 else (), 3.0, 0.01, "odd")
            for i in range(50)
        ],
    )
    view.show_scene(replace(view.scene, selected_flag=3))
    one = Annotation("a" * 32, 0.0, 0.0, ("II", "V3"), "PVC")
    show_annotations(
        view,
        [replace(one, id=f"{i:032x}", start_s=0.37 * i, end_s=0.37 * i + 0.2) for i in range(300)],
    )
    show_beats(view, np.arange(0, 120) * round(FS_HZ) + 137)
    for overlay in ("r_peaks", "attention"):
        view.set_overlay(overlay, True)
    view.wait_until_loaded()


def shows_the_same_anew(view: TraceView) -> bool:
    QApplication.processEvents()
    scrolled = pixels(view)
    view.redraw()
    QApplication.processEvents()
    return bool((pixels(view) == scrolled).all())


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The widths of the stretches of traces that were painted."""
    widths: list[int] = []
    paint = ScrolledPicture._paint

    def noted(self: ScrolledPicture, picture: Picture, *rest: object) -> object:
        widths.append(picture.pixels.shape[1])
        return paint(self, picture, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ScrolledPicture, "_paint", noted)
    return widths


@pytest.mark.parametrize("mm_per_s", [25.0, 12.5, 3.1, 150.0])
def test_a_scrolled_view_is_identical_to_one_painted_at_once(
    view: TraceView, painted: list[int], mm_per_s: float
) -> None:
    with_everything(view)
    view.set_scale(mm_per_s)
    span_s = view.traces_width() / view.moment().geometry.px_per_s
    view.goto(11.0)
    view.wait_until_loaded()
    assert shows_the_same_anew(view)
    painted.clear()
    at_s = 11.0
    for step in (0.013, 0.05, 0.111, -0.04, 0.2, -0.33, 0.4, 0.0, 0.26):
        at_s += step * span_s
        view.goto(at_s)
        QApplication.processEvents()
    assert np.median(painted) < 0.5 * view.traces_width()
    assert shows_the_same_anew(view)


def test_every_overlay_scrolls(view: TraceView) -> None:
    with_everything(view)
    for overlay in ("model_input", "flags", "annotations", "quality", "heat", "reconstruction"):
        view.set_overlay(overlay, not view.state.overlays[overlay])
        view.wait_until_loaded()
        for start_s in (20.0, 20.4, 21.3, 20.9):
            view.goto(start_s)
            QApplication.processEvents()
        assert shows_the_same_anew(view), overlay


def test_a_baseline_that_wanders_is_followed(view: TraceView) -> None:
    with_everything(view, wander_mv=4.0)
    view.goto(0.0)
    for step in range(40):
        view.goto(0.5 * step)
        QApplication.processEvents()
    assert shows_the_same_anew(view)


@pytest.mark.parametrize("mode", ["3x4", "6x2"])
def test_pages_in_columns_scroll_too(view: TraceView, mode: str) -> None:
    with_everything(view)
    view.set_layout_mode(mode)
    for start_s in (20.0, 20.4, 21.3):
        view.goto(start_s)
        QApplication.processEvents()
    assert shows_the_same_anew(view)


def test_the_end_of_a_gap_and_of_the_record_scroll_in(view: TraceView) -> None:
    signal = ecg(60.0)
    signal[:, 9000:11000] = np.nan
    show_recording(view, recording_of(signal))
    view.wait_until_loaded()
    for start_s in (10.0, 11.0, 13.5, 16.0, 19.0, 21.5, 24.0, 40.0, 48.0, 53.0, 60.0):
        view.goto(start_s)
        QApplication.processEvents()
        assert shows_the_same_anew(view), start_s


def test_what_changes_while_scrolling_is_painted_everywhere(
    view: TraceView, painted: list[int]
) -> None:
    with_everything(view)
    view.goto(20.0)
    QApplication.processEvents()
    painted.clear()
    show_annotations(view, [])
    view.goto(20.1)
    QApplication.processEvents()
    assert painted == [round(view.traces_width())]
    view.goto(20.2)
    QApplication.processEvents()
    assert len(painted) == 2 and painted[1] < 20
    view.set_scale(mm_per_mv=20.0)
    view.goto(20.3)
    QApplication.processEvents()
    assert painted[2:] == [round(view.traces_width())]
