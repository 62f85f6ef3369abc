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


class SteppingAside:
    """What the window's thread and those that work beside it share.

    numpy gives up the interpreter in every larger step of a frame, and gets it back only when
    the others do the same: a single busy thread doubles the time of a frame.
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
        while self.moving and not stop():
            if not self._turn.acquire(timeout=NAP_S):
                continue
            try:
                until = time.monotonic() + PATIENCE_S
                while self.moving and not stop() and time.monotonic() < until:
                    time.sleep(NAP_S)
                return
            finally:
                self._turn.release()


STEPPING_ASIDE = SteppingAside()
"""The one of this process: there is one interpreter, and one user."""
