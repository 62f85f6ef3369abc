"""Asks for a time from the start."""

from __future__ import annotations

import re

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from ecgviewer.app.qt.time_texts import clock_text


def parse_time(text: str) -> float | None:
    """Return seconds for ``75``, ``1:15``, ``1:01:15.5`` or ``75 s``; None for anything else."""
    parts = re.fullmatch(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d*)?)\s*s?", text.strip())
    if parts is None:
        return None
    hours, minutes, seconds = parts.groups()
    return (
        3600.0 * float(hours or 0) + 60.0 * float(minutes or 0) + float(seconds.replace(",", "."))
    )


class GoToTime(QDialog):
    """A line for the time, checked while typing."""

    def __init__(self, duration_s: float, now_s: float, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Go to time")
        self._duration_s = duration_s
        self.box = QLineEdit(clock_text(now_s, duration_s >= 120))
        self.box.setAccessibleName("Time from the start")
        self.box.selectAll()
        self.box.textChanged.connect(self._check)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        end = clock_text(duration_s, duration_s >= 120)
        column.addWidget(QLabel(f"Seconds, or h:mm:ss, from the start (0 to {end}):"))
        column.addWidget(self.box)
        column.addWidget(self.buttons)

    def time_s(self) -> float | None:
        """Return the time, if it is one within the record."""
        seconds = parse_time(self.box.text())
        return seconds if seconds is not None and seconds <= self._duration_s else None

    def _check(self) -> None:
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(self.time_s() is not None)
