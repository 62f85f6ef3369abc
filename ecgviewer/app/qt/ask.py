"""The one way to open a dialog that its window waits for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog


def ask(dialog: QDialog) -> None:
    """Open a dialog over its window, and free it once it is closed.

    Its window would keep it otherwise: a file dialog with a thread and two handles of its own.
    """
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
