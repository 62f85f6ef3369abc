"""The panels around the traces: docks, their menu entries, and how wide they may be."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QScrollArea, QWidget

from ecgviewer.app.shell.actions import Commands
from ecgviewer.app.shell.context import always, sighted
from ecgviewer.app.shell.menu_paths import APART, PANELS
from ecgviewer.app.shell.record.document import Document

Area = Qt.DockWidgetArea
SIDE_WIDTH, LEAST_SIDE_WIDTH = 326, 240
SIDE_HEIGHTS = (560, 300)
SPARE_PX = 4


class PanelDocks(QObject):
    """Puts panels into docks, and away while the reader reads blind where they show opinions."""

    def __init__(self, window: QMainWindow, commands: Commands, document: Document) -> None:
        super().__init__(window)
        self._window = window
        self._commands = commands
        self._document = document
        self.docks: dict[str, QDockWidget] = {}
        self._areas: dict[str, Area] = {}
        self._behind: set[str] = set()
        self._opinions: list[str] = []
        self._put_away: list[str] = []
        self._in_front: list[str] = []
        self._hidden: list[str] = []
        self._side_width = 0
        document.blindChanged.connect(self._show_blind)

    def add(
        self,
        name: str,
        title: str,
        panel: QWidget,
        area: Area,
        key: str = "",
        opinion: bool = False,
    ) -> QDockWidget:
        """Put a panel into a dock, with an entry in View › Panels.

        Parameters
        ----------
        opinion : bool
            It shows what models say: it is put away while the reader reads blind.
        """
        dock = QDockWidget(title, self._window)
        dock.setObjectName(f"dock.{name}")
        dock.setWidget(panel)
        self._window.addDockWidget(area, dock)
        action = dock.toggleViewAction()
        action.setObjectName(f"view.panel.{name}")
        if key:
            action.setShortcut(key)
        self._window.addAction(action)
        self._commands.menu(PANELS).addAction(action)
        # The only way out: tabs can be dragged out with GroupedDragging alone (see the window).
        apart = QAction(f"{title} apart", self._window, checkable=True)
        apart.setObjectName(f"view.apart.{name}")
        apart.triggered.connect(lambda checked: _set_apart(dock, checked))
        dock.topLevelChanged.connect(apart.setChecked)
        self._commands.menu(APART).addAction(apart)
        self.docks[name] = dock
        self._areas[name] = area
        if opinion:
            self._opinions.append(name)
        for way in (action, apart):
            self._commands.add(way, sighted if opinion else always)
        return dock

    def add_tab(self, first: str, second: str) -> None:
        """Put the second panel as a tab behind the first; the tabs then serve as titles."""
        self._behind.add(second)
        self._window.tabifyDockWidget(self.docks[first], self.docks[second])
        for dock in (self.docks[first], self.docks[second]):
            _show_title(dock, dock.isFloating())
            dock.topLevelChanged.connect(partial(_show_title, dock))
        self.docks[first].raise_()

    def bring_to_front(self, name: str, height: int = 0) -> None:
        """Show a panel before the others of its place; ``height`` is for one that was hidden."""
        dock = self.docks[name]
        if dock.isHidden():
            dock.show()
            if height:
                self._window.resizeDocks([dock], [height], Qt.Orientation.Vertical)
        dock.raise_()

    def show_beside(self, name: str, width: int) -> None:
        """Show a panel that is hidden, of this width."""
        dock = self.docks[name]
        if not dock.isVisible():
            dock.show()
            self._window.resizeDocks([dock], [width], Qt.Orientation.Horizontal)

    def hide_all(self) -> None:
        """Hide every panel that is on show."""
        self._hidden = [name for name, dock in self.docks.items() if not dock.isHidden()]
        for name in self._hidden:
            self.docks[name].hide()

    def show_hidden(self) -> None:
        """Bring back what :meth:`hide_all` hid."""
        for name in self._hidden:
            if not (self._document.blind and name in self._opinions):
                self.docks[name].show()

    def _show_blind(self) -> None:
        """Put the panels with opinions away, or back where they were."""
        if self._document.blind:
            shown = [name for name, dock in self.docks.items() if not dock.isHidden()]
            self._in_front = [n for n in shown if not self.docks[n].visibleRegion().isEmpty()]
            self._put_away = [name for name in self._opinions if name in shown]
            for name in self._put_away:
                self.docks[name].hide()
            return
        for name in self._put_away:
            self.docks[name].show()
        for name in self._in_front:
            self.docks[name].raise_()

    # Room -------------------------------------------------------------------------------------

    def _side(self) -> list[QDockWidget]:
        """Return one dock for each place beside the traces."""
        right = (name for name, area in self._areas.items() if area == Area.RightDockWidgetArea)
        return [self.docks[name] for name in right if name not in self._behind]

    def arrange(self) -> None:
        """Give the panels beside the traces the room that they have in the first session."""
        side = self._side()
        self._window.resizeDocks(side, [SIDE_WIDTH] * len(side), Qt.Orientation.Horizontal)
        self._window.resizeDocks(side, SIDE_HEIGHTS[: len(side)], Qt.Orientation.Vertical)

    def fit_side(self, centre_px: int, page_px: float) -> None:
        """Make the panels beside the traces as wide as they may be, unless the user sized them.

        Parameters
        ----------
        centre_px : int
            How wide the traces are now.
        page_px : float
            How wide they should be before the panels get more.
        """
        side = self._side()
        width = max((dock.width() for dock in side), default=0)
        visible = any(dock.isVisible() and not dock.isFloating() for dock in side)
        if self._side_width == 0 and LEAST_SIDE_WIDTH <= width <= SIDE_WIDTH:
            self._side_width = width
        if not visible or self._side_width != width:
            return
        room = centre_px + width - page_px - SPARE_PX
        panels = [dock.widget() for dock in self.docks.values()]
        needed = [_least_width(panel) for panel in panels if isinstance(panel, QScrollArea)]
        wanted = max(min(int(room), SIDE_WIDTH), LEAST_SIDE_WIDTH, *needed)
        if wanted != width:
            self._window.resizeDocks(side, [wanted] * len(side), Qt.Orientation.Horizontal)
        self._side_width = max(dock.width() for dock in side)


def _show_title(dock: QDockWidget, shown: bool) -> None:
    """Give a panel its title bar (to drag it back) or take it away."""
    dock.setTitleBarWidget(None if shown else QWidget(dock))  # type: ignore[arg-type]


def _set_apart(dock: QDockWidget, apart: bool) -> None:
    """Give a panel a window of its own, or put it back where it was."""
    dock.show()
    dock.setFloating(apart)
    dock.raise_()


def _least_width(panel: QScrollArea) -> int:
    """Return the width at which nothing in a panel is cut; more with larger letters."""
    inner = panel.widget()
    least = inner.minimumSizeHint().width() if inner is not None else 0
    return least + panel.verticalScrollBar().sizeHint().width()
