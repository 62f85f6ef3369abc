"""Background work steps aside while the user moves the view."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

QUIET_S = 0.06
"""The view is at rest when it has not moved for this long."""
PATIENCE_S = 0.5
"""Work goes on by one step after this long, however much the view moves."""
NAP_S = 0.01


class Courtesy:
    """What the window's thread and all readers of one view share.

    numpy gives up the interpreter in every larger step of a frame, and gets it back only when
    the readers do the same: on a busy machine they would double the time of a frame.
    """

    def __init__(self) -> None:
        self._moved = -QUIET_S
        self._turn = threading.Lock()

    def view_moved(self) -> None:
        """Note that the user just moved the view."""
        self._moved = time.monotonic()

    @property
    def moving(self) -> bool:
        """Whether the user moves the view at present."""
        return time.monotonic() - self._moved < QUIET_S

    def wait(self, stop: Callable[[], bool]) -> None:
        """Return when the view is at rest, patience ends, or ``stop()``.

        Those who wait take turns: a moving view meets one of them per half second, not all.
        """
        with self._turn:
            until = time.monotonic() + PATIENCE_S
            while not stop():
                if not self.moving or time.monotonic() >= until:
                    return
                time.sleep(NAP_S)
