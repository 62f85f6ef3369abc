"""A folder that is looked at again and again, off the window's thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.work.workers import Task, Workers

if TYPE_CHECKING:
    from ecgviewer.io.arrivals import Arrivals


class FolderWatch(QObject):
    """Looks into one folder at a time.

    Parameters
    ----------
    workers : Workers
    """

    arrived = Signal(list)
    """RecordRef and RecordFailure that are new or changed, and rest."""
    lost = Signal(str)
    """Why the folder cannot be looked at now; it is tried on."""
    returned = Signal()

    def __init__(self, workers: Workers, parent: QObject) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self._workers = workers
        self._arrivals: Arrivals | None = None
        self._task: Task | None = None
        self._is_lost = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._look)

    def start(self, folder: Path) -> None:
        """Watch a folder from now on; all that is in it arrives first."""
        from ecgviewer.io.arrivals import Arrivals

        self.stop()
        self.folder = folder
        self._arrivals = Arrivals(folder)
        self._is_lost = False
        self._look()

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()
        if self._task is not None:
            self._task.drop()
            self._task = None
        self.folder = self._arrivals = None

    def _look(self) -> None:
        arrivals = self._arrivals
        if arrivals is None:
            return
        self._task = self._workers.start(
            lambda _progress, _cancel: arrivals.look(), self._take, self._fail
        )

    def _take(self, entries: list[object]) -> None:
        self._again()
        if self._is_lost:
            self._is_lost = False
            self.returned.emit()
        if entries:
            self.arrived.emit(entries)

    def _fail(self, error: Exception) -> None:
        self._again()
        if not self._is_lost:
            self._is_lost = True
            self.lost.emit(describe(error))

    def _again(self) -> None:
        self._task = None
        pause_s = self._arrivals.pause_s if self._arrivals is not None else 0.0
        self._timer.start(max(round(pause_s * 1000), 50))
