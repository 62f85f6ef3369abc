"""Judging flags in the real window: verdicts, the labels they give, and which flag is next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt.list_rows import ROW_ROLE
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.core.analysis import Flag
from ecgviewer.core.percent import percent_text
from tests.app.driving import make_analysis, on_disk, open_for_review, press, review_of

Key, Shift, Ctrl = Qt.Key, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(make_window: Callable[..., MainWindow], samples: Path) -> MainWindow:
    """The window with a record open and ready for review."""
    return open_for_review(make_window(), samples / "00010_hr.hea")


def analyse(window: MainWindow) -> None:
    """Give the window an analysis with three flags."""
    ref = window.document.ref
    assert ref is not None
    window.document.add_analysis("vae-bilstm-mha", make_analysis(ref, "vae-bilstm-mha"))
    window.session.set_specificity(0.8)
    assert len(window.document.shown.flags) == 3


def show_flags(window: MainWindow, *flags: Flag) -> None:
    """Give the window other flags, none selected."""
    window.document.select_flag(None)
    window.document._set_flags(flags)


def said(window: MainWindow) -> list[str]:
    """Return the verdicts in the list of flags."""
    model = window.flags_panel.model
    return [model.data(model.index(row, 0), ROW_ROLE).mark for row in range(model.rowCount())]


def test_a_flag_is_accepted_rejected_or_left_with_one_key_each(window) -> None:
    analyse(window)
    press(window, Key.Key_N)
    assert window.document.selected_flag == 0
    press(window, Key.Key_A)
    assert window.document.selected_flag == 1, "the next flag comes by itself"
    press(window, Key.Key_X)
    press(window, Key.Key_U)
    review = review_of(window)
    assert [item.verdict for item in review.verdicts] == ["accepted", "rejected", "unsure"]
    (annotation,) = review.annotations
    flag = window.document.shown.flags[0]
    assert (annotation.start_s, annotation.end_s) == (flag.start_s, flag.stop_s)
    assert annotation.leads == flag.leads
    assert annotation.origin.model == "vae-bilstm-mha"
    assert annotation.origin.bundle_sha256 == "0" * 64
    assert on_disk(window) == review
    assert said(window) == ["✓", "✗", "?"]
    assert any("Every flag has a verdict" in text for text in window.messages.texts())


def test_a_verdict_on_a_whole_window_judges_none_of_the_places_within_it(window) -> None:
    analyse(window)
    places = window.document.shown.flags
    every = tuple(lead for place in places for lead in place.leads)
    whole = Flag(0.0, 10.0, every, 3.0, 0.01, "ST lower, T lower", ("st",))
    show_flags(window, whole, *places)
    press(window, Key.Key_N)
    press(window, Key.Key_X)
    assert said(window) == ["✗", "", "", ""]
    for at in (1, 2, 3):
        assert window.document.selected_flag == at
        press(window, Key.Key_A)
    assert said(window) == ["✗", "✓", "✓", "✓"]
    assert [item.verdict for item in review_of(window).verdicts].count("accepted") == 3


def test_a_flag_that_another_threshold_cut_to_a_little_of_itself_is_judged_anew(window) -> None:
    analyse(window)
    first, *others = window.document.shown.flags
    press(window, Key.Key_N)
    press(window, Key.Key_A)
    show_flags(window, replace(first, stop_s=first.start_s + 0.1), *others)
    assert said(window) == [f"✓ {percent_text(0.25)}", "", ""]
    press(window, Key.Key_N)
    press(window, Key.Key_X)
    assert said(window) == ["✗", "", ""]


def test_a_place_that_the_threshold_takes_away_leaves_no_whole_window_selected(window) -> None:
    analysis = make_analysis(window.document.ref, "vae-bilstm-mha")
    (whole,) = analysis.windows
    analysis = replace(analysis, windows=(replace(whole, parts=analysis.parts),))
    window.document.add_analysis("vae-bilstm-mha", analysis)
    window.session.set_specificity(0.8)
    assert [flag.placed for flag in window.document.shown.flags] == [False, True, True, True]
    window.select_flag(3)
    window.session.set_specificity(0.9)
    assert [flag.placed for flag in window.document.shown.flags] == [False, True, True]
    assert window.document.selected_flag is None


def test_undo_and_redo_of_a_verdict_go_back_to_its_flag(window) -> None:
    analyse(window)
    for key in (Key.Key_N, Key.Key_A, Key.Key_A):
        press(window, key)
    assert window.document.selected_flag == 2
    press(window, Key.Key_Z, Ctrl)
    assert window.document.selected_flag == 1
    press(window, Key.Key_Z, Ctrl)
    assert window.document.selected_flag == 0
    press(window, Key.Key_Z, Ctrl | Shift)
    assert window.document.selected_flag == 0
    assert window.review.document.selected is None, "the keys are for the flag"
    press(window, Key.Key_X)
    assert said(window) == ["✗", "", ""]


def test_undo_of_a_verdict_whose_flag_is_not_shown_selects_no_other(window) -> None:
    analyse(window)
    press(window, Key.Key_N)
    press(window, Key.Key_A)
    show_flags(window, *window.document.shown.flags[1:])
    press(window, Key.Key_N)
    assert window.document.selected_flag is not None
    press(window, Key.Key_Z, Ctrl)
    assert window.document.selected_flag is None


def test_the_highlighted_row_of_the_list_is_the_flag_that_is_judged(window) -> None:
    analyse(window)
    window.docks["flags"].raise_()
    table = window.flags_panel.table
    QApplication.processEvents()
    row = table.visualRect(table.model().index(0, 0)).center()
    QTest.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, row
    )
    assert window.document.selected_flag == 0
    table.setFocus()
    press(window, Key.Key_Down)
    press(window, Key.Key_Down)
    assert [index.row() for index in table.selectionModel().selectedRows()] == [2]
    assert window.document.selected_flag == 2
    first, last = window.traces.visible_range()
    assert first <= window.document.shown.flags[2].start_s <= last
    press(window, Key.Key_U)
    assert said(window) == ["", "", "?"]


def test_a_number_accepts_a_flag_with_that_label(window) -> None:
    analyse(window)
    press(window, Key.Key_N)
    press(window, Key.Key_8)
    (annotation,) = review_of(window).annotations
    assert annotation.label == "ST elevation"
    assert [code.value for code in annotation.codes] == ["164931005", "STE_"]
    window.select_flag(0)
    press(window, Key.Key_7)
    assert [item.label for item in review_of(window).annotations] == ["ST depression"]
    assert len(review_of(window).verdicts) == 1
    window.select_flag(0)
    press(window, Key.Key_X)
    assert review_of(window).annotations == ()
    assert [item.verdict for item in review_of(window).verdicts] == ["rejected"]
    window.select_flag(0)
    press(window, Key.Key_Backspace)
    assert review_of(window).verdicts == ()


def test_verdicts_survive_another_threshold(window) -> None:
    analyse(window)
    press(window, Key.Key_N)
    press(window, Key.Key_X)
    window.session.set_specificity(0.999)
    model = window.flags_panel.model
    assert model.rowCount() >= 1
    assert said(window)[0].startswith("✗")
    assert "rejected" in str(model.data(model.index(0, 0), Qt.ItemDataRole.ToolTipRole))


def test_it_is_said_beforehand_which_label_an_accepted_flag_gets(window) -> None:
    analyse(window)
    press(window, Key.Key_N)
    hint = window.review.panel.hint
    assert hint.text().startswith("A accepts as “Other finding”")
    assert window.review.panel.labels.currentText().strip().startswith("Other finding")
    press(window, Key.Key_8)
    assert hint.text().startswith("A accepts as “Other finding”"), "a place has no words"
    press(window, Key.Key_A)
    labels = [item.label for item in review_of(window).annotations]
    assert labels == ["ST elevation", "Other finding"]


def test_words_that_suggest_no_label_get_the_one_given_to_them_before(window) -> None:
    analyse(window)
    rhythm = Flag(0.0, 3.0, (), 3.0, 0.01, "fast, irregular", ("rhythm",))
    again = replace(rhythm, start_s=6.0, stop_s=9.0, reason="irregular, fast")
    show_flags(window, rhythm, window.document.shown.flags[0], replace(again, reason="slow"), again)
    hint = window.review.panel.hint
    press(window, Key.Key_N)
    press(window, Key.Key_3)
    for label in ("Other finding", "Other finding", "Left bundle branch block"):
        assert hint.text().startswith(f"A accepts as “{label}”")
        press(window, Key.Key_A)
    assert sorted(item.label for item in review_of(window).annotations) == [
        "Left bundle branch block", "Left bundle branch block", "Other finding", "Other finding",
    ]  # fmt: skip


def test_enter_labels_a_marked_span_and_judges_no_flag(window) -> None:
    analyse(window)
    press(window, Key.Key_N)
    press(window, Key.Key_Return)
    assert review_of(window).verdicts == ()
    press(window, Key.Key_B)
    press(window, Key.Key_Return)
    assert [item.label for item in review_of(window).annotations] == ["Other finding"]


def test_what_is_said_of_a_flag_follows_the_threshold(window) -> None:
    analyse(window)
    press(window, Key.Key_N)
    first, *others = window.document.shown.flags
    window.document._set_flags((replace(first, reason="QT long"), *others))
    assert window.review.panel.hint.text().startswith("A accepts as “Long QT”")
    window.document._set_flags(())
    assert not window.review.panel.hint.text().startswith("A accepts")


def test_a_flag_whose_words_suggest_a_label_is_accepted_with_it(window) -> None:
    analyse(window)
    first, *others = window.document.shown.flags
    window.document._set_flags((replace(first, reason="ST lower, T lower"), *others))
    press(window, Key.Key_N)
    assert window.review.panel.hint.text().startswith("A accepts as “ST depression”")
    press(window, Key.Key_A)
    press(window, Key.Key_A)
    labels = [item.label for item in review_of(window).annotations]
    assert labels == ["ST depression", "Other finding"], "the next one suggests nothing"
    assert review_of(window).annotations[0].note.startswith("also T"), "nor is the second lost"
    window.select_flag(0)
    press(window, Key.Key_1)
    assert "Atrial fibrillation" in [item.label for item in review_of(window).annotations]
