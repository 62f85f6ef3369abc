"""Paints a scene: what scrolls, and around it the tracks, the margin, the axis and the scale."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPen

from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.moment import Moment
from ecgviewer.app.trace.geometry.track_bars import shown_tracks
from ecgviewer.app.trace.page.cut_marks import CUT_TEXT, CutMark, cut_marks, paint_cut_marks
from ecgviewer.app.trace.page.margin_marks import MarginMarks, marks_key
from ecgviewer.app.trace.page.scale_line import color_legends, paint_scale_line, scale_text
from ecgviewer.app.trace.page.scrolled_picture import ScrolledPicture
from ecgviewer.app.trace.page.time_axis import paint_time_axis
from ecgviewer.app.trace.page.track_rows import paint_track
from ecgviewer.app.trace.raster.picture import Picture
from ecgviewer.app.trace.scene.scene import Scene
from ecgviewer.app.trace.state import TRACK_TITLES

EMPTY_TEXT = "Open an ECG record: File > Open, or drop a file or folder here"


class Page:
    """The still pictures of a view, over which its layers are drawn.

    What scrolls is painted by a :class:`ScrolledPicture`; what stands around it is painted into
    a picture of its own, so that showing both costs one copy of every pixel.
    """

    def __init__(self) -> None:
        self._traces = ScrolledPicture()
        self._around: Picture | None = None
        self._moment: Moment | None = None
        self._cuts: list[CutMark] = []
        self._margin_key: object = None
        self._marks: MarginMarks | None = None
        self._scale_key: object = None

    def forget(self) -> None:
        """Paint everything anew: it shows something else now."""
        self._traces.forget()
        self._scale_key = None

    def update(self, moment: Moment, font: QFont, complete: bool) -> None:
        """Paint everything of a moment; ``complete`` says that all of it was read."""
        scene, geometry = moment.scene, moment.geometry
        page, ratio = geometry.page, geometry.ratio
        width, height = round(geometry.width * ratio), round(geometry.height * ratio)
        around = self._around
        if around is None or around.pixels.shape != (height, width) or around.ratio != ratio:
            around = self._around = Picture(width, height, ratio)
            self._scale_key = None
        self._moment = moment
        self._traces.update(moment, font, complete)
        self._margin(around, moment, font)
        painter = QPainter(around.image)
        painter.setFont(font)
        window = geometry.theme.color("window")
        painter.fillRect(QRectF(page.right, 0, geometry.width - page.right, page.bottom), window)
        painter.fillRect(QRectF(0, 0, page.right, page.top), window)
        self._cuts = []
        if scene.recording is not None:
            self._cuts = cut_marks(geometry, self._traces.beyond())
            self._tracks(painter, moment)
        self._lower_lines(painter, moment, bool(self._cuts))
        painter.end()

    def _margin(self, around: Picture, moment: Moment, font: QFont) -> None:
        """Draw names and pulses on the paper beside the traces, which moves under them."""
        geometry = moment.geometry
        left, paper = geometry.left_column, self._traces.paper
        shown = moment.scene.recording is not None
        key = marks_key(geometry, font) if shown else None
        if key != self._margin_key:
            self._margin_key = key
            self._marks = MarginMarks(geometry, font, paper) if shown else None
        columns = paper.columns(geometry.origin_column - left, left)
        paper.fill(around, 0, columns)
        if self._marks is not None:
            self._marks.draw(around, paper, columns)

    def paint(self, painter: QPainter) -> None:
        """Show the moment that was painted last."""
        moment, around = self._moment, self._around
        if moment is None or around is None:
            return
        scene, geometry = moment.scene, moment.geometry
        page, ratio = geometry.page, geometry.ratio
        width, height = around.pixels.shape[1], around.pixels.shape[0]
        # Lines at the edges are a logical pixel wide, and centred on them where that is more
        # than one device pixel.
        line = max(round(ratio / 2), 1)
        top = round(page.top * ratio)
        bottom = round(page.bottom * ratio)
        left, right = geometry.left_column, round(page.right * ratio)
        painter.save()
        painter.scale(1.0 / ratio, 1.0 / ratio)
        for picture, first, stop, at in self._traces.pieces():
            _show(painter, picture, (first, top, stop - first, bottom - top), (left + at, top))
        painter.restore()
        if scene.recording is not None:
            area = QRectF(page.left, page.top, page.right - page.left, page.bottom - page.top)
            painter.save()
            painter.setClipRect(area)
            self._beyond_the_end(painter, scene, geometry, area)
            paint_cut_marks(painter, geometry, self._cuts)
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
        self._message(painter, moment, QRectF(0, page.top, page.right, page.bottom - page.top))

    def _message(self, painter: QPainter, moment: Moment, area: QRectF) -> None:
        problem = moment.data.problem
        words = problem if moment.scene.recording is not None else EMPTY_TEXT
        if words:
            painter.setPen(moment.geometry.theme.color("danger" if problem else "muted"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)

    def _beyond_the_end(
        self, painter: QPainter, scene: Scene, geometry: Geometry, traces: QRectF
    ) -> None:
        end = geometry.x(scene.duration_s)
        if end < traces.right():
            rect = QRectF(traces)
            rect.setLeft(max(end, traces.left()))
            painter.fillRect(rect, geometry.theme.color("window", 120))
            painter.setPen(QPen(geometry.theme.color("border"), 1.0))
            painter.drawLine(rect.topLeft(), rect.bottomLeft())

    def _tracks(self, painter: QPainter, moment: Moment) -> None:
        geometry, scene = moment.geometry, moment.scene
        header = QRectF(0, 0, geometry.width, geometry.page.top)
        painter.setPen(geometry.theme.color("border"))
        painter.drawLine(header.bottomLeft(), header.bottomRight())
        selected = {"flags": scene.selected_flag, "annotations": scene.selected_annotation}
        tracks = shown_tracks(scene, moment.state)
        for name, rows in moment.tracks.items():
            painter.setClipRect(header)
            painter.setPen(geometry.theme.color("text_muted"))
            painter.drawText(
                QRectF(6, rows.area.top(), geometry.page.left - 8, rows.row_px),
                Qt.AlignmentFlag.AlignVCenter,
                TRACK_TITLES[name],
            )
            paint_track(painter, geometry, tracks[name], rows, selected[name])
        painter.setClipping(False)

    def _lower_lines(self, painter: QPainter, moment: Moment, cut: bool) -> None:
        scene, state, geometry = moment.scene, moment.state, moment.geometry
        height = (geometry.height - geometry.page.bottom) / 2
        axis = QRectF(0, geometry.page.bottom, geometry.width, height)
        paint_time_axis(painter, geometry, axis, scene.duration_s, scene.clock)
        line = QRectF(0, geometry.page.bottom + height, geometry.width, height)
        unit = scene.recording.unit if scene.recording is not None else "mV"
        scale = scale_text(
            geometry.px_per_s, geometry.px_per_mv, geometry.pixels_per_mm, state.fit, unit
        )
        parts = [(scale, "danger" if state.fit else "")]
        if scene.recording is not None:
            altered = state.display.active or state.overlays["model_input"]
            parts.append((_signal_text(moment), "accent" if altered else ""))
            if not scene.recording.units_known:
                parts.append(("amplitude unknown", "danger"))
            if cut:
                parts.append((CUT_TEXT, "danger"))
            if state.focus is not None:
                parts.append((f"only {state.focus} (+ larger, Esc: all leads)", ""))
        legends = color_legends(moment)
        key = (line.getRect(), geometry.theme, parts, legends, painter.font().key())
        if key != self._scale_key:
            self._scale_key = key
            paint_scale_line(painter, geometry, line, parts, legends)


def _signal_text(moment: Moment) -> str:
    """Return what the traces are of the recording."""
    scene, state, data, geometry = moment.scene, moment.state, moment.data, moment.geometry
    recording = scene.recording
    if recording is None:
        return ""
    if state.overlays["model_input"] and scene.analysis is not None:
        low, high, rate = (
            f"{value:g}" if isinstance(value, int | float) else "?"
            for value in map(scene.analysis.preprocessing.get, ("low_hz", "high_hz", "fs_hz"))
        )
        return f"what the model saw ({low}-{high} Hz, {rate} samples/s)"
    assert data.store is not None
    samples = geometry.stretch.samples(recording.fs_hz)
    close = data.store.chunks_for(*samples, recording.fs_hz / geometry.px_per_s)
    if state.display.active and not close:
        return "unfiltered (filters show in closer views)"
    return state.display.text()


def _show(
    painter: QPainter, picture: Picture, part: tuple[int, int, int, int], at: tuple[int, int]
) -> None:
    """Copy a part of a picture (x, y, width, height) to a place, all in device pixels."""
    painter.drawImage(QPoint(*at), picture.plain, QRect(*part))
