"""Signs of life from long looks through a file, so that none is taken for a lock-up."""

from __future__ import annotations

from collections.abc import Callable

_STEPS_PER_SIGN = 500
"""Objects looked at: a tenth of a second of work, some seconds where the machine is busy."""

_listener: Callable[[], None] | None = None
_steps = 0


def on_progress(listener: Callable[[], None] | None) -> None:
    """Have a function called every now and then while a file is looked through."""
    global _listener
    _listener = listener


def tell_progress() -> None:
    """Count one object that was looked at."""
    global _steps
    _steps += 1
    if _steps % _STEPS_PER_SIGN == 0 and _listener is not None:
        _listener()
