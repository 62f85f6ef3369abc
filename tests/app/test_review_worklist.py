"""Working through a folder: screening, ranking, resuming, two readers, blind reading, export."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from ecgviewer.app.shell.settings import SettingsStore
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.app.work.inference import Inference
from ecgviewer.core.errors import AnalysisError
from ecgviewer.review.exports.json_export import schema
from ecgviewer.review.exports.wfdb.export import import_wfdb
from tests.app.driving import spin

wfdb = pytest.importorskip("wfdb")
# wfdb 4.3 uses a pandas call that pandas 3.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")

Key, Ctrl = Qt.Key, Qt.KeyboardModifier.ControlModifier
Shift, Alt = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
NONE = Qt.KeyboardModifier.NoModifier


def press(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press a key where the keyboard focus is."""
    QTest.keyClick(QApplication.focusWidget() or window.traces, key, modifiers)
    QApplication.processEvents()


def open_folder(window: MainWindow, folder: Path) -> None:
    """Open a folder and wait until its first record can be reviewed."""
    window.session.open_paths([folder])
    spin(lambda: window.review.document.review is not None)
    spin(lambda: window.review.worklist.queue is not None)
    window.traces.setFocus()
    QApplication.processEvents()


def open_name(window: MainWindow) -> str:
    """Return the name of the open record once its review is open too."""
    spin(lambda: window.review.document.review is not None)
    assert window.document.ref is not None
    return window.document.ref.name


@pytest.fixture
def folder(samples: Path, tmp_path: Path) -> Path:
    """A folder of four records that can be written to."""
    target = tmp_path / "ward"
    target.mkdir()
    for name in ("00010_hr", "00330_hr", "00338_hr", "00414_hr"):
        for suffix in (".hea", ".dat"):
            shutil.copy(samples / (name + suffix), target)
    return target


@pytest.fixture
def window(make_window: Callable[..., MainWindow], folder: Path) -> MainWindow:
    window = make_window()
    open_folder(window, folder)
    return window


def test_screening_fills_the_list_and_says_how_far_it_is(window: MainWindow) -> None:
    press(window, Key.Key_F5, Ctrl)
    worklist = window.review.worklist
    assert worklist.screening
    spin(lambda: not worklist.screening)
    rows = window.review.worklist_panel.model.rows
    assert [row.score for row in rows] == [4.6] * 4
    assert all(row.quality == "ok" for row in rows)
    assert any("4 records were screened" in text for text in window.messages.texts())


def test_the_list_shows_each_record_small(window: MainWindow) -> None:
    model = window.review.worklist_panel.model

    def ink(number: int) -> int:
        picture = model.data(model.index(number, 0), Qt.ItemDataRole.DecorationRole)
        image = picture.toImage()
        pixels = [
            image.pixelColor(x, y).alpha() > 0
            for x in range(image.width())
            for y in range(image.height())
        ]
        return sum(pixels)

    def all_drawn() -> bool:
        return all(ink(number) > 100 for number in range(len(model.rows)))

    spin(all_drawn)
    # A flat lead would leave a line of one or two pixels per column.
    assert min(ink(number) for number in range(len(model.rows))) > 300


def test_a_record_that_fails_does_not_stop_the_others(window: MainWindow) -> None:
    window.session._inference.fail_with = AnalysisError("leads are missing")
    press(window, Key.Key_F5, Ctrl)
    spin(lambda: not window.review.worklist.screening)
    rows = window.review.worklist_panel.model.rows
    assert ["leads are missing" in row.error for row in rows] == [True] * 4
    window.session._inference.fail_with = None
    press(window, Key.Key_F5, Ctrl)
    spin(lambda: not window.review.worklist.screening)
    assert [row.error for row in window.review.worklist_panel.model.rows] == [""] * 4


def test_screening_can_be_stopped_and_goes_on_where_it_was(window: MainWindow) -> None:
    worklist = window.review.worklist
    press(window, Key.Key_F5, Ctrl)
    spin(lambda: any(row.scores for row in worklist.queue.rows))
    press(window, Key.Key_F5, Ctrl)
    assert not worklist.screening
    done = sum(bool(row.scores) for row in worklist.queue.rows)
    assert 1 <= done < 4


def test_done_goes_to_the_next_record_and_counts(window: MainWindow) -> None:
    names = [open_name(window)]
    for _ in range(3):
        press(window, Key.Key_D)
        spin(lambda: window.document.ref.name != names[-1])
        names.append(open_name(window))
    assert names == ["00010_hr", "00330_hr", "00338_hr", "00414_hr"]
    press(window, Key.Key_D)
    assert window.review.worklist_panel.progress.text() == "4 of 4 reviewed"
    assert any("is reviewed" in text for text in window.messages.texts())
    press(window, Key.Key_D, Shift)
    assert window.review.worklist_panel.progress.text() == "3 of 4 reviewed"


