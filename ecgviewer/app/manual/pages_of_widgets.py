"""Which page of the manual tells of which part of the program."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from ecgviewer.core.system.manual import FIRST

PAGES = {
    # Panels, by the name of their dock.
    "dock.records": "opening-files",
    "dock.record": "opening-files",
    "dock.measurements": "reading-a-page",
    "dock.analysis": "flags",
    "dock.consensus": "flags",
    "dock.flags": "judging",
    "dock.review": "judging",
    "dock.worklist": "work-lists",
    "dock.plots": "reading-a-page",
    # Windows and dialogs, by their class.
    "CalibrationDialog": "reading-a-page",
    "SiteDialog": "calibrating-a-site",
    "CompareDialog": "two-readers",
    "EvidenceWindow": "reading-a-page",
    "ExportDialog": "reports-and-exports",
    "GoToTime": "reading-a-page",
    "ImportDialog": "opening-files",
    "KeyboardMap": "keys",
    "LabelsDialog": "judging",
    "LeadsDialog": "judging",
    "Palette": "keys",
    "PrintPreview": "reports-and-exports",
    "ResultsWindow": "work-lists",
    "SettingsPage": "settings-and-privacy",
    "TraceView": "reading-a-page",
}
"""Page by object name or class name."""


def page_for(widget: QWidget | None) -> str:
    """Return the page that tells of a widget, or of what it is in; the first page where none."""
    at: QObject | None = widget
    while at is not None:
        page = PAGES.get(at.objectName()) or PAGES.get(type(at).__name__)
        if page is not None:
            return page
        at = at.parent()
    return FIRST
