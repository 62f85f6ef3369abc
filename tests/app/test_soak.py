"""The random user of :mod:`tests.app.soak`, in a process of its own: a crash is a finding too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MINUTES = float(os.environ.get("ECGVIEWER_SOAK_MINUTES", "0.35"))
SEED = int(os.environ.get("ECGVIEWER_SOAK_SEED", "1"))


@pytest.mark.slow
@pytest.mark.parametrize("screen", ["offscreen", "xvfb"])
def test_a_random_user_meets_no_warning_and_no_exception(screen: str, tmp_path: Path) -> None:
    """``ECGVIEWER_SOAK_MINUTES=120``: two hours, half of them without and half with a screen."""
    half = MINUTES / 2
    command = [
        sys.executable, "-m", "tests.app.soak", "--minutes", f"{half:.4f}",
        "--seed", str(SEED + (screen == "xvfb")), "--keep", str(tmp_path / "soak"),
    ]  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    if screen == "xvfb":
        if shutil.which("xvfb-run") is None:
            pytest.skip("no virtual screen on this machine")
        command = ["xvfb-run", "-a", "-s", "-screen 0 1600x1200x24", *command]
        environment.pop("QT_QPA_PLATFORM", None)
        command += ["--real"] if MINUTES >= 10 else []
    else:
        environment["QT_QPA_PLATFORM"] = "offscreen"
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=half * 60 + 400,
    )  # fmt: skip
    print(done.stdout)
    assert '"events": 0' not in done.stdout
    assert done.returncode == 0, f"seed {SEED}: {done.stdout}\n{done.stderr[-6000:]}"
