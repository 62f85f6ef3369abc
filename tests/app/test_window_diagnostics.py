"""Copy diagnostics, the splash and the notices: useful to who helps, silent about patients."""

from __future__ import annotations

import logging
import re
import shutil
import time
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from ecgviewer import __version__
from ecgviewer.app.shell import error_reports
from ecgviewer.app.shell.diagnostics import diagnostics
from ecgviewer.app.shell.widgets.splash import show_splash
from tests.app.driving import Build, spin

NAME = "MUELLER_HANS"


@pytest.fixture
def named_record(samples: Path, tmp_path: Path) -> Path:
    """A record whose folder, file name and header name the patient."""
    folder = tmp_path / f"{NAME} 1950"
    folder.mkdir()
    header = (samples / "00010_hr.hea").read_text().replace("00010_hr", NAME)
    (folder / f"{NAME}.hea").write_text(f"{header}# Name: {NAME}\n# Patient ID: 4711-0815\n")
    shutil.copy(samples / "00010_hr.dat", folder / f"{NAME}.dat")
    return folder / f"{NAME}.hea"


def test_diagnostics_tell_about_the_program_and_nothing_about_the_patient(
    make_window: Build, named_record: Path, user_home: Path
) -> None:
    assert error_reports.start_log() == ""
    window = make_window()
    window.session.open_paths([named_record])
    spin(lambda: window.session.document.recording is not None)
    recording = window.session.document.recording
    assert NAME in recording.name and NAME in str(recording.patient)
    try:
        raise OSError(f"cannot read {named_record}")
    except OSError as error:
        error_reports.log_error(error)
    logging.getLogger("ecgviewer.qt").error("cannot watch %s", named_record)

    window.commands.action("help.diagnostics").trigger()

    text = QApplication.clipboard().text()
    assert re.search(r", (1 note|(0|[2-9]|\d\d+) notes), analysed", text)
    for expected in (__version__, "12 leads", "500 Hz", "10.0 s", "WFDB", "OSError", "PySide6"):
        assert expected in text
    for secret in (NAME, "Mueller", "4711", str(user_home), str(named_record.parent)):
        assert secret.lower() not in text.lower()


def test_diagnostics_without_a_record_a_log_or_a_home(
    make_window: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECGVIEWER_HOME", str(tmp_path / "nowhere" / "yet"))
    text = diagnostics(make_window().session)
    assert "Open record: none" in text
    assert "Last errors: none" in text
    assert "reviews can be written" in text
    assert not (tmp_path / "nowhere").exists()


def test_the_splash_stands_at_once_and_leaves_nothing(qt_app: QApplication) -> None:
    waits = []
    for _ in range(3):
        before = time.perf_counter()
        splash = show_splash()
        waits.append(time.perf_counter() - before)
        assert splash.windowHandle().isExposed()
        splash.close()
        QApplication.sendPostedEvents(splash, QEvent.Type.DeferredDelete)
        assert not shiboken6.isValid(splash)
    # Qt's own splash sleeps for a second here, which is the time in which the window should stand.
    assert min(waits) < 0.5
