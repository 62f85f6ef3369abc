"""The window: the only package that imports Qt."""

from ecgviewer.app.qt.handler_errors import guard_new_classes

guard_new_classes()
