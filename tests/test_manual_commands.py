"""Every command that the manual shows runs as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ecgviewer.cli.parser import HANDLERS, build_parser
from ecgviewer.core.system.manual import manual_pages
from ecgviewer.core.system.resources import resource_dir
from trainer.__main__ import parser as trainer_parser

BLOCK = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHOWN = sorted(
    {
        line
        for page in manual_pages()
        for block in BLOCK.findall(page.text())
        for line in block.splitlines()
    }
)
TRAINER = [line for line in SHOWN if "-m trainer" in line]
PROGRAM = [line for line in SHOWN if line.startswith("ecgviewer ")]
COMMANDS = set(HANDLERS) - {"trainer"}
WARD = ("00010_hr", "00330_hr")


def test_every_line_shown_is_a_command_that_is_tried() -> None:
    assert set(SHOWN) == {*TRAINER, *PROGRAM}
    assert len(TRAINER) > 3 and len(PROGRAM) > 5


@pytest.mark.parametrize("line", TRAINER)
def test_the_trainer_understands(line: str) -> None:
    """Not run: each takes minutes; the trainer's own tests run them all."""
    words = shlex.split(line)
    assert words[:3] == ["python", "-m", "trainer"]
    trainer_parser().parse_args(words[3:])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the manual's lines name: a ward, a Holter, the program's resources."""
    folder = tmp_path_factory.mktemp("manual")
    samples = resource_dir() / "samples"
    (folder / "resources").symlink_to(resource_dir(), target_is_directory=True)
    for place, names in (("ward", WARD), ("export", WARD[:1])):
        (folder / place).mkdir()
        for name in names:
            for suffix in (".hea", ".dat"):
                shutil.copy(samples / f"{name}{suffix}", folder / place)
    shutil.copy(samples / "S0005.dat", folder)
    text = (samples / "S0005.hea").read_text(encoding="utf-8")
    (folder / "holter.hea").write_text(text.replace("S0005 ", "holter ", 1), encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for line in PROGRAM if line.split()[1] in COMMANDS])
def test_the_program_runs(line: str, bench: Path) -> None:
    words = shlex.split(line)
    if words[1] == "watch":  # goes on until it is interrupted: its own tests do that
        build_parser().parse_args(words[1:])
        return
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "HOME": str(bench)}
    done = subprocess.run(
        [sys.executable, "-m", "ecgviewer", *words[1:]],
        cwd=bench, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if words[1] == "export" and "nobody has reviewed" in done.stderr:
        return
    assert done.returncode == 0, done.stderr
    if "--out" in words:
        assert (bench / words[words.index("--out") + 1]).exists()
