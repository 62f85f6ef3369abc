"""A record that a model was run on before opens with its flags; no model runs for that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtTest import QTest

from ecgviewer.app.shell.window import MainWindow
from ecgviewer.cli import main
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.system.user_dirs import cache_dir
from ecgviewer.io import open_record
from ecgviewer.models.networks.architectures import model_ids
from ecgviewer.models.run.kept.store import AnalysisStore
from tests.app.driving import Build, ClockworkInference, make_analysis, open_and_wait, spin

RECORD, OTHER = "00010_hr.hea", "00330_hr.hea"


def keep(path: Path, model: str) -> None:
    """Put an analysis into the cache, as screening or an earlier session left it."""
    recording = open_record(RecordRef(path))
    analysis = replace(
        make_analysis(RecordRef(path), model),
        recording_sha256=recording.content_hash(), bundle_sha256=bundle_of(model),
    )  # fmt: skip
    assert AnalysisStore(cache_dir()).put(analysis)


def bundle_of(model: str) -> str:
    return f"{model_ids().index(model) + 1}" * 64


@pytest.fixture
def window(make_window: Build, clockwork: ClockworkInference) -> MainWindow:
    """A window whose three models have the bundles of :func:`bundle_of`."""
    window = make_window(clockwork)
    window.session.models = {
        model: replace(choice, content_sha256=bundle_of(model))
        for model, choice in window.session.models.items()
    }
    return window


def settle(window: MainWindow) -> None:
    """Wait until nothing more can come from the cache."""
    spin(lambda: window.review.document.review is not None)
    spin(lambda: not window.session.workers.busy)


def test_an_analysed_record_opens_with_its_flags_and_no_model_runs(
    window: MainWindow, samples: Path, clockwork: ClockworkInference
) -> None:
    keep(samples / RECORD, "vae-bilstm-mha")
    open_and_wait(window, samples / RECORD)
    spin(lambda: bool(window.document.shown.flags))
    assert window.analysis_panel.verdict.headline.text() == "Abnormal"
    assert window.traces.scene.analysis is not None
    window.commands.action("file.close").trigger()
    assert window.document.shown.analysis is None
    open_and_wait(window, samples / OTHER)
    settle(window)
    assert window.document.shown.analyses == {}
    open_and_wait(window, samples / RECORD)
    spin(lambda: bool(window.document.shown.flags))
    assert clockwork.asked == []


def test_the_chosen_model_is_shown_else_one_that_ran(window: MainWindow, samples: Path) -> None:
    keep(samples / RECORD, "cae")
    keep(samples / OTHER, "cae")
    keep(samples / OTHER, "vae-bilstm")
    window.session.choose_model("vae-bilstm")
    open_and_wait(window, samples / RECORD)
    settle(window)
    assert window.document.shown.analysis.model == "cae"
    assert "CAE" in window.analysis_panel.verdict.model.text()
    open_and_wait(window, samples / OTHER)
    settle(window)
    assert set(window.document.shown.analyses) == {"cae", "vae-bilstm"}
    assert window.document.shown.analysis.model == "vae-bilstm"


def test_a_result_of_another_bundle_is_not_shown(window: MainWindow, samples: Path) -> None:
    keep(samples / RECORD, "cae")
    newer = replace(window.session.models["cae"], content_sha256="f" * 64)
    window.session.models["cae"] = newer
    open_and_wait(window, samples / RECORD)
    settle(window)
    assert window.document.shown.analyses == {}


def test_models_found_after_the_record_was_opened_are_looked_up_too(
    window: MainWindow, samples: Path
) -> None:
    keep(samples / RECORD, "cae")
    choices = list(window.session.models.values())
    window.session.models = {}
    open_and_wait(window, samples / RECORD)
    settle(window)
    assert window.document.shown.analyses == {}
    window.session._on_models(choices)
    spin(lambda: "cae" in window.document.shown.analyses)


def test_reading_blind_keeps_it_hidden_until_the_end(window: MainWindow, samples: Path) -> None:
    keep(samples / RECORD, "vae-bilstm-mha")
    window.commands.action("review.blind").trigger()
    open_and_wait(window, samples / RECORD)
    settle(window)
    spin(lambda: window.document.has_active_analysis)
    assert window.traces.scene.analysis is None
    assert window.traces.scene.flags == ()
    for name in ("analysis", "consensus", "flags"):
        assert window.docks[name].isHidden()
    for command in ("go.next_flag", "analyse.run", "file.report"):
        assert not window.commands.action(command).isEnabled()
    window.commands.action("review.blind").trigger()
    assert window.traces.scene.analysis is not None
    assert len(window.traces.scene.flags) == len(window.document.shown.flags) > 0


def test_cleared_results_stay_away_while_the_record_is_open(
    window: MainWindow, samples: Path
) -> None:
    keep(samples / RECORD, "vae-bilstm-mha")
    open_and_wait(window, samples / RECORD)
    spin(lambda: bool(window.document.shown.flags))
    window.commands.action("analyse.clear").trigger()
    window.review.records.set_reader("Somebody else")
    settle(window)
    QTest.qWait(50)
    assert window.document.shown.analyses == {}


@pytest.mark.slow
def test_what_analyze_screened_opens_with_its_flags(
    make_window: Build, samples: Path, tmp_path: Path, clockwork: ClockworkInference
) -> None:
    out = str(tmp_path / "scores.csv")
    assert main(["analyze", str(samples / "00338_hr.hea"), "--model", "cae", "--out", out]) == 0
    window = make_window(clockwork, models=False)
    window.session.choose_model("cae")
    window.session.find_models()
    open_and_wait(window, samples / "00338_hr.hea")
    spin(lambda: bool(window.document.shown.flags))
    assert window.document.shown.analysis.model == "cae"
    assert clockwork.asked == []


def test_the_panels_in_front_are_in_front_again_after_reading_blind(
    window: MainWindow, samples: Path
) -> None:
    open_and_wait(window, samples / RECORD)
    for name in ("analysis", "flags"):
        window.docks[name].raise_()
    QTest.qWait(50)
    for _ in range(2):
        window.commands.action("review.blind").trigger()
        QTest.qWait(50)
    shown = {name for name, dock in window.docks.items() if not dock.visibleRegion().isEmpty()}
    assert shown == {"analysis", "flags"}
