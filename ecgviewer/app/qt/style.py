"""Style of the window's own parts, on top of the theme's."""

from __future__ import annotations

from ecgviewer.app.qt.theme import Theme
from ecgviewer.core.system.resources import resource_dir


def extra_style(theme: Theme) -> str:
    """Return the style sheet of notices, verdict and quiet text."""
    check = (resource_dir() / "icons" / f"check_{theme.name}.svg").as_posix()
    return f"""
QHeaderView::section {{ padding: 4px 4px; }}
QCheckBox::indicator {{ width: 13px; height: 13px; border: 1px solid {theme.text_muted};
  border-radius: 3px; background: {theme.base}; }}
QCheckBox::indicator:checked {{ background: {theme.accent}; border-color: {theme.accent};
  image: url("{check}"); }}
QCheckBox::indicator:disabled {{ border-color: {theme.border}; }}
QCheckBox:focus {{ color: {theme.accent}; }}
QLabel[quiet="true"] {{ color: {theme.text_muted}; }}
QLabel#blindBadge {{ background: {theme.accent}; color: {theme.accent_text};
  border-radius: 4px; padding: 1px 8px; font-weight: bold; }}
QFrame#noteStrip {{ background: {theme.raised}; border: 0;
  border-left: 4px solid {theme.accent}; border-bottom: 1px solid {theme.border}; }}
QFrame#noteStrip[grave="true"] {{ border-left-color: {theme.flag}; }}
QFrame#message {{ background: {theme.raised}; border: 1px solid {theme.border};
  border-left: 4px solid {theme.accent}; border-radius: 4px; }}
QFrame#message[grave="true"] {{ border-left-color: {theme.danger}; }}
QFrame#verdict {{ background: {theme.raised}; border: 1px solid {theme.border};
  border-left: 4px solid {theme.border}; border-radius: 4px; }}
QFrame#verdict[verdict="abnormal"] {{ border-left-color: {theme.flag}; }}
QFrame#verdict[verdict="normal"] {{ border-left-color: {theme.good}; }}
QFrame#verdict[verdict="abnormal"] > QLabel:first-child {{ color: {theme.flag_selected}; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: {theme.window}; }}
QTextBrowser {{ background: {theme.window}; }}
QToolBar {{ padding: 2px 8px; }}
QTabBar::tab {{ padding: 5px 10px; }}
"""
