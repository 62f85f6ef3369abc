"""The one way to open a dialog that its window waits for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog


def ask(dialog: QDialog) -> None:
    """Open a dialog over its window, and free it once it is closed.

    Its window would keep it otherwise: a file dialog with a thread and two handles of its own.
    """
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    # The window's own key for the manual does not reach a dialog that it waits for.
    QShortcut(QKeySequence.StandardKey.HelpContents, dialog, lambda: _show_manual(dialog))
    dialog.open()


def _show_manual(dialog: QDialog) -> None:
    from ecgviewer.app.manual.window import show_manual

    show_manual(dialog)
