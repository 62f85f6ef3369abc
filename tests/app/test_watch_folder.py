"""*File > Watch folder*: records that come are judged, ranked and announced, unless read blind."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ecgviewer.app.shell.window import MainWindow
from ecgviewer.core.analysis import Analysis
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import arrivals
from tests.app.driving import ClockworkInference, make_analysis, spin
from tests.generators import ecg_uv, write_wfdb_16


class Grading(ClockworkInference):
    """A model for which a record is the less normal the later its name is in the alphabet."""

    def answer(self, ref: RecordRef, model: str) -> Analysis:
        analysis = make_analysis(ref, model)
        place = ord(ref.name[0]) - ord("a")
        object.__setattr__(analysis, "p_value", 0.5 / (place + 1))
        return analysis


@pytest.fixture
def ward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two records in it, looked at often."""
    monkeypatch.setattr(arrivals, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(arrivals, "REST_S", 0.2)
    folder = tmp_path / "ward"
    folder.mkdir()
    for name in ("b", "d"):
        write_wfdb_16(folder, name, ecg_uv(10.0))
    return folder


def watch(make_window: Callable[..., MainWindow], ward: Path, n_there: int = 2) -> MainWindow:
    window = make_window(Grading())
    window.review.watch.start(ward)
    spin(lambda: len(ranked(window)) == n_there and not window.review.worklist.screening)
    return window


def ranked(window: MainWindow) -> list[str]:
    """Return the screened records of the work list as shown."""
    return [row.ref.name for row in window.review.worklist_panel.model.rows if row.scores]


def said(window: MainWindow, text: str) -> bool:
    return any(text in message for message in window.messages.texts())


def test_what_is_there_is_ranked_and_what_comes_is_announced_with_its_place(
    make_window: Callable[..., MainWindow], ward: Path
) -> None:
    window = watch(make_window, ward)
    assert ranked(window) == ["d", "b"]
    assert not said(window, "came")
    assert window.commands.action("file.watch").isChecked()
    assert "watching ward" in window.review.worklist_panel.progress.text()
    spin(lambda: window.document.ref is not None)
    opened = window.document.ref
    write_wfdb_16(ward, "c", ecg_uv(10.0))
    spin(lambda: ranked(window) == ["d", "c", "b"])
    spin(lambda: said(window, "c.hea came; p 0.167, 2 of 3 in the work list"))
    assert window.document.ref == opened, "what comes does not take the open record's place"
    write_wfdb_16(ward, "a", ecg_uv(10.0))
    write_wfdb_16(ward, "e", ecg_uv(10.0))
    spin(lambda: said(window, "2 records came; e.hea: p 0.100, 1 of 5"))


def test_blind_readers_are_told_that_it_came_and_no_more(
    make_window: Callable[..., MainWindow], ward: Path
) -> None:
    window = watch(make_window, ward)
    window.document.set_blind(True)
    window.messages.clear()
    write_wfdb_16(ward, "c", ecg_uv(10.0))
    spin(lambda: said(window, "c.hea came."))
    assert not any(" p " in text or " of 3" in text for text in window.messages.texts())


def test_a_file_that_cannot_be_read_is_told_and_mended_in_its_place(
    make_window: Callable[..., MainWindow], ward: Path
) -> None:
    window = watch(make_window, ward)
    (ward / "c.hea").write_text("nonsense\n")
    spin(lambda: said(window, "It came and cannot be read: c.hea"))
    model = window.records.model
    assert [row.reason != "" for row in model.rows] == [False, False, True]
    write_wfdb_16(ward, "c", ecg_uv(10.0))
    spin(lambda: ranked(window) == ["d", "c", "b"])
    assert [row.name for row in model.rows if not row.reason] == ["b", "d", "c"]


def test_a_record_that_is_replaced_is_judged_again_and_is_one_row(
    make_window: Callable[..., MainWindow], ward: Path
) -> None:
    window = watch(make_window, ward)
    runs = len(window.session._inference.asked)
    write_wfdb_16(ward, "b", ecg_uv(10.0, heart_rate_bpm=90))
    spin(lambda: said(window, "b.hea came"))
    assert len(window.session._inference.asked) == runs + 1
    assert ranked(window) == ["d", "b"]
    assert window.records.model.rowCount() == 2


def test_the_folder_may_be_out_of_reach_for_a_while(
    make_window: Callable[..., MainWindow], ward: Path
) -> None:
    window = watch(make_window, ward)
    shutil.move(ward, ward.with_name("away"))
    spin(lambda: said(window, "out of reach"))
    shutil.move(ward.with_name("away"), ward)
    spin(lambda: said(window, "is back"))
    write_wfdb_16(ward, "c", ecg_uv(10.0))
    spin(lambda: said(window, "c.hea came"))


def test_it_ends_by_the_same_command_or_when_something_else_is_opened(
    make_window: Callable[..., MainWindow], ward: Path, samples: Path
) -> None:
    window = watch(make_window, ward)
    action = window.commands.action("file.watch")
    action.trigger()
    assert not action.isChecked()
    assert said(window, "watched no more")
    assert ranked(window) == ["d", "b"]
    assert "watching" not in window.review.worklist_panel.progress.text()
    window.review.watch.start(ward)
    spin(lambda: len(ranked(window)) == 2)
    window.session.open_paths([samples / "00010_hr.hea"])
    spin(lambda: window.document.ref is not None and window.document.ref.name == "00010_hr")
    assert not action.isChecked()
    write_wfdb_16(ward, "c", ecg_uv(10.0))
    assert window.review.worklist.queue is None


def test_an_empty_folder_waits_and_opens_the_first_that_comes(
    make_window: Callable[..., MainWindow], tmp_path: Path, ward: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    window = watch(make_window, empty, n_there=0)
    assert window.document.ref is None
    write_wfdb_16(empty, "c", ecg_uv(10.0))
    spin(lambda: window.document.ref is not None and window.document.ref.name == "c")
    spin(lambda: ranked(window) == ["c"])
