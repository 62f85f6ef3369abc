"""Every shortcut, by menu."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from ecgviewer.app.qt.reading_text import ReadingText
from ecgviewer.app.shell.actions import Commands

WIDTH, HEIGHT = 1240, 860
COLUMNS = 3
Line = tuple[str, tuple[str, str] | None]
"""A menu's title, and keys with what they do; None where the title itself stands."""
MOUSE = (
    ("Wheel", "Scroll in time"),
    ("Ctrl + wheel", "Zoom in time at the pointer"),
    ("Drag", "Pan"),
    ("Shift + drag", "Select a span"),
    ("Double-click a lead", "One lead at full height, and back"),
    ("Click a flag", "Select it in the list"),
    ("Drag, calipers on", "Measure between two points; drag a line to move it"),
    ("Alt + drag, calipers on", "Measure without snapping"),
)


class KeyboardMap(QDialog):
    """The map, in a window that may stay open while working."""

    def __init__(self, commands: Commands, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keyboard map")
        self.resize(min(WIDTH, parent.width() - 40), min(HEIGHT, parent.height() - 40))
        text = ReadingText()
        text.setAccessibleName("Shortcuts")
        text.setHtml(keyboard_html(commands))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addWidget(text)
        column.addWidget(buttons)


def keyboard_html(commands: Commands) -> str:
    """Return the map in columns, each menu in the order of its entries."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for entry in commands.entries():
        if entry.keys:
            menu, _, submenu = entry.menu.partition(" › ")
            title = f"{submenu}: {entry.title}" if submenu else entry.title
            keys = ", ".join(entry.keys)
            if entry.action.shortcutContext() == Qt.ShortcutContext.WidgetWithChildrenShortcut:
                keys += " *"
            sections.setdefault(menu, []).append((keys, title))
    sections["Mouse in the traces"] = list(MOUSE)
    lines: list[Line] = [(title, row) for title, rows in sections.items() for row in (None, *rows)]
    per_column = -(-len(lines) // COLUMNS)
    columns = [lines[at : at + per_column] for at in range(0, len(lines), per_column)]
    cells = "".join(
        f"<td width='{100 // COLUMNS}%' style='vertical-align:top'>{_column(column)}</td>"
        for column in columns
    )
    return (
        f"<table width='100%'><tr>{cells}</tr></table>"
        "<p>* while the traces have the keyboard focus</p>"
    )


def _column(lines: list[Line]) -> str:
    """Return one column; a menu that began in the column before has its title again."""
    parts = []
    if lines[0][1] is not None:
        lines = [(lines[0][0], None), *lines]
    for title, row in lines:
        if row is None:
            parts.append(
                f"<tr><td colspan='2' style='padding-top:8px'><b>{escape(title)}</b></td></tr>"
            )
        else:
            keys, what = row
            parts.append(
                f"<tr><td style='padding-right:12px; white-space:nowrap'>{escape(keys)}</td>"
                f"<td>{escape(what)}</td></tr>"
            )
    return f"<table cellpadding='1'>{''.join(parts)}</table>"
