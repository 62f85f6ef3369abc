"""The line at the bottom: scale and filters in words, and the colour scales of the strips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.moment import Moment
from ecgviewer.app.trace.raster.color_scales import color_table

LEGEND_PX = 96.0


@dataclass(frozen=True, slots=True)
class ColorLegend:
    """One colour scale: its title, table, the text of both ends and a marked place on it.

    ``mark`` is a fraction of the scale from 0 to 1, with ``mark_text``; None marks nothing.
    """

    title: str
    table: str
    low_text: str
    high_text: str
    mark: float | None = None
    mark_text: str = ""


def color_legends(moment: Moment) -> list[ColorLegend]:
    """Return the colour scales of the strips that are on."""
    scene, overlays, maps = moment.scene, moment.state.overlays, moment.data.maps
    analysis = scene.analysis
    if analysis is None or maps is None:
        return []
    legends = []
    if overlays["attention"] and "attention" in maps:
        low, high = maps.usual_range("attention")
        title = "Attention" if analysis.attention is not None else "Saliency"
        legends.append(ColorLegend(title, "attention", f"{low:.2g}", f"{high:.2g}"))
    if overlays["heat"]:
        low, high = scene.heat_levels
        level = analysis.map_threshold(scene.specificity)
        legends.append(
            ColorLegend(
                "Residual",
                "heat",
                f"≤ {low:.2g}",
                f"≥ {high:.3g}",
                (level - low) / (high - low) if high > low else None,
                f"flag at {level:.3g}",
            )
        )
    return legends


def scale_text(
    px_per_s: float, px_per_mv: float, pixels_per_mm: float, fit: bool, unit: str = "mV"
) -> str:
    """Return the scale in words: paper speed and gain, or that there is none."""
    if fit:
        return "Fit: not to scale"
    speed = px_per_s / pixels_per_mm
    gain = px_per_mv / pixels_per_mm
    if speed >= 1.0:
        text = f"{speed:.3g} mm/s"
    elif speed * 60 >= 1.0:
        text = f"{speed * 60:.3g} mm/min"
    else:
        text = f"{speed * 3600:.3g} mm/h"
    return f"{text} · {gain:.3g} mm/{unit}"


def paint_scale_line(
    painter: QPainter,
    geometry: Geometry,
    rect: QRectF,
    parts: Sequence[tuple[str, str]],
    legends: Sequence[ColorLegend],
) -> None:
    """Draw the line at the bottom: scale and filters on the left, colour scales on the right.

    Parameters
    ----------
    parts : sequence of (words, role)
        ``role`` is a colour of the theme for words that must not be overlooked, or empty.
    """
    theme = geometry.theme
    painter.fillRect(rect, theme.color("window"))
    right = rect.right() - 8.0
    for legend in reversed(legends):
        right = _paint_legend(painter, geometry, rect, right, legend) - 18.0
    painter.save()
    plain = QFont(painter.font())
    bold = QFont(plain)
    bold.setBold(True)
    x = rect.left() + 8
    for at, (words, role) in enumerate(parts):
        for text, color, font in (
            ("  ·  " if at else "", "text_muted", plain),
            (words, role or "text", bold if role else plain),
        ):
            metrics = QFontMetricsF(font)
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(right - 4 - x, 0))
            width = metrics.horizontalAdvance(text)
            painter.setFont(font)
            painter.setPen(theme.color(color))
            room = QRectF(x, rect.top(), width + 1, rect.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
            x += width
    painter.restore()


def _paint_legend(
    painter: QPainter, geometry: Geometry, rect: QRectF, right: float, legend: ColorLegend
) -> float:
    """Draw one colour scale that ends at ``right``; return its left edge."""
    theme = geometry.theme
    metrics = QFontMetricsF(painter.font())

    def text(words: str, end: float, color: QColor) -> float:
        width = metrics.horizontalAdvance(words)
        painter.setPen(color)
        painter.drawText(
            QRectF(end - width, rect.top(), width + 1, rect.height()),
            Qt.AlignmentFlag.AlignVCenter,
            words,
        )
        return end - width

    left = text(legend.high_text, right, theme.color("text_muted")) - 5.0
    bar = QRectF(left - LEGEND_PX, rect.center().y() - 5.0, LEGEND_PX, 10.0)
    image = QImage(bytes(range(256)), 256, 1, 256, QImage.Format.Format_Indexed8)
    image.setColorTable(list(color_table(legend.table, theme.dark)))
    painter.drawImage(bar, image)
    painter.setPen(theme.color("border"))
    painter.drawRect(bar)
    if legend.mark is not None:
        x = round(bar.left() + min(max(legend.mark, 0.0), 1.0) * bar.width())
        painter.setPen(QPen(theme.color("flag"), 2.0))
        painter.drawLine(QPointF(x, bar.top() - 4), QPointF(x, bar.bottom() + 4))
    left = text(legend.low_text, bar.left() - 5.0, theme.color("text_muted"))
    if legend.mark_text:
        left = text(f"({legend.mark_text}) ", left - 4.0, theme.color("flag"))
    return text(f"{legend.title} ", left - 3.0, theme.color("text"))
