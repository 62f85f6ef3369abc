"""The evidence card in a window of its own, measured off the window's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout

from ecgviewer.app.evidence.card import EvidenceCard
from ecgviewer.app.plots.saving import ACTIONS, Saver
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.app.work.workers import Task
from ecgviewer.review.privacy.identity import names_patient

if TYPE_CHECKING:
    from ecgviewer.app.evidence.measurements import Evidence


SIZE = (900, 740)


class EvidenceWindow(QDialog):
    """Median beats against their reconstruction, for the span in view or the selected flag."""

    def __init__(self, bench: Workbench) -> None:
        window = bench.parent
        super().__init__(window)
        self.setWindowTitle("Evidence card")
        self.resize(min(SIZE[0], window.width() - 40), min(SIZE[1], window.height() - 40))
        self._bench = bench
        self._task: Task | None = None
        self.card = EvidenceCard()
        self.card.set_theme(bench.appearance.theme)
        self.state = QLabel()
        self.state.setAccessibleName("State of the measurement")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        role = QDialogButtonBox.ButtonRole.ActionRole
        copy = self.buttons.addButton("Copy text", role)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.card.text()))
        saver = Saver(bench)
        for kind, title in ACTIONS:
            button = self.buttons.addButton(title, role)
            button.clicked.connect(lambda _checked=False, kind=kind: self._save(saver, kind))
        self.card.sheet.saveAsked.connect(lambda kind: self._save(saver, kind))
        self.card.sheet.timeChosen.connect(lambda at_s: bench.traces.center_on(at_s, at_s))
        bench.appearance.themeChanged.connect(self.card.set_theme)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.card, 1)
        column.addWidget(self.state)
        column.addWidget(self.buttons)
        self.finished.connect(lambda _result: self._drop())

    def measure(self) -> None:
        """Measure what is in view, around the selected flag if there is one."""
        from ecgviewer.app.evidence.measurements import gather

        document = self._bench.document
        recording, analysis = document.recording, document.shown.analysis
        facts = document.shown.facts
        if recording is None:
            return
        start_s, stop_s = self._bench.traces.visible_range()
        flag = document.current_flag
        if flag is not None and start_s <= flag.start_s <= stop_s:
            start_s, stop_s = flag.start_s, flag.stop_s
        self._drop()
        named = names_patient(recording, recording.name)
        self.setWindowTitle("Evidence card" if named else f"Evidence card: {recording.name}")
        self.state.setText("Measuring…")
        self._task = self._bench.session.workers.start(
            lambda _progress, _cancel: gather(recording, analysis, start_s, stop_s, facts),
            on_result=self._show,
            on_error=lambda error: self.state.setText(f"⚠ {describe(error)}"),
        )

    def _show(self, evidence: Evidence) -> None:
        self.card.set_evidence(evidence)
        self.state.setText(
            f"Median of {evidence.intervals.n_beats} beats, {evidence.start_s:.1f} to "
            f"{evidence.stop_s:.1f} s"
        )

    def _save(self, saver: Saver, kind: str) -> None:
        saver.serve(kind, "evidence", self.card, self.card.sheet.table, self)

    def _drop(self) -> None:
        if self._task is not None:
            self._task.drop()
            self._task = None
