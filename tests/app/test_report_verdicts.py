"""The report says what the reader said about each flag and does not insist on rejected ones."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from ecgviewer.app.report.page_content import ReportPage
from ecgviewer.app.report.report import make_page, render_report, write_page
from ecgviewer.app.report.reporting import Reporting
from ecgviewer.core.analysis import Flag
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.quality import QualityFinding
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Patient
from ecgviewer.core.record.source_facts import SourceFacts
from ecgviewer.io import open_record
from ecgviewer.review.annotations import FlagOrigin, FlagVerdict, new_id
from ecgviewer.review.privacy.anonymize import Privacy
from tests.app.driving import Build, make_analysis, spin
from tests.app.trace_material import analysis_of, ecg, recording_of

pytestmark = pytest.mark.usefixtures("qt_app")

ST = Flag(0.0, 10.0, ("II", "III", "V5"), 12.0, 0.0001, "ST lower, T lower", ("st",))
QT = Flag(0.0, 10.0, (), 11.0, 0.0001, "QT long", ("intervals",))
PLACE = Flag(3.0, 4.0, ("II",), 9.0, 0.001, "shape")
OTHER = Flag(8.0, 8.5, ("V5",), 6.0, 0.01, "shape")
FLAGS = (ST, QT, PLACE, OTHER)


def said(verdict: str, flag: Flag, author: str = "Ann", bundle: str = "cd" * 32) -> FlagVerdict:
    origin = FlagOrigin("vae-bilstm-mha", bundle, flag.score, flag.p_value)
    return FlagVerdict(
        new_id(), verdict, flag.start_s, flag.stop_s, flag.leads, flag.reason, origin, author,
        "2026-01-01T00:00:00Z",
    )  # fmt: skip


def page_with(*verdicts: FlagVerdict, flags: Sequence[Flag] = FLAGS) -> ReportPage:
    recording = recording_of(ecg())
    return make_page(recording, analysis_of(recording), flags, (), verdicts)


def test_each_flag_stands_with_its_verdict_accepted_first_and_rejected_last() -> None:
    page = page_with(said("rejected", ST), said("accepted", QT), said("unsure", OTHER))
    starts = [line.split("   ")[0] for line in page.flag_lines]
    assert starts == ["✓ accepted", "3.00-4.00 s", "? unsure", "✗ rejected"]
    assert "QT long" in page.flag_lines[0] and "ST lower" in page.flag_lines[-1]
    assert page.flag_count == "4: 1 accepted, 1 rejected, 1 unsure"


def test_a_verdict_on_a_window_is_none_on_the_places_within_it() -> None:
    page = page_with(said("rejected", ST))
    assert [line for line in page.flag_lines if "rejected" in line] == [page.flag_lines[-1]]
    assert page.flag_count == "4: 1 rejected"


def test_kinds_of_flags_beyond_the_room_of_the_list_are_counted() -> None:
    many = [Flag(k / 2, k / 2 + 2, (), 5.0 + k, 0.01, f"{k}", ("rhythm",)) for k in range(15)]
    page = page_with(*(said("rejected", flag) for flag in many[5:]), flags=many)
    assert page.flag_count == "15: 10 rejected"
    assert [line.split("   ")[1] for line in page.flag_lines[:5]] == ["4", "3", "2", "1", "0"]
    assert page.flag_lines[-1] == "and 9 more"


def test_flags_that_are_alike_stand_in_one_line_for_each_verdict() -> None:
    many = [Flag(k, k + 1, ("II",), 5.0, 0.01, "ST lower", ("st",)) for k in range(9)]
    page = page_with(*(said("rejected", flag) for flag in many[3:]), flags=many)
    assert page.flag_lines == (
        "3 flags   0.00-3.00 s   ST lower   II   p 0.010",
        "✗ rejected   6 flags   3.00-9.00 s   ST lower   II   p 0.010",
    )


def drawn(page: ReportPage, path) -> npt.NDArray[np.uint8]:
    write_page(page, path, recording_of(ecg()))
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def test_a_rejected_flag_is_not_drawn_on_the_traces(tmp_path) -> None:
    def paper(page: ReportPage) -> npt.NDArray[np.uint8]:
        # The traces' paper alone: the lists below it differ in their words.
        return drawn(page, tmp_path / "page.png")[400:1800]

    nothing = paper(page_with(flags=()))
    assert (paper(page_with()) != nothing).any()
    rejected = page_with(*(said("rejected", flag) for flag in FLAGS))
    assert np.array_equal(paper(rejected), nothing)
    assert len(rejected.flag_lines) == 4


def test_a_long_record_shows_the_ten_seconds_around_the_worst_flag_not_rejected() -> None:
    recording = recording_of(ecg(60.0), duration_s=600.0)
    first = Flag(50.0, 51.0, ("I",), 3.0, 0.1, "shape")
    worst = Flag(301.0, 303.0, ("V1",), 8.0, 0.01, "shape")
    page = make_page(
        recording, analysis_of(recording), [first, worst], (), [said("rejected", worst)]
    )
    assert page.start_s == pytest.approx(45.5)


def test_readers_who_differ_are_not_taken_for_one_of_them() -> None:
    page = page_with(said("rejected", PLACE, "Ann"), said("accepted", PLACE, "Bob"), flags=[PLACE])
    assert page.flag_lines[0].startswith("? readers differ")
    assert page.flags == (PLACE,)
    agreed = page_with(said("rejected", PLACE, "Ann"), said("rejected", PLACE, "Bob"))
    assert agreed.flag_lines[-1].startswith("✗ rejected")


def test_what_was_just_rejected_in_the_window_is_rejected_on_its_report(
    make_window: Build, samples, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window()
    window.session.open_paths([samples / "00010_hr.hea"])
    spin(lambda: window.review.document.review is not None and window.document.heart is not None)
    ref = window.document.ref
    window.document.add_analysis("vae-bilstm-mha", make_analysis(ref, "vae-bilstm-mha"))
    window.session.set_specificity(0.8)
    QTest.keyClick(window.traces, Qt.Key.Key_N)
    QTest.keyClick(window.traces, Qt.Key.Key_X)
    pages: list[ReportPage] = []

    def keep(page, *_rest):
        pages.append(page)
        return ""

    monkeypatch.setattr("ecgviewer.app.report.report.write_page", keep)
    Reporting(window.bench).export(tmp_path / "page.pdf")
    spin(lambda: bool(pages))
    assert pages[0].flag_lines[-1].startswith("✗ rejected   2.20-2.60 s")
    assert pages[0].flag_count == "3: 1 rejected"


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext on this machine")
def test_neither_the_quality_nor_the_conclusion_is_cut(tmp_path: Path) -> None:
    recording = recording_of(ecg())
    kinds = ("flat", "noisy", "saturated", "missing", "invalid")
    analysis = replace(analysis_of(recording), quality=tuple(
        QualityFinding(lead, kinds[i % 5], float(i % 7), i % 7 + 1.0)
        for i, lead in enumerate(STANDARD_LEADS)
    ))  # fmt: skip
    out = tmp_path / "page.pdf"
    render_report(recording, analysis, FLAGS, (), out, conclusion="urgently abnormal")
    read = subprocess.run(["pdftotext", "-raw", out, "-"], capture_output=True, text=True).stdout
    # Its ligatures and no-break spaces are those of print.
    words = " ".join(unicodedata.normalize("NFKC", read).split())
    assert "Reviewer: urgently abnormal." in words
    for part in analysis.quality_text().split("; "):
        assert part in words
    assert "…" not in read


MUSE = Path(__file__).parents[1] / "io" / "data" / "clinical" / "muse_std.xml"


def test_the_machines_words_stand_on_the_page_when_asked_for_and_marked_as_its_own() -> None:
    recording = open_record(RecordRef(MUSE))
    facts = recording.facts
    page = make_page(recording, None, (), (), privacy=Privacy.IDENTIFIED, machine=facts)
    assert page.machine_title == "Recording machine (confirmed by a person)"
    for words in facts.confirmed_statements:
        assert f"Confirmed: {words}" in page.machine_texts
    for item in facts.measurements:
        assert item.text() in page.machine_texts[-1]
    bare = make_page(recording, None, (), ())
    assert not bare.machine_title and not bare.machine_texts


def test_the_machines_words_do_not_name_the_patient() -> None:
    recording = recording_of(ecg())
    recording = replace(recording, patient=Patient(name="Doe^Jane"))
    facts = SourceFacts(statements=("Sinus rhythm of Doe",), confirmed=False)
    page = make_page(recording, None, (), (), machine=facts)
    assert page.machine_title.endswith("(not confirmed by anybody)")
    assert page.machine_texts == ("Sinus rhythm of [removed]",)
