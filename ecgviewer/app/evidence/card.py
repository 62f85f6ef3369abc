"""The evidence card: intervals, and each lead's median beat over its reconstruction."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ecgviewer.app.evidence.beat_sheet import LAYERS, BeatSheet
from ecgviewer.app.evidence.measurements import Evidence
from ecgviewer.app.evidence.words import evidence_text
from ecgviewer.app.qt.theme import LIGHT, Theme
from ecgviewer.signal.measures.interval_words import interval_texts

SWATCH = QSize(18, 10)


class EvidenceCard(QWidget):
    """Shows an :class:`~ecgviewer.app.evidence.measurements.Evidence`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._evidence: Evidence | None = None
        self._theme: Theme = LIGHT
        self.setAccessibleName("Evidence card")
        self.measures = QLabel("No beats were measured yet")
        self.measures.setAccessibleName("Intervals")
        self.measures.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.statements = QLabel()
        self.statements.setAccessibleName("What passed a limit")
        self.statements.setWordWrap(True)
        self.sheet = BeatSheet()
        self.boxes: dict[str, QCheckBox] = {}
        legend = QHBoxLayout()
        legend.setSpacing(14)
        for name, (title, _role) in LAYERS.items():
            box = QCheckBox(title)
            box.setIconSize(SWATCH)
            box.setChecked(name in self.sheet.layers)
            box.toggled.connect(lambda on, name=name: self.sheet.set_layer(name, on))
            self.boxes[name] = box
            legend.addWidget(box)
        legend.addStretch(1)
        self.note = QLabel()
        self.note.setProperty("quiet", True)
        legend.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 0)
        column.setSpacing(6)
        column.addWidget(self.measures)
        column.addWidget(self.statements)
        column.addWidget(self.sheet, 1)
        column.addLayout(legend)
        self.set_theme(LIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        self.sheet.set_theme(theme)
        for name, (_title, role) in LAYERS.items():
            self.boxes[name].setIcon(_swatch(theme.color(role)))
        self._show()

    def set_evidence(self, evidence: Evidence | None) -> None:
        """Show the beats and intervals of a range, or nothing."""
        self._evidence = evidence
        self.sheet.set_evidence(evidence)
        self.setAccessibleDescription(self.text())
        self._show()

    def text(self) -> str:
        """Return everything measured in words, for the clipboard and screen readers."""
        return evidence_text(self._evidence)

    def _show(self) -> None:
        evidence = self._evidence
        if evidence is None:
            return
        rows = interval_texts(evidence.intervals)
        half = -(-len(rows) // 2)
        cells = [
            f"<td style='color:{self._theme.text_muted}'>{escape(name)}&nbsp;&nbsp;</td>"
            f"<td>{escape(value)}&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;</td>"
            for name, value in rows
        ]
        lines = [
            f"<tr>{cells[k]}{cells[k + half] if k + half < len(cells) else ''}</tr>"
            for k in range(half)
        ]
        self.measures.setText(f"<table cellpadding='1'>{''.join(lines)}</table>")
        self.statements.setText("  ·  ".join(evidence.statements))
        self.statements.setVisible(bool(evidence.statements))
        known = evidence.reconstruction_mv is not None
        self.boxes["reconstruction"].setVisible(known)
        self.boxes["residual"].setVisible(known)
        median = evidence.file_median
        self.boxes["file"].setVisible(median is not None)
        if median is not None:
            self.boxes["file"].setText(f"{LAYERS['file'][0]} (correlation {median.likeness:.2f})")
        self.note.setText(f"ST in {evidence.unit} at J + 60 ms")

    def sizeHint(self) -> QSize:
        """Return a size at which every panel can be read."""
        return QSize(860, 640)

    def minimumSizeHint(self) -> QSize:
        """Return the least size at which nothing overlaps."""
        return QSize(560, 480)


def _swatch(color: QColor) -> QIcon:
    picture = QPixmap(SWATCH * 2)
    picture.setDevicePixelRatio(2.0)
    picture.fill("transparent")
    picture.fill(color)
    return QIcon(picture)
