"""Pictures as files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage, QPixmap

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.system.files import write_whole


def save_png(picture: QImage | QPixmap, path: Path) -> None:
    """Write a picture as PNG; Qt itself would leave half a file on a full disk.

    Raises
    ------
    EcgViewerError
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    drawn = picture.save(buffer, "PNG")  # type: ignore[call-overload]
    save_drawn(buffer, drawn, path)


def save_drawn(buffer: QBuffer, drawn: bool, path: Path) -> None:
    """Write what was drawn into memory; raises EcgViewerError, also where nothing was drawn."""
    if not drawn:
        raise EcgViewerError("it cannot be drawn", path)
    save_whole(bytes(buffer.data().data()), path)


def save_whole(data: bytes, path: Path) -> None:
    """Write a file whole or not at all; raises EcgViewerError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise EcgViewerError(f"it cannot be written there ({reason})", path) from error
