"""Flags that are alike are decided with one key, each with a verdict of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from ecgviewer.app.qt.list_rows import ROW_ROLE, ListRow
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.core.analysis import Flag
from tests.app.driving import make_analysis, on_disk, open_for_review, press, review_of

Key, Shift = Qt.Key, Qt.KeyboardModifier.ShiftModifier
Both = Qt.KeyboardModifier.ControlModifier | Shift

WIDE = [Flag(k / 2, k / 2 + 0.4, ("V1", "V2"), 5.0, 0.001, "QRS wide", ("st",)) for k in range(12)]
EARLY = [Flag(7 + k, 7.5 + k, (), 5.0, 0.002, "early beat", ("rhythm",)) for k in range(3)]


@pytest.fixture
def window(make_window: Callable[..., MainWindow], samples: Path) -> MainWindow:
    """The window with an analysis of fifteen flags of two kinds."""
    window = open_for_review(make_window(), samples / "00010_hr.hea")
    assert window.document.ref is not None
    analysis = make_analysis(window.document.ref, "vae-bilstm-mha")
    window.document.add_analysis("vae-bilstm-mha", analysis)
    window.document._set_flags((*WIDE, *EARLY))
    return window


def rows(window: MainWindow) -> list[ListRow]:
    """Return what the list of groups says."""
    model = window.flags_panel.groups.groups_model
    return [model.data(model.index(row, 0), ROW_ROLE) for row in range(model.rowCount())]


def test_two_kinds_are_two_rows_with_their_counts(window: MainWindow) -> None:
    first, second = rows(window)
    assert first.title == "QRS wide · V1 V2" and first.facts[0] == "12 flags"
    assert second.title == "early beat" and second.facts[0] == "3 flags"
    panel = window.flags_panel
    assert panel.groups.isVisibleTo(panel) and not panel.table.isVisibleTo(panel)
    panel.alike.setChecked(False)
    assert panel.table.isVisibleTo(panel) and not panel.groups.isVisibleTo(panel)
    assert "15 flags of 2 kinds" in window.flags_panel.count.text()


def test_fifteen_flags_are_decided_with_three_keys(window: MainWindow) -> None:
    press(window, Key.Key_Y)
    assert window.document.selected_flag == 0
    press(window, Key.Key_A, Both)
    assert window.document.selected_flag == 12, "the next kind comes by itself"
    press(window, Key.Key_X, Both)
    review = review_of(window)
    assert [v.verdict for v in review.verdicts].count("accepted") == 12
    assert [v.verdict for v in review.verdicts].count("rejected") == 3
    assert len(review.annotations) == 12
    assert len({a.label for a in review.annotations}) == 1
    assert on_disk(window) == review
    assert [row.mark for row in rows(window)] == ["✓", "✗"]
    assert any("Every flag has a verdict" in text for text in window.messages.texts())


def test_a_member_that_was_decided_keeps_its_verdict_and_undo_takes_the_others_back(
    window: MainWindow,
) -> None:
    press(window, Key.Key_N)
    press(window, Key.Key_X)
    press(window, Key.Key_A, Both)
    verdicts = [v.verdict for v in review_of(window).verdicts]
    assert verdicts.count("rejected") == 1 and verdicts.count("accepted") == 11
    assert rows(window)[0].mark in ("✗1 ✓11", "✓11 ✗1")
    press(window, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [v.verdict for v in review_of(window).verdicts] == ["rejected"]


def test_a_decided_group_can_be_decided_otherwise(window: MainWindow) -> None:
    press(window, Key.Key_Y)
    press(window, Key.Key_A, Both)
    window.select_flag(0)
    press(window, Key.Key_U, Both)
    verdicts = [v.verdict for v in review_of(window).verdicts]
    assert verdicts == ["unsure"] * 12 and not review_of(window).annotations


def test_keys_go_round_the_kinds(window: MainWindow) -> None:
    for expected in (0, 12, 0):
        press(window, Key.Key_Y)
        assert window.document.selected_flag == expected
    press(window, Key.Key_Y, Shift)
    assert window.document.selected_flag == 12
    assert window.flags_panel.groups.selectionModel().selectedRows()[0].row() == 1


def test_a_blind_reader_sees_no_groups(window: MainWindow) -> None:
    window.document.set_blind(True)
    assert rows(window) == []
    press(window, Key.Key_Y)
    assert window.document.selected_flag is None


def test_flags_that_are_all_different_show_no_groups(window: MainWindow) -> None:
    window.document._set_flags((WIDE[0], EARLY[0]))
    assert not window.flags_panel.groups.isVisibleTo(window.flags_panel)
