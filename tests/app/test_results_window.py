"""*File > Open results*: the rows of a table, and the record behind each; nothing while blind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from ecgviewer.app.review.results.results_window import ResultsWindow
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.cli.screening.table import Row, csv_header, csv_line
from tests.app.driving import spin


@pytest.fixture
def table(samples: Path, tmp_path: Path) -> Path:
    """A table of two shipped records and one that is not there."""
    rows = [
        Row(str(samples / f"{name}.hea"), name, "cae", score=1.0, p_value=p, abnormal=int(p < 0.05))
        for name, p in (("00010_hr", 0.5), ("00330_hr", 0.01), ("gone", 0.2))
    ]
    path = tmp_path / "all.csv"
    path.write_text(csv_header() + "".join(map(csv_line, rows)))
    return path


def opened(window: MainWindow, table: Path) -> ResultsWindow:
    window.review.results.open(table)
    results = window.review.results.window
    assert results is not None
    spin(lambda: results.model.count() > 0)
    return results


def records(results: ResultsWindow) -> list[str]:
    return [results.rows.row(k)["record"] for k in range(results.rows.rowCount())]


def test_rows_are_sorted_filtered_and_lead_to_their_records(
    make_window: Callable[..., MainWindow], table: Path
) -> None:
    window = make_window()
    results = opened(window, table)
    assert records(results) == ["00330_hr", "gone", "00010_hr"], "the least normal first"
    results.view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert records(results) == ["00010_hr", "00330_hr", "gone"]
    QTest.keyClicks(results.text, "0033")
    spin(lambda: results.rows.rowCount() == 1)
    assert results.summary.text().startswith("1 of 3 rows")
    results.view.setFocus()
    results.view.selectRow(0)
    QTest.keyClick(results.view, Qt.Key.Key_Return)
    spin(lambda: window.document.recording is not None)
    assert window.document.recording is not None
    assert window.document.recording.name == "00330_hr"


def test_no_results_are_on_show_while_reading_blind(
    make_window: Callable[..., MainWindow], table: Path
) -> None:
    window = make_window()
    opened(window, table)
    assert window.commands.action("file.open_results").isEnabled()
    window.document.set_blind(True)
    assert window.review.results.window is None
    assert not window.commands.action("file.open_results").isEnabled()
