"""Pacing stimuli: a tick under each lead where one was given, with the chamber that it drives.

A stimulus lasts a fraction of a millisecond: its spike may be small in a lead, or lost between two
samples. As on the paper of cardiographs, a mark of its own says that it is there.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from ecgviewer.app.trace.geometry.moment import Moment
from ecgviewer.core.record.stimuli import CHAMBER_LETTERS, StimulusMarks

TICK_MM = 3.0
LEAST_APART_PX = 4.0
"""Ticks closer than this on average would be a wall."""
LETTER_ROOM_PX = 24.0
LETTER_SHARE = 0.85


def _in_view(moment: Moment) -> StimulusMarks:
    """Return the stimuli in view, and those whose tick or letter may reach into it."""
    scene, geometry = moment.scene, moment.geometry
    assert scene.recording is not None
    fs_hz, reach_s = scene.recording.fs_hz, LETTER_ROOM_PX / geometry.px_per_s
    return scene.stimuli.within(
        round((geometry.start_s - reach_s) * fs_hz), round((geometry.stop_s + reach_s) * fs_hz)
    )


def _shown(moment: Moment) -> tuple[bool, bool]:
    """Return whether ticks are drawn in this view, and whether their letters are."""
    if not moment.state.overlays["stimuli"] or moment.scene.recording is None:
        return False, False
    page, count = moment.geometry.page, _in_view(moment).samples.size
    apart = (page.right - page.left) / max(count, 1)
    return count > 0 and apart > LEAST_APART_PX, apart > LETTER_ROOM_PX


def stimuli_look(moment: Moment) -> tuple[object, ...]:
    """Return what decides how stimuli are drawn in a view; see :func:`.shading.looks_of`."""
    ticks, letters = _shown(moment)
    if ticks and letters and not moment.geometry.ratio.is_integer():
        # Qt sets letters to other fractions of a pixel at every place then.
        return (moment.geometry.origin_column,)
    return ticks, letters


def paint_stimuli(painter: QPainter, moment: Moment) -> None:
    """Draw a tick at the lower edge of every lane; the first of each column says the chamber."""
    ticks, letters = _shown(moment)
    if not ticks:
        return
    geometry, marks = moment.geometry, _in_view(moment)
    assert moment.scene.recording is not None
    color = geometry.theme.color("stimulus")
    line = max(round(2 * geometry.ratio), 1) / geometry.ratio
    height = TICK_MM * geometry.pixels_per_mm
    places = [geometry.snapped_x(s / moment.scene.recording.fs_hz) for s in marks.samples.tolist()]
    painter.save()
    small = QFont(painter.font())
    small.setBold(True)
    small.setPointSizeF(small.pointSizeF() * LETTER_SHARE)
    painter.setFont(small)
    painter.setPen(color)
    letter_px = QFontMetricsF(small).height()
    named: set[float] = set()
    for lane in geometry.page.lanes:
        if not geometry.shows(lane):
            continue
        first = lane.rhythm or lane.x0 not in named
        named.add(lane.x0)
        bottom = geometry.trace_rect(lane).bottom()
        for x, chamber in zip(places, marks.chambers.tolist(), strict=True):
            if not lane.x0 <= x < lane.x1:
                continue
            painter.fillRect(QRectF(x, bottom - height, line, height), color)
            if first and letters:
                _write(painter, QPointF(x, bottom), letter_px, CHAMBER_LETTERS[chamber])
    painter.restore()


def _write(painter: QPainter, at: QPointF, height: float, letter: str) -> None:
    box = QRectF(at.x() + 3.0, at.y() - height + 1.0, LETTER_ROOM_PX, height)
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, letter)
