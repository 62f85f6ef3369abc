"""Draws the columns of a lead: a polyline while it is thin, filled columns when it is dense."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen

from ecgviewer.app.trace.data.levels import FloatArray
from ecgviewer.app.trace.polyline import polygon

DENSE_PX = 7.0
"""Mean height of a column above which filling columns is faster than stroking them (an
antialiased stroke costs by its length: 15 ms for 12 leads of 40-px columns, filling 4 ms)."""

DoubleArray = npt.NDArray[np.float64]


def paint_trace(
    painter: QPainter,
    x: DoubleArray,
    top: FloatArray,
    bottom: FloatArray,
    color: QColor,
    clip: QRectF,
) -> None:
    """Draw one lead.

    Parameters
    ----------
    x : array [m]
        Where each column is, ascending, logical pixels.
    top, bottom : array [m]
        Upper and lower end of each column, logical pixels; NaN leaves a gap. The same array
        twice draws samples.
    clip : QRectF
        Nothing is drawn outside.
    """
    if x.size == 0:
        return
    if top is not bottom:
        height = float(np.nanmean(bottom - top)) if np.isfinite(top).any() else 0.0
        if height > DENSE_PX:
            _fill_columns(painter, x, top, bottom, color, clip)
            return
        x, y = _zigzag(x, top, bottom)
    else:
        y = top
    pen = QPen(color, 1.0)
    pen.setCosmetic(True)
    painter.setPen(pen)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    # A pen wider than one device pixel is a hundred times slower; on dense screens two thin
    # lines make one that can be seen.
    ratio = painter.device().devicePixelRatioF()
    shifts = (0.0,) if ratio < 1.5 else (-0.25, 0.25)
    valid = np.isfinite(y)
    for start, stop in _runs(valid):
        for shift in shifts:
            if stop - start == 1:
                painter.drawPoint(polygon(x[start:stop], y[start:stop] + shift)[0])
            else:
                painter.drawPolyline(polygon(x[start:stop], y[start:stop] + shift))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _zigzag(x: DoubleArray, top: FloatArray, bottom: FloatArray) -> tuple[DoubleArray, FloatArray]:
    """Return both ends of every column, alternating so that no saw-tooth appears."""
    y = np.empty((x.size, 2), dtype=np.float32)
    y[:, 0], y[:, 1] = top, bottom
    y[1::2] = y[1::2, ::-1]
    return np.repeat(x, 2), y.reshape(-1)


def _runs(valid: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the stretches of True as (start, stop)."""
    if valid.all():
        return [(0, valid.size)]
    edges = np.flatnonzero(np.diff(np.concatenate(([False], valid, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _fill_columns(
    painter: QPainter,
    x: DoubleArray,
    top: FloatArray,
    bottom: FloatArray,
    color: QColor,
    clip: QRectF,
) -> None:
    """Fill one run of pixels per device column, each touching its neighbour's."""
    ratio = painter.device().devicePixelRatioF()
    columns = np.floor((x - clip.left()) * ratio).astype(np.int64)
    inside = (columns >= 0) & (columns < int(clip.width() * ratio)) & np.isfinite(top)
    if not inside.any():
        return
    columns = columns[inside]
    first = np.flatnonzero(np.diff(columns, prepend=-1))
    at = columns[first]
    upper = np.minimum.reduceat(top[inside], first)
    lower = np.maximum.reduceat(bottom[inside], first)
    touching = np.flatnonzero(np.diff(at) == 1)
    joined_upper, joined_lower = upper.copy(), lower.copy()
    joined_upper[touching + 1] = np.minimum(upper[touching + 1], lower[touching])
    joined_lower[touching + 1] = np.maximum(lower[touching + 1], upper[touching])
    rows_top = np.clip((joined_upper - clip.top()) * ratio, 0, clip.height() * ratio - 1)
    rows_bottom = np.clip((joined_lower - clip.top()) * ratio, 0, clip.height() * ratio - 1)
    y0 = int(rows_top.min())
    height = int(rows_bottom.max()) - y0 + 1
    width = int(at[-1]) + 1
    row = np.arange(height, dtype=np.int16)[:, np.newaxis]
    mask = np.zeros((height, (width + 3) // 4 * 4), dtype=np.uint8)
    above = row >= (rows_top.astype(np.int16) - y0)
    np.bitwise_and(above, row <= (rows_bottom.astype(np.int16) - y0), out=above)
    if at.size == width:
        mask[:, :width] = above
    else:
        mask[:, at] = above
    image = QImage(mask.data, width, height, mask.shape[1], QImage.Format.Format_Indexed8)
    image.setColorTable([QColor(0, 0, 0, 0).rgba(), color.rgba()])
    image.setDevicePixelRatio(ratio)
    painter.drawImage(
        QRectF(clip.left(), clip.top() + y0 / ratio, width / ratio, height / ratio), image
    )


def paint_gaps(
    painter: QPainter,
    x: DoubleArray,
    missing: npt.NDArray[np.bool_],
    area: QRectF,
    color: QColor,
    text: str,
) -> None:
    """Hatch the stretches that hold no signal, and say so where there is room."""
    if not missing.any():
        return
    half = (x[1] - x[0]) / 2 if x.size > 1 else 0.5
    painter.setPen(color)
    for start, stop in _runs(missing):
        left = max(x[start] - half, area.left())
        right = min(x[stop - 1] + half, area.right())
        if right - left < 1.0:
            continue
        rect = QRectF(left, area.top(), right - left, area.height())
        if rect.width() < 3:
            painter.fillRect(rect, QColor(color.red(), color.green(), color.blue(), 70))
        else:
            hatch(painter, rect, QColor(color.red(), color.green(), color.blue(), 110))
        if rect.width() > painter.fontMetrics().horizontalAdvance(text) + 12:
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def hatch(painter: QPainter, rect: QRectF, color: QColor) -> None:
    """Fill a rectangle with diagonal hatching."""
    painter.fillRect(rect, QBrush(color, Qt.BrushStyle.BDiagPattern))
