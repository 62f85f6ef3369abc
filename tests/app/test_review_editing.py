"""Annotating and judging in the real window, with the keyboard and the mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.shell.window import MainWindow
from ecgviewer.review.edits.store import ReviewStore
from tests.app.driving import on_disk, open_for_review, press, review_of, spin

Key, Shift, Ctrl = Qt.Key, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
Alt = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def window(make_window: Callable[..., MainWindow], samples: Path) -> MainWindow:
    """The window with a record open and ready for review."""
    return open_for_review(make_window(), samples / "00010_hr.hea")


def test_dragging_marks_a_span_and_a_number_labels_it(window) -> None:
    traces = window.traces
    page = traces.moment().geometry.page
    lane = next(lane for lane in page.lanes if lane.lead == "II")
    y = round(traces.moment().geometry.lane_y((lane.top + lane.bottom) / 2))
    start, stop = (QPoint(round(traces.moment().geometry.x(at)), y) for at in (1.0, 2.5))
    QTest.mousePress(traces, Qt.MouseButton.LeftButton, Shift, start)
    QTest.mouseMove(traces, (start + stop) / 2)
    QTest.mouseMove(traces, stop)
    QTest.mouseRelease(traces, Qt.MouseButton.LeftButton, Shift, stop)
    marked = window.review.document.marked
    assert marked is not None and marked.leads == ("II",)
    assert review_of(window).annotations == ()
    press(window, Key.Key_1)
    (annotation,) = review_of(window).annotations
    assert annotation.label == "Atrial fibrillation"
    assert annotation.start_s == pytest.approx(1.0, abs=0.02)
    assert annotation.end_s == pytest.approx(2.5, abs=0.02)
    assert window.review.document.marked is None
    assert window.traces.scene.annotations == review_of(window).annotations


def test_keys_begin_move_snap_split_join_and_delete(window) -> None:
    press(window, Key.Key_B)
    assert window.review.document.marked is not None
    press(window, Key.Key_Escape)
    assert window.review.document.marked is None
    press(window, Key.Key_B)
    press(window, Key.Key_Right, Shift)
    press(window, Key.Key_6)
    (first,) = review_of(window).annotations
    assert first.duration_s == pytest.approx(1.02, abs=1e-6)
    press(window, Key.Key_Left, Alt | Shift)
    assert review_of(window).annotations[0].duration_s == pytest.approx(1.04, abs=1e-6)
    press(window, Key.Key_S)
    snapped = review_of(window).annotations[0]
    peaks = window.document.heart.r_peaks / window.document.recording.fs_hz
    assert np.abs(peaks - snapped.start_s).min() == 0.0
    assert np.abs(peaks - snapped.end_s).min() == 0.0
    press(window, Key.Key_S, Shift)
    assert len(review_of(window).annotations) == 2
    press(window, Key.Key_J)
    (joined,) = review_of(window).annotations
    assert (joined.start_s, joined.end_s) == (snapped.start_s, snapped.end_s)
    press(window, Key.Key_5)
    assert review_of(window).annotations[0].label == "Atrial premature complex"
    press(window, Key.Key_Delete)
    assert review_of(window).annotations == ()
    for _ in range(7):
        press(window, Key.Key_Z, Ctrl)
    assert review_of(window).annotations == ()
    assert window.review.document.session.history.undo_text == ""
    for _ in range(6):
        press(window, Key.Key_Z, Ctrl | Shift)
    assert [item.label for item in review_of(window).annotations] == ["Atrial premature complex"]
    assert on_disk(window) == review_of(window)


def test_a_span_snaps_to_the_bounds_of_a_qrs(window) -> None:
    peak_s = float(window.document.heart.r_peaks[3] / window.document.recording.fs_hz)
    window.review.document.mark(peak_s - 0.02, peak_s + 0.1, ("II",))
    press(window, Key.Key_Q)
    document = window.review.document
    spin(lambda: document.marked.start_s != peak_s - 0.02)
    assert 0.02 < peak_s - document.marked.start_s < 0.1
    assert 0.02 < document.marked.end_s - peak_s < 0.12


def test_note_and_leads(window) -> None:
    press(window, Key.Key_B)
    press(window, Key.Key_1)
    press(window, Key.Key_O)
    assert window.review.panel.note.hasFocus()
    QTest.keyClicks(window.review.panel.note, "1:1 or 2:1?")
    press(window, Key.Key_Return)
    assert window.traces.hasFocus()
    assert review_of(window).annotations[0].note == "1:1 or 2:1?"
    press(window, Key.Key_L)
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    for lead, box in dialog.boxes.items():
        box.setChecked(lead in ("V1", "II"))
    dialog.accept()
    assert review_of(window).annotations[0].leads == ("II", "V1")


def test_the_label_set_is_edited_and_kept(window, make_window) -> None:
    window.commands.action("review.labels").trigger()
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    dialog.table.item(0, 1).setText("Vorhofflimmern")
    dialog.table.item(1, 0).setText("1")
    dialog.accept()
    assert "number key" in dialog.problem.text()
    dialog.table.item(1, 0).setText("")
    dialog.accept()
    window.activateWindow()
    spin(window.isActiveWindow)
    window.traces.setFocus()
    press(window, Key.Key_B)
    press(window, Key.Key_1)
    (annotation,) = review_of(window).annotations
    assert annotation.label == "Vorhofflimmern"
    assert [code.value for code in annotation.codes] == ["164889003", "AFIB"]
    again = make_window()
    assert again.review.document.labels.by_key("1").name == "Vorhofflimmern"


def test_going_from_annotation_to_annotation(window) -> None:
    document = window.review.document
    for start in (1.0, 4.0, 8.0):
        document.mark(start, start + 0.5, ())
        press(window, Key.Key_9)
    document.select(None)
    visited = []
    for _ in range(4):
        press(window, Key.Key_Right, Alt)
        visited.append(document.selected_annotation.start_s)
    assert visited == [1.0, 4.0, 8.0, 1.0]
    press(window, Key.Key_Left, Alt)
    assert document.selected_annotation.start_s == 8.0


def test_closing_and_opening_the_window_again_keeps_everything(
    window, make_window, samples
) -> None:
    press(window, Key.Key_B)
    press(window, Key.Key_3)
    before = review_of(window)
    window.close()
    again = make_window()
    again.session.open_paths([samples / "00010_hr.hea"])
    spin(lambda: again.review.document.review is not None)
    assert again.review.document.review == before
    assert again.traces.scene.annotations == before.annotations


def test_a_second_window_on_the_same_review_shows_it_only(window, make_window, samples) -> None:
    press(window, Key.Key_B)
    press(window, Key.Key_3)
    second = make_window()
    second.session.open_paths([samples / "00010_hr.hea"])
    spin(lambda: second.review.document.review is not None)
    assert second.review.document.review == review_of(window)
    assert any("another window" in text for text in second.messages.texts())
    assert not second.commands.action("review.begin").isEnabled()
    second.review.document.mark(1.0, 2.0, ())
    assert second.review.document.marked is None


def test_a_full_disk_is_said_and_everything_is_written_later(window) -> None:
    resource = pytest.importorskip("resource", reason="a limit on file sizes needs POSIX")
    press(window, Key.Key_B)
    press(window, Key.Key_3)
    session = window.review.document.session
    size = session.files.journal.stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, before[1]))
        press(window, Key.Key_4)
        assert session.pending == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert any("in memory only" in text for text in window.messages.texts())
    assert review_of(window).annotations[0].label == "Right bundle branch block"
    spin(lambda: session.pending == 0)
    assert any("on disk again" in text for text in window.messages.texts())
    assert on_disk(window) == review_of(window)


def test_a_full_disk_holds_edits_through_another_record_and_the_window_open(
    window, samples
) -> None:
    resource = pytest.importorskip("resource", reason="a limit on file sizes needs POSIX")
    press(window, Key.Key_B)
    press(window, Key.Key_3)
    session = window.review.document.session
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (session.files.journal.stat().st_size, before[1]))
        press(window, Key.Key_4)
        window.session.open_paths([samples / "00330_hr.hea"])
        spin(lambda: window.document.ref.name == "00330_hr")
        spin(lambda: window.review.document.review is not None)
        assert not window.close()
        assert window.isVisible()
        assert any("close again to give them up" in text for text in window.messages.texts())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    spin(lambda: session.pending == 0)
    found = ReviewStore.for_user().read(session.review.record, window.review.document.reader)
    assert [item.label for item in found.annotations] == ["Right bundle branch block"]


def test_ten_thousand_annotations_stay_fluid(window) -> None:
    import time

    from ecgviewer.review.edits import editing

    document = window.review.document
    review = review_of(window)
    many = [
        editing.make(review, at, at + 0.05, [], "Ventricular premature complex")
        for at in np.linspace(0.0, 9.9, 10_000)
    ]
    document.attempt(lambda current: editing.add(current, many))
    start = time.perf_counter()
    for item in many[:5]:
        document.select(item.id)
        window.traces.grab()
    assert (time.perf_counter() - start) / 5 < 0.25
