"""The report's page on a printer, at exact scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMarginsF, QSizeF
from PySide6.QtGui import QPageLayout, QPageSize, QPainter
from PySide6.QtPrintSupport import QPrinter

from ecgviewer.app.report.page import HEIGHT_MM, WIDTH_MM, paint_page
from ecgviewer.app.trace.state import MM_PER_INCH

if TYPE_CHECKING:
    from ecgviewer.app.report.page_content import ReportPage

TOLERANCE_MM = 1.0


def a4_printer() -> QPrinter:
    """Return the default printer, set to A4 landscape."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    # Positions are from the edge of the paper: nothing may be scaled to a printer's margins.
    printer.setFullPage(True)
    printer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Landscape, QMarginsF()
        )
    )
    return printer


def print_page(page: ReportPage, printer: QPrinter) -> bool:
    """Draw the page in the middle of the printer's paper; return False if it does not answer."""
    painter = QPainter()
    if not painter.begin(printer):
        return False
    per_mm = printer.resolution() / MM_PER_INCH
    paper = _paper_mm(printer)
    painter.translate(
        (paper.width() - WIDTH_MM) / 2 * per_mm, (paper.height() - HEIGHT_MM) / 2 * per_mm
    )
    paint_page(painter, page, per_mm)
    return painter.end()


def is_cut(printer: QPrinter) -> bool:
    """Return whether the chosen paper is smaller than the page."""
    paper = _paper_mm(printer)
    return paper.width() < WIDTH_MM - TOLERANCE_MM or paper.height() < HEIGHT_MM - TOLERANCE_MM


def _paper_mm(printer: QPrinter) -> QSizeF:
    return printer.pageLayout().fullRect(QPageLayout.Unit.Millimeter).size()
