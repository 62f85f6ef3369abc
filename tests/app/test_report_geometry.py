"""The printed page is true to scale: measured in the PDF's own drawing commands."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPageSize, QPainter
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QApplication

from ecgviewer.app.draw.pen import Pen
from ecgviewer.app.report import page as report_page
from ecgviewer.app.report import traces
from ecgviewer.app.report.page_content import ReportPage
from ecgviewer.app.report.printing import a4_printer, is_cut, print_page
from ecgviewer.app.report.report import make_page, render_report
from ecgviewer.core.analysis import Flag
from ecgviewer.core.errors import EcgViewerError
from ecgviewer.review.annotations import Annotation
from ecgviewer.review.privacy.anonymize import Privacy
from tests.app.trace_material import analysis_of, ecg, flat, recording_of, source_of

MM_PER_POINT = 25.4 / 72.0
Path2D = list[tuple[float, float]]

pytestmark = pytest.mark.usefixtures("qt_app")


def pdf_streams(pdf: bytes) -> list[str]:
    """Return every decompressed stream of a PDF that holds text."""
    streams = []
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            # Whatever byte the checksum ends with: a carriage return looks like the line's end.
            streams.append(zlib.decompressobj().decompress(match.group(1)).decode("latin-1"))
        except zlib.error:
            continue
    return streams


def pdf_paths(pdf: bytes) -> list[Path2D]:
    """Return the lines of a PDF in millimetres from the upper left corner of the page."""
    (box,) = re.findall(rb"/MediaBox\s*\[\s*([\d. ]+?)\s*\]", pdf)[:1]
    page_height = float(box.split()[3]) * MM_PER_POINT
    content = next(stream for stream in pdf_streams(pdf) if " cm" in stream and " l" in stream)
    matrix = np.eye(3)
    stack: list[np.ndarray] = []
    paths: list[Path2D] = []
    numbers: list[float] = []
    for token in content.split():
        if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", token):
            numbers.append(float(token))
            continue
        if token == "q":
            stack.append(matrix)
        elif token == "Q":
            matrix = stack.pop()
        elif token == "cm":
            a, b, c, d, e, f = numbers[-6:]
            matrix = np.array([[a, b, 0], [c, d, 0], [e, f, 1]]) @ matrix
        elif token in ("m", "l"):
            x, y, _ = np.array([*numbers[-2:], 1.0]) @ matrix
            if token == "m":
                paths.append([])
            paths[-1].append((x * MM_PER_POINT, page_height - y * MM_PER_POINT))
        numbers = []
    return paths


def exported(tmp_path: Path, recording) -> bytes:
    """Return the report as File › Export report writes it."""
    out = tmp_path / "page.pdf"
    render_report(recording, None, (), (), out)
    return out.read_bytes()


def printed(tmp_path: Path, recording) -> bytes:
    """Return what File › Print sends to a printer, as that printer's PDF file."""
    out = tmp_path / "printed.pdf"
    printer = a4_printer()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(out))
    assert print_page(make_page(recording, None, (), ()), printer)
    assert not is_cut(printer)
    return out.read_bytes()


both = pytest.mark.parametrize("pdf_of", [exported, printed])


@both
def test_the_page_is_a4_landscape(tmp_path: Path, pdf_of: Callable[..., bytes]) -> None:
    pdf = pdf_of(tmp_path, recording_of(ecg()))
    box = [float(part) for part in re.findall(rb"/MediaBox\s*\[([\d. ]+)\]", pdf)[0].split()]
    assert box[2] * MM_PER_POINT == pytest.approx(297.0, abs=0.4)
    assert box[3] * MM_PER_POINT == pytest.approx(210.0, abs=0.4)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type/Page\n") <= 1


@both
def test_a_second_is_25_mm_and_a_millivolt_10_mm_on_paper(
    tmp_path: Path, pdf_of: Callable[..., bytes]
) -> None:
    recording = recording_of(flat(10.0))
    source_of(recording).spikes = {2000: 1.0, 4500: 1.0}
    paths = pdf_paths(pdf_of(tmp_path, recording))
    (rhythm,) = [path for path in paths if len(path) > 4500]
    line = np.array(rhythm)
    peaks = np.flatnonzero(line[:, 1] < np.median(line[:, 1]) - 5.0)
    assert len(peaks) == 2
    a, b = line[peaks]
    assert b[0] - a[0] == pytest.approx(5.0 * 25.0, abs=0.1)
    assert np.median(line[:, 1]) - a[1] == pytest.approx(10.0, abs=0.1)
    assert line[-1, 0] - line[0, 0] == pytest.approx(250.0, abs=0.2)


