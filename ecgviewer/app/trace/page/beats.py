"""R peaks over the page, with the intervals between them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.moment import Moment
from ecgviewer.app.trace.scene.scene import Scene

LEAST_BEAT_PX = 6.0
"""R peaks closer than this on average would be a wall of lines."""


def beats_look(moment: Moment) -> tuple[object, ...]:
    """Return what decides how beats are drawn in a view; see :func:`.shading.looks_of`."""
    geometry = moment.geometry
    peaks = moment.state.overlays["r_peaks"] and _peaks_shown(moment.scene, geometry)
    if peaks and not geometry.ratio.is_integer():
        # Qt sets letters to other fractions of a pixel at every place then.
        return (geometry.origin_column,)
    return (peaks,)


def _peaks_in_view(scene: Scene, geometry: Geometry) -> tuple[npt.NDArray[np.float64], int, int]:
    """Return the times of all R peaks, the first in view and the one after the last."""
    assert scene.recording is not None
    seconds = scene.r_peaks / scene.recording.fs_hz
    first, last = np.searchsorted(seconds, (geometry.start_s, geometry.stop_s))
    return seconds, int(first), int(last)


def _peaks_shown(scene: Scene, geometry: Geometry) -> bool:
    _, first, last = _peaks_in_view(scene, geometry)
    return last - first <= (geometry.page.right - geometry.page.left) / LEAST_BEAT_PX


def paint_r_peaks(painter: QPainter, moment: Moment, traces: QRectF) -> None:
    """Mark R peaks with a line, and the RR interval between two where there is room."""
    scene, geometry = moment.scene, moment.geometry
    if not _peaks_shown(scene, geometry):
        return
    seconds, first, last = _peaks_in_view(scene, geometry)
    painter.setPen(QPen(geometry.theme.color("beat", 150), 1.0, Qt.PenStyle.DotLine))
    # One more on either side: its line, a pixel wide, may reach into the view.
    for time_s in seconds[max(first - 1, 0) : last + 1].tolist():
        x = geometry.snapped_x(time_s) + 0.5
        painter.drawLine(QPointF(x, traces.top()), QPointF(x, traces.bottom()))
    metrics = QFontMetricsF(painter.font())
    painter.setPen(geometry.theme.color("beat"))
    for a, b in pairwise(seconds[max(first - 1, 0) : last + 1].tolist()):
        room = geometry.x(b) - geometry.x(a)
        for text in (f"{(b - a) * 1000:.0f} ms", f"{(b - a) * 1000:.0f}"):
            if room > metrics.horizontalAdvance(text) + 6:
                box = QRectF(geometry.x(a), traces.top(), room, metrics.height())
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
                break
