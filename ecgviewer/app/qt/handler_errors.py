"""Errors inside handlers of Qt's events are told and logged; they never reach Qt.

PySide6 (6.11.3 with Python 3.11) crashes natively on an ``IndexError`` that leaves an overridden
method: it takes the error's text for the error. So every method that overrides one of Qt's passes
its errors on by itself, and Qt's own method answers instead. Python calls ``__init_subclass__`` of
the base for every class that is defined, so that none can be forgotten.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

from PySide6.QtCore import QObject

PACKAGE = "ecgviewer.app."


def guard_new_classes() -> None:
    """Let every class of the window be guarded as it is defined, whoever imports it and when."""
    QObject.__init_subclass__ = classmethod(_guard_class)  # type: ignore[assignment, arg-type]


def _guard_class(cls: type[QObject], **named: object) -> None:
    """Guard the methods of a new class that override Qt's."""
    super(QObject, cls).__init_subclass__(**named)
    if not cls.__module__.startswith(PACKAGE):
        return
    for name, method in list(vars(cls).items()):
        if isinstance(method, FunctionType) and _of_qt(cls, name):
            setattr(cls, name, _guarded(cls, name, method))


def _of_qt(cls: type, name: str) -> bool:
    if name.startswith("_"):
        return False
    return any(
        name in vars(base) for base in cls.__mro__[1:] if base.__module__.startswith("PySide6")
    )


def _guarded(cls: type, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return method(self, *arguments, **named)
        except Exception as error:  # noqa: BLE001 - the hook logs and shows it
            sys.excepthook(type(error), error, error.__traceback__)
        try:
            return getattr(super(cls, self), name)(*arguments, **named)
        except (NotImplementedError, RuntimeError):  # a model's, which Qt leaves open
            return None

    return call
