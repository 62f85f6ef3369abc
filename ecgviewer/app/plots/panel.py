"""The Plots panel: one kind of plot at a time, made when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.plots.saving import ACTIONS, Saver
from ecgviewer.app.shell.workbench import Workbench

if TYPE_CHECKING:
    from ecgviewer.app.plots.record_sheet import RecordSheet

WAIT_MS = 60


@dataclass(frozen=True)
class Kind:
    """A kind of plot.

    Attributes
    ----------
    name : str
        For its command and its files.
    title : str
    make : callable
        Imports pyqtgraph.
    """

    name: str
    title: str
    make: Callable[[Workbench], RecordSheet]


class PlotsPanel(QWidget):
    """Chooses, shows, and keeps up with the document what is on show."""

    def __init__(self, bench: Workbench, kinds: Sequence[Kind]) -> None:
        super().__init__()
        self._bench = bench
        self._kinds = {kind.name: kind for kind in kinds}
        self.sheets: dict[str, RecordSheet] = {}
        self._saver = Saver(bench)
        self.choice = QComboBox()
        self.choice.setAccessibleName("Kind of plot")
        for kind in kinds:
            self.choice.addItem(kind.title, kind.name)
        self.choice.currentIndexChanged.connect(lambda _index: self._look())
        self.more = QToolButton()
        self.more.setText("Save")
        self.more.setAccessibleName("Copy or save the plot")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        for name, title in ACTIONS:
            menu.addAction(title, partial(self.save, name))
        self.more.setMenu(menu)
        self.stack = QStackedWidget()
        self.stack.addWidget(QWidget())
        self.caption = QLabel()
        self.caption.setAccessibleName("What the plot shows")
        self.caption.setWordWrap(True)
        self.caption.setProperty("quiet", True)
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout()
        row.addWidget(self.choice, 1)
        row.addWidget(self.more)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.stack, 1)
        column.addWidget(self.caption)
        self._timer = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._timer.timeout.connect(self._refresh)
        document = bench.document
        for signal in (
            document.recordingChanged, document.heartChanged, document.analysisChanged,
            document.flagsChanged,
        ):  # fmt: skip
            signal.connect(self._timer.start)
        # At once: what models say must be gone before anybody can look.
        document.blindChanged.connect(self._refresh_all)
        bench.traces.viewChanged.connect(self._follow)
        bench.appearance.themeChanged.connect(self._set_theme)

    @property
    def sheet(self) -> RecordSheet | None:
        """What is chosen, if it was looked at."""
        return self.sheets.get(self.choice.currentData())

    def choose(self, name: str) -> None:
        """Show a kind of plot."""
        self.choice.setCurrentIndex(self.choice.findData(name))

    def step(self, step: int) -> None:
        """Show the next kind, or the one before."""
        self.choice.setCurrentIndex((self.choice.currentIndex() + step) % self.choice.count())

    def save(self, how: str) -> None:
        """Copy or save what is on show."""
        sheet = self.sheet
        if sheet is not None:
            name = self.choice.currentData()
            self._saver.serve(how, name, sheet, sheet.table, self._bench.parent)

    def refresh_soon(self) -> None:
        """Something changed that the sheets show."""
        self._timer.start()

    def _look(self) -> None:
        """Show what is chosen; make it where it is new."""
        if not self.isVisible():
            return
        name = self.choice.currentData()
        if name not in self.sheets:
            sheet = self._kinds[name].make(self._bench)
            self.sheets[name] = sheet
            sheet.captionChanged.connect(self._show_caption)
            sheet.saveAsked.connect(self.save)
            sheet.timeChosen.connect(self._go)
            sheet.set_theme(self._bench.appearance.theme)
            self.stack.addWidget(sheet)
        self.stack.setCurrentWidget(self.sheets[name])
        self._refresh()

    def _refresh(self) -> None:
        sheet = self.sheet
        if sheet is not None and self.isVisible():
            sheet.refresh()
            sheet.show_span(*self._bench.traces.visible_range())
            self.caption.setText(sheet.caption)

    def _refresh_all(self) -> None:
        for sheet in self.sheets.values():
            sheet.refresh()
        self._show_caption()

    def _show_caption(self, _words: str = "") -> None:
        sheet = self.sheet
        self.caption.setText(sheet.caption if sheet is not None else "")

    def _follow(self) -> None:
        sheet = self.sheet
        if sheet is not None and self.isVisible():
            sheet.show_span(*self._bench.traces.visible_range())

    def _go(self, time_s: float) -> None:
        self._bench.traces.center_on(time_s, time_s)
        self._bench.traces.show_time(time_s)

    def _set_theme(self) -> None:
        for sheet in self.sheets.values():
            sheet.set_theme(self._bench.appearance.theme)

    def showEvent(self, event: QShowEvent) -> None:
        """Make or refresh what is chosen."""
        super().showEvent(event)
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Mark no moment for a panel that is gone."""
        super().hideEvent(event)
        self._bench.traces.show_time(None)

    def close_work(self) -> None:
        """Hear no more of what is being computed."""
        self._timer.stop()
        sheets, self.sheets = self.sheets, {}
        for sheet in sheets.values():
            sheet.let_go()