@both
def test_grid_lines_are_a_millimetre_apart(tmp_path: Path, pdf_of: Callable[..., bytes]) -> None:
    paths = pdf_paths(pdf_of(tmp_path, recording_of(ecg())))
    upright = sorted(
        {
            round(path[0][0], 3)
            for path in paths
            if len(path) == 2
            and abs(path[0][0] - path[1][0]) < 1e-3
            and abs(path[0][1] - path[1][1]) == pytest.approx(120.0, abs=0.2)
        }
    )
    assert len(upright) >= 250
    assert np.diff(upright) == pytest.approx(1.0, abs=0.06)
    assert upright[-1] - upright[0] == pytest.approx(len(upright) - 1, abs=0.1)


@both
def test_calibration_pulse_is_5_by_10_mm(tmp_path: Path, pdf_of: Callable[..., bytes]) -> None:
    paths = pdf_paths(pdf_of(tmp_path, recording_of(flat(10.0))))
    pulses = [np.array(path) for path in paths if len(path) == 6]
    assert len(pulses) == 4
    for pulse in pulses:
        assert pulse[3, 0] - pulse[2, 0] == pytest.approx(5.0, abs=0.05)
        assert pulse[1, 1] - pulse[2, 1] == pytest.approx(10.0, abs=0.05)


def test_lead_names_touch_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    signal = flat(10.0)
    for start in range(15, 4980, 195):  # a tall beat at the beginning of every column
        signal[:, start : start + 12] = 1.3
    page = make_page(recording_of(signal), None, (), ())
    named = _drawn(page)
    monkeypatch.setattr(traces, "draw_name", lambda *arguments: None)
    bare = _drawn(page)
    dark = 110
    assert (named[bare < dark] < dark).all(), "a name hides a wave"
    names = (named < dark) & (bare >= dark)
    waves = bare < dark
    beside = np.zeros_like(names)
    for dy, dx in ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)):
        beside |= np.roll(waves, (dy, dx), axis=(0, 1))
    assert names.sum() > 500
    assert not (names & beside).any(), "a name stands on a wave"


def _heights_mm(page: ReportPage) -> dict[tuple[str, int], tuple[float, float]]:
    """Return how far each trace reaches on the page, by lead and row."""
    image = QImage(10, 10, QImage.Format.Format_Grayscale8)
    painter = QPainter(image)
    placed, _gains = traces.lay_out(Pen(painter, DRAWN_PER_MM), page)
    painter.end()
    return {
        (one.lead, one.row): (np.nanmin(one.strip.points[1]), np.nanmax(one.strip.points[1]))
        for one in placed
    }


@pytest.mark.parametrize(
    ("chest_mv", "words"),
    [
        (1.4, "25 mm/s   10 mm/mV   unfiltered"),
        (3.0, "25 mm/s   10 mm/mV, chest leads 5 mm/mV   unfiltered"),
        (30.0, "V1 V2 V3 V4 V5 V6 cut at the edge of the strip"),
    ],
)
def test_tall_traces_are_lowered_or_cut_and_the_page_says_so(chest_mv: float, words: str) -> None:
    signal = flat(10.0)
    for start in range(100, 4900, 400):
        signal[:6, start : start + 20] = 1.0
        signal[6:, start : start + 20] = chest_mv
    page = make_page(recording_of(signal), None, (), ())
    said = []
    pen = Pen(QPainter(), DRAWN_PER_MM)
    image = QImage(1800, 1300, QImage.Format.Format_Grayscale8)
    painter = QPainter(image)
    pen.painter = painter
    pen.text = lambda x, y, width, words, *rest, **more: said.append(words)  # type: ignore[method-assign]
    traces.draw_traces(pen, page)
    painter.end()
    assert any(words in line for line in said)
    for (lead, row), (top, bottom) in _heights_mm(page).items():
        edge = traces.PAPER_TOP_MM + row * traces.ROW_MM
        assert edge <= top <= bottom <= edge + traces.ROW_MM, lead


def test_a_record_that_begins_without_a_signal_is_printed_from_its_signal_on() -> None:
    signal = flat(40.0)
    signal[:, (17 * 500) :] = np.tile(ecg(), (1, 3))[:, : (23 * 500)]
    assert make_page(recording_of(signal), None, (), ()).start_s == pytest.approx(16.0, abs=0.5)


DRAWN_PER_MM = 6


def _drawn(page: ReportPage) -> np.ndarray:
    """Return the brightness of the page's pixels."""
    width, height = (
        round(mm * DRAWN_PER_MM) for mm in (report_page.WIDTH_MM, report_page.HEIGHT_MM)
    )
    image = QImage(width, height, QImage.Format.Format_Grayscale8)
    image.fill(255)
    painter = QPainter(image)
    report_page.paint_page(painter, page, DRAWN_PER_MM)
    painter.end()
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(height, -1)
    return rows[:, :width].copy()


