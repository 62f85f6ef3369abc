"""The window with the real model process: shipped bundles, a real record, a responsive thread."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.screenshot import take
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.app.work.inference import Inference
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.models.networks.architectures import model_ids
from tests.app.driving import Build, open_and_wait, spin
from tests.perf.probes import probe

ROOT = Path(__file__).resolve().parents[2]
BLOCKED_MS = 50.0
INTERVAL_MS = 5


@pytest.fixture
def real_window(make_window: Build) -> MainWindow:
    """The window as the user has it: shipped models, a child process for them."""
    window = make_window(Inference(), models=False)
    window.session.find_models()
    spin(lambda: bool(window.session.models))
    return window


def other_hospital(request: pytest.FixtureRequest, samples: Path) -> Path:
    """Return a record of a hospital no model was trained on, where there is one."""
    try:
        folder: Path = request.getfixturevalue("shared_data")
    except pytest.skip.Exception:
        return samples / "00330_hr.hea"
    return folder / "cpsc2018" / "A0005.hea"


@pytest.mark.slow
def test_a_record_of_another_hospital_from_opening_to_flags(
    real_window: MainWindow, samples: Path, request: pytest.FixtureRequest
) -> None:
    window = real_window
    open_and_wait(window, other_hospital(request, samples))
    assert "bpm" in window.header.rate.text()
    boxes = window.analysis_panel
    for position, model in enumerate(model_ids()):
        boxes.model_box.setFocus()
        QTest.keyClick(boxes.model_box, Qt.Key.Key_Home)
        for _ in range(position):
            QTest.keyClick(boxes.model_box, Qt.Key.Key_Down)
        assert window.settings.value.model == model
        QTest.mouseClick(boxes.run_button, Qt.MouseButton.LeftButton)
        spin(lambda model=model: model in window.document.shown.analyses, 120.0)
        analysis = window.document.shown.analysis
        assert analysis is not None and analysis.model == model
        assert np.isfinite(analysis.score)
        assert boxes.verdict.headline.text() in ("Abnormal", "Within the normal range")
        assert f"{analysis.score:.2f}" in boxes.verdict.figures.text()
        assert window.traces.scene.analysis is analysis
    runs = dict(window.document.shown.analyses)
    boxes.slider.setFocus()
    QTest.keyClick(boxes.slider, Qt.Key.Key_Home)
    loose = len(window.document.shown.flags)
    QTest.keyClick(boxes.slider, Qt.Key.Key_End)
    assert len(window.document.shown.flags) <= loose
    QTest.keyClick(boxes.slider, Qt.Key.Key_Home)
    window.traces.setFocus()
    QTest.keyClick(window.traces, Qt.Key.Key_N)
    assert window.document.selected_flag is not None
    assert window.document.shown.analyses == runs
    assert window.messages.texts() == []


def _gaps_while_analysing(window: MainWindow, record: Path) -> np.ndarray:
    """Return the times in ms between the ticks of a timer of the window's thread."""
    gaps: list[float] = []
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        gaps.append(1000 * (now - last))
        last = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    open_and_wait(window, record)
    QTest.qWait(300)
    last = time.perf_counter()
    timer.start(INTERVAL_MS)
    window.session.analyse(list(model_ids()))
    spin(lambda: not window.session.running, 120.0)
    QTest.qWait(100)
    timer.stop()
    return np.array(gaps)


@pytest.mark.alone
@pytest.mark.slow
def test_the_windows_thread_is_not_blocked_during_an_analysis(
    real_window: MainWindow, samples: Path
) -> None:
    window = real_window
    open_and_wait(window, samples / "S0005.hea")
    window.session.analyse(["cae"])  # the process and its libraries are loaded from here on
    spin(lambda: not window.session.running, 120.0)
    QTest.qWait(200)
    # The scheduler of a loaded machine can hold any thread back; ours would do it every time.
    free = False
    for name in ("00436_hr", "00338_hr", "00010_hr"):
        gaps = _gaps_while_analysing(window, samples / f"{name}.hea")
        print(f"window thread: {gaps.size} ticks, median {np.median(gaps):.1f} ms, "
              f"p99 {np.percentile(gaps, 99):.1f} ms, longest {gaps.max():.1f} ms")  # fmt: skip
        free = bool(
            np.percentile(gaps, 99) <= BLOCKED_MS
            and (gaps > BLOCKED_MS).sum() <= max(1, gaps.size // 200)
        )
        if free:
            break
    assert free


@pytest.mark.alone
@pytest.mark.slow
def test_moving_the_threshold_takes_less_than_50_ms(real_window: MainWindow, samples: Path) -> None:
    window = real_window
    open_and_wait(window, samples / "S0005.hea")
    window.session.analyse([next(iter(window.session.models))])
    spin(lambda: not window.session.running, 120.0)
    took = []
    for specificity in np.linspace(0.8, 0.999, 12):
        start = time.perf_counter()
        window.session.set_specificity(float(specificity))
        took.append(1000 * (time.perf_counter() - start))
    print(f"threshold: median {np.median(took):.1f} ms, longest {max(took):.1f} ms")
    assert np.median(took) <= 50.0


@pytest.mark.slow
def test_a_screenshot_shows_the_analysed_window(
    qt_app: QApplication, samples: Path, tmp_path: Path
) -> None:
    out = tmp_path / "picture.png"
    take(RecordRef(samples / "00338_hr.hea"), out, "cae", (1280, 720), "dark")
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == (1280, 720)
    assert picture.pixelColor(640, 60).lightness() < 128
    with pytest.raises(EcgViewerError, match="missing"):
        take(RecordRef(tmp_path / "nowhere.hea"), out, "cae", (640, 480), "light")


# A busy or slow machine is slow for an empty window of Qt too, which takes a fifth of the second.
OF_AN_EMPTY_WINDOW = 10


@pytest.mark.alone
@pytest.mark.slow
def test_the_program_starts_without_torch_and_answers_within_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    # An installed program has its modules compiled; the first of the runs sees to that.
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    empty, ours = ([probe(name) for _ in range(5)] for name in ("empty-window", "start"))
    assert all(run["imported"] == [] for run in ours)
    empty_s, ours_s = (min(run["wall_s"] for run in runs) for runs in (empty, ours))
    print(f"cold start, best of {len(ours)}: {ours_s:.2f} s; an empty window of Qt {empty_s:.2f} s")
    assert ours_s <= max(1.0, OF_AN_EMPTY_WINDOW * empty_s)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="no Xvfb on this machine")
def test_the_same_session_on_a_real_screen() -> None:
    env = {k: v for k, v in os.environ.items() if k != "QT_QPA_PLATFORM"}
    env["QT_QPA_PLATFORM"] = "xcb"
    session = Path(__file__).with_name("test_window_session.py")
    hospital = f"{__file__}::{test_a_record_of_another_hospital_from_opening_to_flags.__name__}"
    command = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24",
               sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "slow or not slow",
        str(session), hospital]  # fmt: skip
    if os.environ.get("ECGVIEWER_TEST_ON_SCREEN"):
        pytest.skip("already on a screen")
    done = subprocess.run(
        command, cwd=ROOT, env=env | {"ECGVIEWER_TEST_ON_SCREEN": "1"},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
