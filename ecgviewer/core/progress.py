"""Progress and cancellation: the one door through which slow work reports."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ecgviewer.core.errors import CancelledError

Progress = Callable[[float, str], None]
"""Called with the fraction done (0 to 1) and a short text."""


def no_progress(fraction: float, text: str) -> None:
    """Ignore progress."""


class CancelToken:
    """A flag that one thread sets and the working thread checks between batches."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether the work was asked to stop."""
        return self._event.is_set()

    def raise_if_cancelled(self) -> None:
        """Raise CancelledError when the work was asked to stop."""
        if self._event.is_set():
            raise CancelledError