def test_smaller_paper_keeps_the_scale_and_cuts_the_edges(tmp_path: Path) -> None:
    recording = recording_of(flat(10.0))
    source_of(recording).spikes = {2000: 1.0, 4500: 1.0}
    printer = a4_printer()
    printer.setPageSize(QPageSize(QPageSize.PageSizeId.Letter))
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "letter.pdf"))
    assert is_cut(printer)
    assert print_page(make_page(recording, None, (), ()), printer)
    paths = pdf_paths((tmp_path / "letter.pdf").read_bytes())
    (rhythm,) = [np.array(path) for path in paths if len(path) > 4500]
    assert rhythm[-1, 0] - rhythm[0, 0] == pytest.approx(250.0, abs=0.2)
    assert rhythm[0, 0] > 15.0 and rhythm[-1, 0] < 279.4


def test_the_picture_is_to_scale_at_its_own_resolution(tmp_path: Path) -> None:
    out = tmp_path / "page.png"
    render_report(recording_of(ecg()), None, (), (), out)
    image = QImage(str(out))
    assert image.width() / image.dotsPerMeterX() * 1000 == pytest.approx(297.0, abs=0.3)
    assert image.height() / image.dotsPerMeterY() * 1000 == pytest.approx(210.0, abs=0.3)


def test_the_page_says_everything(qt_app: QApplication) -> None:
    recording = recording_of(ecg())
    analysis = analysis_of(recording)
    flags = [Flag(3.0, 4.0, ("V2",), 9.0, 0.001, "shape"), Flag(0.0, 10.0, (), 2.0, 0.02, "rhythm")]
    notes = [Annotation("a" * 32, 1.0, 2.0, ("V1",), "PVC", note="couplet")]
    page = make_page(
        recording, analysis, flags, notes, reviewer="Dr. A", conclusion="abnormal",
        created=datetime(2026, 3, 1, 12, 0, tzinfo=UTC), privacy=Privacy.IDENTIFIED,
    )  # fmt: skip
    assert "P-17" in page.subtitle
    assert page.abnormal is True
    for part in ("score 3.20", "95\u00a0%", "abnormal"):
        assert part in page.verdict
    assert page.flag_lines[0].startswith("3.00-4.00 s   shape   V2")
    assert page.annotation_lines == ("1.00-2.00 s   V1   PVC   couplet",)
    seal = " ".join(page.seal)
    when = "2026-03-01 12:00:00 UTC"
    for part in ("ab" * 32, "cd" * 32, "high_hz 40", "95\u00a0%", "Dr. A", when):
        assert part in seal
    rate = dict(page.measures)["Rate"]
    assert rate == "60 bpm"


def test_a_page_names_the_patient_only_when_asked(qt_app: QApplication) -> None:
    page = make_page(recording_of(ecg()), None, (), ())
    assert "P-17" not in page.subtitle and "63 y" in page.subtitle
    assert "in memory" in page.title


def test_an_anonymous_page_names_nobody(tmp_path: Path) -> None:
    page = make_page(recording_of(ecg()), None, (), (), privacy=Privacy.ANONYMOUS)
    assert "P-17" not in page.subtitle and "in memory" not in page.title
    assert "63" not in page.subtitle


def test_a_long_record_shows_its_worst_ten_seconds() -> None:
    recording = recording_of(ecg(60.0), duration_s=600.0)
    flags = [
        Flag(50.0, 51.0, ("I",), 3.0, 0.1, "shape"),
        Flag(301.0, 303.0, (), 8.0, 0.01, "rhythm"),
    ]
    page = make_page(recording, None, flags, ())
    assert page.start_s == pytest.approx(297.0)
    assert page.signal_mv.shape == (12, 5000)


@pytest.mark.parametrize("duration_s", [0.5, 6.0, 9.99])
def test_short_records_and_missing_leads_print(tmp_path: Path, duration_s: float) -> None:
    signal = ecg()[:3, : round(duration_s * 500)]
    recording = recording_of(signal, leads=("V2", "II", "I"))
    out = tmp_path / "short.pdf"
    render_report(recording, None, (), (), out)
    assert out.stat().st_size > 1000


def test_other_formats_and_places_are_refused_in_words(tmp_path: Path) -> None:
    recording = recording_of(ecg())
    with pytest.raises(EcgViewerError, match="pdf"):
        render_report(recording, None, (), (), tmp_path / "page.doc")
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(EcgViewerError):
        render_report(recording, None, (), (), tmp_path / "file" / "page.pdf")
