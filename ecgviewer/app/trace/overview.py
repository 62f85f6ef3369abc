"""The whole record in one bar: envelope, heat, flags, annotations, heart rate, and where we are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ecgviewer.app.trace.color_scales import color_words
from ecgviewer.app.trace.data.levels import Columns
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.layout import PageLayout
from ecgviewer.app.trace.page_marks import axis_times
from ecgviewer.app.trace.paper import LABEL_STEPS_S, time_step_s
from ecgviewer.app.trace.pixel_columns import Stretch, to_pixels
from ecgviewer.app.trace.polyline import polygon
from ecgviewer.app.trace.raster import Picture, Runs, fill
from ecgviewer.app.trace.state import TRACK_TITLES
from ecgviewer.app.trace.strips import colors_of, draw_colors, paint_spans, strip_values
from ecgviewer.app.trace.tracks import Track, span_columns
from ecgviewer.app.trace.view import TraceView
from ecgviewer.core.start import clock_text

TREND_FROM_S = 60.0
"""Shorter records show no heart-rate trend: a handful of beats is none."""
ENVELOPE_PX = 32.0
LEAST_ROW_PX = 10.0
TREND_PX = 34.0
PAD_PX = 3.0
LEAST_TREND_BPM = (40.0, 120.0)
"""The trend's scale covers at least this, so that a steady rate looks steady."""


