"""Light or dark: the theme of the program, as chosen or as the system has it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from ecgviewer.app.qt import icons
from ecgviewer.app.qt.style import extra_style
from ecgviewer.app.qt.theme import LIGHT, Theme, apply_theme
from ecgviewer.app.shell.actions import Commands
from ecgviewer.app.shell.settings import SettingsStore


class Appearance(QObject):
    """Applies themes to the whole program and tells who paints by himself."""

    themeChanged = Signal(object)
    """Theme."""

    def __init__(self, settings: SettingsStore, commands: Commands, parent: QObject) -> None:
        super().__init__(parent)
        self._settings = settings
        self._commands = commands
        self.theme: Theme = LIGHT
        # A method, not a lambda: the hints outlive the window, and a lambda would keep it for ever.
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_theme_changed)

    def set_theme(self, choice: str) -> None:
        """Use a theme: ``system``, ``light`` or ``dark``."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self._settings.value.theme = choice
        self.theme = theme = apply_theme(app, choice, extra_style)
        self._commands.check(f"view.theme.{choice}")
        self._commands.set_icons(
            lambda name: icons.draw(name, theme.text_muted, theme.accent_text, theme.border)
        )
        self.themeChanged.emit(theme)

    def _system_theme_changed(self) -> None:
        if self._settings.value.theme == "system":
            self.set_theme("system")
