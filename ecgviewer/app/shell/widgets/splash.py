"""What stands on the screen while the window is being built."""

from __future__ import annotations

from PySide6.QtCore import QDeadlineTimer, QRect, Qt, QThread
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPixmap
from PySide6.QtWidgets import QLabel

from ecgviewer import __version__
from ecgviewer.app.qt.icons import app_icon

WIDTH, HEIGHT, ICON = 420, 140, 92
SHOWN_WITHIN_MS, LOOK_EVERY_MS = 200, 2


def show_splash() -> QLabel:
    """Show the splash at once and return it; closing it frees it.

    It is no QSplashScreen: on Linux that one sleeps for a second whenever it is shown, since it
    waits, without reading its events, for the event that says it is on the screen.
    """
    screen = QGuiApplication.primaryScreen()
    splash = QLabel()
    splash.setWindowFlags(Qt.WindowType.SplashScreen | Qt.WindowType.FramelessWindowHint)
    splash.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    splash.setAccessibleName(f"ECG Viewer {__version__}")
    splash.setPixmap(_picture(screen.devicePixelRatio()))
    splash.setFixedSize(WIDTH, HEIGHT)
    splash.move(screen.availableGeometry().center() - splash.rect().center())
    splash.show()
    deadline = QDeadlineTimer(SHOWN_WITHIN_MS)
    while not splash.windowHandle().isExposed() and not deadline.hasExpired():
        QGuiApplication.processEvents()
        QThread.msleep(LOOK_EVERY_MS)
    QGuiApplication.processEvents()
    return splash


def _picture(ratio: float) -> QPixmap:
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
    return picture