class OverviewBar(QWidget):
    """Shows where the view is in its recording; click, drag, wheel and keys move it."""

    def __init__(self, view: TraceView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._picture: Picture | None = None
        self._stale = True
        self.setAccessibleName("Overview of the record")
        self.setToolTip("The whole record: click or drag to go there")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        view.viewChanged.connect(self.update)
        view.dataChanged.connect(self.refresh)
        view.contentChanged.connect(self.refresh)

    def refresh(self) -> None:
        """Draw anew: the recording, its analysis, flags, annotations or R peaks changed."""
        self._stale = True
        self.updateGeometry()
        self.update()

    def shows_trend(self) -> bool:
        """Return whether the record is long enough, and its beats known, for a trend."""
        scene = self._view.scene
        return scene.duration_s >= TREND_FROM_S and scene.r_peaks.size > 2

    def sizeHint(self) -> QSize:
        """Return the height that the rows in use need."""
        height = 2 * PAD_PX + 3 * self._row_px() + ENVELOPE_PX + self._axis_px()
        if self.shows_trend():
            height += TREND_PX
        return QSize(400, round(height))

    def minimumSizeHint(self) -> QSize:
        """Return the height that the rows in use need."""
        return QSize(200, self.sizeHint().height())

    # Drawing ---------------------------------------------------------------------------------

    def _frame(self) -> Frame:
        left = self._label_px()
        width = max(self.width() - left - 8.0, 10.0)
        page = PageLayout((), left, left + width, 0.0, float(self.height()), 0.0, 0.0)
        duration = max(self._view.scene.duration_s, 1e-3)
        return Frame(
            page=page,
            theme=self._view.theme,
            px_per_s=width / duration,
            px_per_mv=1.0,
            pixels_per_mm=1.0,
            origin_column=0,
            scroll_y=0.0,
            width=float(self.width()),
            height=float(self.height()),
            ratio=self.devicePixelRatioF(),
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        size = self.size() * ratio
        if self._picture is None or self._picture.image.size() != size:
            self._picture = Picture(size.width(), size.height(), ratio)
            self._stale = True
        if self._stale:
            self._draw(self._picture)
            self._stale = False
        painter = QPainter(self)
        painter.drawImage(0, 0, self._picture.image)
        if self._view.scene.recording is not None:
            self._paint_position(painter, self._frame())
        if self.hasFocus():
            painter.setPen(self._view.theme.color("accent"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _draw(self, picture: Picture) -> None:
        frame, scene, theme = self._frame(), self._view.scene, self._view.theme
        area = QRectF(frame.page.left, PAD_PX, frame.page.right - frame.page.left, 0.0)
        painter = QPainter(picture.image)
        painter.setFont(self._small())
        painter.fillRect(self.rect(), theme.color("window"))
        if scene.recording is None:
            painter.end()
            return
        rows = self._rows(area)
        painter.fillRect(rows["lead"], theme.color("paper"))
        for name, track in (("flags", scene.flag_track), ("annotations", scene.annotation_track)):
            self._label(painter, rows[name], TRACK_TITLES[name])
            self._paint_track(painter, frame, track, rows[name])
        lead = self._rhythm_lead()
        self._label(painter, rows["lead"], lead)
        self._label(painter, rows["heat"], "Heat")
        painter.fillRect(rows["heat"].adjusted(0, 2, 0, -2), theme.color("border", 70))
        if self.shows_trend():
            self._paint_trend(painter, frame, rows["trend"])
        self._paint_axis(painter, frame, rows["axis"])
        painter.setPen(theme.color("border"))
        painter.drawRect(rows["lead"])
        painter.end()
        self._draw_envelope(picture, frame, rows["lead"], lead)
        self._draw_heat(picture, frame, rows["heat"])

    def _rows(self, area: QRectF) -> dict[str, QRectF]:
        row = self._row_px()
        heights = [("flags", row), ("annotations", row), ("lead", ENVELOPE_PX), ("heat", row)]
        if self.shows_trend():
            heights.append(("trend", TREND_PX))
        heights.append(("axis", self._axis_px()))
        rows, top = {}, area.top()
        for name, height in heights:
            rows[name] = QRectF(area.left(), top, area.width(), height)
            top += height
        return rows

    def _small(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(max(font.pointSizeF() * 0.78, 6.5))
        return font

    def _small_metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self._small())

    def _label_px(self) -> float:
        title = TRACK_TITLES["annotations"]
        return max(self._small_metrics().horizontalAdvance(title) + 14.0, 46.0)

    def _row_px(self) -> float:
        """Height of a row of marks: its label fits."""
        return max(round(self._small_metrics().height() * 0.85), LEAST_ROW_PX)

    def _axis_px(self) -> float:
        return max(round(self._small_metrics().height()) + 2.0, 14.0)

    def _label(self, painter: QPainter, row: QRectF, text: str) -> None:
        painter.setPen(self._view.theme.color("text_muted"))
        box = QRectF(0, row.center().y() - 8, self._label_px() - 6, 16)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _rhythm_lead(self) -> str:
        recording = self._view.scene.recording
        assert recording is not None
        wanted = self._view.state.rhythm_lead
        if wanted in recording.leads:
            return wanted
        return recording.leads[0] if recording.leads else ""

    def _draw_envelope(self, picture: Picture, frame: Frame, row: QRectF, lead: str) -> None:
        scene = self._view.scene
        recording, store = scene.recording, scene.store
        if recording is None or store is None or lead not in recording.leads:
            return
        at = recording.leads.index(lead)
        ratio = picture.ratio
        per_pixel = recording.fs_hz / frame.px_per_s
        columns = store.columns(0, recording.n_samples, per_pixel)
        columns = Columns(
            columns.first, columns.step, columns.lo[at : at + 1], columns.hi[at : at + 1]
        )
        wanted = Stretch(0, round(row.width() * ratio), frame.px_per_s * ratio)
        lo, hi = to_pixels(columns, recording.fs_hz, wanted)
        level = float(scene.centre()[at])
        middle = row.center().y() * ratio
        away = np.fmax(hi[0] - level, level - lo[0])
        away = away[np.isfinite(away)]
        reach = float(np.quantile(away, 0.998)) if away.size else 1.0
        scale = row.height() * ratio / (2.2 * max(reach, 0.05))
        first = round(row.left() * ratio)
        clip = np.array([[round(row.top() * ratio) + 1, round(row.bottom() * ratio) - 1]])
        runs = Runs(
            first,
            middle - (hi - level) * np.float32(scale) - 0.5,
            middle - (lo - level) * np.float32(scale) + 0.5,
            clip,
        )
        fill(picture, [runs], self._view.theme.color("envelope"))

    def _paint_track(self, painter: QPainter, frame: Frame, track: Track, row: QRectF) -> None:
        theme = self._view.theme
        painter.fillRect(row.adjusted(0, 2, 0, -2), theme.color("border", 70))
        x0, x1 = span_columns(frame, track.spans, np.arange(len(track.spans)))
        # A single event of a long record must still be seen.
        x1 = np.maximum(x1, x0 + 1.5 * frame.ratio)
        color = theme.color(track.role)
        for which, top in ((track.whole, row.height() - 5), (~track.whole, 2)):
            bar = row.adjusted(0, top, 0, -2)
            paint_spans(painter, x0[which], x1[which], bar, color, frame.ratio)

    def _draw_heat(self, picture: Picture, frame: Frame, row: QRectF) -> None:
        scene = self._view.scene
        if scene.analysis is None or scene.maps is None:
            return
        fs_hz = scene.analysis.map_fs_hz
        length = scene.maps.length("score")
        columns = scene.maps.columns("score", 0, length, fs_hz / frame.px_per_s)
        values = strip_values(columns, fs_hz, frame, row.left(), row.right())
        worst = np.fmax.reduce(values, axis=0)
        colors = colors_of(worst, scene.heat_levels, color_words("heat", self._view.theme.dark))
        draw_colors(picture, colors, row.adjusted(0, 2, 0, -2))

    def _paint_trend(self, painter: QPainter, frame: Frame, row: QRectF) -> None:
        scene = self._view.scene
        assert scene.recording is not None
        x, bpm = heart_rate_trend(scene.r_peaks, scene.recording.fs_hz, frame)
        if x.size < 2:
            return
        low = min(LEAST_TREND_BPM[0], float(np.quantile(bpm, 0.002)) // 10 * 10)
        high = max(LEAST_TREND_BPM[1], -(-float(np.quantile(bpm, 0.998)) // 10) * 10)
        inner = row.adjusted(0, 6, 0, -6)
        y = inner.bottom() - (np.clip(bpm, low, high) - low) / (high - low) * inner.height()
        theme = self._view.theme
        painter.setPen(QPen(theme.color("border"), 1.0))
        painter.drawLine(row.bottomLeft(), row.bottomRight())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(theme.color("beat"), 1.0))
        painter.drawPolyline(polygon(x, y))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._label(painter, row, "bpm")
        painter.setPen(theme.color("text_muted"))
        for words, side in (
            (f"{high:.0f}", Qt.AlignmentFlag.AlignTop), (f"{low:.0f}", Qt.AlignmentFlag.AlignBottom)
        ):  # fmt: skip
            painter.drawText(row.adjusted(4, 0, 0, 0), side | Qt.AlignmentFlag.AlignLeft, words)

    def _paint_axis(self, painter: QPainter, frame: Frame, row: QRectF) -> None:
        theme = self._view.theme
        duration = self._view.scene.duration_s
        metrics = QFontMetricsF(painter.font())
        clock = self._view.scene.clock if self._view.state.clock else None
        widest = "00:00:00" if clock is None else clock_text(clock, duration)
        step = time_step_s(frame.px_per_s, metrics.horizontalAdvance(widest) + 24, LABEL_STEPS_S)
        painter.setPen(theme.color("text_muted"))
        for time_s, words in axis_times(0.0, duration - step, step, duration >= 120.0, clock):
            x = frame.x(time_s)
            width = metrics.horizontalAdvance(words)
            if x + width + 4 > row.right():
                break
            painter.fillRect(QRectF(round(x), row.top(), 1, 4), theme.color("text_muted", 140))
            painter.drawText(
                QRectF(x + 4, row.top(), width + 2, row.height()),
                Qt.AlignmentFlag.AlignVCenter,
                words,
            )

    def _paint_position(self, painter: QPainter, frame: Frame) -> None:
        start, stop = self._view.visible_range()
        left, right = frame.x(start), max(frame.x(stop), frame.x(start) + 3.0)
        bottom = self.height() - self._axis_px() - PAD_PX
        accent = self._view.theme.color("accent")
        inside = QColor(accent)
        inside.setAlpha(38)
        rect = QRectF(round(left), 1.0, round(right) - round(left), bottom)
        if stop - start < self._view.scene.duration_s - 1e-3:
            painter.fillRect(rect, inside)
        painter.setPen(QPen(accent, 1.0))
        painter.drawRect(rect)

    # Moving ----------------------------------------------------------------------------------

    def _go(self, x: float) -> None:
        start, stop = self._view.visible_range()
        self._view.goto(self._frame().time(x) - (stop - start) / 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position().x())

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._view.page(-event.angleDelta().y() / 120.0)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._view.keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._stale = True
        super().resizeEvent(event)


def heart_rate_trend(
    r_peaks: npt.NDArray[np.int64], fs_hz: float, frame: Frame
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """Return where the trend has points and the mean rate there (bpm), one per two pixels.

    RR intervals beyond 2.5 s are pauses in the recording or in detection, not a rate.
    """
    seconds = r_peaks.astype(np.float64) / np.float64(fs_hz)
    rr = np.diff(seconds)
    good = (rr > 0.2) & (rr < 2.5)
    middle = ((seconds[1:] + seconds[:-1]) / 2)[good]
    cell = np.floor(middle * frame.px_per_s / 2.0).astype(np.int64)
    if cell.size == 0:
        return np.zeros(0), np.zeros(0)
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    count = np.diff(np.append(starts, cell.size))
    mean_rr = np.add.reduceat(rr[good], starts) / count
    return frame.page.left + cell[starts] * 2.0 + 1.0, 60.0 / mean_rr
