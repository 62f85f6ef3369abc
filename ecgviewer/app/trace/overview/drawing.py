"""Draws the whole record: envelope, heat, flags, annotations, heart rate."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from ecgviewer.app.trace.data.levels import Columns
from ecgviewer.app.trace.data.scene_data import SceneData
from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.track_bars import AnyTrack, span_columns
from ecgviewer.app.trace.overview.trend import heart_rate_trend
from ecgviewer.app.trace.page.paper import LABEL_STEPS_S, time_step_s
from ecgviewer.app.trace.page.time_axis import axis_times
from ecgviewer.app.trace.polyline import polygon
from ecgviewer.app.trace.raster.color_rows import (
    colors_of,
    draw_colors,
    paint_spans,
    strip_values,
)
from ecgviewer.app.trace.raster.color_scales import color_words
from ecgviewer.app.trace.raster.picture import Picture, Runs, fill
from ecgviewer.app.trace.raster.pixel_columns import Stretch, to_pixels
from ecgviewer.app.trace.scene.scene import Scene
from ecgviewer.app.trace.scene.tracks import ACCEPTED, REJECTED, UNSURE
from ecgviewer.app.trace.state import RHYTHM_LEAD, TRACK_TITLES
from ecgviewer.core.record.start import clock_text

TREND_FROM_S = 60.0
"""Shorter records show no heart-rate trend: a handful of beats is none."""
ENVELOPE_PX = 32.0
LEAST_ROW_PX = 10.0
TREND_PX = 34.0
PAD_PX = 3.0
LEAST_TREND_BPM = (40.0, 120.0)
"""The trend's scale covers at least this, so that a steady rate looks steady."""


def shows_trend(scene: Scene) -> bool:
    """Return whether the record is long enough, and its beats known, for a trend."""
    return scene.duration_s >= TREND_FROM_S and scene.r_peaks.size > 2


def row_px(font: QFont) -> float:
    """Return the height of a row of marks: its label fits."""
    return max(round(QFontMetricsF(font).height() * 0.85), LEAST_ROW_PX)


def axis_px(font: QFont) -> float:
    """Return the height of the axis."""
    return max(round(QFontMetricsF(font).height()) + 2.0, 14.0)


def height_px(scene: Scene, font: QFont) -> float:
    """Return the height that the rows in use need."""
    height = 2 * PAD_PX + 3 * row_px(font) + ENVELOPE_PX + axis_px(font)
    return height + TREND_PX if shows_trend(scene) else height


def rhythm_lead(scene: Scene) -> str:
    """Return the lead that stands for the record; empty where it has none."""
    leads = scene.recording.leads if scene.recording is not None else ()
    return RHYTHM_LEAD if RHYTHM_LEAD in leads else next(iter(leads), "")


