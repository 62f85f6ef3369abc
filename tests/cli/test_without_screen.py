"""Machines without a display, or without the libraries that Qt needs, get a sentence or a table."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ecgviewer.cli import main
from ecgviewer.core.system import qt_libraries

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")


@pytest.fixture
def nothing_to_see(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("nothing_to_see")
def test_without_a_display_a_record_gets_its_scores(
    samples: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([str(samples / "00010_hr")]) == 0
    said = capfd.readouterr()
    assert "no display" in said.err and "screenshot" in said.err
    header, row = said.out.splitlines()
    assert header.startswith("path,record,model,score") and "00010_hr" in row


@pytest.mark.usefixtures("nothing_to_see")
def test_without_a_display_and_a_record_there_is_a_sentence(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 1
    assert "no display" in capfd.readouterr().err


@pytest.mark.parametrize("command", ["window", "report", "screenshot", "selftest"])
def test_a_missing_library_is_named_with_its_package(
    command: str,
    samples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(qt_libraries, "_loads", lambda name: name != "libEGL.so.1")
    record, out = str(samples / "00010_hr"), ["--out", str(tmp_path / "page.png")]
    arguments = {"window": [record], "selftest": ["selftest"]}.get(command, [command, record, *out])
    if command == "selftest":
        monkeypatch.setattr("ecgviewer.cli.selftest.model_ids", lambda: ())
    assert main(arguments) == 1
    said = capfd.readouterr()
    assert "Qt needs libEGL.so.1: sudo apt-get install libegl1 " in said.err + said.out
    assert "Traceback" not in said.err
