"""Small pictures of the rhythm lead for the work list, made as rows come into view."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPixmap

from ecgviewer.app.draw.ecg import draw_trace
from ecgviewer.app.draw.pen import Pen
from ecgviewer.app.draw.strip import Strip, at_gain, filling_gain
from ecgviewer.app.qt.theme import theme_of
from ecgviewer.app.work.workers import Job, Reporter, Workers
from ecgviewer.core.leads import standard_indices
from ecgviewer.core.progress import CancelToken
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import FloatArray
from ecgviewer.io import open_record

SIZE = QSize(112, 26)
SHOWN_S = 5.0
KEPT = 2000
"""Pictures kept; at 112 by 26 pixels that is some 25 MB."""
_LEADS = ("II", "I", "V5")
_LEAST_REACH_MV = 0.5


class Thumbnails(QObject):
    """Pictures by record. One file is read at a time, the latest one asked for first."""

    made = Signal(str)

    def __init__(self, workers: Workers) -> None:
        super().__init__()
        self._workers = workers
        self._pictures: OrderedDict[str, QPixmap] = OrderedDict()
        self._wanted: OrderedDict[str, RecordRef] = OrderedDict()
        self._busy = False
        self._none = QPixmap(SIZE)
        self._none.fill("transparent")

    def picture(self, key: str, ref: RecordRef) -> QPixmap:
        """Return a record's picture; an empty one now, and ``made`` later, where it is new."""
        found = self._pictures.get(key)
        if found is not None:
            self._pictures.move_to_end(key)
            return found
        self._wanted[key] = ref
        self._wanted.move_to_end(key)
        while len(self._wanted) > KEPT // 10:
            self._wanted.popitem(last=False)
        self._next()
        return self._none

    def forget(self) -> None:
        """Draw every picture anew when it is asked for: the colours changed."""
        self._pictures.clear()

    def _next(self) -> None:
        if self._busy or not self._wanted:
            return
        key, ref = self._wanted.popitem()
        self._busy = True
        self._workers.start(
            _trace_job(ref),
            on_result=lambda found: self._take(key, draw_thumbnail(*found)),
            # The table says why a record cannot be read; here it just has no picture.
            on_error=lambda error: self._take(key, self._none),
        )

    def _take(self, key: str, picture: QPixmap) -> None:
        self._pictures[key] = picture
        if len(self._pictures) > KEPT:
            self._pictures.popitem(last=False)
        self._busy = False
        self.made.emit(key)
        self._next()


def _trace_job(ref: RecordRef) -> Job:
    def job(progress: Reporter, cancel: CancelToken) -> tuple[FloatArray, float]:
        recording = open_record(ref)
        try:
            at = standard_indices(recording.leads)
            row = next((at[lead] for lead in _LEADS if lead in at), 0)
            trace = recording.read(0.0, SHOWN_S, [recording.leads[row]])[0]
        finally:
            recording.source.close()
        return trace, recording.fs_hz

    return job


def draw_thumbnail(trace: FloatArray, fs_hz: float) -> QPixmap:
    """Return the picture of a trace [n], as high as the room allows; NaN where missing."""
    ratio = 2.0
    picture = QPixmap(SIZE * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill("transparent")
    strip = Strip(
        "", trace, fs_hz, 0.0, 1.0, SIZE.width(), SIZE.height() - 2.0, SIZE.width() / SHOWN_S
    )
    if strip.missing:
        return picture
    (scaled,) = at_gain([strip], filling_gain([strip], 2 * _LEAST_REACH_MV))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_trace(Pen(painter, 1.0), theme_of(QGuiApplication.palette()), scaled, 0.7)
    painter.end()
    return picture
