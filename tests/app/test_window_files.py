"""Good, odd and bad files: shown, or explained without a modal; the program goes on."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ecgviewer.app.dialogs.import_dialog import ImportDialog
from ecgviewer.app.report.reporting import Reporting
from ecgviewer.core.errors import AnalysisError
from tests import generators
from tests.app.asking import confirm, the_dialog
from tests.app.driving import Build, ClockworkInference, open_and_wait, spin


def write_record(folder: Path, name: str, leads: tuple[str, ...], seconds: float) -> Path:
    """Write a WFDB record of format 16, 500 Hz, 1000 counts per mV; any number of leads."""
    twelve = generators.ecg_uv(seconds)
    rows = [twelve[i % 12] for i in range(len(leads))]
    counts = np.stack(rows).astype("<i2")
    (folder / f"{name}.dat").write_bytes(counts.T.tobytes())
    lines = [f"{name} {len(leads)} 500 {counts.shape[1]}"]
    lines += [f"{name}.dat 16 1000(0)/mV 16 0 {row[0]} 0 0 {lead}"
              for row, lead in zip(counts, leads, strict=True)]  # fmt: skip
    (folder / f"{name}.hea").write_text("\n".join(lines) + "\n")
    return folder / f"{name}.hea"


LEADS_15 = (*generators.LEADS, "V7", "V8", "V9")


@pytest.mark.parametrize(
    ("leads", "seconds"),
    [
        (("I", "II", "V2"), 10.0),
        (LEADS_15, 10.0),
        (generators.LEADS, 6.0),
        (generators.LEADS, 0.5),
        (("MLII", "V5"), 10.0),
    ],
)
def test_unusual_records_open_for_viewing(
    make_window: Build, tmp_path: Path, leads: tuple[str, ...], seconds: float
) -> None:
    window = make_window()
    open_and_wait(window, write_record(tmp_path, "odd", leads, seconds))
    assert window.document.recording.leads[: len(leads)] == leads
    assert window.traces.wait_until_loaded()
    assert window.messages.texts() == []
    for command in ("view.layout.6x2", "view.layout.3x4", "view.layout.12x1", "view.fit"):
        window.commands.action(command).trigger()
        QApplication.processEvents()


def test_of_a_record_no_model_can_judge_it_is_said_at_once(
    make_window: Build, tmp_path: Path, samples: Path
) -> None:
    window = make_window()
    window.settings.value.analyse_on_open = True
    open_and_wait(window, write_record(tmp_path, "three", ("II", "V1", "V2"), 10.0))
    panel = window.analysis_panel
    assert panel.verdict.headline.text() == "No model can judge this record"
    assert "6 of the 12 standard leads; missing: I, III" in panel.verdict.figures.text()
    for button, command in ((panel.run_button, "run"), (panel.all_button, "run_all")):
        assert not button.isEnabled() and "standard leads" in button.toolTip()
        assert not window.commands.action(f"analyse.{command}").isEnabled()
    assert window.messages.texts() == []
    window.settings.value.analyse_on_open = False
    open_and_wait(window, samples / "00010_hr.hea")
    assert panel.verdict.headline.text() == "Not analysed"
    assert panel.run_button.isEnabled() and "standard leads" not in panel.run_button.toolTip()


def test_what_went_wrong_with_a_record_names_it_and_goes_with_it(
    make_window: Build, clockwork: ClockworkInference, samples: Path
) -> None:
    window = make_window(clockwork)
    clockwork.fail_with = AnalysisError("the model needs a rest")
    open_and_wait(window, samples / "00010_hr.hea")
    window.session.errorRaised.emit("lost.hea: this stays until it is closed")
    window.commands.action("analyse.run").trigger()
    spin(lambda: len(window.messages.texts()) == 2)
    assert window.messages.texts()[1] == "00010_hr: the model needs a rest"
    open_and_wait(window, samples / "00330_hr.hea")
    assert window.messages.texts() == ["lost.hea: this stays until it is closed"]


def bad_files(folder: Path) -> list[Path]:
    """Write one of each kind of bad file."""
    good = write_record(folder, "cut", generators.LEADS, 10.0)
    (folder / "cut.dat").write_bytes((folder / "cut.dat").read_bytes()[:1000])
    lost = write_record(folder, "lost", generators.LEADS, 2.0)
    (folder / "lost.dat").unlink()
    empty, text = folder / "empty.hea", folder / "text.hea"
    empty.write_bytes(b"")
    text.write_text("Dear colleague, please find attached\nthe recording.\n")
    zero = write_record(folder, "zero", generators.LEADS, 2.0)
    zero.write_text(zero.read_text().replace(" 500 ", " 0 ", 1))
    hdf5 = folder / "none.h5"
    with h5py.File(hdf5, "w") as file:
        file["notes"] = "no ECG in here"
    return [good, lost, empty, text, zero, hdf5]


def test_each_bad_file_is_named_with_its_reason_and_the_record_stays(
    make_window: Build, tmp_path: Path, samples: Path
) -> None:
    window = make_window()
    open_and_wait(window, samples / "00010_hr.hea")
    bad = [path for path in bad_files(tmp_path) if path.stem != "zero"]
    for path in [*bad, tmp_path / "nowhere.hea"]:
        window.messages.clear()
        window.session.open_paths([path])
        spin(lambda: bool(window.messages.texts()))
        (message,) = window.messages.texts()
        assert message.startswith(path.stem), message
        assert "Traceback" not in message and "Error" not in message
        assert QApplication.activeModalWidget() is None
    assert window.header.record.text() == "00010_hr"


def test_a_folder_with_bad_files_lists_them_with_their_reasons(
    make_window: Build, tmp_path: Path
) -> None:
    bad_files(tmp_path)
    write_record(tmp_path, "zz_good", generators.LEADS, 10.0)
    window = make_window()
    window.session.open_paths([tmp_path])
    spin(lambda: "unreadable" in window.records.count.text())
    spin(lambda: window.records.model.rowCount() >= 6)
    failures = [row for row in window.records.model.rows if row.reason]
    assert {row.name for row in failures} >= {"empty", "text", "none"}
    spin(lambda: window.header.record.text() == "zz_good")
    assert window.messages.texts() == []
    assert window.findChildren(ImportDialog) == []
    # Whatever the search could not tell shows when it is opened, on its row too.
    for row in list(window.records.model.rows):
        if row.ref is not None and row.name in ("lost", "cut"):
            window.session.open_ref(row.ref)
            spin(lambda name=row.name: any(name in text for text in window.messages.texts()))
    refs = {row.name: row.ref for row in window.records.model.rows}
    window.session.open_ref(refs["zz_good"])
    spin(lambda: window.header.record.text() == "zz_good")


def test_a_rate_of_zero_is_asked_for(make_window: Build, tmp_path: Path) -> None:
    bad_files(tmp_path)
    window = make_window()
    window.session.open_paths([tmp_path / "zero.hea"])
    dialog = the_dialog(window)
    dialog.questions.fs_box.setEditText("500")
    confirm(dialog)
    spin(lambda: window.header.record.text() == "zero")
    assert "500 Hz" in window.header.facts.text()


def test_assumptions_stand_above_the_traces_and_in_the_record_panel(
    make_window: Build, tmp_path: Path, samples: Path
) -> None:
    swapped = (*generators.LEADS[:3], "aVL", "aVR", *generators.LEADS[5:])
    window = make_window()
    open_and_wait(window, write_record(tmp_path, "swapped", swapped, 10.0))
    assert window.notes.isVisible()
    assert window.notes.text.text().startswith("⚠")
    # A text without its format has plain blanks.
    assert any(note.text.replace("\u00a0", " ") in window.record_panel.toPlainText()
               for note in window.document.recording.notes)  # fmt: skip
    if window.notes.fold.isVisible():
        QTest.mouseClick(window.notes.fold, Qt.MouseButton.LeftButton)
        assert "\n" in window.notes.text.text()
    open_and_wait(window, samples / "00010_hr.hea")
    assert not window.notes.isVisible()


def test_a_record_that_vanishes_while_open_is_reported(make_window: Build, tmp_path: Path) -> None:
    window = make_window()
    path = write_record(tmp_path, "gone", generators.LEADS, 600.0)
    open_and_wait(window, path)
    path.with_suffix(".dat").unlink()
    window.document.recording.source.close()
    window.traces.goto(500.0)
    window.traces.wait_until_loaded(2.0)
    QTest.qWait(100)
    assert window.isVisible()


def test_thousands_of_records_are_listed_without_stalling(
    make_window: Build, tmp_path: Path
) -> None:
    from ecgviewer.core.record.record_ref import RecordRef

    window = make_window()
    refs = [RecordRef(tmp_path / f"r{n:05d}.hea") for n in range(20_000)]
    for at in range(0, len(refs), 500):
        window.session.recordsFound.emit(refs[at : at + 500])
    QTest.keyClicks(window.records.filter_box, "r0199")
    assert window.records.shown.rowCount() == 10
    assert window.records.count.text() == "10 of 20000 records"


def test_a_report_of_a_record_closed_meanwhile_is_refused_in_words(
    make_window: Build, tmp_path: Path
) -> None:
    window = make_window()
    reporting = Reporting(window.bench)
    reporting.export(tmp_path / "page.pdf")
    reporting.print()
    said = window.messages.texts()
    assert "No report: no record is open." in said
    assert "Nothing was printed: no record is open." in said
    assert list(tmp_path.iterdir()) == []
