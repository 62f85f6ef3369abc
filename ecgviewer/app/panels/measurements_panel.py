"""The Measurements panel: what is in view in figures, with their limits and who published them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFont, QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ecgviewer.app.plots.saving import Saver, Table
from ecgviewer.app.qt.theme import Theme
from ecgviewer.app.qt.time_texts import LONG_S, span_text
from ecgviewer.app.shell.error_reports import describe
from ecgviewer.app.shell.workbench import Workbench
from ecgviewer.app.work.workers import Task
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.recording import Recording
from ecgviewer.signal.measures.measurement_row import HIGH, LOW, WAVES, Row
from ecgviewer.signal.measures.span import measured_span

SETTLE_MS = 400
MARKS = {HIGH: "▲ ", LOW: "▼ ", "": ""}
TITLES = ("", "Value", "Normal")
COLUMNS = (
    "from [s]", "to [s]", "measurement", "lead", "value", "uncertainty", "unit", "normal",
    "holds for", "source", "deviates", "not measurable because",
)  # fmt: skip


def find_rows(recording: Recording, start_s: float, stop_s: float) -> tuple[Row, ...]:
    """Measure a range of a recording.

    Raises
    ------
    RecordError
    """
    # scipy: not before something is measured.
    from ecgviewer.signal.measures.intervals import measure
    from ecgviewer.signal.measures.measurement_table import measurement_rows

    signal = recording.read(start_s, stop_s)
    stated = recording.stated_highpass_hz
    intervals = measure(signal, recording.fs_hz, recording.leads, stated_highpass_hz=stated)
    leads = [lead for lead in STANDARD_LEADS if lead in recording.leads]
    leads += [lead for lead in recording.leads if lead not in leads]
    patient = recording.patient
    return measurement_rows(intervals, patient.sex, patient.age_years, recording.unit, tuple(leads))


class MeasurementsPanel(QWidget):
    """Measures what is in view once it stands still; nothing of it is a model's."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        self._bench = bench
        self._saver = Saver(bench)
        self._task: Task | None = None
        self._of: tuple[int, tuple[float, float]] | None = None
        self._theme: Theme = bench.appearance.theme
        self.rows: tuple[Row, ...] = ()
        self.span_s = (0.0, 0.0)
        self.state = QLabel()
        self.state.setAccessibleName("What is measured")
        self.state.setWordWrap(True)
        self.more = QToolButton()
        self.more.setText("Save")
        self.more.setAccessibleName("Copy or save the measurements")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        menu.addAction("Copy table", self.copy)
        menu.addAction("Save as CSV…", self.save)
        self.more.setMenu(menu)
        self.whole = _table("Measurements of the whole beat")
        self.leads = _table("Waves, lead by lead")
        self.notes = QLabel()
        self.notes.setAccessibleName("Sources of the limits")
        self.notes.setWordWrap(True)
        self.notes.setProperty("quiet", True)
        row = QHBoxLayout()
        row.addWidget(self.state, 1)
        row.addWidget(self.more)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        for widget in (self.whole, self.leads, self.notes):
            inside.addWidget(widget)
        inside.addStretch(1)
        self._scroll = _Scroll(body)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self._scroll, 1)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._measure)
        bench.document.recordingChanged.connect(self._renew)
        bench.traces.viewChanged.connect(self._settle.start)
        bench.appearance.themeChanged.connect(self._set_theme)

    def table(self) -> Table:
        """Return everything that is measured."""
        start_s, stop_s = self.span_s
        return Table(
            COLUMNS,
            [
                (
                    f"{start_s:.3f}", f"{stop_s:.3f}", row.name, row.lead,
                    None if row.value is None else f"{row.value:.4g}",
                    None if row.uncertainty is None else f"{row.uncertainty:.2g}",
                    row.unit, row.normal, row.who, row.source, row.deviates, row.reason,
                )
                for row in self.rows
            ],
        )  # fmt: skip

    def copy(self) -> None:
        """Put the table on the clipboard, for a spreadsheet."""
        table = self.table()
        lines = [table.columns, *table.rows]
        cells = [["" if cell is None else str(cell) for cell in line] for line in lines]
        QGuiApplication.clipboard().setText("\n".join("\t".join(line) for line in cells))
        self._bench.status.showMessage("Copied the measurements", 4000)

    def save(self) -> None:
        """Save the table as CSV."""
        self._saver.serve("csv", "measurements", self, self.table, self._bench.parent)

    # Measuring --------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Measure what is in view now."""
        super().showEvent(event)
        self._measure()

    def _renew(self) -> None:
        """Show no figure of another record; measure once the new one is laid out."""
        if self._bench.document.recording is None:
            self._measure()
            return
        if self._of is not None:
            self.drop_work()
            self._of = None
            self._show((), "Measuring…")
        self._settle.start()

    def _measure(self) -> None:
        document = self._bench.document
        recording = document.recording
        if recording is None:
            self.drop_work()
            self._of = None
            self._show((), "No record is open.")
            return
        if not self.isVisible():
            return
        span = measured_span(*self._bench.traces.visible_range(), recording.duration_s)
        if self._of == (document.generation, span):
            return
        self.drop_work()
        if self._of is None:
            self._show((), "Measuring…")
        self._of = (document.generation, span)
        long = recording.duration_s > LONG_S
        where = span_text(*span, long, document.clock)

        def show(rows: tuple[Row, ...]) -> None:
            self.span_s = span
            self._show(rows, f"{where}, median of the prevailing beats")

        self._task = self._bench.session.workers.start(
            lambda _progress, _cancel: find_rows(recording, *span),
            on_result=show,
            on_error=lambda error: self._show((), f"⚠ {describe(error)}"),
        )

    def drop_work(self) -> None:
        """Hear no more of what is being measured."""
        self._settle.stop()
        if self._task is not None:
            self._task.drop()
            self._task = None

    # Showing ----------------------------------------------------------------------------------

    def _set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._fill()

    def _show(self, rows: tuple[Row, ...], state: str) -> None:
        self.rows = rows
        self.state.setText(state)
        self._fill()

    def _fill(self) -> None:
        rows = self.rows
        sources = list(dict.fromkeys(row.source for row in rows if row.source))
        whole = [row for row in rows if not row.lead]
        self.whole.setVisible(bool(whole))
        _shape(self.whole, len(whole), TITLES)
        for at, row in enumerate(whole):
            normal = row.normal + (f"  [{sources.index(row.source) + 1}]" if row.source else "")
            self._put(self.whole, at, 0, row.name, row)
            self._put(self.whole, at, 1, _whole_text(row), row)
            self._put(self.whole, at, 2, normal, row)
        leads = list(dict.fromkeys(row.lead for row in rows if row.lead))
        self.leads.setVisible(bool(leads))
        unit = next((row.unit for row in rows if row.lead), "mV")
        _shape(self.leads, len(leads), (unit, *WAVES.values()))
        for at, lead in enumerate(leads):
            self._put(self.leads, at, 0, lead, None)
            for column, row in enumerate((r for r in rows if r.lead == lead), start=1):
                text = f"{MARKS[row.deviates]}{row.value_text() or '–'}"
                self._put(self.leads, at, column, text, row)
        for table in (self.whole, self.leads):
            _fit(table)
        if not rows:
            self.notes.clear()
            self._scroll.fit()
            return
        from ecgviewer.signal.measures.measurement_table import QT_DISPERSION

        listed = "  ".join(f"[{k}] {escape(source)}." for k, source in enumerate(sources, 1))
        marks = "▲ above, ▼ below its limit; a tip on each value tells the limit."
        self.notes.setText(f"{marks} {listed} {QT_DISPERSION}")
        self._scroll.fit()

    def _put(self, table: QTableWidget, at: int, column: int, text: str, row: Row | None) -> None:
        item = QTableWidgetItem(text)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if column and table is self.leads:
            item.setTextAlignment(right)
        if row is None or column == 0:
            item.setForeground(self._theme.color("text_muted"))
        if row is not None:
            item.setToolTip(tip_text(row))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{text}. {tip_text(row)}")
            if row.deviates and column:
                font = QFont(item.font())
                font.setBold(True)
                item.setFont(font)
                item.setForeground(self._theme.color("danger"))
        table.setItem(at, column, item)


