"""A folder whose scores lie high is told as such, and the model can be calibrated for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QDialogButtonBox

from ecgviewer.app.review.worklist.site_dialog import SiteDialog
from ecgviewer.app.shell.model_choices import choice_of_file
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.core.analysis import score_of
from ecgviewer.models.bundle.bundle import Bundle, shipped_bundle
from ecgviewer.review.queue import ModelScore, WorkQueue
from tests.app.driving import spin

MODEL = "cae"
N = 100


@pytest.fixture
def window(
    make_window: Callable[..., MainWindow],
    samples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> MainWindow:
    """A work list whose scores are three times as high as those of the model's normals."""
    window = make_window()
    choice = choice_of_file(shipped_bundle(MODEL))
    window.session.models[MODEL] = choice
    window.session.settings.value.model = MODEL
    folder = tmp_path / "ward"
    folder.mkdir()
    for suffix in (".hea", ".dat"):
        shutil.copy(samples / f"00010_hr{suffix}", folder)
    window.session.open_paths([folder])
    spin(lambda: window.review.worklist.queue is not None)
    sha256 = choice.content_sha256
    p_values = np.linspace(0.5 / N, 1.0 - 0.5 / N, N) ** 3
    scores = [ModelScore(sha256, score_of(p), p) for p in p_values]
    queue = window.review.worklist.queue
    assert isinstance(queue, WorkQueue)
    (row,) = queue.rows
    rows = [type(row)(f"r{k}", row.ref, {MODEL: score}) for k, score in enumerate(scores)]
    monkeypatch.setattr(WorkQueue, "rows", property(lambda _queue: rows))
    window.review.worklist.listChanged.emit()
    QApplication.processEvents()
    return window


def test_the_list_says_that_scores_lie_high_and_blind_readers_do_not_see_it(
    window: MainWindow,
) -> None:
    label = window.review.worklist_panel.abroad
    assert not label.isHidden()
    assert "record scores lie higher here" in label.text()
    row = label.parentWidget()
    assert not row.isHidden()
    window.commands.action("review.blind").trigger()
    assert row.isHidden()
    assert not window.commands.action("tools.calibrate_site").isEnabled()


def test_the_model_is_calibrated_for_the_list_after_showing_what_changes(
    window: MainWindow, tmp_path: Path
) -> None:
    window.commands.action("tools.calibrate_site").trigger()

    def dialogs() -> list[SiteDialog]:
        return window.findChildren(SiteDialog)

    spin(lambda: bool(dialogs()))
    (dialog,) = dialogs()
    cells = [dialog.table.item(1, column).text() for column in range(6)]
    assert cells[0] == "95%"
    assert float(cells[2]) > 1.5 * float(cells[1])
    assert int(cells[3][:-1]) > int(cells[4][:-1])
    assert cells[5].startswith("59")
    dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Cancel).click()
    found = Bundle.load(shipped_bundle(MODEL))
    out = tmp_path / "ours.ecgmodel"
    window.review.site.save(found, out)
    spin(lambda: window.session.settings.value.model == str(out))
    assert window.session.models[str(out)].problem == ""


def test_too_few_screened_records_are_told(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = window.review.worklist.queue
    assert queue is not None
    few = queue.rows[:5]
    monkeypatch.setattr(WorkQueue, "rows", property(lambda _queue: few))
    window.commands.action("tools.calibrate_site").trigger()
    spin(lambda: "5 of the 5 records are screened" in " ".join(window.messages.texts()))
