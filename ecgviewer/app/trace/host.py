"""pyqtgraph's view under the page: one item for the page, one for each layer over it.

Never an item per lead: twelve linked plots cost several times the geometry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyqtgraph
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ecgviewer.app.trace.geometry.moment import Moment
from ecgviewer.app.trace.layers.layer import Layer


class _PageItem(pyqtgraph.GraphicsObject):  # type: ignore[misc]
    """The still picture of the page."""

    def __init__(self, paint: Callable[[QPainter], None]) -> None:
        super().__init__()
        self._paint = paint
        self._rect = QRectF()

    def set_size(self, rect: QRectF) -> None:
        self.prepareGeometryChange()
        self._rect = rect

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint(painter)


class _LayerItem(pyqtgraph.GraphicsObject):  # type: ignore[misc]
    """A layer; when it alone changes, only what it covers is painted anew."""

    def __init__(self, layer: Layer, moment: Callable[[], Moment | None]) -> None:
        super().__init__()
        self._layer, self._moment = layer, moment
        self._rect = self._extent = QRectF()

    def set_size(self, rect: QRectF) -> None:
        self.prepareGeometryChange()
        self._rect = rect

    def follow(self) -> None:
        """Paint anew what the layer covered and what it covers now."""
        moment = self._moment()
        if moment is None:
            return
        before, self._extent = self._extent, self._layer.extent(moment.geometry)
        for part in (before, self._extent):
            if not part.isEmpty():
                self.update(part)

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        moment = self._moment()
        if moment is None:
            return
        self._extent = self._layer.extent(moment.geometry)
        if not self._extent.isEmpty():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            self._layer.paint(painter, moment.geometry)


class Host(pyqtgraph.GraphicsView):  # type: ignore[misc]
    """Shows the page and its layers, the first at the bottom; the mouse goes to its parent."""

    def __init__(
        self,
        parent: QWidget,
        paint_page: Callable[[QPainter], None],
        layers: Sequence[Layer],
        moment: Callable[[], Moment | None],
    ) -> None:
        super().__init__(parent, background=None)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # The page covers everything: what lies behind it need not be painted, nor kept.
        for widget in (parent, self, self.viewport()):
            widget.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
            widget.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setCacheMode(self.CacheModeFlag.CacheNone)
        self.setOptimizationFlags(self.OptimizationFlag.DontAdjustForAntialiasing)
        # Nothing here is found by place: an index would be kept in vain.
        self.scene().setItemIndexMethod(self.scene().ItemIndexMethod.NoIndex)
        self._page = _PageItem(paint_page)
        self._page.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption, False)
        self.addItem(self._page)
        painted = (layer for layer in layers if type(layer).paint is not Layer.paint)
        self._items = {layer: _LayerItem(layer, moment) for layer in painted}
        for item in self._items.values():
            self.addItem(item)

    def set_size(self, width: int, height: int) -> None:
        """Cover the parent."""
        self.setGeometry(0, 0, width, height)
        rect = QRectF(0, 0, width, height)
        self._page.set_size(rect)
        for item in self._items.values():
            item.set_size(rect)

    def page_changed(self) -> None:
        """Paint the page and all layers anew."""
        self.viewport().update()

    def layer_changed(self, layer: Layer) -> None:
        """Paint one layer anew."""
        item = self._items.get(layer)
        if item is not None:
            item.follow()
