"""Asks what a file leaves open, and shows at once what the answers so far make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.dialogs.import_look import Inspection, Seen, inspect, look, remember
from ecgviewer.app.dialogs.import_questions import ImportQuestions
from ecgviewer.app.dialogs.preview import SignalPreview
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.work.workers import Task, Workers
from ecgviewer.core.errors import QUESTIONS, UnansweredError
from ecgviewer.core.record.record_ref import ReadOptions, RecordRef

WAIT_MS = 250


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
        self.setMinimumWidth(min(720, parent.width() - 40))
        many = "" if ref.index is None else " The answers hold for every record of the file."
        reason = QLabel(f"{ref.path.name}: {error.reason}.{many}")
        reason.setWordWrap(True)
        self.questions = ImportQuestions(error.missing, now)
        self.questions.fill(ref.options)
        self.questions.know_number_of_leads(error.n_leads)
        self.questions.focus_first(error.missing)
        self.preview = SignalPreview()
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setAccessibleName("What these answers give")
        self.remember = QCheckBox("&Remember these answers for files of this layout")
        self.remember.setChecked(True)
        self.remember.hide()  # until it is known to be a file that has a layout
        self.more = QPushButton("&How the table is read …")
        self.more.setAutoDefault(False)
        self.more.hide()  # until it is known to be a table
        self.more.clicked.connect(self._ask_about_table)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self._finish)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(reason)
        column.addWidget(self.questions)
        column.addWidget(self.preview, 1)
        column.addWidget(self.status)
        extras = QHBoxLayout()
        extras.addWidget(self.remember, 1)
        extras.addWidget(self.more)
        column.addLayout(extras)
        column.addWidget(self.buttons)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._try)
        self.questions.changed.connect(self._changed)
        self.finished.connect(lambda _result: self._stop())
        self._before = ref.options
        inspection = self._workers.start(
            lambda _progress, _cancel: inspect(ref),
            on_result=self._take,
            on_error=lambda _error: None,
        )
        self.finished.connect(lambda _result: inspection.drop())
        self._changed()

    def _take(self, found: Inspection) -> None:
        """Show what a look into the file found."""
        self.remember.setVisible(found.has_layout)
        self.more.setVisible(found.is_table)
        if not found.has_layout:
            return
        self.questions.fill(found.remembered)
        answers = self._ref.options.completed_by(found.remembered)
        offered = [
            (f"{one.dataset}   ({' x '.join(map(str, one.shape))}, {one.dtype})", one.dataset)
            for one in found.candidates
        ]
        self.questions.offer_datasets(offered, answers.dataset)
        self._before = replace(answers, dataset=self.questions.dataset(self._ref.options.dataset))
        self._changed()

    def options(self) -> ReadOptions:
        """Return the answers as they stand; raises ValueError for an impossible number."""
        return self.questions.options(self._ref.options.dataset)

    def _ask_about_table(self) -> None:
        self.more.hide()
        self.questions.ask(("delimiter", "decimal", "time"))
        self.questions.delimiter_box.setFocus()

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
            lambda _progress, _cancel: look(ref), on_result=self._show, on_error=self._refuse
        )

    def _show(self, seen: Seen) -> None:
        recording, missing = seen.recording, seen.missing
        self.questions.ask(missing)
        self.questions.know_number_of_leads(seen.n_leads)
        if seen.columns:
            self.questions.know_columns(seen.columns, seen.times)
        rate_known = not {"fs", "time"} & set(missing)
        self.preview.show_signal(
            seen.signal,
            recording.leads,
            recording.fs_hz,
            on_paper=rate_known and recording.units_known,
        )
        self._set_ready(not missing)
        grave = [note.text for note in recording.notes if note.level == "warning"]
        n_leads = "1 lead" if len(recording.leads) == 1 else f"{len(recording.leads)} leads"
        if missing:
            words = f"Still open: {', '.join(QUESTIONS[question] for question in missing)}."
            given = len(self.questions.names())
            if "leads" in missing and given:
                words += f" {given} names stand for {seen.n_leads} signals."
            self.status.setText(words)
            return
        words = (
            f"{n_leads}, {recording.duration_s:.3g} s at {recording.fs_hz:g} Hz, "
            + ("in mV" if recording.units_known else "amplitude unknown")
        )  # fmt: skip
        self.status.setText("\n".join([words, *(f"⚠ {text}" for text in grave)]))

    def _refuse(self, error: Exception) -> None:
        self.preview.clear()
        if isinstance(error, UnansweredError) and error.missing:
            self.questions.ask(error.missing)
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
            lambda _progress, _cancel: remember(path, options),
            on_result=lambda _done: self._end(options),
            on_error=lambda error: self._end(options, error),
        )

    def _end(self, options: ReadOptions, error: Exception | None = None) -> None:
        if error is not None:
            self.problem.emit(f"The answers could not be remembered: {describe(error)}")
        self.accept()
        if options != self._before:
            self.answered.emit(replace(self._ref, options=options))
