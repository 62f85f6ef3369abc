"""Asks what a file leaves open, and shows at once what the answers make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.dialogs.preview import SignalPreview
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.work.workers import Task, Workers
from ecgviewer.core.errors import QUESTIONS, UnansweredError
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record_ref import ReadOptions, RecordRef

if TYPE_CHECKING:
    from ecgviewer.core.recording import Recording
    from ecgviewer.io.hdf5.layout import CandidateDataset

RATES_HZ = ("", "100", "125", "240", "250", "257", "300", "360", "400", "500", "1000")
UNITS = ("", "mV", "uV", "V", "nV")
WAIT_MS = 250
PREVIEW_S = 10.0


class ImportDialog(QDialog):
    """The questions of one :class:`UnansweredError`; emits the answered reference.

    Parameters
    ----------
    now : mapping of str to str, optional
        What the open record takes for granted, by question.
    """

    answered = Signal(object)
    problem = Signal(str)

    def __init__(
        self,
        ref: RecordRef,
        error: UnansweredError,
        workers: Workers,
        parent: QWidget,
        now: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Import {ref.path.name}")
        self._ref, self._workers = ref, workers
        self._task: Task | None = None
        self._candidates: list[CandidateDataset] = []
        self.setMinimumWidth(min(720, parent.width() - 40))
        many = "" if ref.index is None else " The answers hold for every record of the file."
        reason = QLabel(f"{ref.path.name}: {error.reason}.{many}")
        reason.setWordWrap(True)
        self.dataset_box = QComboBox()
        self.fs_box = _choices(RATES_HZ, _hint("fs", error, now))
        self.units_box = _choices(UNITS, _hint("units", error, now))
        self.leads_box = QLineEdit()
        self.leads_box.setPlaceholderText(
            _hint("leads", error, now) if "leads" in now
            else "as in the file; else names in order: I, II, III, …"
        )  # fmt: skip
        form = QFormLayout()
        form.addRow("&Dataset", self.dataset_box)
        form.addRow("&Sampling frequency (Hz)", self.fs_box)
        form.addRow("&Unit of the amplitudes", self.units_box)
        form.addRow("&Lead names", self.leads_box)
        self._form = form
        form.setRowVisible(self.dataset_box, "dataset" in error.missing)
        self._prefill(ref.options, error, now)
        self.preview = SignalPreview()
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setAccessibleName("What these answers give")
        self.remember = QCheckBox("&Remember these answers for files of this layout")
        self.remember.setChecked(True)
        self.remember.hide()  # until it is known to be a file that has a layout
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self._finish)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(reason)
        column.addLayout(form)
        column.addWidget(self.preview, 1)
        column.addWidget(self.status)
        column.addWidget(self.remember)
        column.addWidget(self.buttons)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._try)
        self.fs_box.editTextChanged.connect(lambda _text: self._changed())
        self.units_box.editTextChanged.connect(lambda _text: self._changed())
        self.leads_box.textChanged.connect(lambda _text: self._changed())
        self.dataset_box.currentIndexChanged.connect(lambda _index: self._changed())
        self.finished.connect(lambda _result: self._stop())
        self._before = ref.options
        inspection = self._workers.start(
            lambda _progress, _cancel: _inspect(ref),
            on_result=lambda found: self._take(*found),
            on_error=lambda _error: None,
        )
        self.finished.connect(lambda _result: inspection.drop())
        self._changed()

    def _prefill(
        self, options: ReadOptions, error: UnansweredError, now: Mapping[str, str]
    ) -> None:
        if options.fs_hz is not None:
            self.fs_box.setEditText(f"{options.fs_hz:g}")
        if options.units is not None:
            self.units_box.setEditText(options.units)
        if options.leads:
            self.leads_box.setText(", ".join(options.leads))
        elif "leads" in error.missing and "leads" not in now:
            self.leads_box.setText(", ".join(STANDARD_LEADS))
        first = {"fs": self.fs_box, "units": self.units_box, "leads": self.leads_box}
        for missing in error.missing:
            if missing in first:
                first[missing].setFocus()
                break

    def _take(self, candidates: list[CandidateDataset] | None, remembered: ReadOptions) -> None:
        """Show what a look into the file found."""
        if candidates is None:
            return
        self.remember.show()
        if remembered.fs_hz is not None and not self.fs_box.currentText():
            self.fs_box.setEditText(f"{remembered.fs_hz:g}")
        if remembered.units is not None and not self.units_box.currentText():
            self.units_box.setEditText(remembered.units)
        if remembered.leads and not self.leads_box.text():
            self.leads_box.setText(", ".join(remembered.leads))
        answers = self._ref.options.completed_by(remembered)
        self._offer_datasets(candidates, answers.dataset)
        self._before = replace(answers, dataset=self._dataset())

    def _offer_datasets(self, candidates: list[CandidateDataset], wanted: str | None) -> None:
        self._candidates = candidates
        self.dataset_box.blockSignals(True)
        self.dataset_box.clear()
        for one in candidates:
            shape = " x ".join(map(str, one.shape))
            self.dataset_box.addItem(f"{one.dataset}   ({shape}, {one.dtype})", one.dataset)
        at = self.dataset_box.findData(wanted)
        self.dataset_box.setCurrentIndex(max(at, 0) if candidates else -1)
        self.dataset_box.blockSignals(False)
        self._form.setRowVisible(self.dataset_box, len(candidates) > 1)
        self._changed()

    def options(self) -> ReadOptions:
        """Return the answers as they stand; raises ValueError for an impossible number."""
        fs_text = self.fs_box.currentText().strip().replace(",", ".")
        fs_hz = float(fs_text) if fs_text else None
        if fs_hz is not None and not 0 < fs_hz <= 1e6:
            raise ValueError("the sampling frequency must be a positive number of hertz")
        leads = tuple(
            name.strip() for name in self.leads_box.text().replace(";", ",").split(",")
            if name.strip()
        )  # fmt: skip
        units = self.units_box.currentText().strip() or None
        return ReadOptions(fs_hz, units, leads, self._dataset())

    def _dataset(self) -> str | None:
        asked = self._form.isRowVisible(self.dataset_box)
        return self.dataset_box.currentData() if asked else self._ref.options.dataset

    def _changed(self) -> None:
        self._set_ready(False)
        self._timer.start()

    def _set_ready(self, ready: bool) -> None:
        self.buttons.button(QDialogButtonBox.StandardButton.Open).setEnabled(ready)

    def _try(self) -> None:
        self._stop()
        try:
            ref = replace(self._ref, options=self.options())
        except ValueError as error:
            self.status.setText(f"⚠ {error}")
            return
        self._task = self._workers.start(
            lambda _progress, _cancel: _look(ref),
            on_result=lambda seen: self._show(*seen),
            on_error=self._refuse,
        )

    def _show(self, recording: Recording, signal_mv: Any) -> None:
        self._set_ready(True)
        self.preview.show_signal(signal_mv, recording.leads, recording.fs_hz)
        grave = [note.text for note in recording.notes if note.level == "warning"]
        words = (
            f"{len(recording.leads)} leads, {recording.duration_s:.3g} s at "
            f"{recording.fs_hz:g} Hz, "
            + ("in mV" if recording.units_known else "amplitude unknown")
        )
        self.status.setText("\n".join([words, *(f"⚠ {text}" for text in grave)]))

    def _refuse(self, error: Exception) -> None:
        self.preview.clear()
        if isinstance(error, UnansweredError) and error.missing:
            asked = [QUESTIONS[missing] for missing in error.missing if missing != "dataset"]
            self.status.setText(f"Still open: {', '.join(asked or [error.reason])}.")
        else:
            self.status.setText(f"⚠ {describe(error)}")

    def _stop(self) -> None:
        self._timer.stop()
        if self._task is not None:
            self._task.drop()
            self._task = None

    def _finish(self) -> None:
        """Remember first: whoever opens the file next must not find the answers of before."""
        self._stop()
        self._set_ready(False)
        path, options = self._ref.path, self.options()
        if self.remember.isHidden() or not self.remember.isChecked():
            self._end(options)
            return
        self._task = self._workers.start(
            lambda _progress, _cancel: _remember(path, options),
            on_result=lambda _done: self._end(options),
            on_error=lambda error: self._end(options, error),
        )

    def _end(self, options: ReadOptions, error: Exception | None = None) -> None:
        if error is not None:
            self.problem.emit(f"The answers could not be remembered: {describe(error)}")
        self.accept()
        if options != self._before:
            self.answered.emit(replace(self._ref, options=options))


def _hint(question: str, error: UnansweredError, now: Mapping[str, str]) -> str:
    if question in now:
        return f"{now[question]}, as now".lstrip(", ")
    return "the file does not say" if question in error.missing else "as in the file"


def _choices(values: tuple[str, ...], placeholder: str) -> QComboBox:
    box = QComboBox()
    box.setEditable(True)
    box.addItems(values)
    line = box.lineEdit()
    if line is not None:
        line.setPlaceholderText(placeholder)
    return box


def _inspect(ref: RecordRef) -> tuple[list[CandidateDataset] | None, ReadOptions]:
    """Return the arrays that may be meant (None in WFDB) and what is remembered of the layout."""
    from ecgviewer.io import profiles
    from ecgviewer.io.hdf5 import layout as hdf5_layout
    from ecgviewer.io.registry import is_hdf5
    from ecgviewer.io.text.sniff import layout_of

    if not is_hdf5(ref.path):
        table = layout_of(ref.path)
        return None, profiles.remembered_for(table.signature) if table else ReadOptions()
    return hdf5_layout.inspect(ref.path), profiles.remembered(ref.path)


def _look(ref: RecordRef) -> tuple[Recording, np.ndarray]:
    from ecgviewer.io import open_record

    try:
        recording = open_record(ref)
    except UnansweredError as error:
        if ref.index is not None or error.missing:
            raise
        recording = open_record(replace(ref, index=0))  # the file holds many: the first will do
    try:
        return recording, recording.read(0.0, PREVIEW_S)
    finally:
        recording.source.close()


def _remember(path: Path, options: ReadOptions) -> None:
    from ecgviewer.io import profiles

    if options == ReadOptions():
        profiles.forget(path)
    else:
        profiles.remember(path, options)
