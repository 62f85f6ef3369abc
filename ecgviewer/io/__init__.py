"""Readers: one module per file format and a registry that recognises formats by content.

``find_records`` walks files and folders, ``open_record`` opens what it found. To add a format,
write a reader that returns a ``Recording`` and let :mod:`ecgviewer.io.registry` recognise it.
"""

from ecgviewer.io.registry import RecordFailure, find_records, open_record

__all__ = ["RecordFailure", "find_records", "open_record"]
