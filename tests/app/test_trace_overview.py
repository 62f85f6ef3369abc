"""The bar of the whole record, and colours that can be read."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt.theme import DARK, LIGHT, Theme, apply_theme, theme_for
from ecgviewer.app.trace.overview.bar import OverviewBar
from ecgviewer.app.trace.overview.beside import overview_of
from ecgviewer.app.trace.overview.trend import heart_rate_trend
from ecgviewer.app.trace.raster.color_scales import color_table
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.analysis import Flag
from tests.app.trace_material import (
    close_to,
    ecg,
    pixels,
    recording_of,
    show_beats,
    show_flags,
    show_recording,
)

pytestmark = pytest.mark.usefixtures("no_surprises")
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def view(qt_app: QApplication):
    view = TraceView()
    view.set_theme(LIGHT)
    view.resize(900, 700)
    show_recording(view, recording_of(ecg(60.0), duration_s=300.0))
    view.show()
    assert view.wait_until_loaded()
    yield view
    view.stop_loading()
    view.close()
    view.deleteLater()


@pytest.fixture
def bar(view: TraceView):
    bar = overview_of(view)
    bar.resize(1000, bar.sizeHint().height())
    bar.show()
    yield bar
    bar.close()
    bar.deleteLater()


def test_click_and_drag_go_there(view: TraceView, bar: OverviewBar) -> None:
    QTest.mouseClick(bar, LEFT, NONE, QPoint(500, 30))
    start, stop = view.visible_range()
    assert (start + stop) / 2 == pytest.approx(bar._where().time(500), abs=0.1)
    QTest.mousePress(bar, LEFT, NONE, QPoint(500, 30))
    QTest.mouseMove(bar, QPoint(800, 30))
    QTest.mouseRelease(bar, LEFT, NONE, QPoint(800, 30))
    start, stop = view.visible_range()
    assert (start + stop) / 2 == pytest.approx(bar._where().time(800), abs=0.1)


def test_a_brief_flag_of_a_long_record_is_seen(view: TraceView, bar: OverviewBar) -> None:
    show_flags(view, [Flag(150.0, 150.1, ("V1",), 9.0, 0.001, "shape")])
    x = round(bar._where().x(150.0))
    assert close_to(pixels(bar)[:16, x - 1 : x + 2], LIGHT.flag, 60).any()


def test_heart_rate_trend_appears_once_beats_are_known(view: TraceView, bar: OverviewBar) -> None:
    low = bar.sizeHint().height()
    show_beats(view, np.arange(0, 300 * 500, 500))
    assert bar.sizeHint().height() > low
    _, bpm = heart_rate_trend(np.arange(0, 300 * 500, 400), 500.0, bar._where())
    assert bpm == pytest.approx(75.0)


def luminance(color: QColor) -> float:
    parts = [color.redF(), color.greenF(), color.blueF()]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: QColor, other: QColor) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_texts_and_traces_stand_out(theme: Theme) -> None:
    for text, ground, least in (
        ("text", "window", 7.0), ("text", "base", 7.0), ("text_muted", "window", 4.5),
        ("lead_name", "paper", 7.0), ("trace", "paper", 7.0), ("trace", "grid_major", 4.5),
        ("reconstruction", "paper", 4.5), ("muted", "paper", 4.5), ("danger", "window", 4.5),
        ("beat", "paper", 4.5), ("caliper", "paper", 4.5), ("annotation", "window", 4.5),
        ("accent_text", "accent", 4.5), ("flag", "window", 3.0), ("flag_selected", "window", 4.5),
    ):  # fmt: skip
        measured = contrast(theme.color(text), theme.color(ground))
        assert measured >= least, f"{text} on {ground}: {measured:.1f}"


@pytest.mark.parametrize("name", ["heat", "attention"])
@pytest.mark.parametrize("dark", [True, False])
def test_colour_scales_run_one_way_in_lightness(name: str, dark: bool) -> None:
    lightness = [luminance(QColor.fromRgb(value & 0xFFFFFF)) for value in color_table(name, dark)]
    steps = np.diff(lightness)
    assert (steps >= -1e-3).all() if dark else (steps <= 1e-3).all()


def test_the_theme_follows_the_choice(qt_app: QApplication) -> None:
    before = (qt_app.palette(), qt_app.styleSheet())
    assert apply_theme(qt_app, "dark") is DARK
    assert qt_app.palette().window().color() == DARK.color("window")
    assert apply_theme(qt_app, "light") is LIGHT
    assert theme_for("system") in (LIGHT, DARK)
    with pytest.raises(ValueError, match="theme"):
        theme_for("sepia")
    qt_app.setPalette(before[0])
    qt_app.setStyleSheet(before[1])
