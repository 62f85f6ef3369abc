"""A sheet of plots: pyqtgraph's zoom, menu and export, and what all our plots have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyqtgraph
from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QAction, QColor, QFont

from ecgviewer.app.plots.saving import ACTIONS, Table
from ecgviewer.app.qt.theme import LIGHT, Theme

DoubleArray = npt.NDArray[np.float64]

CLOCK_FROM_S = 120.0
"""Moments of a recording that long are told in hours, minutes and seconds."""
REACH_PX = 14.0
"""How near a click must be to what it means."""


@dataclass(frozen=True, eq=False)
class Places:
    """Points of a plot that are places of the recording.

    Attributes
    ----------
    x, y : array [n]
        In the plot.
    time_s : array [n]
        In the recording.
    """

    x: DoubleArray
    y: DoubleArray
    time_s: DoubleArray


class ClockAxis(pyqtgraph.AxisItem):  # type: ignore[misc]
    """Tells seconds as h:mm:ss where they are many."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return what stands at the ticks."""
        if not values or max(values) < CLOCK_FROM_S:
            return [f"{value:g}" for value in values]
        texts = []
        for value in values:
            minutes, seconds = divmod(round(value), 60)
            texts.append(f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}" if value >= 0 else "")
        return texts


class PlotSheet(pyqtgraph.GraphicsLayoutWidget):  # type: ignore[misc]
    """One or several plots that are copied, saved and coloured together."""

    timeChosen = Signal(float)
    """A point of the plot was clicked that is this second of the recording."""
    saveAsked = Signal(str)
    """One of :data:`~ecgviewer.app.plots.saving.ACTIONS` was chosen in the menu."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.theme: Theme = LIGHT
        self.setAccessibleName(name)
        self._plots: list[pyqtgraph.PlotItem] = []
        self._places: dict[pyqtgraph.PlotItem, Places] = {}
        self.ci.layout.setContentsMargins(2, 4, 8, 2)
        self.ci.layout.setSpacing(4)
        self.scene().sigMouseClicked.connect(self._clicked)

    # Plots ------------------------------------------------------------------------------------

    def add(
        self, row: int, column: int, x: str, y: str, clock: bool = False, title: str = ""
    ) -> pyqtgraph.PlotItem:
        """Return a new plot; the titles of its axes name the unit."""
        axes = {"bottom": ClockAxis("bottom")} if clock else None
        plot = self.addPlot(row=row, col=column, axisItems=axes)
        for side, text in (("bottom", x), ("left", y)):
            axis = plot.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setLabel(text)
        if title:
            plot.setTitle(title)
        plot.hideButtons()
        menu = plot.getViewBox().menu
        first = menu.actions()[0] if menu.actions() else None
        for kind, words in ACTIONS:
            action = QAction(words, menu)
            action.triggered.connect(lambda _checked=False, kind=kind: self.saveAsked.emit(kind))
            menu.insertAction(first, action)
        menu.insertSeparator(first)
        self._plots.append(plot)
        self._style(plot)
        return plot

    def remove_plot(self, plot: pyqtgraph.PlotItem) -> None:
        """Take a plot away."""
        self._plots.remove(plot)
        self._places.pop(plot, None)
        self.ci.removeItem(plot)

    def clear_plots(self) -> None:
        """Take everything off the plots; axes and zoom stay."""
        self._places.clear()
        for plot in self._plots:
            plot.clear()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.theme = theme
        self.setBackground(theme.color("base"))
        for plot in self._plots:
            self._style(plot)
        self.draw()

    def _style(self, plot: pyqtgraph.PlotItem) -> None:
        theme = self.theme
        font = QFont(self.font())
        font.setPointSizeF(max(font.pointSizeF() * 0.85, 6.5))
        for side in ("bottom", "left"):
            axis = plot.getAxis(side)
            axis.setPen(theme.color("border"))
            axis.setTextPen(theme.color("text_muted"))
            axis.setTickFont(font)
            axis.setStyle(tickLength=-4)
            axis.label.setFont(font)
            axis.labelStyle = {"color": theme.text_muted}
            axis.setLabel(axis.labelText)
        plot.titleLabel.setAttr("color", theme.text)
        plot.titleLabel.setAttr("size", f"{font.pointSizeF():.1f}pt")
        plot.titleLabel.setText(plot.titleLabel.text)
        plot.showGrid(x=True, y=True, alpha=0.25)

    def draw(self) -> None:
        """Put on the plots what there is to show; each kind of sheet does this its own way."""
        raise NotImplementedError

    def table(self) -> Table:
        """Return what is shown, for a CSV file."""
        raise NotImplementedError

    def show_span(self, start_s: float, stop_s: float) -> None:
        """Mark the part of the recording that is in view, where the plot has a time axis."""

    def curve(
        self, plot: pyqtgraph.PlotItem, x: npt.ArrayLike, y: npt.ArrayLike, color: QColor,
        width: float = 1.0,
    ) -> pyqtgraph.PlotDataItem:  # fmt: skip
        """Draw a line through points; a gap where ``y`` is NaN."""
        item = plot.plot(
            np.asarray(x), np.asarray(y), pen=pyqtgraph.mkPen(color, width=width), antialias=True,
            connect="finite",
        )  # fmt: skip
        if width > 1.0:  # Qt joins a wide smooth line so slowly that every zoom would stutter
            item.curve.setSegmentedLineMode("on")
        return item

    # Linked -----------------------------------------------------------------------------------

    def link(self, plot: pyqtgraph.PlotItem, places: Places) -> None:
        """Let clicks on a plot mean places of the recording."""
        self._places[plot] = places

    def place_at(self, plot: pyqtgraph.PlotItem, at: QPointF) -> float | None:
        """Return the second of the recording that a position of the scene means, if any."""
        places = self._places.get(plot)
        if places is None or places.x.size == 0:
            return None
        box = plot.getViewBox()
        middle = box.mapSceneToView(at)
        width, height = box.viewPixelSize()
        away = np.hypot((places.x - middle.x()) / width, (places.y - middle.y()) / height)
        away[~np.isfinite(away)] = np.inf
        nearest = int(np.argmin(away))
        return float(places.time_s[nearest]) if away[nearest] <= REACH_PX else None

    def _clicked(self, event: object) -> None:
        at = event.scenePos()  # type: ignore[attr-defined]
        for plot in self._plots:
            if plot.getViewBox().sceneBoundingRect().contains(at):
                time_s = self.place_at(plot, at)
                if time_s is not None:
                    self.timeChosen.emit(time_s)
                return
