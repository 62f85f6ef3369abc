"""Draws the report's page on any paint device, in millimetres."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QPainter

from ecgviewer.app.draw.pen import Pen
from ecgviewer.app.qt.theme import LIGHT
from ecgviewer.app.report.traces import PAPER_BOTTOM_MM, PRINT_FLAG, draw_traces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecgviewer.app.report.page_content import ReportPage

WIDTH_MM, HEIGHT_MM = 297.0, 210.0
MARGIN_MM = 10.0
DISCLAIMER = "Research aid, not a diagnosis."
QUALITY_MM = 2.5
LIST_MM = 2.4
MACHINE_LINES = 7
"""Lines that have room for what the recording machine concluded."""


def paint_page(painter: QPainter, page: ReportPage, per_mm: float) -> None:
    """Draw the page.

    Parameters
    ----------
    per_mm : float
        Device units per millimetre of paper.
    """
    pen = Pen(painter, per_mm)
    _header(pen, page)
    _remarks(pen, page, draw_traces(pen, page) - MARGIN_MM)
    _lists(pen, page)
    _footer(pen, page)


def _header(pen: Pen, page: ReportPage) -> None:
    width = WIDTH_MM - 2 * MARGIN_MM
    pen.text(MARGIN_MM, 7.0, width - 70, page.title, 4.6, bold=True)
    pen.text(MARGIN_MM, 7.5, width, DISCLAIMER, 3.4, bold=True, color="#b5260a", right=True)
    pen.text(MARGIN_MM, 14.2, width, page.subtitle, 2.9, color="#444b55")
    mark = {True: "#d9480f", False: "#2b7a3d", None: "#868e96"}[page.abnormal]
    pen.painter.fillRect(pen.rect(MARGIN_MM, 19.6, 1.2, 4.6), QColor(mark))
    pen.text(MARGIN_MM + 2.5, 19.6, width - 3, page.verdict, 3.1, bold=True)
    step = width / len(page.measures)
    for index, (name, words) in enumerate(page.measures):
        x = MARGIN_MM + index * step
        pen.text(x, 25.3, step - 1, name, 2.3, color="#5a6370")
        pen.text(x, 28.2, step - 1, words, 2.8)


def _remarks(pen: Pen, page: ReportPage, width: float) -> None:
    """Write what passed a limit and what is wrong with the signal, below the traces."""
    y = PAPER_BOTTOM_MM + 3.0
    for text, tint in (("  ·  ".join(page.statements), "#14161a"), (page.quality, "#9c2c00")):
        for words in pen.lines(text, width, QUALITY_MM, 2):
            pen.text(MARGIN_MM, y, width, words, QUALITY_MM, color=tint)
            y += 3.1


def _lists(pen: Pen, page: ReportPage) -> None:
    top = PAPER_BOTTOM_MM + 9.3
    columns: list[tuple[str, Sequence[str], QColor]] = [
        (f"Flags of the model ({page.flag_count})", page.flag_lines, PRINT_FLAG),
        (
            f"Annotations of the reviewer ({len(page.annotations)})",
            page.annotation_lines,
            QColor(LIGHT.annotation),
        ),
    ]
    step = (WIDTH_MM - 2 * MARGIN_MM) / (3 if page.machine_title else 2)
    if page.machine_title:
        said = _machine_lines(pen, page.machine_texts, step - 6)
        columns.append((page.machine_title, said, QColor("#868e96")))
    for column, (title, lines, color) in enumerate(columns):
        x = MARGIN_MM + column * step
        pen.painter.fillRect(pen.rect(x, top + 0.8, 2.4, 2.4), color)
        pen.text(x + 3.6, top, step - 6, title, 2.7, bold=True)
        for index, words in enumerate(lines or ("none",)):
            pen.text(x + 3.6, top + 4.0 + index * 3.4, step - 6, words, LIST_MM)


def _machine_lines(pen: Pen, texts: Sequence[str], width: float) -> list[str]:
    """Break the machine's words into lines; where they have no room, the last one says so."""
    lines = [
        line for words in texts for line in pen.lines(words, width, LIST_MM, MACHINE_LINES + 1)
    ]
    if len(lines) > MACHINE_LINES:
        lines[MACHINE_LINES - 1 :] = ["and more, in the file"]
    return lines


def _footer(pen: Pen, page: ReportPage) -> None:
    width = WIDTH_MM - 2 * MARGIN_MM
    top = HEIGHT_MM - 7.0 - 2.9 * len(page.seal)
    pen.stroke("#d4d8de", 0.2)
    pen.line(MARGIN_MM, top - 1.0, WIDTH_MM - MARGIN_MM, top - 1.0)
    for index, words in enumerate(page.seal):
        pen.text(MARGIN_MM, top + index * 2.9, width, words, 1.9, color="#5a6370")
