"""The evidence card: what it measures, and its linked plots of beats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from ecgviewer.app.evidence.beat_sheet import in_usual_order
from ecgviewer.app.evidence.card import EvidenceCard
from ecgviewer.app.evidence.file_median import align
from ecgviewer.app.evidence.measurements import PRE_S, Evidence, gather
from ecgviewer.app.qt.theme import DARK, LIGHT
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.source_facts import MedianBeats, SourceFacts
from ecgviewer.io import open_record
from ecgviewer.signal.measures.interval_words import interval_texts
from tests.app.trace_material import analysis_of, ecg, flat, recording_of

pytestmark = pytest.mark.usefixtures("no_surprises")


@pytest.fixture
def card(qt_app: QApplication):
    card = EvidenceCard()
    card.resize(860, 640)
    yield card
    card.close()
    card.deleteLater()


def test_evidence_measures_a_known_ecg() -> None:
    recording = recording_of(ecg(10.0))
    evidence = gather(recording, analysis_of(recording), 4.0, 5.0)
    assert evidence.stop_s - evidence.start_s == pytest.approx(10.0)
    rows = dict(interval_texts(evidence.intervals))
    assert rows["RR"].startswith("1000 ±")
    assert "(Bazett)" in " ".join(rows) and "(Fridericia)" in " ".join(rows)
    assert evidence.beats_mv[10].max() == pytest.approx(1.2, abs=0.1)
    assert evidence.reconstruction_mv is not None
    assert np.nanmax(np.abs(evidence.reconstruction_mv - 0.5)) < 1e-3


def test_evidence_of_a_flat_line_is_not_measurable(qt_app: QApplication) -> None:
    recording = recording_of(flat(10.0))
    evidence = gather(recording, None, 0.0, 10.0)
    card = EvidenceCard()
    card.set_evidence(evidence)
    card.resize(card.sizeHint())
    card.grab()
    assert "PR: not measurable" in card.text()
    assert card.accessibleDescription() == card.text()


def _curves(card: EvidenceCard, lead: str) -> list[tuple[np.ndarray, np.ndarray]]:
    return [item.getData() for item in card.sheet._leads[lead].listDataItems()]


def test_beats_reconstruction_and_residual_are_drawn_when_ticked(card: EvidenceCard) -> None:
    recording = recording_of(ecg(10.0))
    evidence = gather(recording, analysis_of(recording), 0.0, 10.0)
    card.set_evidence(evidence)
    card.show()
    assert len(_curves(card, "V5")) == 3
    card.boxes["residual"].setChecked(True)
    residual = evidence.residual_mv()
    assert residual is not None and len(_curves(card, "V5")) == 4
    assert residual[10].max() == pytest.approx(evidence.beats_mv[10].max() - 0.5, abs=0.05)
    for name in ("each", "reconstruction", "residual"):
        card.boxes[name].setChecked(False)
    ((x, y),) = _curves(card, "V5")
    assert x[np.argmax(y)] == pytest.approx(0.0, abs=0.02)
    assert not card.boxes["file"].isVisible()


def test_all_leads_share_one_zoom_and_a_click_on_a_beat_goes_to_it(card: EvidenceCard) -> None:
    evidence = gather(recording_of(ecg(10.0)), None, 0.0, 10.0)
    card.set_evidence(evidence)
    card.show()
    QApplication.processEvents()
    first, last = card.sheet._leads["I"], card.sheet._leads["V6"]
    first.setXRange(-0.1, 0.1, padding=0)
    assert last.viewRange()[0] == pytest.approx([-0.1, 0.1], abs=0.01)
    row = evidence.leads.index("V6")
    level = np.median(evidence.beats_mv[row, : round(0.22 * evidence.fs_hz)])
    at = round(PRE_S * evidence.fs_hz)
    y = float(evidence.each_mv[3, row, at] - level)
    place = card.sheet.place_at(last, last.getViewBox().mapViewToScene(QPointF(0.0, y)))
    assert place is not None
    assert np.abs(evidence.each_s - place).min() < 0.02
    far = last.getViewBox().mapViewToScene(QPointF(0.05, y + 40.0))
    assert card.sheet.place_at(last, far) is None


@pytest.mark.parametrize("shift_s", [0.0, 0.12])
def test_a_files_median_is_laid_on_the_beats_wherever_its_r_peak_is(shift_s: float) -> None:
    recording = recording_of(ecg(10.0))
    ours = gather(recording, None, 0.0, 10.0)
    start = round(shift_s * ours.fs_hz)
    median = MedianBeats(STANDARD_LEADS[::-1], ours.fs_hz, ours.beats_mv[::-1, start:])
    found = align(median, ours.beats_mv, ours.leads, ours.fs_hz, PRE_S)
    assert found is not None
    assert found.likeness > 0.9
    assert found.time_s[0] == pytest.approx(shift_s - PRE_S, abs=0.01)
    assert found.beats_mv == pytest.approx(ours.beats_mv[:, start:])
    other = MedianBeats(("X", "Y"), 500.0, np.zeros((2, 600), np.float32))
    assert align(other, ours.beats_mv, ours.leads, ours.fs_hz, PRE_S) is None


def test_the_median_of_the_file_stands_with_ours_and_not_while_blind(card: EvidenceCard) -> None:
    recording = recording_of(ecg(10.0))
    bare = gather(recording, None, 0.0, 10.0)
    facts = SourceFacts(median=MedianBeats(bare.leads, bare.fs_hz, bare.beats_mv))
    recording = replace(recording, facts=facts)
    card.set_evidence(gather(recording, None, 0.0, 10.0, facts))
    card.show()
    assert card.boxes["file"].isVisible() and "1.00" in card.boxes["file"].text()
    assert any("median of the file" in column for column in card.sheet.table().columns)
    assert gather(recording, None, 0.0, 10.0, facts.without_opinions()).file_median is None


def test_columns_of_the_csv_are_the_curves(card: EvidenceCard) -> None:
    recording = recording_of(ecg(10.0))
    evidence = gather(recording, analysis_of(recording), 0.0, 10.0)
    card.set_evidence(evidence)
    lines = card.sheet.table().csv().decode().splitlines()
    assert lines[0].startswith("from R [s],I median [mV],II median [mV]")
    assert len(lines) == evidence.beats_mv.shape[1] + 1
    cells = lines[1 + round(PRE_S * evidence.fs_hz)].split(",")
    assert float(cells[0]) == pytest.approx(0.0, abs=1e-3)
    assert float(cells[11]) == pytest.approx(float(evidence.beats_mv[10].max()), abs=0.1)


def test_leads_stand_in_their_usual_order() -> None:
    assert in_usual_order(("V1", "II", "I", "resp")) == ("I", "II", "V1", "resp")


def test_themes_colour_the_plots(card: EvidenceCard, samples: Path) -> None:
    recording = open_record(RecordRef(samples / "00010_hr.hea"))
    evidence: Evidence = gather(recording, None, 0.0, 10.0)
    recording.source.close()
    card.set_evidence(evidence)
    for theme in (LIGHT, DARK):
        card.set_theme(theme)
        image = card.sheet.grab().toImage()
        assert image.pixelColor(2, 2) == theme.color("base")
