"""Two recordings of one patient on a page: median beats over each other, and what differs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QPainter

from ecgviewer.app.draw.ecg import draw_paper
from ecgviewer.app.draw.pen import Pen
from ecgviewer.app.qt.picture_files import save_drawn
from ecgviewer.app.qt.theme import LIGHT
from ecgviewer.app.report.page import DISCLAIMER, MARGIN_MM, WIDTH_MM
from ecgviewer.app.report.paper_files import draw_pdf, draw_png
from ecgviewer.core.leads import STANDARD_LEADS, standard_indices
from ecgviewer.core.record.recording import FloatArray, Recording
from ecgviewer.review.privacy.anonymize import Privacy
from ecgviewer.review.privacy.identity import pseudonym, public_name
from ecgviewer.signal.heartbeats.beats import median_beats
from ecgviewer.signal.heartbeats.r_peaks import detect_r_peaks
from ecgviewer.signal.measures.comparison import (
    REPEAT_SOURCE,
    Comparison,
    Difference,
    compare,
)
from ecgviewer.signal.measures.intervals import Intervals, measure

MEASURED_S = 60.0
"""From the start; of shorter recordings all."""
PRE_S, POST_S = 0.3, 0.5
LEVEL_S = 0.02
"""Before the onset of QRS, where the median beat is at rest."""
MM_PER_S, MM_PER_MV = 50.0, 10.0
COLORS = ("#1864ab", "#d9480f")
ROWS, COLUMNS = 3, 4
TOP_MM, CELL_MM, GAP_MM, CELL_HEIGHT_MM = 34.0, (PRE_S + POST_S) * MM_PER_S, 2.5, 50.0
TABLE_MM = MARGIN_MM + COLUMNS * (CELL_MM + GAP_MM) + 3.0
LINE_MM = 5.4
CELLS_MM = (0.0, 30.0, 48.0, 66.0, 85.0)


@dataclass(frozen=True, eq=False)
class Compared:
    """One of both recordings.

    Attributes
    ----------
    title : str
        As it may be told.
    beats_mv : mapping of standard lead to array [m]
        Median beats, at rest before QRS, R at ``PRE_S``.
    """

    title: str
    fs_hz: float
    intervals: Intervals
    beats_mv: dict[str, FloatArray]
    in_mv: bool


def gather(recording: Recording, privacy: Privacy = Privacy.HEADER) -> Compared:
    """Measure the beginning of a recording; raises RecordError where it cannot be read."""
    at = standard_indices(recording.leads)
    signal = recording.read(0.0, MEASURED_S, [recording.leads[k] for k in at.values()])
    r_peaks = detect_r_peaks(signal, recording.fs_hz)
    stated = recording.stated_highpass_hz
    intervals = measure(signal, recording.fs_hz, tuple(at), stated_highpass_hz=stated)
    beats = median_beats(signal, r_peaks, recording.fs_hz, PRE_S, POST_S)
    marks = intervals.marks
    on_s = marks.qrs_on_s if marks is not None and marks.qrs_on_s is not None else -0.04
    stop = max(round((PRE_S + on_s) * recording.fs_hz), 1)
    start = max(stop - max(round(LEVEL_S * recording.fs_hz), 1), 0)
    rest = np.mean(beats[:, start:stop], axis=1, keepdims=True)
    return Compared(
        _title(recording, privacy),
        recording.fs_hz,
        intervals,
        dict(zip(at, (beats - rest).astype(np.float32), strict=True)),
        recording.units_known,
    )


def write_comparison(first: Compared, second: Compared, remark: str, out: Path) -> Comparison:
    """Write the page as PDF or PNG by the suffix of ``out``, and return what differs.

    Parameters
    ----------
    remark : str
        What is known of whether both are one patient's.

    Raises
    ------
    EcgViewerError
        When it cannot be written.
    """
    found = compare(first.intervals, second.intervals)
    if not (first.in_mv and second.in_mv):
        known = tuple(one for one in found.differences if one.unit != "mV")
        found = Comparison(known, found.turned)

    def paint(painter: QPainter, per_mm: float) -> None:
        _paint(Pen(painter, per_mm), (first, second), found, remark)

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    pdf = out.suffix.lower() == ".pdf"
    drawn = draw_pdf(paint, "ECG comparison", buffer) if pdf else draw_png(paint, buffer)
    save_drawn(buffer, drawn, out)
    return found


def _title(recording: Recording, privacy: Privacy) -> str:
    if privacy is Privacy.ANONYMOUS:
        return pseudonym(recording.content_hash())
    name = recording.name if privacy is Privacy.IDENTIFIED else public_name(recording)
    return f"{name}   {recording.start.text}".rstrip()


def _paint(pen: Pen, both: tuple[Compared, Compared], found: Comparison, remark: str) -> None:
    width = WIDTH_MM - 2 * MARGIN_MM
    pen.text(MARGIN_MM, 7.0, width - 70, "Two recordings compared", 4.6, bold=True)
    pen.text(MARGIN_MM, 7.5, width, DISCLAIMER, 3.4, bold=True, color="#b5260a", right=True)
    for number, (one, color) in enumerate(zip(both, COLORS, strict=True)):
        y = 15.0 + number * 4.6
        pen.stroke(color, 0.6)
        pen.line(MARGIN_MM, y + 2.2, MARGIN_MM + 8.0, y + 2.2)
        pen.text(MARGIN_MM + 10.0, y, width - 10, f"{'AB'[number]}   {one.title}", 2.9)
    pen.text(MARGIN_MM, 25.0, width, remark, 2.6, color="#444b55")
    for number, lead in enumerate(STANDARD_LEADS):
        column, row = divmod(number, ROWS)
        x = MARGIN_MM + column * (CELL_MM + GAP_MM)
        _cell(pen, x, TOP_MM + row * (CELL_HEIGHT_MM + GAP_MM), lead, both)
    _table(pen, found)
    scale = f"Median beats, {MM_PER_S:g} mm/s"
    scale += f", {MM_PER_MV:g} mm/mV" if both[0].in_mv and both[1].in_mv else ", no unit"
    below = TOP_MM + ROWS * (CELL_HEIGHT_MM + GAP_MM)
    pen.text(MARGIN_MM, below, width, scale, 2.7, bold=True)
    notes = (
        f"● beyond what repeats of normal recordings differ by (95 %: {REPEAT_SOURCE}), or beyond",
        "what can be measured here. QTcF: Fridericia. ST: 60 ms after the J point. From the first "
        f"{MEASURED_S:g} s of each.",
    )
    for number, words in enumerate(notes):
        pen.text(MARGIN_MM, below + 5.0 + 3.6 * number, width, words, 2.3, color="#5a6370")


def _cell(pen: Pen, x: float, y: float, lead: str, both: tuple[Compared, Compared]) -> None:
    for square, color, stroke in ((1.0, LIGHT.grid_minor, 0.08), (5.0, LIGHT.grid_major, 0.16)):
        draw_paper(pen, color, x, y, CELL_MM, CELL_HEIGHT_MM, (square, square), stroke)
    pen.text(x + 1.0, y + 0.5, CELL_MM, lead, 3.3, bold=True)
    beats = [one.beats_mv.get(lead) for one in both]
    shown = [beat for beat in beats if beat is not None and np.isfinite(beat).any()]
    if not shown:
        return
    low = min(float(np.nanmin(beat)) for beat in shown)
    high = max(float(np.nanmax(beat)) for beat in shown)
    level = y + CELL_HEIGHT_MM / 2 + (high + low) / 2 * MM_PER_MV
    pen.painter.save()
    pen.painter.setClipRect(pen.rect(x, y, CELL_MM, CELL_HEIGHT_MM))
    for beat, one, color in zip(beats, both, COLORS, strict=True):
        if beat is None:
            continue
        pen.stroke(color, 0.3)
        valid = np.flatnonzero(np.isfinite(beat))
        pen.corners(
            (x + k / one.fs_hz * MM_PER_S, level - float(beat[k]) * MM_PER_MV) for k in valid
        )
    pen.painter.restore()


def _table(pen: Pen, found: Comparison) -> None:
    header = ("", "A", "B", "B - A", "repeats")
    rows = [header, *(_row(one) for one in found.differences)]
    for number, (row, one) in enumerate(zip(rows, (None, *found.differences), strict=True)):
        y = TOP_MM + number * LINE_MM
        beyond = one is not None and one.beyond
        for cell, words in zip(CELLS_MM, row, strict=True):
            color = "#b5260a" if beyond else "#1b1f24"
            pen.text(TABLE_MM + cell, y, 30, words, 2.8, bold=beyond or one is None, color=color)
    turned = ", ".join(found.turned) or "none"
    y = TOP_MM + len(rows) * LINE_MM
    pen.text(TABLE_MM, y, WIDTH_MM - MARGIN_MM - TABLE_MM, f"T wave turned: {turned}", 2.8,
             bold=bool(found.turned))  # fmt: skip


def _row(one: Difference) -> tuple[str, ...]:
    def told(value: float | None, sign: str = "") -> str:
        if value is None:
            return "–"
        digits = 2 if one.unit == "mV" else 0
        return f"{round(value, digits) + 0.0:{sign}.{digits}f}"  # no "-0"

    mark = "● " if one.beyond else ""
    limit = f"± {one.limit:.2f}" if one.unit == "mV" else f"± {one.limit:.0f}"
    return (
        f"{mark}{one.name} ({one.unit})", told(one.first), told(one.second),
        told(one.value, "+"), limit,
    )  # fmt: skip
