"""The questions of an import dialog: a row for each that the file leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.record_ref import DECIMALS, DELIMITERS, TIME_UNITS_S, ReadOptions

RATES_HZ = ("", "100", "125", "240", "250", "257", "300", "360", "400", "500", "1000")
UNITS = ("", "mV", "uV", "V", "nV", "200/mV", "1000/mV")
STANDARD_ORDERS: Mapping[int, Sequence[str]] = {
    12: STANDARD_LEADS,
    8: ("I", "II", *STANDARD_LEADS[6:]),
    6: STANDARD_LEADS[:6],
    3: STANDARD_LEADS[:3],
}
"""By number of signals; eight are what devices store, from which the other four follow."""
AS_FOUND = "as found"


class ImportQuestions(QWidget):
    """Rows of answers; those that the file answers itself stay hidden until they are asked for.

    Parameters
    ----------
    asked : sequence of str
        Questions that are open.
    now : mapping of str to str
        What the open record takes for granted, by question.
    """

    changed = Signal()

    def __init__(self, asked: Sequence[str], now: Mapping[str, str]) -> None:
        super().__init__()
        self._now = now
        self._n_leads = 0
        self.dataset_box = QComboBox()
        self.delimiter_box = _named((AS_FOUND, None), *((word, word) for word in DELIMITERS))
        self.decimal_box = _named((AS_FOUND, None), *((word, word) for word in DECIMALS))
        self.time_box = _named((AS_FOUND, None), ("no column", "none"))
        self.time_unit_box = _named(
            (f"unit {AS_FOUND}", None), *((f"in {unit}", unit) for unit in TIME_UNITS_S)
        )
        self.time_unit_box.setAccessibleName("Unit of the times")
        self.fs_box = _editable(RATES_HZ, self._hint("fs", asked))
        self.units_box = _editable(UNITS, self._hint("units", asked))
        self.units_box.setToolTip("mV, uV, V, or how many counts are one millivolt: 200/mV")
        self.leads_box = QLineEdit()
        self.standard_button = QPushButton("Sta&ndard order")
        self.standard_button.clicked.connect(self._name_in_standard_order)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._rows: dict[str, QWidget] = {
            "dataset": self.dataset_box,
            "delimiter": self.delimiter_box,
            "decimal": self.decimal_box,
            "time": _side_by_side(self.time_box, self.time_unit_box),
            "fs": self.fs_box,
            "units": self.units_box,
            "leads": _side_by_side(self.leads_box, self.standard_button),
        }
        labels = {
            "dataset": "&Dataset",
            "delimiter": "Columns separated b&y",
            "decimal": "Decimal mar&k",
            "time": "&Times",
            "fs": "&Sampling frequency (Hz)",
            "units": "&Unit of the amplitudes",
            "leads": "&Lead names",
        }
        first = {"time": self.time_box, "leads": self.leads_box}
        for key, row in self._rows.items():
            self._form.addRow(labels[key], row)
            label = self._form.labelForField(row)
            buddy = first.get(key)
            if buddy is not None and label is not None:
                label.setBuddy(buddy)  # type: ignore[attr-defined]
                buddy.setAccessibleName(labels[key].replace("&", ""))
            self._form.setRowVisible(row, False)
        self.know_number_of_leads(0)
        self.ask(asked)
        for box in (self.fs_box, self.units_box):
            box.editTextChanged.connect(lambda _text: self.changed.emit())
        self.leads_box.textChanged.connect(lambda _text: self.changed.emit())
        for box in (self.dataset_box, self.delimiter_box, self.decimal_box, self.time_box,
                    self.time_unit_box):  # fmt: skip
            box.currentIndexChanged.connect(lambda _index: self.changed.emit())

    def ask(self, questions: Sequence[str]) -> None:
        """Show the rows of these questions, beside those on show."""
        for question in questions:
            self._form.setRowVisible(self._rows[question], True)
            if question == "time":  # the rate answers as well
                self._form.setRowVisible(self._rows["fs"], True)

    def asks(self, question: str) -> bool:
        """Return whether the row of a question is on show."""
        return self._form.isRowVisible(self._rows[question])

    def focus_first(self, questions: Sequence[str]) -> None:
        """Put the keyboard where the first open question is answered."""
        places = {
            "decimal": self.decimal_box, "time": self.time_unit_box, "fs": self.fs_box,
            "units": self.units_box, "leads": self.leads_box,
        }  # fmt: skip
        for question, place in places.items():
            if question in questions:
                place.setFocus()
                return

    def fill(self, options: ReadOptions) -> None:
        """Put answers where none stands yet."""
        if options.fs_hz is not None and not self.fs_box.currentText():
            self.fs_box.setEditText(f"{options.fs_hz:g}")
        if options.units is not None and not self.units_box.currentText():
            self.units_box.setEditText(options.units)
        if options.leads and not self.leads_box.text():
            self.leads_box.setText(", ".join(options.leads))
        for box, answer in (
            (self.delimiter_box, options.delimiter),
            (self.decimal_box, options.decimal),
        ):
            if answer is not None and box.currentData() is None:
                box.setCurrentIndex(box.findData(answer))
        if options.time is not None and self.time_box.currentData() is None:
            column, _, unit = options.time.partition(":")
            if self.time_box.findData(column) < 0:
                self.time_box.addItem(f"column {column}", column)
            self.time_box.setCurrentIndex(self.time_box.findData(column))
            self.time_unit_box.setCurrentIndex(max(self.time_unit_box.findData(unit or None), 0))

    def offer_datasets(self, datasets: Sequence[tuple[str, str]], wanted: str | None) -> None:
        """Offer these (words, dataset), where there are several."""
        self.dataset_box.blockSignals(True)
        self.dataset_box.clear()
        for words, dataset in datasets:
            self.dataset_box.addItem(words, dataset)
        self.dataset_box.setCurrentIndex(max(self.dataset_box.findData(wanted), 0))
        self.dataset_box.blockSignals(False)
        self._form.setRowVisible(self.dataset_box, len(datasets) > 1)

    def know_columns(self, names: Sequence[str], times: int | None) -> None:
        """Offer the columns of a table for times; ``times`` is the one in use."""
        chosen = self.time_box.currentData()
        box = self.time_box
        box.blockSignals(True)
        box.clear()
        found = "no column" if times is None else f"column {times + 1}"
        box.addItem(f"{AS_FOUND}: {found}" if chosen is None else AS_FOUND, None)
        box.addItem("no column", "none")
        for k, name in enumerate(names):
            box.addItem(f"column {k + 1}  {name}".rstrip(), str(k + 1))
        box.setCurrentIndex(max(box.findData(chosen), 0))
        box.blockSignals(False)
        self._times = times

    _times: int | None = None

    def know_number_of_leads(self, n_leads: int) -> None:
        """Say how many names are wanted."""
        self._n_leads = n_leads
        order = STANDARD_ORDERS.get(n_leads)
        self.standard_button.setEnabled(order is not None)
        self.standard_button.setToolTip(", ".join(order) if order else "for 12, 8, 6 or 3 signals")
        many = f"{n_leads} names" if n_leads else "names"
        self.leads_box.setPlaceholderText(
            f"{self._now['leads']}, as now" if "leads" in self._now else f"{many}: I, II, III, …"
        )

    def options(self, dataset: str | None) -> ReadOptions:
        """Return the answers as they stand; ``dataset`` where it is not asked for.

        Raises
        ------
        ValueError
            For a number that cannot be.
        """
        fs_text = self.fs_box.currentText().strip().replace(",", ".")
        fs_hz = float(fs_text) if fs_text else None
        if fs_hz is not None and not 0 < fs_hz <= 1e6:
            raise ValueError("the sampling frequency must be a positive number of hertz")
        units = self.units_box.currentText().strip().replace(",", ".")
        if units.replace(".", "", 1).isdigit():
            units += "/mV"  # a bare number can only be counts
        return ReadOptions(
            fs_hz,
            units or None,
            self.names(),
            self.dataset(dataset),
            self.delimiter_box.currentData(),
            self.decimal_box.currentData(),
            self._time(),
        )

    def names(self) -> tuple[str, ...]:
        """Return the lead names as they stand."""
        names = self.leads_box.text().replace(";", ",").split(",")
        return tuple(name.strip() for name in names if name.strip())

    def dataset(self, stated: str | None) -> str | None:
        """Return the dataset that is meant; ``stated`` where that is not asked for."""
        return self.dataset_box.currentData() if self.asks("dataset") else stated

    def _time(self) -> str | None:
        column, unit = self.time_box.currentData(), self.time_unit_box.currentData()
        if column == "none" or unit is None:
            return str(column) if column is not None else None
        if column is None:
            column = None if self._times is None else str(self._times + 1)
        return f"{column}:{unit}" if column is not None else None

    def _name_in_standard_order(self) -> None:
        self.leads_box.setText(", ".join(STANDARD_ORDERS[self._n_leads]))

    def _hint(self, question: str, asked: Sequence[str]) -> str:
        if question in self._now:
            return f"{self._now[question]}, as now".lstrip(", ")
        return "the file does not say" if question in asked else "as in the file"


def _named(*items: tuple[str, str | None]) -> QComboBox:
    box = QComboBox()
    for words, value in items:
        box.addItem(words, value)
    return box


def _editable(values: Sequence[str], placeholder: str) -> QComboBox:
    box = QComboBox()
    box.setEditable(True)
    box.addItems(list(values))
    line = box.lineEdit()
    if line is not None:
        line.setPlaceholderText(placeholder)
    return box


def _side_by_side(first: QWidget, second: QWidget) -> QWidget:
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(first, 1)
    row.addWidget(second)
    return both
