"""A process that is killed while editing loses no edit that it reported as done."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ecgviewer
from ecgviewer.review.annotations import Review
from ecgviewer.review.edits.store import ReviewStore


def edit_and_kill(editor, folder: Path, seed: int, delay_s: float) -> tuple[list[str], bool]:
    """Run the scripted editor, kill it after a delay; return its report and whether it ended."""
    script = Path(editor.__file__)
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder), str(seed), "100000"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(ecgviewer.__file__).parent.parent)},
    )
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    time.sleep(delay_s)
    process.kill()
    lines.extend(process.stdout.readlines())
    process.stdout.close()
    return [line for line in lines if line.endswith("\n")], process.wait() == -9


def survive(editor, folder: Path, kills: int, seed: int) -> int:
    """Kill the editor again and again on one review; return how many edits it had reported."""
    rng = random.Random(seed)
    reported = 0
    on_disk = editor.digest(Review(editor.RECORD, editor.AUTHOR))
    for kill in range(kills):
        lines, killed = edit_and_kill(editor, folder, seed + kill, rng.uniform(0.0, 0.25))
        assert killed, lines
        words = [line.split() for line in lines]
        done = [word[1] for word in words if word[0] == "done"]
        reported += len(done)
        allowed = {done[-1] if done else on_disk}
        if words[-1][0] == "plan":  # it may have reached the disk before it could be reported
            allowed.add(words[-1][1])
        on_disk = editor.digest(ReviewStore(folder).read(editor.RECORD, editor.AUTHOR))
        assert on_disk in allowed
    return reported


def test_fifteen_kills_lose_nothing(editor, tmp_path: Path) -> None:
    assert survive(editor, tmp_path, 15, seed=1) > 50


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing(editor, tmp_path: Path) -> None:
    edits = survive(editor, tmp_path, 200, seed=1000)
    print(f"200 kills, {edits} reported edits, none lost")
    assert edits > 1000
