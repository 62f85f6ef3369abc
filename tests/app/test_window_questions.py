"""What a file leaves open is asked, answered, remembered and corrected in the window."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QLabel

from ecgviewer.app.dialogs import import_dialog
from ecgviewer.app.dialogs.import_dialog import ImportDialog
from ecgviewer.app.dialogs.import_look import Inspection
from ecgviewer.core.record.record_ref import ReadOptions
from tests import generators
from tests.app.asking import (
    answer,
    asked,
    confirm,
    the_dialog,
    write_silent_hdf5,
    write_silent_records,
)
from tests.app.driving import Build, annotate, open_and_wait, spin


def test_what_a_file_leaves_open_is_asked_with_a_preview_and_remembered(
    make_window: Build, tmp_path: Path
) -> None:
    window = make_window()
    window.session.open_paths([write_silent_hdf5(tmp_path / "one.h5")])
    dialog = the_dialog(window)
    assert window.messages.texts() == []
    ready = dialog.buttons.button(QDialogButtonBox.StandardButton.Open)
    dialog.questions.fs_box.setEditText("0")
    spin(lambda: "positive" in dialog.status.text())
    assert not ready.isEnabled()
    dialog.questions.fs_box.setEditText("250")
    dialog.questions.units_box.setEditText("mV")
    dialog.questions.leads_box.setText(", ".join(generators.LEADS))
    spin(ready.isEnabled)
    assert "12 leads, 10 s at 250 Hz, in mV" in dialog.status.text()
    QTest.mouseClick(ready, Qt.MouseButton.LeftButton)
    spin(lambda: window.document.recording is not None)
    assert window.document.recording.fs_hz == 250.0
    spin(lambda: not window.session.workers.busy)
    window.session.open_paths([write_silent_hdf5(tmp_path / "another.h5")])
    spin(lambda: window.header.record.text() == "another")
    assert window.document.recording.leads == generators.LEADS


def test_a_file_of_many_records_asks_at_once_and_once_for_all_of_them(
    make_window: Build, tmp_path: Path
) -> None:
    window = make_window()
    window.session.open_paths([write_silent_records(tmp_path / "many.h5", ecg=3)])
    the_dialog(window)
    (dialog,) = asked(window)
    assert window.records.count.text() == "3 records, 1 with open questions"
    rows = window.records.list
    place = rows.visualRect(window.records.shown.index(1, 0)).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.keyClick(rows, Qt.Key.Key_Return)
    assert asked(window) == [dialog]
    answer(dialog)
    spin(lambda: window.header.record.text() == "many#0")
    assert window.records.count.text() == "3 records"
    window.commands.action("go.next_record").trigger()
    spin(lambda: window.header.record.text() == "many#1")
    assert window.document.recording.fs_hz == 250.0
    assert asked(window) == [] and window.messages.texts() == []


def test_questions_that_were_cancelled_come_again_with_a_click(
    make_window: Build, tmp_path: Path
) -> None:
    window = make_window()
    window.session.open_paths([write_silent_records(tmp_path / "many.h5", ecg=3)])
    QTest.keyClick(the_dialog(window), Qt.Key.Key_Escape)
    assert asked(window) == []
    rows = window.records.list
    place = rows.visualRect(window.records.shown.index(2, 0)).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    spin(lambda: bool(asked(window)))
    answer(asked(window)[0])
    spin(lambda: window.header.record.text() == "many#2")


def test_the_questions_are_in_the_windows_own_words(make_window: Build, tmp_path: Path) -> None:
    window = make_window()
    window.session.open_paths([write_silent_records(tmp_path / "many.h5", ecg=3)])
    dialog = the_dialog(window)
    spin(lambda: bool(dialog.status.text()))
    words = [label.text() for label in dialog.findChildren(QLabel)]
    assert any("sampling frequency and the unit. The answers hold for every" in w for w in words)
    assert dialog.status.text() == "Still open: the sampling frequency, the unit."
    assert not any("--" in w for w in [*words, window.records.model.rows[0].reason])
    for box in (dialog.questions.fs_box, dialog.questions.units_box):
        assert box.lineEdit().placeholderText() == "the file does not say"


def test_which_array_of_a_file_of_many_is_meant_can_be_answered(
    make_window: Build, tmp_path: Path
) -> None:
    window = make_window()
    window.session.open_paths([write_silent_records(tmp_path / "two.h5", ecg=3, signal=3)])
    dialog = the_dialog(window)
    spin(lambda: dialog.questions.dataset_box.count() == 2)
    answer(dialog)
    spin(lambda: window.header.record.text() == "two#0")
    assert window.records.model.rowCount() == 3


def test_questions_may_be_cancelled_while_the_file_is_looked_into(
    make_window: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking, go_on = threading.Event(), threading.Event()

    def inspect(_ref: object) -> object:
        looking.set()
        go_on.wait(10.0)
        return Inspection([], ReadOptions(), has_layout=True)

    monkeypatch.setattr(import_dialog, "inspect", inspect)
    window = make_window()
    window.session.open_paths([write_silent_hdf5(tmp_path / "one.h5")])
    the_dialog(window)
    spin(looking.is_set)
    QTest.keyClick(the_dialog(window), Qt.Key.Key_Escape)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert window.findChildren(ImportDialog) == []
    go_on.set()
    assert asked(window) == []  # and nothing was raised


def test_cancelling_the_questions_opens_nothing(make_window: Build, tmp_path: Path) -> None:
    window = make_window()
    window.session.open_paths([write_silent_hdf5(tmp_path / "one.h5")])
    dialog = the_dialog(window)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    QTest.qWait(300)
    assert window.document.recording is None and window.messages.texts() == []


def test_answers_can_be_corrected_and_the_review_stays_with_its_own(
    make_window: Build, tmp_path: Path
) -> None:
    """A wrong answer, remembered for every file of the layout, is not for ever."""
    window = make_window()
    window.session.open_paths([write_silent_hdf5(tmp_path / "one.h5")])
    dialog = the_dialog(window)
    dialog.questions.fs_box.setEditText("500")  # it is 250
    dialog.questions.units_box.setEditText("mV")
    spin(dialog.questions.standard_button.isEnabled)
    QTest.mouseClick(dialog.questions.standard_button, Qt.MouseButton.LeftButton)
    confirm(dialog)
    spin(lambda: window.document.recording is not None)
    annotate(window)
    first = window.document.recording.content_hash()

    assert window.notes.answer.isVisible()
    QTest.mouseClick(window.notes.answer, Qt.MouseButton.LeftButton)
    (dialog,) = asked(window)
    assert (dialog.questions.fs_box.currentText(), dialog.questions.units_box.currentText()) == (
        "500",
        "mV",
    )
    dialog.questions.fs_box.setEditText("250")
    spin(lambda: "at 250 Hz" in dialog.status.text())
    confirm(dialog)
    spin(lambda: window.document.recording.fs_hz == 250.0)
    assert window.document.recording.content_hash() != first
    spin(lambda: window.review.document.review is not None)
    assert window.review.document.review.annotations == ()
    assert any("former answers" in text for text in window.messages.texts())

    # Opening it with the answers that it has changes nothing.
    window.messages.clear()
    window.commands.action("file.answers").trigger()
    spin(lambda: bool(asked(window)))
    (dialog,) = asked(window)
    confirm(dialog)
    assert asked(window) == [] and window.messages.texts() == []

    # Another file of the layout, and the same one later, follow the correction.
    again = window.document.recording.content_hash()
    window.session.open_paths([write_silent_hdf5(tmp_path / "two.h5")])
    spin(lambda: window.header.record.text() == "two")
    assert window.document.recording.fs_hz == 250.0
    window.session.open_paths([tmp_path / "one.h5"])
    spin(lambda: window.header.record.text() == "one")
    assert window.document.recording.content_hash() == again


def test_a_unit_that_is_missing_is_given_in_the_window(make_window: Build, tmp_path: Path) -> None:
    header = generators.write_wfdb_16(tmp_path, "adu", generators.ecg_uv(10.0))
    text = header.read_text()
    header.write_text(re.sub(r" \S*/mV ", " 1(0)/adu ", text))
    window = make_window()
    open_and_wait(window, header)
    assert window.document.recording.unit == "a.u."
    window.commands.action("file.answers").trigger()
    (dialog,) = asked(window)
    assert not dialog.remember.isVisible()  # for files that have a layout
    dialog.questions.units_box.setEditText("uV")
    confirm(dialog)
    spin(lambda: window.document.recording.unit == "mV")
    assert window.messages.texts() == []


def test_a_file_that_leaves_nothing_open_asks_for_no_answers(
    make_window: Build, samples: Path
) -> None:
    window = make_window()
    assert not window.commands.action("file.answers").isEnabled()
    open_and_wait(window, samples / "00010_hr.hea")
    assert not window.commands.action("file.answers").isEnabled()
    assert not window.notes.answer.isVisible()


def test_a_table_of_numbers_is_shown_before_all_is_answered(
    make_window: Build, tmp_path: Path
) -> None:
    ecg = generators.ecg_mv(10.0, 250.0)
    rows = "\n".join(";".join(f"{v * 200:.0f}" for v in row) for row in ecg.T)
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text(rows + "\n")
    window = make_window()
    window.session.open_paths([tmp_path / "one.csv"])
    dialog = the_dialog(window)
    spin(lambda: dialog.status.text().startswith("Still open"))
    assert dialog.preview._signal is not None and len(dialog.preview._leads) == 12
    assert not dialog.buttons.button(QDialogButtonBox.StandardButton.Open).isEnabled()
    assert not dialog.questions.asks("delimiter") and not dialog.questions.asks("dataset")
    dialog.questions.fs_box.setEditText("250")
    dialog.questions.units_box.setEditText("200")  # a bare number is counts per mV
    QTest.mouseClick(dialog.questions.standard_button, Qt.MouseButton.LeftButton)
    spin(lambda: dialog.status.text() == "12 leads, 10 s at 250 Hz, in mV")
    confirm(dialog)
    spin(lambda: window.document.recording is not None)
    assert window.document.recording.leads == generators.LEADS
    spin(lambda: not window.session.workers.busy)
    window.session.open_paths([tmp_path / "two.csv"])  # of the same layout: nothing to ask
    spin(lambda: window.header.record.text() == "two")
    notes = " ".join(note.text for note in window.document.recording.notes)
    assert "250 Hz as remembered for files of this layout" in notes and asked(window) == []
