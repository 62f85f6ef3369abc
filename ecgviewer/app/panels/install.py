"""Puts the panels around the traces of one window."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt

from ecgviewer.app.panels.analysis_panel import AnalysisPanel
from ecgviewer.app.panels.consensus_panel import ConsensusPanel
from ecgviewer.app.panels.flags_panel import FlagsPanel
from ecgviewer.app.panels.measurements_panel import MeasurementsPanel
from ecgviewer.app.panels.record_panel import RecordPanel
from ecgviewer.app.panels.records_panel import RecordsPanel
from ecgviewer.app.shell.workbench import Workbench

LIST_WIDTH = 210


class Panels(QObject):
    """The list of records, and what is known of the open one."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench.parent)
        self._bench = bench
        document, session = bench.document, bench.session
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        self.records = RecordsPanel()
        self.analysis = AnalysisPanel(document, bench.commands)
        self.flags = FlagsPanel(document, bench.groups)
        self.record = RecordPanel(document)
        self.consensus = ConsensusPanel(session)
        self.measurements = MeasurementsPanel(bench)
        add = bench.panels.add
        add("records", "Records", self.records, left, "Ctrl+Alt+1").hide()
        add("analysis", "Analysis", self.analysis, right, "Ctrl+Alt+2", opinion=True)
        add("consensus", "Models", self.consensus, right, "Ctrl+Alt+3", opinion=True)
        add("record", "Record", self.record, right, "Ctrl+Alt+4")
        add("flags", "Flags", self.flags, right, "Ctrl+Alt+5", opinion=True)
        add("measurements", "Measures", self.measurements, right, "Ctrl+Alt+9")
        for name in ("consensus", "record", "measurements"):
            bench.panels.add_tab("analysis", name)
        bench.panels.docks["measurements"].hide()
        model = self.records.model
        session.listCleared.connect(model.clear)
        session.recordsFound.connect(self._add_records)
        session.recordFailed.connect(model.set_failure)
        session.questionAnswered.connect(model.set_answered)
        document.recordingChanged.connect(self._mark_record)
        session.runningChanged.connect(self.analysis.set_running)
        self.records.recordChosen.connect(session.open_ref)
        self.flags.flagActivated.connect(bench.go_to_flag)
        bench.traces.flagClicked.connect(bench.go_to_flag)
        self.consensus.momentChosen.connect(bench.traces.center_on)
        bench.appearance.themeChanged.connect(self.consensus.set_theme)

    def _add_records(self, entries: list[object]) -> None:
        self.records.model.append(entries)  # type: ignore[arg-type]
        if entries:
            self._bench.panels.show_beside("records", LIST_WIDTH)

    def _mark_record(self) -> None:
        if self._bench.document.ref is not None:
            self.records.select(self._bench.document.ref)
