"""A small picture of a few seconds of signal, to see whether the answers make sense."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ecgviewer.app.draw.ecg import draw_name, draw_paper, draw_trace, name_room
from ecgviewer.app.draw.pen import Pen
from ecgviewer.app.draw.strip import Strip, at_gain, filling_gain
from ecgviewer.app.qt.theme import theme_of

COLUMNS = 2
MOST_LEADS = 12
GAP_PX = 6.0
SQUARE_S, SQUARE_MV = 0.2, 0.5
LEAST_SQUARE_PX, MOST_SQUARE_PX = 4.0, 200.0


class SignalPreview(QWidget):
    """Leads in two columns at one gain; beside each name stands how far its samples range."""

    def __init__(self) -> None:
        super().__init__()
        self._signal: npt.NDArray[np.float32] | None = None
        self._leads: Sequence[str] = ()
        self._fs_hz = 1.0
        self._on_paper = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Preview of the signal")

    def show_signal(
        self,
        signal_mv: npt.NDArray[np.float32],
        leads: Sequence[str],
        fs_hz: float,
        on_paper: bool = True,
    ) -> None:
        """Show samples [L, n]; without squares where rate or unit are not known yet."""
        self._signal, self._leads, self._fs_hz = signal_mv, leads, fs_hz
        self._on_paper = on_paper
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
        """Draw the leads on paper; squares are left out where they would be too small or large."""
        painter = QPainter(self)
        palette = self.palette()
        painter.fillRect(self.rect(), palette.base())
        if self._signal is None or self._signal.shape[1] < 2:
            painter.setPen(palette.placeholderText().color())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Nothing to show yet")
            painter.end()
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen, theme = Pen(painter, 1.0), theme_of(palette)
        strips = self._strips(pen)
        gain = filling_gain(strips, least_mv=1e-6)
        for strip in at_gain(strips, gain):
            room = QRectF(strip.x, strip.y, strip.width, strip.height)
            painter.fillRect(room, theme.color("paper"))
            square = (SQUARE_S * strip.per_s, SQUARE_MV * gain)
            if self._on_paper and all(LEAST_SQUARE_PX <= side <= MOST_SQUARE_PX for side in square):
                draw_paper(
                    pen, theme.grid_major, strip.x, strip.y, strip.width, strip.height, square, 1.0
                )
            draw_name(pen, theme, strip, self._letters())
            draw_trace(pen, theme, strip, 1.1)
        painter.end()

    def _letters(self) -> float:
        return self.fontMetrics().ascent() * 0.9

    def _strips(self, pen: Pen) -> list[Strip]:
        assert self._signal is not None
        n_shown = min(len(self._leads), MOST_LEADS)
        n_rows = max(-(-n_shown // COLUMNS), 1)
        width, height = self.width() / COLUMNS, self.height() / n_rows
        per_s = (width - GAP_PX) * self._fs_hz / self._signal.shape[1]
        strips = []
        for at in range(n_shown):
            samples = self._signal[at]
            known = samples[np.isfinite(samples)]
            span = float(np.ptp(known)) if known.size else 0.0
            reach = (
                (f"{span:.0f}" if span >= 1000 else f"{span:.3g}") if known.size else "no samples"
            )
            name = f"{self._leads[at]}  {reach}"
            room_width, room_height = name_room(pen, name, self._letters())
            column, row = divmod(at, n_rows)
            strips.append(
                Strip(
                    name, samples, self._fs_hz, column * width + GAP_PX / 2, row * height + 1.0,
                    width - GAP_PX, height - 2.0, per_s, name_width=room_width,
                    name_height=room_height,
                )
            )  # fmt: skip
        return strips
