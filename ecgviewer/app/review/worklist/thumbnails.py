"""Small pictures of the rhythm lead for the work list, made as rows come into view."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from PySide6.QtCore import QLineF, QObject, QSize, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPalette, QPen, QPixmap

from ecgviewer.app.work.workers import Job, Reporter, Workers
from ecgviewer.core.leads import standard_indices
from ecgviewer.core.progress import CancelToken
from ecgviewer.core.record_ref import RecordRef
from ecgviewer.core.recording import FloatArray
from ecgviewer.io import open_record

SIZE = QSize(112, 26)
SHOWN_S = 5.0
KEPT = 2000
"""Pictures kept; at 112 by 26 pixels that is some 25 MB."""
_LEADS = ("II", "I", "V5")
_LEAST_RANGE = 0.5


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

    def _next(self) -> None:
        if self._busy or not self._wanted:
            return
        key, ref = self._wanted.popitem()
        self._busy = True
        self._workers.start(
            _envelope_job(ref),
            on_result=lambda envelope: self._take(key, _drawn(envelope)),
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


def _envelope_job(ref: RecordRef) -> Job:
    def job(progress: Reporter, cancel: CancelToken) -> FloatArray:
        recording = open_record(ref)
        try:
            at = standard_indices(recording.leads)
            row = next((at[lead] for lead in _LEADS if lead in at), 0)
            trace = recording.read(0.0, SHOWN_S, [recording.leads[row]])[0]
        finally:
            recording.source.close()
        return envelope(trace, 2 * SIZE.width())

    return job


def envelope(trace: FloatArray, columns: int) -> FloatArray:
    """Return the lowest and highest value per column, centred on the median.

    Parameters
    ----------
    trace : array [n]
        NaN where missing.
    columns : int
        At most; a shorter trace has one column per sample.

    Returns
    -------
    array [2, columns]
        NaN in columns without a sample.
    """
    columns = min(columns, trace.size)
    if columns == 0 or not np.isfinite(trace).any():
        return np.full((2, columns), np.nan, dtype=np.float32)
    centred = trace - np.nanmedian(trace)
    starts = np.arange(columns) * trace.size // columns
    low = np.fmin.reduceat(centred, starts)
    high = np.fmax.reduceat(centred, starts)
    # Neighbours meet, so that the columns join into a trace.
    low[1:] = np.fmin(low[1:], high[:-1])
    high[1:] = np.fmax(high[1:], low[:-1])
    return np.stack([low, high]).astype(np.float32)


def _drawn(bounds: FloatArray) -> QPixmap:
    ratio = 2.0
    picture = QPixmap(SIZE * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill("transparent")
    seen = np.abs(bounds[np.isfinite(bounds)])
    if seen.size == 0:
        return picture
    reach = max(float(np.quantile(seen, 0.995)), _LEAST_RANGE)
    middle, scale = SIZE.height() / 2, (SIZE.height() / 2 - 1) / reach
    step = SIZE.width() / bounds.shape[1]
    lines = [
        QLineF(k * step, middle - high * scale, k * step, middle - low * scale + 0.5)
        for k, (low, high) in enumerate(np.clip(bounds, -reach, reach).T.tolist())
        if np.isfinite(low)
    ]
    painter = QPainter(picture)
    color = QGuiApplication.palette().color(QPalette.ColorRole.Text)
    painter.setPen(QPen(color, 1.0 / ratio))
    painter.drawLines(lines)
    painter.end()
    return picture
