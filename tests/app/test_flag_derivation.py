"""Flags on show always belong to the model on show, also while a day of them is derived."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from ecgviewer.app.shell.record import flag_derivation
from ecgviewer.app.shell.record.flag_derivation import FlagDerivation
from ecgviewer.core.analysis import Analysis, Flag
from ecgviewer.core.record.record_ref import RecordRef
from tests.app.driving import make_analysis


class Later:
    """Workers that run a job when they are told to."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []

    def start(self, job: Any, on_result: Any, on_error: Any) -> Any:
        task = SimpleNamespace(dropped=False, drop=lambda: setattr(task, "dropped", True))
        self.jobs.append((task, lambda: on_result(job(None, None))))
        return task

    def run(self) -> None:
        while self.jobs:
            task, end = self.jobs.pop(0)
            if not task.dropped:
                end()


def long_analyses(samples: Path) -> tuple[Analysis, Analysis]:
    """Return what two models found in a record that is too long for the window's thread."""
    short = make_analysis(RecordRef(samples / "00010_hr.hea"), "cae")
    n = flag_derivation.AT_ONCE_SAMPLES + 1000
    quiet = np.full((12, n), 0.5, np.float32)
    wide = {
        name: np.zeros((12, n), np.float32)
        for name in ("reconstruction_mv", "model_input_mv", "model_output_mv", "saliency")
    }
    found = []
    for model, at in (("cae", 400), ("vae-bilstm", 900)):
        scores = quiet.copy()
        scores[1, at : at + 40] = 9.0
        found.append(
            replace(short, model=model, bundle_sha256=model, duration_s=n / 100,
                    score_map=scores, **wide)
        )  # fmt: skip
    return found[0], found[1]


def test_no_flag_of_one_model_is_shown_with_another(samples: Path) -> None:
    shown: list[tuple[Flag, ...]] = []
    workers = Later()
    derivation = FlagDerivation(workers, shown.append)  # type: ignore[arg-type]
    first, second = long_analyses(samples)
    derivation.derive(first, 0.8)
    workers.run()
    places = [flag.start_s for flag in shown[-1] if flag.leads == ("II",)]
    assert places and abs(places[0] - 4.0) < 0.2
    derivation.derive(second, 0.8)
    assert shown[-1] == (), "those of the first model are gone at once"
    workers.run()
    places = [flag.start_s for flag in shown[-1] if flag.leads == ("II",)]
    assert places and abs(places[0] - 9.0) < 0.2


def test_flags_stay_while_the_threshold_moves(samples: Path) -> None:
    shown: list[tuple[Flag, ...]] = []
    workers = Later()
    derivation = FlagDerivation(workers, shown.append)  # type: ignore[arg-type]
    first, _second = long_analyses(samples)
    derivation.derive(first, 0.8)
    workers.run()
    count = len(shown)
    derivation.derive(first, 0.9)
    derivation.derive(first, 0.95)
    assert len(shown) == count, "the old ones stay until the new are there"
    workers.run()
    assert len(shown) == count + 1
