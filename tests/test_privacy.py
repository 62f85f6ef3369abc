"""A planted patient: nothing of the header leaves the program unless the user asks for it.

One WFDB record whose header names everybody, in a folder and a file named after the patient, and
one HDF5 file with the same as attributes go through the window and the command line. Then every
file that came of it, its name and its text, is searched for every planted word.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import pytest

from ecgviewer.cli import main
from ecgviewer.core.analysis import Analysis
from ecgviewer.core.system.user_dirs import cache_dir
from ecgviewer.io import find_records, open_record
from ecgviewer.models.run.kept.store import AnalysisStore
from ecgviewer.review.annotations import RecordKey
from ecgviewer.review.edits import editing
from ecgviewer.review.edits.store import ReviewStore
from ecgviewer.review.exports.exports import FORMATS, export_record
from ecgviewer.review.exports.wfdb.export import import_wfdb
from ecgviewer.review.privacy.anonymize import Privacy
from ecgviewer.review.privacy.identity import Identity, names_patient, public_name
from ecgviewer.review.queue import WorkQueue
from tests import generators

ROOT = Path(__file__).resolve().parent.parent
COMMENTS = (
    " Age: 66", " Sex: F", " Name: Zebrowska, Apolonia Quill", " Date of Birth: 1959-11-23",
    " Patient ID: PX-48151623", " Phone: 0049-555-987123", " Address: 17 Larkspur Crescent",
    " Referring physician: Dr. Ottokar Wendehals", " Hospital: St. Hedwig Spital",
    " Insurance number: QQ9917734", " Pt: Grzegorczyk", " Kowalczyk seen today, chest pain",
    " Age: 66; Prenom: Mirabelle", " Geburtsdatum: 23 Nov 1959", " Pat.-Nr.: 70917243",
)  # fmt: skip
SECRETS = (
    "zebrowska", "apolonia", "quill", "1959-11-23", "19591123", "23.11.1959", "48151623", "987123",
    "larkspur", "ottokar", "wendehals", "hedwig", "9917734",
    "grzegorczyk", "kowalczyk", "mirabelle", "70917243", "23 nov",
)  # fmt: skip
NAME = "Zebrowska_Apolonia_19591123"
NOTE = (
    "Apolonia ZEBROWSKA (px-48151623, born 23.11.1959), sent by Wendehals: PVC in V1. "
    "Grzegorczyk/KOWALCZYK, Mirabelle: 70917243, 23 Nov 1959"
)


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """The header of the planted record."""
    folder = tmp_path / "in" / "Zebrowska, Apolonia (PX-48151623)"
    folder.mkdir(parents=True)
    return generators.write_wfdb_16(
        folder, NAME, generators.ecg_uv(10.0, heart_rate_bpm=64.0), comments=COMMENTS
    )


@pytest.fixture
def neutral(tmp_path: Path) -> Path:
    """The same patient in a file that is named after nobody."""
    folder = tmp_path / "in" / "ward"
    folder.mkdir(parents=True)
    return generators.write_wfdb_16(
        folder, "r17", generators.ecg_uv(10.0, heart_rate_bpm=71.0), comments=COMMENTS
    )


def texts_of(path: Path) -> Iterator[str]:
    """Yield all that a file says: its bytes, and what is compressed inside (PDF, PNG)."""
    data = path.read_bytes()
    yield path.name
    yield data.decode("latin-1")
    yield data.decode("utf-16-be", "ignore") + data[1:].decode("utf-16-be", "ignore")
    for marker in (b"stream\r\n", b"stream\n", b"zTXt", b"iTXt"):
        at = data.find(marker)
        while at >= 0:
            try:
                text = zlib.decompressobj().decompress(data[at + len(marker) :])
            except zlib.error:
                text = b""
            yield text.decode("latin-1")
            at = data.find(marker, at + 1)
    if path.suffix.startswith(".ecgreview"):  # texts are cut to pieces in it
        yield str(import_wfdb(path))
    if path.suffix == ".pdf" and shutil.which("pdftotext"):
        yield subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True).stdout


def told_in(*places: Path) -> list[str]:
    """Return which secrets stand in these files, or in names and contents below these folders."""
    found = []
    for place in places:
        assert place.exists(), place
        for path in [place, *place.rglob("*")] if place.is_dir() else [place]:
            texts = [path.name] if path.is_dir() else texts_of(path)
            for text in texts:
                lower = text.lower()
                found += [f"{path.name}: {word}" for word in SECRETS if word in lower]
    return found


def reviewed(header: Path) -> RecordKey:
    """Keep a review whose note names the patient; return its key."""
    recording = open_record(next(iter(find_records(header))))
    key = RecordKey.of(recording)
    session = ReviewStore.for_user().open(key, "Reader")
    session.do(
        editing.add(session.review, [editing.make(session.review, 1, 2, ["V1"], "PVC", note=NOTE)])
    )
    session.close()
    recording.source.close()
    return key


def test_the_search_would_find_them(planted: Path, tmp_path: Path) -> None:
    assert len(told_in(planted)) >= len(SECRETS) - 2  # the date is written in one way only
    pdf = tmp_path / "x.pdf"
    pdf.write_bytes(b"stream\n" + zlib.compress(b"(Zebrowska)") + b"endstream")
    assert told_in(pdf)


@pytest.mark.parametrize("to", FORMATS)
def test_exports_name_nobody_by_default(planted: Path, tmp_path: Path, to: str) -> None:
    reviewed(planted)
    recording = open_record(next(iter(find_records(planted))))
    for privacy in (Privacy.HEADER, Privacy.ANONYMOUS):
        out = tmp_path / privacy
        export_record(recording, to, out, ReviewStore.for_user(), privacy)
        assert told_in(out) == []
        kept = "".join(path.read_text("latin-1") for path in out.iterdir())
        assert "V1" in kept and kept.count("PVC") >= 2  # the label, and the rest of the note
    export_record(recording, to, tmp_path / "named", ReviewStore.for_user(), Privacy.IDENTIFIED)
    assert told_in(tmp_path / "named")  # the user asked for it


def test_a_name_that_tells_nothing_is_kept(neutral: Path, tmp_path: Path) -> None:
    recording = open_record(next(iter(find_records(neutral))))
    assert public_name(recording) == "r17"
    reviewed(neutral)
    (path,) = export_record(recording, "json", tmp_path / "out", ReviewStore.for_user())
    assert path.name == "r17.review.json" and told_in(path) == []


def test_the_command_line_exports_and_reports_without_names(
    planted: Path, tmp_path: Path, user_home: Path
) -> None:
    pytest.importorskip("PySide6")
    reviewed(planted)
    for words in ([], ["--anonymize"]):
        out = tmp_path / f"out{len(words)}"
        for to in FORMATS:
            assert main(["export", str(planted), "--to", to, "--out", str(out), *words]) == 0
        assert told_in(out) == []
    named = tmp_path / "named"
    assert main(["export", str(planted), "--to", "json", "--out", str(named), "--identify"]) == 0
    assert told_in(named)


@pytest.mark.slow
def test_reports_tables_maps_and_all_the_program_keeps(
    planted: Path, tmp_path: Path, user_home: Path
) -> None:
    """Run the installed commands, then search what they wrote, said and keep."""
    reviewed(planted)

    def shell(*arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "ecgviewer", *map(str, arguments)],
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
            cwd=ROOT, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stderr
        return (done.stdout + done.stderr).lower()

    for name, words in (("a.png", []), ("b.pdf", ["--anonymize"])):
        said = shell("report", planted, "--out", tmp_path / "out" / name, "--model", "cae", *words)
        assert not [word for word in SECRETS if word in said]
    (planted.parent / "broken.hea").write_text("Zebrowska\n")
    said = shell(
        "analyze", planted.parent, "--anonymize", "--model", "cae", "--jobs", 1,
        "--out", tmp_path / "out" / "all.csv", "--maps", tmp_path / "out" / "maps",
    )  # fmt: skip
    assert not [word for word in SECRETS if word in said]
    rows = (tmp_path / "out" / "all.csv").read_text().splitlines()
    assert sum(row.startswith(",record-") for row in rows) == 1
    assert sum(row.startswith(",unreadable,") for row in rows) == 1
    assert len(list((tmp_path / "out" / "maps").glob("record-*.cae.npz"))) == 1
    assert told_in(tmp_path / "out") == []
    # The reader's own words are kept as written, for the reader; all else says nothing.
    assert told_in(*(place for place in user_home.iterdir() if place.name != "data")) == []
    assert [told for told in told_in(user_home / "data") if "review" not in told] == [
        told for told in told_in(user_home / "data") if ".journal" in told
    ]
    if shutil.which("pdftotext"):
        shell("report", planted, "--out", tmp_path / "named.pdf", "--model", "cae", "--identify")
        assert told_in(tmp_path / "named.pdf")


def private(folder: Path) -> list[str]:
    """Return what below a folder others could read."""
    open_to_others = []
    for path in folder.rglob("*"):
        closed = any(
            not stat.S_IMODE(above.stat().st_mode) & 0o077
            for above in (path, *path.parents)
            if above.is_relative_to(folder) and above != folder
        )
        if not closed:
            open_to_others.append(str(path.relative_to(folder)))
    return open_to_others


def test_what_the_window_keeps_names_nobody(
    planted: Path, neutral: Path, tmp_path: Path, user_home: Path, request: pytest.FixtureRequest
) -> None:
    """Open, annotate, list, log, report: then settings, logs, titles, clipboard, work lists."""
    pytest.importorskip("PySide6")
    from PySide6.QtCore import QMessageLogContext, QtMsgType
    from PySide6.QtWidgets import QApplication

    from ecgviewer.app.report.reporting import Reporting
    from ecgviewer.app.shell import error_reports
    from ecgviewer.app.shell.diagnostics import diagnostics
    from ecgviewer.app.shell.session import Session
    from ecgviewer.app.shell.settings import SettingsStore
    from ecgviewer.app.start import log_qt_message, make_application
    from tests.app.driving import ClockworkInference, build_window, open_and_wait, spin

    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or make_application([])
    before = os.umask(0o022)  # as most systems have it
    request.addfinalizer(lambda: os.umask(before))
    assert error_reports.start_log() == ""
    window = build_window(Session(SettingsStore.for_user(), ClockworkInference()))
    titles = []
    window.windowTitleChanged.connect(titles.append)
    try:
        window.session.open_paths([planted.parent.parent])
        spin(lambda: window.records.model.rowCount() == 2)
        spin(lambda: window.document.heart is not None)
        open_and_wait(window, neutral)
        spin(lambda: window.windowTitle().startswith("r17"))
        open_and_wait(window, planted)
        assert "Zebrowska" in window.header.patient.text()  # the window itself does tell
        spin(lambda: window.review.document.review is not None)
        window.review.document.mark(1.0, 2.0, ())
        window.commands.action("review.label.5").trigger()
        try:
            raise OSError(f"cannot read {planted}")
        except OSError as error:
            window.session._show_error(error)
        for text in (f"QImage: cannot open '{planted}'", f"cannot watch {planted}", f"{NAME}.png"):
            log_qt_message(QtMsgType.QtWarningMsg, QMessageLogContext(), text)
        reporting = Reporting(window.bench)
        reporting.export(tmp_path / "out" / "page.pdf")
        spin(lambda: any("page.pdf" in text for text in window.messages.texts()))
        said = diagnostics(window.session)
        queue = WorkQueue(planted.parent, find_records(planted.parent), "Reader")
        queue.set_error(f"{NAME}.hea", f"{NAME}.hea: the file is missing")
        queue.place = f"{NAME}.hea"
        assert queue.rows[0].error == "the file is missing" and queue.place == f"{NAME}.hea"
        queue.close()
    finally:
        window.close()
        window.deleteLater()
        app.processEvents()
    assert not [word for word in SECRETS if word in " ".join([said, *titles]).lower()]
    assert (user_home / "state" / "ecgviewer.log").stat().st_size > 0
    assert told_in(user_home, tmp_path / "out") == []
    assert json.loads((user_home / "config" / "settings.json").read_text())["recent"] == [
        str(neutral), str(planted.parent.parent),
    ]  # fmt: skip
    assert private(user_home) == []


def test_hdf5_attributes_go_nowhere(tmp_path: Path, user_home: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("ecg", data=generators.ecg_mv(10.0).astype("f4"))
        data.attrs["fs"] = 500.0
        data.attrs["units"] = "mV"
        data.attrs["lead_names"] = list(generators.LEADS)
        for comment in COMMENTS:
            key, _, value = comment.strip().rpartition(": ")
            file.attrs[key or "Remark"] = data.attrs[key or "Remark"] = value
    recording = open_record(next(iter(find_records(path))))
    key = RecordKey.of(recording)
    session = ReviewStore.for_user().open(key, "Reader")
    session.do(
        editing.add(session.review, [editing.make(session.review, 1, 2, [], "PVC", note=NOTE)])
    )
    session.close()
    for to in FORMATS:
        for privacy in (Privacy.HEADER, Privacy.ANONYMOUS):
            out = tmp_path / "out" / privacy
            export_record(recording, to, out, ReviewStore.for_user(), privacy)
    assert told_in(tmp_path / "out") == []
    # The reader's own words are kept as written, for the reader.
    assert told_in(*(place for place in user_home.iterdir() if place.name != "data")) == []
    said = " ".join([recording.format, *(note.text for note in recording.notes)]).lower()
    assert not [word for word in SECRETS if word in said]
    recording.source.close()


def test_the_cache_knows_no_names(planted: Path, make_stored: Callable[[Path], Analysis]) -> None:
    analysis = make_stored(planted)
    store = AnalysisStore(cache_dir())
    assert store.put(analysis)
    assert told_in(cache_dir()) == []
    found = store.get(analysis.recording_sha256, analysis.bundle_sha256)
    assert found is not None and found.record_name == ""


@pytest.fixture
def make_stored() -> Callable[[Path], Analysis]:
    """Return a function that analyses a record by clockwork, with its name in the result."""
    pytest.importorskip("PySide6")
    from tests.app.driving import make_analysis

    return lambda header: make_analysis(next(iter(find_records(header))), "cae")


def test_old_work_lists_with_names_are_emptied(planted: Path, user_home: Path) -> None:
    queue = WorkQueue(planted.parent, find_records(planted.parent), "Reader")
    path = queue.path
    queue.close()
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO records (key) VALUES (?)", (f"{NAME}.hea",))
        db.execute("PRAGMA user_version = 1")
    db.close()
    WorkQueue(planted.parent, find_records(planted.parent), "Reader").close()
    assert told_in(path.parent) == []


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ("r17", False), ("zebrowska", True), ("ecg_PX-48151623_a", True), ("23-11-1959", True),
        ("1959_11_23 morning", True), ("19591124", False), ("the quilling", False),
        ("sinus rhythm, age 66", False), ("17 larkspur crescent", True),
    ],
)  # fmt: skip
def test_what_tells_who_the_patient_is(planted: Path, text: str, telling: bool) -> None:
    recording = open_record(next(iter(find_records(planted))))
    assert names_patient(recording, text) is telling
    assert (Identity(recording).scrub(text) != text) is telling
