"""What a device's high-pass did to a beat is taken out of it, and told in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle, shipped_bundle
from ecgviewer.models.run.analyser import Detector
from ecgviewer.models.score.beat_features.highpass import (
    CANDIDATES,
    CORNERS_HZ,
    NO_FILTER,
    put_back,
)
from ecgviewer.models.score.beat_features.window_features import describe
from ecgviewer.models.score.findings import HIGHPASS
from ecgviewer.models.score.window_evidence import Looks
from ecgviewer.signal.device_filter import DeviceFilter, HighPass
from trainer.fitting.calibration.device_copies import through_device

NORMAL = "00010_hr.hea"


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(Bundle.load(shipped_bundle("cae")), "cpu")


def recorded(samples: Path, device: DeviceFilter) -> Recording:
    recording = open_record(RecordRef(samples / NORMAL))
    return through_device(recording, device, np.random.default_rng(1))


@pytest.mark.parametrize("candidate", [3, 4, 8, 10])
def test_the_beat_before_a_high_pass_is_the_beat_and_its_integrals(
    detector: Detector, samples: Path, candidate: int
) -> None:
    poles = 1 if CANDIDATES[candidate, 1] == 0 else 2
    device = DeviceFilter(float(CORNERS_HZ[candidate]), poles)
    before, after = (
        describe(next(iter(detector.evidence(recorded(samples, one)))))
        for one in (DeviceFilter(), device)
    )
    assert before is not None and after is not None
    assert before.beat_mv is not None and after.beat_mv is not None
    lost = after.lost.beat.reshape(2, -1)
    moved = np.abs(after.beat_mv - before.beat_mv).max()
    left = np.abs(put_back(after.beat_mv, lost, candidate) - before.beat_mv).max()
    assert left < 0.35 * moved


def test_a_strong_high_pass_is_told_and_st_is_not_judged(detector: Detector, samples: Path) -> None:
    (note,) = [n for n in _notes(detector, samples, DeviceFilter(0.5, 2)) if "high-pass" in n]
    assert "ST levels cannot be judged" in note
    assert not [n for n in _notes(detector, samples, DeviceFilter()) if "high-pass" in n]
    filtered = detector.analyze(recorded(samples, DeviceFilter(0.5, 2)))
    assert (
        "st" not in filtered.parts
        and "st" in detector.analyze(recorded(samples, DeviceFilter())).parts
    )


def test_a_stated_high_pass_is_believed_and_told(detector: Detector, samples: Path) -> None:
    recording = open_record(RecordRef(samples / NORMAL))
    stated = replace(recording, facts=replace(recording.facts, highpass_hz=0.5))
    found = detector.analyze(stated)
    assert "high-pass of 0.5 Hz: ST levels cannot be judged" in found.notes
    assert "st" not in found.parts
    diagnostic = replace(recording, facts=replace(recording.facts, highpass_hz=0.05))
    assert "st" in detector.analyze(diagnostic).parts


def test_the_trace_is_asked_for_its_filter_where_levels_stand_out(
    detector: Detector, samples: Path
) -> None:
    window = next(iter(detector.evidence(recorded(samples, DeviceFilter()))))
    risen = np.array(window.signal_mv)
    # ST raised in every beat, as an infarct does and a filter can.
    for r in window.r_peaks:
        risen[6:, r + 6 : r + 26] += 0.5
    asked: list[HighPass] = []

    def monitor() -> HighPass:
        asked.append(HighPass(0.5, 2))
        return asked[-1]

    raised = replace(window, signal_mv=risen, looks=Looks())
    assert detector.scorer.score(raised).parts["st"] < 0.05
    judged = detector.scorer.score(replace(raised, looks=Looks(), highpass=monitor))
    assert asked and "st" not in judged.parts
    assert (
        judged.findings[HIGHPASS][0].text == "high-pass of about 0.5 Hz: ST levels cannot be judged"
    )
    asked.clear()
    detector.scorer.score(replace(window, looks=Looks(), highpass=monitor))
    assert not asked


def _notes(detector: Detector, samples: Path, device: DeviceFilter) -> tuple[str, ...]:
    return detector.analyze(recorded(samples, device)).notes


def test_no_filter_changes_nothing(detector: Detector, samples: Path) -> None:
    seen = describe(next(iter(detector.evidence(recorded(samples, DeviceFilter())))))
    assert seen is not None
    assert seen.without_highpass(NO_FILTER) is seen
    assert replace(seen).without_highpass(4) is not seen
