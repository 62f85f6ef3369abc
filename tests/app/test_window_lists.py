"""The narrow lists beside the traces say what matters whole, on a small screen as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QTableView

from ecgviewer.app.qt.list_rows import ROW_ROLE, Font, ListRow, row_lines
from ecgviewer.app.qt.texts import finding_text, p_text
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.review.edits import editing
from tests.app.driving import make_analysis, spin

WIDE = "ST lower, T lower"
LEADS = ("I", "II", "aVF", "V2", "V3", "V4", "V5", "V6")


@pytest.fixture
def window(make_window: Callable[..., MainWindow], samples: Path) -> MainWindow:
    """A small window with an analysed record open, its first flag about a whole window."""
    window = make_window(size=(1280, 720))
    window.session.open_paths([samples / "00010_hr.hea"])
    spin(lambda: window.review.document.review is not None and window.document.heart is not None)
    assert window.document.ref is not None
    analysis = make_analysis(window.document.ref, "vae-bilstm-mha")
    window.document.add_analysis("vae-bilstm-mha", analysis)
    spin(lambda: len(window.document.shown.flags) > 0)
    return window


def shown(table: QTableView, row: int) -> tuple[str, ...]:
    """Return the lines that a row is drawn with; its height must hold them."""
    index = table.model().index(row, 0)
    content: ListRow = index.data(ROW_ROLE)
    lines = row_lines(content, table.visualRect(index).width() - 8, Font(table.font()))
    assert table.rowHeight(row) >= len(lines) * table.fontMetrics().height()
    return lines


def fits(table: QTableView, line: str) -> bool:
    return table.fontMetrics().horizontalAdvance(line) <= table.viewport().width()


def test_a_flag_says_finding_time_and_p_whole(window: MainWindow) -> None:
    document, table = window.document, window.flags_panel.table
    flags = [
        replace(
            flag, start_s=0.0, stop_s=10.0, reason=WIDE, leads=LEADS, p_value=1e-6, parts=("st",)
        )
        for flag in document.shown.flags
    ]
    document._set_flags(tuple(flags))
    window.docks["flags"].raise_()
    QApplication.processEvents()
    for row, flag in enumerate(document.shown.flags):
        lines = shown(table, row)
        words = " ".join(lines).replace("\u00a0", " ")
        assert finding_text(flag) in words
        assert "0.00-10.00 s" in words and f"p {p_text(1e-6)}" in words
        assert all(fits(table, line) for line in lines)


def test_an_annotation_says_label_leads_and_time_whole_and_shortens_its_note(
    window: MainWindow,
) -> None:
    review = window.review.document
    panel = window.review.panel
    window.docks["review"].raise_()
    QApplication.processEvents()
    label = next(label for label in review.labels.labels if "branch block" in label.name)
    review.attempt(lambda r: editing.add(r, [editing.make(r, 1.0, 2.5, LEADS, label.name)]))
    (annotation,) = review.review.annotations
    note = "A note that is longer than the list is wide, and then some"
    review.attempt(lambda r: editing.set_note(r, annotation.id, note))
    QApplication.processEvents()
    lines = shown(panel.table, 0)
    words = " ".join(lines[:-1]).replace("\u00a0", " ")
    assert label.name in words and "I II aVF V2-V6" in words and "1.00-2.50 s" in words
    assert lines[-1] == note and not fits(panel.table, note)
    tip = panel.model.data(panel.model.index(0, 0), Qt.ItemDataRole.ToolTipRole)
    assert note in str(tip)


def test_a_long_label_ends_in_an_ellipsis_and_is_whole_in_its_tip(window: MainWindow) -> None:
    window.docks["review"].raise_()
    labels = window.review.panel.labels
    labels.setItemText(0, "1  A label with a name that is far too long  (conduction)")
    labels.setCurrentIndex(1)
    labels.setCurrentIndex(0)
    QApplication.processEvents()
    assert labels.shown_text().endswith("…")
    assert labels.toolTip() == labels.itemText(0)


def test_a_row_too_long_for_its_lines_loses_its_end_only(qt_app: QApplication) -> None:
    font = Font(QApplication.font())
    row = ListRow(" ".join(["finding"] * 60), ("0:00:01.0-0:00:02.0", "p <0.0001"), "✓ 86 %")
    lines = row_lines(row, 120, font)
    assert lines[2].endswith("…")
    assert lines[-2:] == ("0:00:01.0-0:00:02.0", "p <0.0001")
