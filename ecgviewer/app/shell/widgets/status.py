"""The status bar: what runs, how far it is, a button to stop it, and what the pointer is on."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton

STEPS = 1000


class StatusLine(QStatusBar):
    """Messages on the left; the running analysis and the pointer on the right."""

    def __init__(self) -> None:
        super().__init__()
        self.unit = "mV"
        self.cursor_label = QLabel()
        self.cursor_label.setAccessibleName("Pointer")
        self.run_label = QLabel()
        self.run_label.setAccessibleName("Running")
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress of the analysis")
        self.progress.setRange(0, STEPS)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(160)
        self.cancel_button = QToolButton()
        self.cancel_button.setText("Cancel")
        self.cancel_button.setAccessibleName("Cancel the analysis")
        for widget in (self.run_label, self.progress, self.cancel_button, self.cursor_label):
            self.addPermanentWidget(widget)
        self.show_running(False)

    def show_running(self, running: bool) -> None:
        """Show or hide what belongs to a run."""
        for widget in (self.progress, self.cancel_button, self.run_label):
            widget.setVisible(running)
        if running:
            self.progress.setValue(0)

    def show_progress(self, fraction: float, text: str) -> None:
        """Show how far the run is (0 to 1)."""
        self.progress.setValue(round(STEPS * fraction))
        self.run_label.setText(text)

    def forget_record(self, unit: str) -> None:
        """Take away what was read off the last record; amplitudes are now in this unit."""
        self.unit = unit
        self.cursor_label.clear()
        self.clearMessage()

    def show_cursor(self, time_s: float, lead: str, mv: float) -> None:
        """Show what the pointer is on; NaN for an unknown level."""
        value = f"  {mv:+.2f} {self.unit}" if mv == mv else ""
        self.cursor_label.setText(f"{lead}  {time_s:.3f} s{value}")
