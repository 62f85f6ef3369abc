"""Errors inside handlers of Qt's events are told and logged; they never reach Qt.

PySide6 (6.11.3 with Python 3.11) crashes natively on an ``IndexError`` that leaves an overridden
method: it takes the error's text for the error. So every method that overrides one of Qt's passes
its errors on by itself, and Qt's own method answers instead.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from PySide6.QtCore import QObject

PACKAGE = "ecgviewer.app."
_GUARDED = "guarded_by_ecgviewer"


def guard_overrides() -> None:
    """Guard every class of the window that is not guarded yet; dialogs are imported late."""
    for cls in _subclasses(QObject):
        if cls.__module__.startswith(PACKAGE):
            guard_class(cls)


def guard_class(cls: type[QObject]) -> None:
    """Guard the methods of one class that override Qt's."""
    if _GUARDED in vars(cls):
        return
    setattr(cls, _GUARDED, True)
    for name, method in list(vars(cls).items()):
        if isinstance(method, FunctionType) and _of_qt(cls, name):
            setattr(cls, name, _guarded(cls, name, method))


def _subclasses(cls: type[QObject]) -> Iterator[type[QObject]]:
    subclasses: list[type[QObject]] = type.__subclasses__(cls)
    for one in subclasses:
        yield one
        yield from _subclasses(one)


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
