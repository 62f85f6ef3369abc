"""A small picture of a few seconds of signal, to see whether the answers make sense."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

COLUMNS = 2
MOST_LEADS = 12


class SignalPreview(QWidget):
    """Leads in two columns, each scaled to its own range, which is printed."""

    def __init__(self) -> None:
        super().__init__()
        self._signal: npt.NDArray[np.float32] | None = None
        self._leads: Sequence[str] = ()
        self._fs_hz = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Preview of the signal")

    def show_signal(
        self, signal_mv: npt.NDArray[np.float32], leads: Sequence[str], fs_hz: float
    ) -> None:
        """Show samples [L, n]."""
        self._signal, self._leads, self._fs_hz = signal_mv, leads, fs_hz
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._signal = None
        self.update()

    def sizeHint(self) -> QSize:
        """Return a size that shows twelve leads."""
        return QSize(640, 300)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest useful size."""
        return QSize(320, 180)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw each lead's minimum and maximum per pixel column."""
        painter = QPainter(self)
        palette = self.palette()
        painter.fillRect(self.rect(), palette.base())
        if self._signal is None or self._signal.shape[1] < 2:
            painter.setPen(palette.placeholderText().color())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Nothing to show yet")
            painter.end()
            return
        shown = min(len(self._leads), MOST_LEADS)
        rows = -(-shown // COLUMNS)
        width, height = self.width() / COLUMNS, self.height() / max(rows, 1)
        for at in range(shown):
            area = QRectF((at // rows) * width, (at % rows) * height, width, height)
            self._paint_lead(painter, area.adjusted(4, 2, -4, -2), at)
        painter.end()

    def _paint_lead(self, painter: QPainter, area: QRectF, at: int) -> None:
        assert self._signal is not None
        row = self._signal[at].astype(np.float64)
        palette = self.palette()
        label = QRectF(area)
        area = area.adjusted(self.fontMetrics().horizontalAdvance("aVR 0.000 "), 0, 0, 0)
        finite = row[np.isfinite(row)]
        painter.setPen(palette.placeholderText().color())
        if finite.size == 0:
            painter.drawText(label, f"{self._leads[at]}  no samples")
            return
        low, high = float(finite.min()), float(finite.max())
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(label, middle, f"{self._leads[at]}  {high - low:.3g}")
        n = row.size
        per_column = max(n // max(int(area.width()), 1), 1)
        whole = row[: n // per_column * per_column].reshape(-1, per_column)
        usable = np.isfinite(whole).all(axis=1)
        pairs = np.stack([whole.min(axis=1), whole.max(axis=1)], axis=1)[usable].ravel()
        x = np.repeat(np.arange(whole.shape[0])[usable], 2) / max(whole.shape[0] - 1, 1)
        scale = area.height() / max(high - low, 1e-9)
        points = [
            QPointF(area.left() + float(fraction) * area.width(), area.bottom() - (v - low) * scale)
            for fraction, v in zip(x, pairs, strict=True)
        ]
        painter.setPen(palette.text().color())
        painter.drawPolyline(QPolygonF(points))
