"""Frames of this build against an older one, in turn within one run.

``python -m tests.perf.compare_frames OLD_TREE`` prints a table of medians of the window thread's
processor time per frame. Both builds show the same day, with everything on.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__)
SCREENS = {"1600x1000": (1600, 1000, 1), "4K at ratio 2": (1920, 1080, 2)}
PANS_S = (2.0, 10.0, 60.0, 300.0, 3600.0, 86400.0)
START_S = 30_000.0
ROUNDS, FRAMES = 6, 12


class Build:
    """A running frame server of one source tree."""

    def __init__(self, tree: Path, width: int, height: int, ratio: int) -> None:
        environment = os.environ | {
            "PYTHONPATH": str(tree), "QT_SCALE_FACTOR": str(ratio), "QT_QPA_PLATFORM": "offscreen",
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, str(HERE.with_name("frame_server.py")), str(width), str(height)],
            cwd=tree, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.ratio = json.loads(self._process.stdout.readline())

    def frames(self, kind: str, span_s: float, count: int) -> list[float]:
        """Return the milliseconds that each of some frames took."""
        assert self._process.stdin is not None and self._process.stdout is not None
        start_s = START_S if span_s < 40_000 else 0.0
        request: dict[str, Any] = {"kind": kind, "span_s": span_s, "start_s": start_s}
        self._process.stdin.write(json.dumps(request | {"count": count}) + "\n")
        self._process.stdin.flush()
        taken: list[float] = json.loads(self._process.stdout.readline())
        return taken

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def compare(old: Path, new: Path, rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Return, per screen and kind of frame, the ratio of new to old; prints the table."""
    ratios: dict[str, dict[str, float]] = {}
    for screen, (width, height, ratio) in SCREENS.items():
        builds = Build(old, width, height, ratio), Build(new, width, height, ratio)
        print(f"\n{screen} (ratio {builds[1].ratio:g}): thread ms per frame, median / p95")
        print(f"{'':>18} | {'old':>6} {'p95':>6} | {'new':>6} {'p95':>6} | new : old")
        ratios[screen] = {}
        asked = [("pan", span_s) for span_s in PANS_S] + [("zoom", 10.0), ("crosshair", 10.0)]
        for kind, span_s in asked:
            taken: tuple[list[float], list[float]] = ([], [])
            for _ in range(rounds):
                for build, into in zip(builds, taken, strict=True):
                    into += build.frames(kind, span_s, FRAMES)
            (a, a95), (b, b95) = ((statistics.median(t), percentile95(t)) for t in taken)
            name = f"{kind} {span_s:g} s"
            ratios[screen][name] = b / a
            print(f"{name:>18} | {a:6.2f} {a95:6.2f} | {b:6.2f} {b95:6.2f} | {b / a:.2f}")
        for build in builds:
            build.close()
    return ratios


def percentile95(values: list[float]) -> float:
    """Return what 95 of 100 values do not exceed."""
    return sorted(values)[max(round(0.95 * len(values)) - 1, 0)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path, help="a checkout of the older build")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    compare(arguments.old.resolve(), HERE.resolve().parents[2], arguments.rounds)