def test_tomorrow_the_work_goes_on_where_it_stopped(window, make_window, folder) -> None:
    press(window, Key.Key_D)
    spin(lambda: window.document.ref.name == "00330_hr")
    spin(lambda: window.review.document.review is not None)
    press(window, Key.Key_B)
    press(window, Key.Key_1)
    settings = window.settings
    window.close()
    again = make_window(settings=SettingsStore(None))
    again.settings.value.reader = settings.value.reader
    open_folder(again, folder)
    spin(lambda: again.document.ref is not None and again.document.ref.name == "00330_hr")
    spin(lambda: again.review.document.review is not None)
    assert again.review.worklist_panel.progress.text() == "1 of 4 reviewed"
    assert any("Back at 00330_hr" in text for text in again.messages.texts())
    labels = [row.labels for row in again.review.worklist_panel.model.rows]
    assert ("Atrial fibrillation",) in labels


def test_the_list_is_filtered_and_walked_with_the_keyboard(window: MainWindow) -> None:
    press(window, Key.Key_L, Ctrl)
    table = window.review.worklist_panel.table
    assert table.hasFocus()
    press(window, Key.Key_Down)
    press(window, Key.Key_Return)
    spin(lambda: window.document.ref.name == "00330_hr")
    press(window, Key.Key_Period)
    spin(lambda: window.document.ref.name == "00338_hr")
    press(window, Key.Key_Comma)
    spin(lambda: window.document.ref.name == "00330_hr")
    window.review.worklist_panel.text.setText("414")
    assert [row.ref.name for row in window.review.worklist_panel.model.rows] == ["00414_hr"]


def read_as(window: MainWindow, reader: str, conclusion: Qt.Key, *keys: Qt.Key) -> None:
    """Conclude and annotate the open record as a reader."""
    window.review.records.set_reader(reader)
    spin(lambda: window.review.document.review is not None)
    assert window.review.document.review.author == reader
    press(window, conclusion, Ctrl | Alt)
    for key in keys:
        press(window, Key.Key_B)
        press(window, key)


def test_two_readers_are_compared_and_a_third_decides(window: MainWindow) -> None:
    read_as(window, "Ann", Key.Key_A, Key.Key_1)
    read_as(window, "Bob", Key.Key_A, Key.Key_2)
    assert len(window.review.document.review.annotations) == 1
    read_as(window, "Cas", Key.Key_U)
    window.commands.action("review.compare").trigger()
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    dialog.first.setCurrentText("Ann")
    dialog.second.setCurrentText("Bob")
    assert [item.kind for item in dialog.found] == ["label differs"]
    assert "F1 0.00" in dialog.summary.text()
    assert "kappa is undefined" in dialog.summary.text()
    dialog.table.selectRow(0)
    dialog.take_second.click()
    dialog.close()
    (taken,) = window.review.document.review.annotations
    assert (taken.label, taken.author) == ("1st degree AV block", "Cas")
    assert "Bob" in taken.note


def test_blind_readers_see_nothing_of_the_models(window: MainWindow) -> None:
    window.session.analyse(["cae"])
    spin(lambda: bool(window.document.shown.analyses))
    assert window.traces.scene.flags
    press(window, Key.Key_H, Ctrl | Shift)
    for name in ("analysis", "consensus", "flags"):
        assert window.docks[name].isHidden()
    assert not window.traces.scene.flags
    assert window.traces.scene.analysis is None
    window.session.set_specificity(0.9)
    assert not window.traces.scene.flags
    press(window, Key.Key_N)
    assert window.document.selected_flag is None
    columns = window.review.worklist_panel.table
    assert columns.isColumnHidden(1) and columns.isColumnHidden(2)
    press(window, Key.Key_H, Ctrl | Shift)
    assert window.traces.scene.flags
    assert not window.docks["flags"].isHidden()


def test_annotations_of_the_file_are_shown_on_request(window: MainWindow, folder: Path) -> None:
    import numpy as np

    wfdb.wrann("00330_hr", "atr", np.array([500, 900]), ["N", "V"], fs=500, write_dir=str(folder))
    press(window, Key.Key_Period)
    spin(lambda: window.document.ref.name == "00330_hr")
    from ecgviewer.app.shell.menu_paths import FILE_ANNOTATIONS

    menu = window.commands.menu(FILE_ANNOTATIONS)
    spin(lambda: bool(menu.actions()))
    menu.actions()[0].trigger()
    spin(lambda: len(window.traces.scene.annotations) == 2)
    assert [item.start_s for item in window.traces.scene.annotations] == [1.0, 1.8]
    menu.actions()[0].trigger()
    assert window.traces.scene.annotations == ()


def export(window: MainWindow, out: Path, anonymous: bool = False) -> None:
    """Export all formats through the dialog, with the keyboard."""
    press(window, Key.Key_E, Ctrl | Shift)
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    for box in dialog.formats.values():
        box.setChecked(True)
    dialog.anonymous.setChecked(anonymous)
    field = dialog.findChild(QLineEdit)
    field.selectAll()
    QTest.keyClicks(field, str(out))
    assert dialog.button.isDefault() and dialog.button.isEnabled(), dialog.button.isDefault()
    QTest.keyClick(dialog, Key.Key_Return)
    assert not dialog.isVisible()
    window.activateWindow()  # without a window manager nobody does it
    spin(window.isActiveWindow)
    window.traces.setFocus()
    QApplication.processEvents()