class OverviewDrawing:
    """One picture of a scene as a whole.

    Parameters
    ----------
    geometry : Geometry
        Of a page without lanes that holds the whole record.
    """

    def __init__(self, scene: Scene, data: SceneData, geometry: Geometry, font: QFont) -> None:
        self._scene, self._data, self._geometry, self._font = scene, data, geometry, font

    def draw(self, picture: Picture) -> None:
        """Fill the picture."""
        geometry, scene, theme = self._geometry, self._scene, self._geometry.theme
        area = QRectF(geometry.page.left, PAD_PX, geometry.page.right - geometry.page.left, 0.0)
        painter = QPainter(picture.image)
        painter.setFont(self._font)
        painter.fillRect(QRectF(0, 0, geometry.width, geometry.height), theme.color("window"))
        if scene.recording is None:
            painter.end()
            return
        rows = self._rows(area)
        painter.fillRect(rows["lead"], theme.color("paper"))
        for name, track in (("flags", scene.flag_track), ("annotations", scene.annotation_track)):
            self._label(painter, rows[name], TRACK_TITLES[name])
            self._paint_track(painter, track, rows[name])
        lead = rhythm_lead(scene)
        self._label(painter, rows["lead"], lead)
        self._label(painter, rows["heat"], "Heat")
        painter.fillRect(rows["heat"].adjusted(0, 2, 0, -2), theme.color("border", 70))
        if shows_trend(scene):
            self._paint_trend(painter, rows["trend"])
        self._paint_axis(painter, rows["axis"])
        painter.setPen(theme.color("border"))
        painter.drawRect(rows["lead"])
        painter.end()
        self._draw_envelope(picture, rows["lead"], lead)
        self._draw_heat(picture, rows["heat"])

    def _rows(self, area: QRectF) -> dict[str, QRectF]:
        row = row_px(self._font)
        heights = [("flags", row), ("annotations", row), ("lead", ENVELOPE_PX), ("heat", row)]
        if shows_trend(self._scene):
            heights.append(("trend", TREND_PX))
        heights.append(("axis", axis_px(self._font)))
        rows, top = {}, area.top()
        for name, height in heights:
            rows[name] = QRectF(area.left(), top, area.width(), height)
            top += height
        return rows

    def _label(self, painter: QPainter, row: QRectF, text: str) -> None:
        painter.setPen(self._geometry.theme.color("text_muted"))
        box = QRectF(0, row.center().y() - 8, self._geometry.page.left - 6, 16)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _draw_envelope(self, picture: Picture, row: QRectF, lead: str) -> None:
        geometry = self._geometry
        scene = self._scene
        recording, store = scene.recording, self._data.store
        if recording is None or store is None or lead not in recording.leads:
            return
        at = recording.leads.index(lead)
        ratio = picture.ratio
        per_pixel = recording.fs_hz / geometry.px_per_s
        columns = store.columns(0, recording.n_samples, per_pixel)
        columns = Columns(
            columns.first, columns.step, columns.lo[at : at + 1], columns.hi[at : at + 1]
        )
        wanted = Stretch(0, round(row.width() * ratio), geometry.px_per_s * ratio)
        lo, hi = to_pixels(columns, recording.fs_hz, wanted)
        levels = self._data.levels_mv()
        level = float(levels[at]) if levels is not None else 0.0
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
        fill(picture, [runs], self._geometry.theme.color("envelope"))

    def _paint_track(self, painter: QPainter, track: AnyTrack, row: QRectF) -> None:
        geometry = self._geometry
        theme = self._geometry.theme
        painter.fillRect(row.adjusted(0, 2, 0, -2), theme.color("border", 70))
        x0, x1 = span_columns(geometry, track.spans, np.arange(len(track.spans)))
        # A single event of a long record must still be seen.
        x1 = np.maximum(x1, x0 + 1.5 * geometry.ratio)
        color, paper = theme.color(track.role), theme.color("paper")
        for which, top in ((track.whole, row.height() - 5), (~track.whole, 2)):
            bar = row.adjusted(0, top, 0, -2)
            for verdict in np.unique(track.verdicts[which]).tolist():
                those = which & (track.verdicts == verdict)
                area = bar
                if verdict == REJECTED:  # a thin line
                    area = bar.adjusted(0, bar.height() - 1, 0, 0)
                paint_spans(
                    painter, x0[those], x1[those], area, color, geometry.ratio,
                    striped=verdict == UNSURE,
                )  # fmt: skip
                if verdict == ACCEPTED:  # with a core
                    core = bar.adjusted(0, bar.height() / 2 - 0.5, 0, -bar.height() / 2 + 0.5)
                    paint_spans(painter, x0[those], x1[those], core, paper, geometry.ratio)

    def _draw_heat(self, picture: Picture, row: QRectF) -> None:
        geometry = self._geometry
        scene = self._scene
        maps = self._data.maps
        if scene.analysis is None or maps is None:
            return
        fs_hz = scene.analysis.map_fs_hz
        length = maps.length("score")
        columns = maps.columns("score", 0, length, fs_hz / geometry.px_per_s)
        values = strip_values(columns, fs_hz, geometry, row.left(), row.right())
        worst = np.fmax.reduce(values, axis=0)
        colors = colors_of(worst, scene.heat_levels, color_words("heat", self._geometry.theme.dark))
        draw_colors(picture, colors, row.adjusted(0, 2, 0, -2))

    def _paint_trend(self, painter: QPainter, row: QRectF) -> None:
        scene = self._scene
        assert scene.recording is not None
        x, bpm = heart_rate_trend(scene.r_peaks, scene.recording.fs_hz, self._geometry)
        if x.size < 2:
            return
        low = min(LEAST_TREND_BPM[0], float(np.quantile(bpm, 0.002)) // 10 * 10)
        high = max(LEAST_TREND_BPM[1], -(-float(np.quantile(bpm, 0.998)) // 10) * 10)
        inner = row.adjusted(0, 6, 0, -6)
        y = inner.bottom() - (np.clip(bpm, low, high) - low) / (high - low) * inner.height()
        theme = self._geometry.theme
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

    def _paint_axis(self, painter: QPainter, row: QRectF) -> None:
        geometry = self._geometry
        theme = self._geometry.theme
        duration = self._scene.duration_s
        metrics = QFontMetricsF(painter.font())
        clock = self._scene.clock
        widest = "00:00:00" if clock is None else clock_text(clock, duration)
        step = time_step_s(geometry.px_per_s, metrics.horizontalAdvance(widest) + 24, LABEL_STEPS_S)
        painter.setPen(theme.color("text_muted"))
        for time_s, words in axis_times(0.0, duration - step, step, duration >= 120.0, clock):
            x = geometry.x(time_s)
            width = metrics.horizontalAdvance(words)
            if x + width + 4 > row.right():
                break
            painter.fillRect(QRectF(round(x), row.top(), 1, 4), theme.color("text_muted", 140))
            painter.drawText(
                QRectF(x + 4, row.top(), width + 2, row.height()),
                Qt.AlignmentFlag.AlignVCenter,
                words,
            )
