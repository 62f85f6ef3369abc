"""Rows of colour: maps of an analysis per lead, and shaded spans of flags and annotations.

Each row is one line of pixels stretched to its height, so that its cost depends neither on the
number of spans nor on the length of the record.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from ecgviewer.app.trace.color_scales import to_index
from ecgviewer.app.trace.data.levels import Columns
from ecgviewer.app.trace.frame import Frame

FloatArray = npt.NDArray[np.float32]


def pixel_row(
    columns: Columns, fs_hz: float, frame: Frame, x0: float, x1: float
) -> tuple[FloatArray, float]:
    """Return the highest value ``[L, width]`` per pixel between x0 and x1, and the first pixel.

    NaN where there is no value.
    """
    left = round(x0)
    width = max(round(x1) - left, 0)
    hi = columns.hi
    result = np.full((hi.shape[0], width), np.nan, dtype=np.float32)
    if hi.shape[1] == 0 or width == 0:
        return result, left
    pixels_per_bin = columns.step / fs_hz * frame.px_per_s
    first_x = frame.x(columns.first / fs_hz)
    if pixels_per_bin >= 1.0:
        at = np.floor((left + 0.5 + np.arange(width) - first_x) / pixels_per_bin).astype(np.int64)
        inside = (at >= 0) & (at < hi.shape[1])
        result[:, inside] = hi[:, at[inside]]
        return result, left
    x = first_x + (np.arange(hi.shape[1]) + 0.5) * pixels_per_bin
    pixel = np.floor(x - left).astype(np.int64)
    inside = (pixel >= 0) & (pixel < width)
    if inside.any():
        pixel = pixel[inside]
        starts = np.flatnonzero(np.diff(pixel, prepend=-1))
        result[:, pixel[starts]] = np.fmax.reduceat(hi[:, inside], starts, axis=1)
    return result, left


def paint_strip(
    painter: QPainter,
    values: FloatArray,
    rect: QRectF,
    levels: tuple[float, float],
    table: tuple[int, ...],
) -> None:
    """Draw a row of values as colours; nothing where a value is missing."""
    index, missing = to_index(values, *levels)
    argb = np.array(table, dtype=np.uint32)[index]
    argb[missing] = 0
    _stretch(painter, argb, rect)


def paint_spans(
    painter: QPainter,
    starts_px: npt.NDArray[np.float64],
    stops_px: npt.NDArray[np.float64],
    rect: QRectF,
    fill: QColor,
    edge: QColor | None = None,
) -> None:
    """Shade spans within a rectangle, at least a pixel wide each, with optional edges."""
    width = round(rect.width())
    if starts_px.size == 0 or width <= 0:
        return
    first = np.clip(np.floor(starts_px - rect.left()).astype(np.int64), 0, width)
    last = np.clip(np.ceil(stops_px - rect.left()).astype(np.int64), 0, width)
    last = np.maximum(last, np.minimum(first + 1, width))
    change = np.zeros(width + 1, dtype=np.int64)
    np.add.at(change, first, 1)
    np.add.at(change, last, -1)
    covered = np.cumsum(change[:-1]) > 0
    argb = np.where(covered, premultiplied(fill), 0).astype(np.uint32)
    if edge is not None:
        ends = np.concatenate((first[starts_px >= rect.left()], last[stops_px <= rect.right()] - 1))
        argb[ends[(ends >= 0) & (ends < width)]] = premultiplied(edge)
    _stretch(painter, argb, rect)


def premultiplied(color: QColor) -> int:
    """Return a colour as one premultiplied ARGB word."""
    alpha = color.alpha()
    red, green, blue = (
        round(part * alpha / 255) for part in (color.red(), color.green(), color.blue())
    )
    return alpha << 24 | red << 16 | green << 8 | blue


def _stretch(painter: QPainter, argb: npt.NDArray[np.uint32], rect: QRectF) -> None:
    row = np.ascontiguousarray(argb)
    image = QImage(row.data, row.size, 1, row.size * 4, QImage.Format.Format_ARGB32_Premultiplied)
    painter.drawImage(QRectF(round(rect.left()), rect.top(), row.size, rect.height()), image)


class Spans:
    """Spans in time with the leads they belong to, found quickly among many.

    Parameters
    ----------
    starts_s, stops_s : sequence of float
    leads : sequence of tuple of str
        Per span; empty means it belongs to no lead in particular.
    """

    def __init__(
        self,
        starts_s: Sequence[float],
        stops_s: Sequence[float],
        leads: Sequence[tuple[str, ...]],
    ) -> None:
        self.starts = np.asarray(starts_s, dtype=np.float64)
        self.stops = np.asarray(stops_s, dtype=np.float64)
        self.leads = tuple(leads)
        names = {lead for entry in leads for lead in entry}
        self._on = {
            name: np.array([name in entry for entry in leads], dtype=bool) for name in names
        }
        self.everywhere = np.array([not entry for entry in leads], dtype=bool)

    def __len__(self) -> int:
        return len(self.leads)

    def within(self, start_s: float, stop_s: float) -> npt.NDArray[np.int64]:
        """Return the indices of the spans that touch a range."""
        return np.flatnonzero((self.starts < stop_s) & (self.stops >= start_s))

    def on_lead(self, lead: str, among: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return those of ``among`` that name a lead."""
        mask = self._on.get(lead)
        return among[:0] if mask is None else among[mask[among]]
