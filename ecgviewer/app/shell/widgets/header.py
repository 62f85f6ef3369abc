"""The line above the traces: who, what, when, and the heart rate."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from ecgviewer.app.qt.time_texts import duration_text
from ecgviewer.app.shell.record.document import Document
from ecgviewer.core.record.recording import Recording


class ElidedLabel(QLabel):
    """A label that shortens its text instead of widening the window; the tooltip has it all."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._full = ""
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(40)

    def set_full_text(self, text: str) -> None:
        """Show this text, as much of it as fits."""
        self._full = text
        self.setToolTip(text)
        self._elide()

    def full_text(self) -> str:
        """Return the whole text."""
        return self._full

    def resizeEvent(self, event: object) -> None:
        """Fit the text to the new width."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._elide()

    def _elide(self) -> None:
        width = max(self.width() - 4, 0)
        mode = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(self._full, mode, width))


class HeaderBar(QWidget):
    """Record, patient line and heart rate of the open document."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self.blind = QLabel("Blind")
        self.blind.setObjectName("blindBadge")
        self.blind.setAccessibleName("Reading blind")
        self.blind.setToolTip(
            "What models, the file and other readers say is hidden (Review › Blind shows it again)"
        )
        self.record = QLabel()
        self.record.setAccessibleName("Record")
        font = self.record.font()
        font.setBold(True)
        self.record.setFont(font)
        self.patient = ElidedLabel("Patient")
        self.facts = QLabel()
        self.facts.setAccessibleName("Recording facts")
        self.rate = QLabel()
        self.rate.setAccessibleName("Heart rate")
        self.rate.setFont(font)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 10, 4)
        row.setSpacing(14)
        row.addWidget(self.blind)
        row.addWidget(self.record)
        row.addWidget(self.patient, 1)
        row.addWidget(self.facts)
        row.addWidget(self.rate)
        document.recordingChanged.connect(self._show_recording)
        document.heartChanged.connect(self._show_rate)
        document.blindChanged.connect(self._show_blind)
        self._show_blind()
        self._show_recording()
        self._show_rate()

    def _show_recording(self) -> None:
        recording = self._document.recording
        self.setVisible(recording is not None)
        if recording is None:
            return
        self.record.setText(recording.name)
        self.record.setToolTip(str(recording.path))
        self.patient.set_full_text(recording.patient.line() or recording.patient.absence)
        self.facts.setText(facts(recording))

    def _show_blind(self) -> None:
        self.blind.setVisible(self._document.blind)

    def _show_rate(self) -> None:
        heart = self._document.heart
        if self._document.recording is None:
            self.rate.clear()
        elif heart is None:
            self.rate.setText("♥ …")
            self.rate.setToolTip("The heart rate is being measured")
        elif heart.rate_bpm is None:
            self.rate.setText("♥ –")
            self.rate.setToolTip("Too few R peaks for a heart rate")
        else:
            self.rate.setText(f"♥ {heart.rate_bpm:.0f} bpm (record)")
            self.rate.setToolTip(f"Mean of the whole record, {heart.r_peaks.size} R peaks")


def facts(recording: Recording) -> str:
    """Return when, how long, how fast and how many leads, in one line."""
    parts = []
    if recording.start.text:
        parts.append(recording.start.text)
    parts.append(duration_text(recording.duration_s))
    parts.append(f"{recording.fs_hz:g} Hz")
    parts.append(f"{len(recording.leads)} leads" if len(recording.leads) != 1 else "1 lead")
    if not recording.units_known:
        parts.append("amplitude unknown")
    return " · ".join(parts)
