"""Reading blind: nothing that models, the file or other readers say can be reached."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QTextEdit,
    QWidget,
)

from ecgviewer.app.evidence.window import EvidenceWindow
from ecgviewer.app.report.print_preview import PrintPreview
from ecgviewer.app.shell.diagnostics import diagnostics
from ecgviewer.app.shell.window import MainWindow
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.source_facts import FileEvent, MachineMeasurement, SourceFacts
from ecgviewer.io import open_record
from ecgviewer.review.privacy.anonymize import Privacy
from tests.app.driving import (
    Build,
    make_analysis,
    open_for_review,
    press,
    review_of,
    spin,
)

Key, Ctrl, Shift = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
DIAGNOSIS, COMMENT, MARKED = "426434006", "old inferior infarction", "ZQX"


@pytest.fixture
def record(samples: Path, tmp_path: Path) -> Path:
    """A record whose header diagnoses, with an annotator beside it."""
    wfdb = pytest.importorskip("wfdb")
    import numpy as np

    folder = tmp_path / "ward"
    folder.mkdir()
    for name in ("00010_hr", "00330_hr"):
        for suffix in (".hea", ".dat"):
            shutil.copy(samples / (name + suffix), folder)
    header = folder / "00010_hr.hea"
    header.chmod(0o644)
    text = header.read_text().rstrip("\n")
    header.write_text(f"{text}\n#Dx: {DIAGNOSIS}\n#{COMMENT}\n")
    wfdb.wrann("00010_hr", "atr", np.array([500]), ['"'], aux_note=[MARKED], fs=500,
               write_dir=str(folder))  # fmt: skip
    return header


def texts(window: QWidget) -> Iterator[str]:
    """Yield every text that the window holds, on show or not."""
    for widget in [window, *window.findChildren(QWidget)]:
        yield from (widget.toolTip(), widget.statusTip(), widget.accessibleDescription())
        yield widget.windowTitle()
        if isinstance(widget, QTextEdit):
            yield widget.toPlainText()
        elif isinstance(widget, QComboBox):
            yield from (widget.itemText(index) for index in range(widget.count()))
        elif isinstance(widget, QAbstractItemView) and widget.model() is not None:
            view = widget
            hidden = getattr(view, "isColumnHidden", lambda _column: False)
            model = view.model()
            for row in range(model.rowCount(QModelIndex())):
                for column in range(model.columnCount(QModelIndex())):
                    if not hidden(column):
                        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                            yield str(model.data(model.index(row, column), role) or "")
        elif callable(getattr(widget, "text", None)) and not isinstance(widget, QLineEdit):
            yield str(widget.text())
    for action in window.findChildren(QAction):
        yield from (action.text(), action.toolTip(), action.statusTip())


ANYWHERE = (
    DIAGNOSIS, COMMENT, MARKED, "Made for a test.", "Within the normal range", "score 4.6",
    "Score 4.60", "p <", "p 0.", "against normals",
)  # fmt: skip
ALONE = ("Abnormal", "atr")
"""As a whole text only: labels and conclusions of the reader have the first word too."""


def opinions(window: MainWindow) -> list[str]:
    """Return what the window holds of the opinion of models or the file."""
    return [
        text for text in texts(window) if text in ALONE or any(words in text for words in ANYWHERE)
    ]


@pytest.fixture
def window(make_window: Build, record: Path) -> MainWindow:
    """The window on that record, analysed, everything on show."""
    window = make_window()
    window.session.open_paths([record])
    spin(lambda: window.review.document.review is not None and window.document.heart is not None)
    spin(lambda: bool(window.review.file_annotations.annotators))
    window.traces.setFocus()
    return window


def analyse(window: MainWindow) -> None:
    """Let all models find something."""
    for model in ("cae", "vae-bilstm", "vae-bilstm-mha"):
        window.document.add_analysis(model, make_analysis(window.document.ref, model))
    window.session.set_specificity(0.8)
    QTest.qWait(100)


def show_annotator(window: MainWindow) -> None:
    window.review.file_annotations.show_layer("atr", True)
    spin(lambda: bool(window.document.shown.file_annotations))


def test_the_test_itself_finds_opinions_where_they_are(window: MainWindow) -> None:
    analyse(window)
    show_annotator(window)
    found = " ".join(opinions(window))
    for words in (DIAGNOSIS, COMMENT, "Abnormal", "Made for a test.", "p <", "atr"):
        assert words in found, words
    assert len(window.traces.scene.annotations) == 1


@pytest.mark.parametrize("blind_first", [True, False])
def test_no_widget_holds_an_opinion_while_reading_blind(
    window: MainWindow, blind_first: bool
) -> None:
    blind = window.commands.action("review.blind")
    if blind_first:
        blind.trigger()
        analyse(window)
    else:
        analyse(window)
        show_annotator(window)
        press(window, Key.Key_N)
        blind.trigger()
    QTest.qWait(100)
    assert opinions(window) == []
    assert window.header.blind.isVisible() and window.header.blind.text() == "Blind"
    assert window.document.selected_flag is None
    scene = window.traces.scene
    assert scene.analysis is None and scene.flags == () and scene.annotations == ()
    for name in ("analysis", "consensus", "flags"):
        assert window.docks[name].isHidden()
        assert not window.docks[name].toggleViewAction().isEnabled()
    blind.trigger()
    QTest.qWait(100)
    assert not window.header.blind.isVisible()
    assert len(window.traces.scene.flags) == len(window.document.shown.flags) == 3
    found = " ".join(opinions(window))
    assert DIAGNOSIS in found and "Abnormal" in found


def test_an_analysis_that_ends_while_blind_opens_nothing(window: MainWindow) -> None:
    window.session.analyse(["cae"])
    press(window, Key.Key_H, Ctrl | Shift)
    spin(lambda: not window.session.running)
    assert window.document.has_analysis("cae")
    for key in (Key.Key_N, Key.Key_E, Key.Key_A):
        press(window, key)
    QTest.qWait(50)
    asked = list(window.session._inference.asked)
    press(window, Key.Key_F5)
    assert window.session._inference.asked == asked
    assert window.document.selected_flag is None
    assert window.findChildren(EvidenceWindow) == []
    assert review_of(window).verdicts == ()
    assert opinions(window) == []


def test_blind_without_a_record_enables_nothing(make_window: Build) -> None:
    window = make_window()
    before = {c.id: window.commands.action(c.id).isEnabled() for c in window.commands}
    window.commands.action("review.blind").trigger()
    window.commands.action("review.blind").trigger()
    assert {c.id: window.commands.action(c.id).isEnabled() for c in window.commands} == before


def test_what_is_open_beside_the_window_is_closed(window: MainWindow) -> None:
    analyse(window)
    for command in ("tools.evidence", "file.print"):
        window.commands.action(command).trigger()
    spin(lambda: bool(window.findChildren(PrintPreview)))
    window.commands.action("review.blind").trigger()
    QTest.qWait(50)
    assert window.findChildren(EvidenceWindow) == []
    assert window.findChildren(PrintPreview) == []


def test_diagnostics_palette_and_exports_tell_nothing(window: MainWindow, tmp_path: Path) -> None:
    analyse(window)
    reader = window.settings.value.reader
    window.review.records.set_reader("Somebody else")
    spin(lambda: window.review.document.review is not None)
    press(window, Key.Key_B)
    press(window, Key.Key_5)
    window.review.records.set_reader(reader)
    spin(lambda: window.review.document.review is not None)
    window.commands.action("review.blind").trigger()
    press(window, Key.Key_B)
    press(window, Key.Key_6)
    assert "analysed by no model" in diagnostics(window.session)
    enabled = [entry for entry in window.commands.entries() if entry.action.isEnabled()]
    titles = [entry.title for entry in enabled if "Overlays" not in entry.menu]
    assert not {"atr", "Flags", "Models", "Analysis", "Next flag", "Flags apart"} & set(titles)
    window.review.records.export(["json"], tmp_path / "out", Privacy.HEADER, True)
    (written,) = (tmp_path / "out").iterdir()
    text = written.read_text(encoding="utf-8")
    for words in ("vae-bilstm", "Somebody else", DIAGNOSIS, COMMENT):
        assert words not in text, words
    assert len(json.loads(text)["annotations"]) == 1


def test_the_work_list_is_in_the_order_of_the_folder(make_window: Build, record: Path) -> None:
    window = make_window()
    window.session.open_paths([record.parent])
    spin(lambda: window.review.worklist.queue is not None)
    window.commands.action("review.screen").trigger()
    spin(lambda: not window.review.worklist.screening)
    window.commands.action("review.blind").trigger()
    panel = window.review.worklist_panel
    assert [panel.table.isColumnHidden(column) for column in (1, 2, 6)] == [True] * 3
    assert [row.key for row in panel.model.rows] == ["00010_hr.hea", "00330_hr.hea"]
    QApplication.processEvents()
    assert opinions(window) == []


MACHINE = SourceFacts(
    device="Maker 7 software 2", highpass_hz=0.05, mains_hz=50.0,
    statements=("SINUS BRADYCARDIA",), confirmed=False,
    measurements=(MachineMeasurement("QRS duration", "94", "ms"),),
    events=(FileEvent(1.0, 0.0, "paced beat"),),
)  # fmt: skip


def test_what_the_device_concluded_is_told_as_its_own_and_hidden_from_the_blind(
    make_window: Build, samples: Path
) -> None:
    window = make_window()
    open_for_review(window, samples / "00010_hr.hea")
    recording = open_record(RecordRef(samples / "00330_hr.hea"))
    window.document.open(RecordRef(samples / "00330_hr.hea"), replace(recording, facts=MACHINE))
    concluded = ("SINUS BRADYCARDIA", "QRS duration: 94 ms", "paced beat")
    text = window.record_panel.toPlainText()
    for words in ("What the device says, not confirmed by anybody", *concluded):
        assert words in text
    for words in ("Maker 7", "high-pass 0.05 Hz"):
        assert words in text
    window.commands.action("review.blind").trigger()
    held = "\n".join(texts(window))
    assert "Maker 7" in held and "high-pass 0.05 Hz" in held
    for words in concluded:
        assert words not in held


def test_views_read_what_may_be_shown_and_nothing_else() -> None:
    """What blindness hides is nowhere taken from the recording or the document's private part."""
    root = Path(__file__).resolve().parents[2] / "ecgviewer" / "app"
    private = re.compile(
        r"recording\.facts\.|patient\.(diagnoses|comments)|document\._|_document\._"
    )
    taking = [
        f"{path.name}: {found.group()}"
        for path in root.rglob("*.py")
        for found in private.finditer(path.read_text(encoding="utf-8"))
        if path.name != "document.py"
    ]
    assert taking == []
