"""Every shortcut, by menu."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from ecgviewer.app.commands import Commands

MOUSE = (
    ("Wheel", "Scroll in time"),
    ("Ctrl + wheel", "Zoom in time at the pointer"),
    ("Drag", "Pan"),
    ("Shift + drag", "Select a span"),
    ("Double-click a lead", "One lead at full height, and back"),
    ("Click a flag", "Select it in the list"),
)


class KeyboardMap(QDialog):
    """The map, in a window that may stay open while working."""

    def __init__(self, commands: Commands, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard map")
        self.resize(min(860, parent.width() - 60), min(640, parent.height() - 60))
        text = QTextBrowser()
        text.setAccessibleName("Shortcuts")
        text.setHtml(keyboard_html(commands))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addWidget(text)
        column.addWidget(buttons)


def keyboard_html(commands: Commands) -> str:
    """Return the map in two columns."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for command in commands:
        keys = commands.key_texts(command)
        if keys:
            where = command.plain_menu.split(" › ")[0]
            title = command.plain_title + (" (in the traces)" if command.in_traces else "")
            sections.setdefault(where, []).append((", ".join(keys), title))
    sections["Mouse in the traces"] = list(MOUSE)
    blocks = [
        f"<h3>{escape(title)}</h3><table cellpadding='2'>"
        + "".join(
            f"<tr><td style='padding-right:14px'><b>{escape(keys)}</b></td>"
            f"<td>{escape(what)}</td></tr>"
            for keys, what in rows
        )
        + "</table>"
        for title, rows in sections.items()
    ]
    lengths = [len(rows) + 2 for rows in sections.values()]
    half, at = sum(lengths) / 2, 0
    while at < len(lengths) and sum(lengths[: at + 1]) <= half:
        at += 1
    at = max(at, 1)
    left, right = "".join(blocks[:at]), "".join(blocks[at:])
    return (
        "<table width='100%'><tr><td width='50%' style='vertical-align:top'>"
        f"{left}</td><td style='vertical-align:top'>{right}</td></tr></table>"
    )
