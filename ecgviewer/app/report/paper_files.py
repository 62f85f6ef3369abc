"""A page of A4 landscape, drawn by whoever knows what is on it, as PDF or PNG in memory."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QIODevice, QMarginsF, QSizeF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter

import ecgviewer
from ecgviewer.app.report.page import HEIGHT_MM, WIDTH_MM

PDF_DPI = 1200
PNG_DPI = 300
MM_PER_INCH = 25.4
Paint = Callable[[QPainter, float], None]
"""Draws with a painter that has so many units per millimetre."""


def draw_pdf(paint: Paint, title: str, out: QIODevice) -> bool:
    """Draw as PDF; return whether that succeeded."""
    writer = QPdfWriter(out)
    writer.setResolution(PDF_DPI)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Landscape, QMarginsF()
        )
    )
    writer.setTitle(title)
    writer.setCreator(f"ECG Viewer {ecgviewer.__version__}")
    painter = QPainter()
    if not painter.begin(writer):
        return False
    paint(painter, PDF_DPI / MM_PER_INCH)
    return painter.end()


def draw_png(paint: Paint, out: QIODevice) -> bool:
    """Draw as PNG; return whether that succeeded."""
    per_mm = PNG_DPI / MM_PER_INCH
    size = QSizeF(WIDTH_MM * per_mm, HEIGHT_MM * per_mm).toSize()
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    image.setDotsPerMeterX(round(per_mm * 1000))
    image.setDotsPerMeterY(round(per_mm * 1000))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    paint(painter, per_mm)
    painter.end()
    return bool(image.save(out, "PNG"))  # type: ignore[call-overload]
