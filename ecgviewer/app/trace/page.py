"""Paints a scene: what scrolls, and around it the tracks, the margin, the axis and the scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from ecgviewer.app.trace import page_marks
from ecgviewer.app.trace.cut_marks import CUT_TEXT, CutMark, cut_marks, paint_cut_marks
from ecgviewer.app.trace.frame import Frame
from ecgviewer.app.trace.plane import Plane
from ecgviewer.app.trace.raster import Picture
from ecgviewer.app.trace.scene import Scene
from ecgviewer.app.trace.state import TRACK_TITLES, ViewState
from ecgviewer.app.trace.tracks import Bar, paint_track, row_height

EMPTY_TEXT = "Open an ECG record: File > Open, or drop a file or folder here"


KEPT_MARGINS = 40
"""The margin looks as many ways as a thick square of its paper has pixels."""
Pixels = npt.NDArray[np.uint32]


class Page:
    """The still pictures of a view, over which its layers are drawn.

    What scrolls is painted by a :class:`Plane`; what stands around it is painted into a picture
    of its own, so that showing both costs one copy of every pixel.
    """

    def __init__(self) -> None:
        self._plane = Plane()
        self._around: Picture | None = None
        self._frame: Frame | None = None
        self._cuts: list[CutMark] = []
        self._margin_key: object = None
        self._margins: dict[bytes, Pixels] = {}
        self._scale_key: object = None
        self.bars: dict[str, list[Bar]] = {}

    def forget(self) -> None:
        """Paint everything anew: it shows something else now."""
        self._plane.forget()
        self._scale_key = None

    def update(
        self, scene: Scene, state: ViewState, frame: Frame, font: QFont, complete: bool
    ) -> None:
        """Paint everything of a moment; ``complete`` says that all of it was read."""
        self.bars = {}
        page, ratio = frame.page, frame.ratio
        width, height = round(frame.width * ratio), round(frame.height * ratio)
        around = self._around
        if around is None or around.pixels.shape != (height, width) or around.ratio != ratio:
            around = self._around = Picture(width, height, ratio)
            self._scale_key = None
        self._frame = frame
        self._plane.update(scene, state, frame, font, complete)
        self._margin(around, scene, frame, font)
        painter = QPainter(around.image)
        painter.setFont(font)
        window = frame.theme.color("window")
        painter.fillRect(QRectF(page.right, 0, frame.width - page.right, page.bottom), window)
        painter.fillRect(QRectF(0, 0, page.right, page.top), window)
        self._cuts = []
        if scene.recording is not None:
            self._cuts = cut_marks(frame, self._plane.beyond())
            self._tracks(painter, scene, state, frame)
        self._frame_lines(painter, scene, state, frame, bool(self._cuts))
        painter.end()

    def _margin(self, around: Picture, scene: Scene, frame: Frame, font: QFont) -> None:
        """Draw names and pulses on the paper beside the traces, which moves under them."""
        page, left = frame.page, frame.left_column
        rows = slice(round(page.top * frame.ratio), round(page.bottom * frame.ratio))
        paper = self._plane.paper
        columns = paper.columns(frame.origin_column - left, left)
        key = (replace(frame, origin_column=0), font.key(), scene.recording is None)
        if key != self._margin_key:
            self._margin_key = key
            self._margins.clear()
        known = self._margins.get(columns.tobytes())
        if known is not None:
            around.pixels[rows, :left] = known
            return
        paper.fill(around, 0, columns)
        if scene.recording is not None:
            painter = QPainter(around.image)
            painter.setFont(font)
            painter.setClipRect(QRectF(0, page.top, page.right, page.bottom - page.top))
            page_marks.paint_calibration(painter, frame)
            page_marks.paint_lead_names(painter, frame)
            painter.end()
        if len(self._margins) < KEPT_MARGINS:
            self._margins[columns.tobytes()] = around.pixels[rows, :left].copy()

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Show the moment that was painted last."""
        frame, around = self._frame, self._around
        if frame is None or around is None:
            return
        page, ratio = frame.page, frame.ratio
        width, height = around.pixels.shape[1], around.pixels.shape[0]
        # Lines at the edges are a logical pixel wide, and centred on them where that is more
        # than one device pixel.
        line = max(round(ratio / 2), 1)
        top = round(page.top * ratio)
        bottom = round(page.bottom * ratio)
        left, right = frame.left_column, round(page.right * ratio)
        painter.save()
        painter.scale(1.0 / ratio, 1.0 / ratio)
        for picture, first, stop, at in self._plane.pieces():
            _show(painter, picture, (first, top, stop - first, bottom - top), (left + at, top))
        painter.restore()
        if scene.recording is not None:
            area = QRectF(page.left, page.top, page.right - page.left, page.bottom - page.top)
            painter.save()
            painter.setClipRect(area)
            self._beyond_the_end(painter, scene, frame, area)
            paint_cut_marks(painter, frame, self._cuts)
            painter.restore()
        painter.save()
        painter.scale(1.0 / ratio, 1.0 / ratio)
        for x, y, w, h in (
            (0, top, left, bottom - top),
            (right, 0, width - right, height),
            (0, 0, width, top + line),
            (0, bottom - line // 2, width, height - bottom + line // 2),
        ):
            _show(painter, around, (x, y, w, h), (x, y))
        painter.restore()
        self._message(
            painter, scene, frame, QRectF(0, page.top, page.right, page.bottom - page.top)
        )

    def _message(self, painter: QPainter, scene: Scene, frame: Frame, area: QRectF) -> None:
        words = scene.problem if scene.recording is not None else EMPTY_TEXT
        if words:
            painter.setPen(frame.theme.color("danger" if scene.problem else "muted"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)

    def _beyond_the_end(
        self, painter: QPainter, scene: Scene, frame: Frame, traces: QRectF
    ) -> None:
        end = frame.x(scene.duration_s)
        if end < traces.right():
            rect = QRectF(traces)
            rect.setLeft(max(end, traces.left()))
            painter.fillRect(rect, frame.theme.color("window", 120))
            painter.setPen(QPen(frame.theme.color("border"), 1.0))
            painter.drawLine(rect.topLeft(), rect.bottomLeft())

    def _tracks(self, painter: QPainter, scene: Scene, state: ViewState, frame: Frame) -> None:
        header = QRectF(0, 0, frame.width, frame.page.top)
        painter.setPen(frame.theme.color("border"))
        painter.drawLine(header.bottomLeft(), header.bottomRight())
        height = row_height(QFontMetricsF(painter.font()))
        top = 2.0
        for name, track, selected in (
            ("flags", scene.flag_track, scene.selected_flag),
            ("annotations", scene.annotation_track, scene.selected_annotation),
        ):
            if not state.overlays[name] or track.n_rows == 0:
                continue
            painter.setClipRect(header)
            painter.setPen(frame.theme.color("text_muted"))
            painter.drawText(
                QRectF(6, top, frame.page.left - 8, height),
                Qt.AlignmentFlag.AlignVCenter,
                TRACK_TITLES[name],
            )
            self.bars[name] = paint_track(painter, frame, track, selected, top, height)
            top += track.n_rows * height
        painter.setClipping(False)

    def _frame_lines(
        self, painter: QPainter, scene: Scene, state: ViewState, frame: Frame, cut: bool
    ) -> None:
        height = (frame.height - frame.page.bottom) / 2
        axis = QRectF(0, frame.page.bottom, frame.width, height)
        page_marks.paint_time_axis(
            painter, frame, axis, scene.duration_s, scene.clock if state.clock else None
        )
        line = QRectF(0, frame.page.bottom + height, frame.width, height)
        unit = scene.recording.unit if scene.recording is not None else "mV"
        scale = page_marks.scale_text(
            frame.px_per_s, frame.px_per_mv, frame.pixels_per_mm, state.fit, unit
        )
        parts = [(scale, "danger" if state.fit else "")]
        if scene.recording is not None:
            altered = scene.display.active or state.overlays["model_input"]
            parts.append((self._signal_text(scene, state, frame), "accent" if altered else ""))
            if not scene.recording.units_known:
                parts.append(("amplitude unknown", "danger"))
            if cut:
                parts.append((CUT_TEXT, "danger"))
            if state.focus is not None:
                parts.append((f"only {state.focus} (+ larger, Esc: all leads)", ""))
        legends = scene.legends(state.overlays)
        key = (line.getRect(), frame.theme, parts, legends, painter.font().key())
        if key != self._scale_key:
            self._scale_key = key
            page_marks.paint_scale_line(painter, frame, line, parts, legends)

    def _signal_text(self, scene: Scene, state: ViewState, frame: Frame) -> str:
        recording = scene.recording
        if recording is None:
            return ""
        if state.overlays["model_input"] and scene.analysis is not None:
            low, high, rate = (
                f"{value:g}" if isinstance(value, int | float) else "?"
                for value in map(scene.analysis.preprocessing.get, ("low_hz", "high_hz", "fs_hz"))
            )
            return f"what the model saw ({low}-{high} Hz, {rate} samples/s)"
        assert scene.store is not None
        samples = frame.stretch.samples(recording.fs_hz)
        close = scene.store.chunks_for(*samples, recording.fs_hz / frame.px_per_s)
        if scene.display.active and not close:
            return "unfiltered (filters show in closer views)"
        return scene.display.text()


def _show(
    painter: QPainter, picture: Picture, part: tuple[int, int, int, int], at: tuple[int, int]
) -> None:
    """Copy a part of a picture (x, y, width, height) to a place, all in device pixels."""
    painter.drawImage(QPoint(*at), picture.plain, QRect(*part))
