"""Names and calibration pulses beside the traces, over paper that moves under them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QPainter

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.page import lead_marks
from ecgviewer.app.trace.page.paper import Kinds, Paper
from ecgviewer.app.trace.raster.picture import Picture


def marks_key(geometry: Geometry, font: QFont) -> tuple[object, ...]:
    """Return everything that the marks of a page depend on: neither time nor its scale."""
    page = geometry.page
    lanes = tuple(
        (one.label, one.row, one.x0, one.top, one.bottom, one.baseline) for one in page.lanes
    )
    return (
        lanes, geometry.viewport, geometry.scroll_y, geometry.px_per_mv, geometry.pixels_per_mm,
        page.left, page.right, page.top, page.bottom, page.pitch, page.names_beside, font.key(),
    )  # fmt: skip


class MarginMarks:
    """What the margin looks like on each of the three colours of the paper: painted once.

    A pixel of the margin depends on the paper's colour under it alone, so that every place of the
    paper is put together from these exactly.
    """

    def __init__(self, geometry: Geometry, font: QFont, paper: Paper) -> None:
        page, left = geometry.page, geometry.left_column
        height = round(geometry.height * geometry.ratio)
        painted, grounds = [], paper.colors.tolist()
        for ground in grounds:
            picture = Picture(left, height, geometry.ratio)
            picture.pixels[:] = ground
            painter = QPainter(picture.image)
            painter.setFont(font)
            painter.setClipRect(QRectF(0, page.top, page.right, page.bottom - page.top))
            lead_marks.paint_calibration(painter, geometry)
            lead_marks.paint_lead_names(painter, geometry)
            painter.end()
            painted.append(picture.pixels)
        marked = [pixels != ground for pixels, ground in zip(painted, grounds, strict=True)]
        self._rows, self._columns = np.nonzero(np.logical_or.reduce(marked))
        self._colors = np.stack([pixels[self._rows, self._columns] for pixels in painted])
        self._each = np.arange(self._rows.size)

    def draw(self, picture: Picture, paper: Paper, columns: Kinds) -> None:
        """Write them over paper whose columns beside the traces are of these kinds."""
        kinds = np.maximum(paper.row_kinds(self._rows), columns[self._columns])
        picture.pixels[self._rows, self._columns] = self._colors[kinds, self._each]
