"""The program's own drawings (``resources/icons``), in the colours of the theme."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap

from ecgviewer.core.system.resources import resource_dir

SIZES = (18, 36)


def app_icon() -> QIcon:
    """Return the program's icon."""
    return QIcon(str(resource_dir() / "icons" / "ecgviewer.svg"))


def draw(name: str, colour: str, on_colour: str, disabled_colour: str) -> QIcon:
    """Return an icon with its ``currentColor`` replaced.

    Parameters
    ----------
    name : str
        File name without ``.svg``.
    colour, on_colour, disabled_colour : str
        ``#rrggbb``; ``on_colour`` is for a checked button.
    """
    from PySide6.QtSvg import QSvgRenderer

    source = (resource_dir() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    icon = QIcon()
    states = (
        (colour, QIcon.Mode.Normal, QIcon.State.Off),
        (on_colour, QIcon.Mode.Normal, QIcon.State.On),
        (disabled_colour, QIcon.Mode.Disabled, QIcon.State.Off),
        (disabled_colour, QIcon.Mode.Disabled, QIcon.State.On),
    )
    for paint, mode, state in states:
        data = QByteArray(source.replace("currentColor", paint).encode())
        renderer = QSvgRenderer(data)
        for size in SIZES:
            pixmap = QPixmap(size, size)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            renderer.render(painter, QRectF(0, 0, size, size))
            painter.end()
            icon.addPixmap(pixmap, mode, state)
    return icon
