"""What stands on the screen while the window is being built."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPixmap
from PySide6.QtWidgets import QSplashScreen

from ecgviewer import __version__
from ecgviewer.app.icons import app_icon

WIDTH, HEIGHT, ICON = 420, 140, 92


def show_splash() -> QSplashScreen:
    """Show the splash at once and return it; ``finish(window)`` takes it away."""
    ratio = QGuiApplication.primaryScreen().devicePixelRatio()
    picture = QPixmap(round(WIDTH * ratio), round(HEIGHT * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor("#fffafa"))
    painter = QPainter(picture)
    app_icon().paint(painter, QRect(24, (HEIGHT - ICON) // 2, ICON, ICON))
    painter.setPen(QColor("#14161a"))
    font = painter.font()
    font.setPixelSize(26)
    painter.setFont(font)
    text = QRect(140, 34, WIDTH - 150, 40)
    painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, "ECG Viewer")
    font.setPixelSize(14)
    painter.setFont(font)
    painter.drawText(text.translated(0, 36), Qt.AlignmentFlag.AlignVCenter, __version__)
    painter.end()
    splash = QSplashScreen(picture)
    splash.show()
    QGuiApplication.processEvents()
    return splash
