"""What version 0.1 kept for its user is there after the upgrade, and worked with further.

``data/home_0.1`` was written by that version: a reader judged three flags of a shipped record,
marked a span, came to a conclusion, and chose theme, paper speed and layout.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.review.queue import WorkQueue, default_database
from tests.app.driving import Build, on_disk, open_for_review, press, review_of, spin

OLD = Path(__file__).with_name("data") / "home_0.1"
FORMER_BUNDLE = "ef949e02a7f5b5b94d3e63de337a5923a67d0333749b40672b1f3ba0e1a5a1fc"
READER, RECORD = "Reader One", "00338_hr.hea"


@pytest.fixture
def home(user_home: Path) -> Path:
    """The home of the user who worked with version 0.1."""
    shutil.copytree(OLD, user_home, dirs_exist_ok=True)
    return user_home


@pytest.fixture
def window(home: Path, make_window: Build, samples: Path) -> MainWindow:
    """The program after the upgrade, on the record that was reviewed."""
    return open_for_review(make_window(settings=SettingsStore.for_user()), samples / RECORD)


def test_settings_stay(window: MainWindow) -> None:
    settings = window.session.settings
    assert settings.problem == ""
    kept = settings.value
    assert (kept.theme, kept.layout, kept.mm_per_s, kept.reader) == ("dark", "6x2", 50.0, READER)
    assert window.traces.theme.dark and window.traces.state.mode == "6x2"


def test_the_review_opens_as_it_was_left(window: MainWindow) -> None:
    review = review_of(window)
    assert (review.author, review.state.status) == (READER, "reviewed")
    assert review.state.conclusion == "abnormal"
    assert [verdict.verdict for verdict in review.verdicts] == ["accepted", "rejected", "unsure"]
    labels = [annotation.label for annotation in review.annotations]
    assert labels == ["Intraventricular conduction delay", "Atrial premature complex"]
    assert review.verdicts[0].annotation_id == review.annotations[0].id


def test_the_review_goes_on_and_can_be_undone(window: MainWindow, samples: Path) -> None:
    before = review_of(window)
    window.commands.action("review.conclude.normal").trigger()
    assert on_disk(window).state.conclusion == "normal"
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert review_of(window).state.conclusion == "abnormal"
    assert review_of(window).annotations == before.annotations


def test_the_cached_analysis_of_a_former_bundle_is_read_or_computed_anew(
    home: Path, make_window: Build, samples: Path
) -> None:
    window = make_window(settings=SettingsStore.for_user())
    choice = window.session.models["vae-bilstm-mha"]
    window.session.models[choice.id] = replace(choice, content_sha256=FORMER_BUNDLE)
    window.session.open_paths([samples / RECORD])
    spin(lambda: window.document.heart is not None)
    found = window.document.shown.analysis
    assert found is None or found.bundle_sha256 == FORMER_BUNDLE


def test_the_work_list_knows_what_was_reviewed(home: Path, samples: Path, tmp_path: Path) -> None:
    ward = tmp_path / "ward"
    ward.mkdir()
    for suffix in (".hea", ".dat"):
        shutil.copy(samples / f"00338_hr{suffix}", ward)
    database = default_database(ward)
    (home / "data" / "queues" / "ward.sqlite").replace(database)
    queue = WorkQueue(ward, [RecordRef(ward / RECORD)], READER)
    (row,) = queue.rows
    assert (queue.note, row.status, row.conclusion) == ("", "reviewed", "abnormal")
    assert dict(row.verdicts) == {"accepted": 1, "rejected": 1, "unsure": 1}
    queue.close()