def tip_text(row: Row) -> str:
    """Return what there is to say of a measurement: value, limit, source, or why there is none."""
    where = f" in {row.lead}" if row.lead else ""
    if row.value is None:
        reason = row.reason or "there is no such wave, or it cannot be measured"
        return f"{row.name}{where}: {reason}"
    said = f"{row.name}{where}: {row.value_text()} {row.unit}"
    if row.normal:
        source = ", ".join(part for part in (row.who, row.source) if part)
        source = f" ({source})" if source else ""
        verdict = {HIGH: "above", LOW: "below", "": "within"}[row.deviates]
        said += f", {verdict} its limit: {row.normal} {row.unit}{source}"
    return said


def _whole_text(row: Row) -> str:
    if row.value is None:
        return row.reason or "not measurable"
    digits = 0 if row.unit in ("ms", "bpm", "°") else 2
    error = f" ± {row.uncertainty:.{digits}f}" if row.uncertainty is not None else ""
    return f"{MARKS[row.deviates]}{row.value_text()}{error} {row.unit}"


class _Scroll(QScrollArea):
    """Gives its content the height that it needs at its width, for lines that wrap."""

    def __init__(self, body: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(body)
        self._body = body

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Measure anew."""
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Measure the height that is needed."""
        layout = self._body.layout()
        assert layout is not None
        layout.activate()
        needed = layout.heightForWidth(self.viewport().width())
        self._body.setMinimumHeight(max(needed, 0))  # below 0: nothing on show wraps


def _table(name: str) -> QTableWidget:
    table = QTableWidget()
    table.setAccessibleName(name)
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setHighlightSections(False)
    return table


def _shape(table: QTableWidget, n_rows: int, titles: Sequence[str]) -> None:
    table.clear()
    table.setRowCount(n_rows)
    table.setColumnCount(len(titles))
    table.setHorizontalHeaderLabels(list(titles))
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 6)


def _fit(table: QTableWidget) -> None:
    """Make a table as high as its rows: the panel scrolls, not the tables."""
    height = table.horizontalHeader().sizeHint().height() + 2 * table.frameWidth()
    height += table.rowCount() * table.verticalHeader().defaultSectionSize()
    height += table.horizontalScrollBar().sizeHint().height()
    table.setFixedHeight(height)