def check_exports(out: Path, name: str, labels: list[str]) -> None:
    """Read the exports with other programs' readers."""
    raw = json.loads((out / f"{name}.review.json").read_text(encoding="utf-8"))
    jsonschema.validate(raw, schema())
    assert [item["label"] for item in raw["annotations"]] == labels
    with (out / f"{name}.review.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "annotation"]
    assert [row["label"] for row in rows] == labels
    read = wfdb.rdann(str(out / name), "ecgreview")
    for label in labels:
        assert any(note.startswith(f"{label} | ") for note in read.aux_note)
    assert [item.label for item in import_wfdb(out / f"{name}.ecgreview").annotations] == labels


def test_export_from_the_window(window: MainWindow, tmp_path: Path) -> None:
    press(window, Key.Key_B)
    press(window, Key.Key_6)
    out = tmp_path / "out"
    export(window, out)
    check_exports(out, "00010_hr", ["Ventricular premature complex"])
    before = {path: path.read_bytes() for path in out.iterdir()}
    export(window, out)
    assert any("exists already" in text for text in window.messages.texts())
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    export(window, tmp_path / "anonymous", anonymous=True)
    names = [path.name for path in (tmp_path / "anonymous").iterdir()]
    assert len(names) == 4
    assert not [name for name in names if "00010" in name]


@pytest.mark.slow
@pytest.mark.parametrize("models", ["clockwork", "shipped"])
def test_a_whole_session_with_the_keyboard_alone(
    make_window, shared_data, tmp_path, models, capsys
) -> None:
    """Thirty records of different hospitals: screen, judge, annotate, undo, conclude, export."""
    folder = tmp_path / "today"
    for source, pattern, count in (
        ("cpsc2018", "A00*.hea", 9), ("georgia_chapman", "E*.hea", 5), ("ludb", "?.hea", 7),
        ("ptbxl", "0000*.hea", 0), ("georgia_chapman", "JS*.hea", 5), ("long", "S*.hea", 3),
    ):  # fmt: skip
        for header in sorted((shared_data / source).rglob(pattern))[:count]:
            (folder / source).mkdir(parents=True, exist_ok=True)
            for path in header.parent.glob(f"{header.stem}.*"):
                shutil.copy(path, folder / source)
    shutil.copy(shared_data / "hdf5" / "SPH00001.h5", folder)
    for path in folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    if models == "clockwork":
        window = make_window()
    else:
        window = make_window(inference=Inference(), models=False)
        window.session.find_models()
        spin(lambda: bool(window.session.models), within_s=120.0)
        assert window.session.models[window.settings.value.model].problem == ""
    open_folder(window, folder)
    panel, worklist = window.review.worklist_panel, window.review.worklist
    total = len(worklist.queue.rows)
    assert total >= 29
    press(window, Key.Key_F5, Ctrl)
    spin(lambda: not worklist.screening, within_s=1200.0)
    ranks = [row.p_value for row in worklist.queue.rows if row.scores]
    assert len(ranks) >= total - 2, "short or incomplete records may fail, others not"
    judged = annotated = 0
    for number in range(total):
        name = open_name(window)
        press(window, Key.Key_F5)
        spin(lambda: not window.session.running, within_s=300.0)
        press(window, Key.Key_N)
        flags = len(window.document.shown.flags)
        for key in (Key.Key_A, Key.Key_X, Key.Key_U)[:flags]:
            press(window, key)
            judged += 1
        press(window, Key.Key_Escape)
        press(window, Key.Key_B)
        press(window, Key.Key_1 if number % 2 else Key.Key_9)
        press(window, Key.Key_Z, Ctrl)
        press(window, Key.Key_Y, Ctrl)
        press(window, Key.Key_A if number % 3 else Key.Key_N, Ctrl | Alt)
        labels = [item.label for item in window.review.document.review.annotations]
        assert len(labels) == 1 + min(flags, 1)
        annotated += len(labels)
        stem = window.document.recording.name.replace("#", "_")
        export(window, tmp_path / "out")
        assert any(f"{stem}.review.json" in text for text in window.messages.texts()), (
            window.messages.texts()
        )
        check_exports(tmp_path / "out", stem, labels)
        press(window, Key.Key_D)
        if number < total - 1:
            spin(lambda name=name: open_name(window) != name)
    assert panel.progress.text() == f"{total} of {total} reviewed"
    assert annotated >= total
    with capsys.disabled():
        print(f"{models}: {total} records, {judged} flags judged, {annotated} annotations, "
              f"{len(list((tmp_path / 'out').iterdir()))} files exported")  # fmt: skip
    assert not [path for path in folder.rglob("*") if "review" in path.name]
    grave = [text for text in window.messages.texts() if "cannot" in text or "wrong" in text]
    assert grave == []
