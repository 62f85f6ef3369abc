"""The whole record in one bar, and where the view is in it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
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

from ecgviewer.app.qt.theme import LIGHT, Theme
from ecgviewer.app.trace.data.scene_data import SceneData
from ecgviewer.app.trace.geometry.geometry import Geometry
from ecgviewer.app.trace.geometry.lanes import PageLayout
from ecgviewer.app.trace.geometry.viewport import Viewport
from ecgviewer.app.trace.overview.drawing import PAD_PX, OverviewDrawing, axis_px, height_px
from ecgviewer.app.trace.raster.picture import Picture
from ecgviewer.app.trace.scene.scene import Scene
from ecgviewer.app.trace.state import TRACK_TITLES


class OverviewBar(QWidget):
    """Shows a scene as a whole; click, drag, wheel and keys say where to go in it.

    Parameters
    ----------
    data : SceneData
        Reads the scene; a view of its own asks it for what to read.
    visible_range : callable
        Returns the times between which that view shows the traces.
    """

    placeWanted = Signal(float)
    """The time that should be at the view's left edge."""
    pagesWanted = Signal(float)
    """By how many pages the view should move."""
    keyPressed = Signal(object)
    """A QKeyEvent: keys mean the same here as over the traces."""

    def __init__(
        self,
        data: SceneData,
        visible_range: Callable[[], tuple[float, float]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._scene, self._data, self._visible_range = Scene(), data, visible_range
        self._theme: Theme = LIGHT
        self._picture: Picture | None = None
        self._stale = True
        self.setAccessibleName("Overview of the record")
        self.setToolTip("The whole record: click or drag to go there")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        data.swept.connect(self.refresh)

    def show_scene(self, scene: Scene, theme: Theme) -> None:
        """Show this scene in the colours of a theme."""
        self._scene, self._theme = scene, theme
        self.refresh()

    def refresh(self) -> None:
        """Draw anew: another scene is shown, or more of it was read."""
        self._stale = True
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height that the rows in use need."""
        return QSize(400, round(height_px(self._scene, self._small())))

    def minimumSizeHint(self) -> QSize:
        """Return the height that the rows in use need."""
        return QSize(200, self.sizeHint().height())

    # Drawing ---------------------------------------------------------------------------------

    def _where(self) -> Geometry:
        title = QFontMetricsF(self._small()).horizontalAdvance(TRACK_TITLES["annotations"])
        left = max(title + 14.0, 46.0)
        width = max(self.width() - left - 8.0, 10.0)
        height = float(self.height())
        px_per_s = width / max(self._scene.duration_s, 1e-3)
        page = PageLayout((), left, left + width, 0.0, height, 0.0, 0.0, px_per_s)
        viewport = Viewport(float(self.width()), height, self._theme, self.devicePixelRatioF())
        return Geometry(page, viewport)

    def _small(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(max(font.pointSizeF() * 0.78, 6.5))
        return font

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        size = self.size() * ratio
        if self._picture is None or self._picture.image.size() != size:
            self._picture = Picture(size.width(), size.height(), ratio)
            self._stale = True
        if self._stale:
            drawing = OverviewDrawing(self._scene, self._data, self._where(), self._small())
            drawing.draw(self._picture)
            self._stale = False
        painter = QPainter(self)
        painter.drawImage(0, 0, self._picture.image)
        if self._scene.recording is not None:
            self._paint_position(painter, self._where())
        if self.hasFocus():
            painter.setPen(self._theme.color("accent"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_position(self, painter: QPainter, geometry: Geometry) -> None:
        start, stop = self._visible_range()
        left, right = geometry.x(start), max(geometry.x(stop), geometry.x(start) + 3.0)
        bottom = self.height() - axis_px(self._small()) - PAD_PX
        accent = self._theme.color("accent")
        inside = QColor(accent)
        inside.setAlpha(38)
        rect = QRectF(round(left), 1.0, round(right) - round(left), bottom)
        if stop - start < self._scene.duration_s - 1e-3:
            painter.fillRect(rect, inside)
        painter.setPen(QPen(accent, 1.0))
        painter.drawRect(rect)

    # Moving ----------------------------------------------------------------------------------

    def _go(self, x: float) -> None:
        start, stop = self._visible_range()
        self.placeWanted.emit(self._where().time(x) - (stop - start) / 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position().x())

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.pagesWanted.emit(-event.angleDelta().y() / 120.0)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.keyPressed.emit(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._stale = True
        super().resizeEvent(event)
