"""Python's cycle collector, kept to the window's thread.

Python collects cycles in whichever thread happens to allocate. Objects of Qt that are part of one
would then be destroyed in a worker's thread, which ends the process now and then.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 1000


class CycleCollector(QObject):
    """Switches automatic collection off and collects, as often as needed, in its own thread."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Collect the oldest generation that Python would by now; none without enough garbage."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > thresholds[generation]:
                gc.collect(generation)
                return
