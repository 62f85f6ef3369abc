"""The toolbar: how the traces are laid out and scaled, filters, overlays and tools at a click."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolBar, QToolButton

from ecgviewer.app.shell.actions import Commands, plain
from ecgviewer.app.shell.menu_paths import LAYOUTS
from ecgviewer.app.trace.state import GAINS_MM_MV, SPEEDS_MM_S
from ecgviewer.app.trace.view import TraceView

ICON_PX = 18
BUTTONS = (
    "file.open", "file.open_folder", None, "go.previous_flag", "go.next_flag", None, "choices",
    "view.fit", None, "view.filter.baseline", "view.filter.mains50", "view.filter.mains60",
    "view.filter.muscle", None, "view.overlay.reconstruction", "view.overlay.heat",
    "view.overlay.attention", "view.overlay.model_input", None, "tools.calipers",
    "tools.evidence", "view.traces_only", None, "file.report", "file.print", "help.palette",
)  # fmt: skip
SHORT = {
    "view.layout.3x4": "3 x 4 + 1",
    "view.filter.mains50": "50 Hz",
    "view.filter.mains60": "60 Hz",
}
"""What buttons call a command whose menu text is too long for them."""


class ToolBar(QToolBar):
    """Buttons of commands, and three that open the choice of layout, paper speed and gain."""

    def __init__(self, commands: Commands, traces: TraceView) -> None:
        super().__init__("Tools")
        self._commands = commands
        self._traces = traces
        self._choices: list[tuple[QToolButton, list[QAction], str]] = []
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        for short, text in SHORT.items():
            commands.action(short).setIconText(text)
        for command in BUTTONS:
            if command is None:
                self.addSeparator()
            elif command == "choices":
                self._add_choices()
            else:
                action = commands.action(command)
                self.addAction(action)
                self.widgetForAction(action).setAccessibleName(plain(action.text()))
        rest = self.findChild(QToolButton, "qt_toolbar_ext_button")
        if rest is not None:
            rest.setAccessibleName("More tools")
            rest.setToolTip("More tools")
        traces.viewChanged.connect(self._show_choices)
        self._show_choices()

    def _add_choices(self) -> None:
        layouts = [f"view.layout.{mode}" for mode, _title in LAYOUTS]
        self._add_choice("Layout", "", [*layouts, "view.cabrera", "view.focus"])
        self._add_choice("Paper speed", "mm/s", [f"view.speed.{speed:g}" for speed in SPEEDS_MM_S])
        self._add_choice("Gain", "mm/mV", [f"view.gain.{gain:g}" for gain in GAINS_MM_MV])

    def _add_choice(self, name: str, unit: str, ids: Sequence[str]) -> None:
        button = QToolButton()
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        actions = [self._commands.action(command) for command in ids]
        menu.addActions(actions)
        button.setMenu(menu)
        for action in actions:
            action.toggled.connect(self._show_choices)
        self._choices.append((button, actions, unit))
        self.addWidget(button)

    def _show_choices(self) -> None:
        """Name the choice in force, also a scale between the steps."""
        state = self._traces.state
        between = {"mm/s": state.mm_per_s, "mm/mV": state.mm_per_mv}
        for button, actions, unit in self._choices:
            chosen = next((action.iconText() for action in actions if action.isChecked()), "")
            if unit and state.fit:
                chosen = f"– {unit}"
            elif unit:
                chosen = f"{between[unit]:.3g} {unit}"
            button.setText(chosen)
