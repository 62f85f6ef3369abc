"""Colours and spacing of the whole program, light and dark, following the system or a choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

CHOICES = ("system", "light", "dark")


@dataclass(frozen=True)
class Theme:
    """Every colour by its role, as ``#rrggbb`` or ``#aarrggbb``.

    ``paper`` to ``grid_major`` are the ECG paper; ``trace`` to ``muted`` what is drawn on it;
    ``window`` to ``danger`` the controls around it.
    """

    name: str
    paper: str
    grid_minor: str
    grid_major: str
    trace: str
    envelope: str
    reconstruction: str
    lead_name: str
    muted: str
    flag: str
    flag_selected: str
    annotation: str
    hatch: str
    caliper: str
    beat: str
    stimulus: str
    window: str
    base: str
    raised: str
    text: str
    text_muted: str
    border: str
    accent: str
    accent_text: str
    danger: str
    good: str

    @property
    def dark(self) -> bool:
        """Whether this is the dark theme."""
        return self.name == "dark"

    def color(self, role: str, alpha: int = 255) -> QColor:
        """Return the colour of a role, with this opacity (0 to 255)."""
        color = QColor(getattr(self, role))
        color.setAlpha(alpha)
        return color


LIGHT = Theme(
    name="light",
    paper="#fffafa",
    grid_minor="#f9e0e2",
    grid_major="#eeb4b9",
    trace="#14161a",
    envelope="#5c6570",
    reconstruction="#0a6fc2",
    lead_name="#14161a",
    muted="#6a5d60",
    flag="#d9480f",
    flag_selected="#b5260a",
    annotation="#6741d9",
    hatch="#868e96",
    caliper="#087f5b",
    beat="#c2255c",
    stimulus="#0b7285",
    window="#f3f4f6",
    base="#ffffff",
    raised="#ffffff",
    text="#1b1f24",
    text_muted="#5a6370",
    border="#d4d8de",
    accent="#1864ab",
    accent_text="#ffffff",
    danger="#b5260a",
    good="#2b7a3d",
)
DARK = Theme(
    name="dark",
    paper="#14171c",
    grid_minor="#20252c",
    grid_major="#343b46",
    trace="#eef2f6",
    envelope="#8f9aa8",
    reconstruction="#4dabf7",
    lead_name="#eef2f6",
    muted="#9aa4b1",
    flag="#ff922b",
    flag_selected="#ffc078",
    annotation="#b197fc",
    hatch="#868e96",
    caliper="#38d9a9",
    beat="#f783ac",
    stimulus="#66d9e8",
    window="#1b1f25",
    base="#14171c",
    raised="#252a32",
    text="#e8ecf1",
    text_muted="#a3adba",
    border="#3a424e",
    accent="#4dabf7",
    accent_text="#0b1420",
    danger="#ff8787",
    good="#69db7c",
)


def theme_for(choice: str) -> Theme:
    """Return the theme of a choice: ``light``, ``dark``, or what the system prefers."""
    if choice not in CHOICES:
        raise ValueError(f"theme must be one of {', '.join(CHOICES)}, not {choice}")
    if choice == "system":
        hints = QGuiApplication.styleHints()
        dark = hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark
        return DARK if dark else LIGHT
    return DARK if choice == "dark" else LIGHT


def theme_of(palette: QPalette) -> Theme:
    """Return the theme whose palette a widget has."""
    return DARK if palette.color(QPalette.ColorRole.Base) == DARK.color("base") else LIGHT


def apply_theme(
    app: QApplication, choice: str, more: Callable[[Theme], str] = lambda _theme: ""
) -> Theme:
    """Give the whole program the palette and style sheet of a theme, and return it.

    Call it again when the system's preference changes
    (``QGuiApplication.styleHints().colorSchemeChanged``). ``more`` adds to the style sheet.
    """
    theme = theme_for(choice)
    app.setStyle("Fusion")
    app.setPalette(palette(theme))
    # Once: every widget is polished anew for each style sheet.
    app.setStyleSheet(style_sheet(theme) + more(theme))
    return theme


def palette(theme: Theme) -> QPalette:
    """Return Qt's palette for a theme."""
    role = QPalette.ColorRole
    result = QPalette()
    for which, name in (
        (role.Window, "window"),
        (role.WindowText, "text"),
        (role.Base, "base"),
        (role.AlternateBase, "window"),
        (role.Text, "text"),
        (role.Button, "raised"),
        (role.ButtonText, "text"),
        (role.BrightText, "danger"),
        (role.ToolTipBase, "raised"),
        (role.ToolTipText, "text"),
        (role.PlaceholderText, "text_muted"),
        (role.Highlight, "accent"),
        (role.HighlightedText, "accent_text"),
        (role.Link, "accent"),
        (role.LinkVisited, "accent"),
        (role.Accent, "accent"),
        (role.Light, "raised"),
        (role.Midlight, "border"),
        (role.Mid, "border"),
        (role.Dark, "border"),
    ):
        result.setColor(which, theme.color(name))
    for which in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, which, theme.color("text_muted", 150))
    return result


def style_sheet(theme: Theme) -> str:
    """Return the style sheet: one spacing, quiet borders, a visible keyboard focus."""
    return f"""
QToolBar {{ background: {theme.window}; border: 0; border-bottom: 1px solid {theme.border};
  spacing: 4px; padding: 4px 8px; }}
QToolButton {{ border: 1px solid transparent; border-radius: 5px; padding: 4px 6px; }}
QToolButton[popupMode="2"] {{ padding-right: 16px; }}
QToolButton::menu-indicator {{ subcontrol-origin: padding; subcontrol-position: center right;
  right: 4px; }}
QToolButton#qt_toolbar_ext_button {{ padding: 0; background: {theme.raised};
  border-color: {theme.border}; }}
QToolButton:hover {{ background: {theme.raised}; border-color: {theme.border}; }}
QToolButton:checked {{ background: {theme.accent}; color: {theme.accent_text}; }}
QToolButton:focus, QPushButton:focus, QComboBox:focus, QLineEdit:focus, QAbstractSpinBox:focus
  {{ border: 1px solid {theme.accent}; }}
QPushButton {{ background: {theme.raised}; border: 1px solid {theme.border}; border-radius: 5px;
  padding: 5px 12px; }}
QPushButton:hover {{ border-color: {theme.accent}; }}
QPushButton:default {{ background: {theme.accent}; color: {theme.accent_text};
  border-color: {theme.accent}; }}
QPushButton:disabled {{ color: {theme.text_muted}; background: {theme.window}; }}
QStatusBar {{ border-top: 1px solid {theme.border}; }}
QStatusBar::item {{ border: 0; }}
QDockWidget::title {{ padding: 6px 8px; background: {theme.window};
  border-bottom: 1px solid {theme.border}; }}
QHeaderView::section {{ background: {theme.window}; border: 0; padding: 4px 6px;
  border-bottom: 1px solid {theme.border}; }}
QTableView, QListView, QTreeView {{ border: 1px solid {theme.border};
  alternate-background-color: {theme.window}; }}
QMainWindow > QTabBar {{ qproperty-elideMode: ElideNone; qproperty-usesScrollButtons: true; }}
QMenu {{ padding: 4px; }}
QToolTip {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.border};
  padding: 4px 6px; }}
QSplitter::handle {{ background: {theme.border}; }}
"""
