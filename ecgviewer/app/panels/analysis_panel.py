"""Choose a model and a device, analyse, read the verdict, move the threshold."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.panels.verdict import ScoreParts, VerdictCard
from ecgviewer.app.shell.actions import Commands
from ecgviewer.app.shell.record.document import Document
from ecgviewer.core.percent import percent_text

TAIL_PERCENT = (20, 15, 10, 7.5, 5, 4, 3, 2, 1.5, 1, 0.75, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1)
"""Stops of the threshold slider: the share of normal records that it would flag."""
OVERLAYS = ("reconstruction", "heat", "model_input", "attention", "r_peaks", "flags")
OVERLAY_COLUMNS = 2


def nearest_stop(specificity: float) -> int:
    """Return the slider stop closest to a specificity."""
    tail = 100.0 * (1.0 - specificity)
    return min(range(len(TAIL_PERCENT)), key=lambda stop: abs(TAIL_PERCENT[stop] - tail))


def threshold_text(specificity: float) -> str:
    """Return the threshold in the words of the slider."""
    return (
        f"Top {percent_text(1 - specificity, 2)} of normal records "
        f"(specificity {percent_text(specificity, 2)})"
    )


class AnalysisPanel(QScrollArea):
    """Everything about running a model and reading its result."""

    modelChosen = Signal(str)
    deviceChosen = Signal(str)
    specificityChosen = Signal(float)

    def __init__(self, document: Document, commands: Commands) -> None:
        super().__init__()
        self._document = document
        self._commands = commands
        self._running = False
        self.setAccessibleName("Analysis")
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        self.setWidget(body)
        column = QVBoxLayout(body)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addLayout(self._choices())
        column.addLayout(self._buttons())
        self.verdict = VerdictCard()
        column.addWidget(self.verdict)
        column.addLayout(self._threshold())
        column.addLayout(self._overlays())
        self.parts = ScoreParts()
        column.addWidget(self.parts)
        self.notes = QLabel()
        self.notes.setAccessibleName("Notes on the analysis")
        self.notes.setWordWrap(True)
        self.notes.setTextFormat(Qt.TextFormat.PlainText)
        self.notes.setProperty("quiet", True)
        column.addWidget(self.notes)
        column.addStretch(1)
        document.analysisChanged.connect(self._show)
        document.flagsChanged.connect(self._show)
        self._show()

    def _choices(self) -> QFormLayout:
        self.model_box = QComboBox()
        self.device_box = QComboBox()
        for box in (self.model_box, self.device_box):
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(6)
        self.model_box.setAccessibleName("Model")
        self.device_box.setAccessibleName("Device")
        self.model_box.activated.connect(
            lambda index: self.modelChosen.emit(self.model_box.itemData(index))
        )
        self.device_box.activated.connect(
            lambda index: self.deviceChosen.emit(self.device_box.itemData(index))
        )
        form = QFormLayout()
        form.setSpacing(6)
        form.addRow("&Model", self.model_box)
        form.addRow("&Device", self.device_box)
        return form

    def _buttons(self) -> QHBoxLayout:
        self.run_button = QPushButton("Analyse")
        self.run_button.setDefault(True)
        self.all_button = QPushButton("All three")
        self._run_buttons = (
            (self.run_button, "analyse.run"),
            (self.all_button, "analyse.run_all"),
        )
        for button, command in self._run_buttons:
            action = self._commands.action(command)
            button.clicked.connect(lambda _checked=False, action=action: action.trigger())
            button.setEnabled(action.isEnabled())
            action.enabledChanged.connect(button.setEnabled)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.run_button, 2)
        row.addWidget(self.all_button, 1)
        return row

    def _threshold(self) -> QVBoxLayout:
        self.threshold_label = QLabel()
        self.threshold_label.setWordWrap(True)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Threshold, as a share of normal records")
        self.slider.setRange(0, len(TAIL_PERCENT) - 1)
        self.slider.setPageStep(2)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setValue(nearest_stop(self._document.specificity))
        self.slider.valueChanged.connect(
            lambda stop: self.specificityChosen.emit(1.0 - TAIL_PERCENT[stop] / 100.0)
        )
        row = QHBoxLayout()
        row.setSpacing(6)
        for widget in (_quiet("more flags"), self.slider, _quiet("fewer")):
            row.addWidget(widget, 1 if widget is self.slider else 0)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.threshold_label)
        column.addLayout(row)
        return column

    def _overlays(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        titles = {
            "reconstruction": "Reconstruction", "heat": "Heat strips", "attention": "Attention",
            "model_input": "Model's input", "flags": "Flags", "r_peaks": "R peaks",
        }  # fmt: skip
        self.overlay_boxes: dict[str, QCheckBox] = {}
        for at, overlay in enumerate(OVERLAYS):
            action = self._commands.action(f"view.overlay.{overlay}")
            box = QCheckBox(titles[overlay])
            box.setChecked(action.isChecked())
            box.setToolTip(f"{action.statusTip()} ({action.shortcut().toString()})")
            box.clicked.connect(lambda _checked=False, action=action: action.trigger())
            action.toggled.connect(box.setChecked)
            self.overlay_boxes[overlay] = box
            grid.addWidget(box, at // OVERLAY_COLUMNS, at % OVERLAY_COLUMNS)
        return grid

    def set_models(self, models: Sequence[tuple[str, str]], current: str) -> None:
        """Offer these models, as (id, title)."""
        _fill(self.model_box, models, current)

    def set_devices(self, devices: Sequence[tuple[str, str]], current: str) -> None:
        """Offer these devices, as (id, title)."""
        _fill(self.device_box, devices, current)

    def show_model(self, model: str) -> None:
        """Select a model in the box."""
        self.model_box.setCurrentIndex(self.model_box.findData(model))

    def set_running(self, running: bool) -> None:
        """Say from the first moment that an analysis is under way."""
        self._running = running
        self._show()

    def step_threshold(self, step: int) -> None:
        """Move the slider: +1 fewer flags, -1 more."""
        self.slider.setValue(self.slider.value() + step)

    def _show(self) -> None:
        document = self._document
        self.threshold_label.setText(threshold_text(document.specificity))
        stop = nearest_stop(document.specificity)
        if self.slider.value() != stop:
            self.slider.blockSignals(True)
            self.slider.setValue(stop)
            self.slider.blockSignals(False)
        analysis = document.shown.analysis
        has_attention = analysis is not None and analysis.attention is not None
        saliency = analysis is not None and analysis.saliency is not None and not has_attention
        self.overlay_boxes["attention"].setText("Saliency" if saliency else "Attention")
        self.verdict.show_analysis(
            analysis, document.specificity, document.obstacle, document.blind, self._running
        )
        for button, command in self._run_buttons:
            button.setToolTip(document.obstacle or self._commands.action(command).toolTip())
        self.parts.show_analysis(analysis, document.specificity)
        notes = list(analysis.notes) if analysis is not None else []
        if analysis is not None and analysis.is_partial:
            notes.insert(
                0, f"{analysis.extent_text()} so far; after a stop, Analyse (F5) goes on from there"
            )
        self.notes.setText("\n".join(f"• {note}" for note in notes))
        self.notes.setVisible(bool(notes))


def _quiet(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("quiet", True)
    return label


def _fill(box: QComboBox, entries: Sequence[tuple[str, str]], current: str) -> None:
    box.clear()
    for value, title in entries:
        box.addItem(title, value)
    box.setCurrentIndex(max(box.findData(current), 0) if entries else -1)
