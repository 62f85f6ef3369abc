"""What is found is said in words that fit the record, with the leads that show it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.flags import derive_flags
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.models.bundle import Bundle
from ecgviewer.models.detector import Detector
from ecgviewer.signal.r_peaks import detect_r_peaks
from tests.models.test_detector import in_memory

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", params=["cae", "vae-bilstm", "vae-bilstm-mha"])
def detector(request: pytest.FixtureRequest) -> Detector:
    bundle = Bundle.load(ROOT / "resources" / "models" / f"{request.param}.ecgmodel")
    return Detector(bundle, "cpu")


def analyse(detector: Detector, name: str, samples: Path) -> Analysis:
    return detector.analyze(open_record(RecordRef(samples / f"{name}.hea")))


@pytest.mark.parametrize(
    ("name", "part", "word", "leads"),
    [
        ("00330_hr", "rhythm", "no constant P", ()),  # atrial fibrillation
        ("00436_hr", "rhythm", "early beat", ()),  # a ventricular extrasystole
        ("00338_hr", "intervals", "QRS wide", ()),  # left bundle branch block
        ("00338_hr", "st", "ST lower", ("I", "aVL", "V6")),
        ("00414_hr", "st", "T lower", ("I", "II", "V4", "V5", "V6")),  # by its label
    ],
)
def test_shipped_models_say_what_the_label_says(
    detector: Detector, samples: Path, name: str, part: str, word: str, leads: tuple[str, ...]
) -> None:
    analysis = analyse(detector, name, samples)
    finding = analysis.windows[0].findings[part]
    assert word in finding.text
    assert set(leads) <= set(finding.leads)
    assert bool(leads) == bool(finding.leads)
    assert any(part in flag.parts and word in flag.reason for flag in derive_flags(analysis, 0.95))


def test_an_st_segment_lowered_in_three_leads_is_named_with_these_leads(
    detector: Detector, samples: Path
) -> None:
    normal = open_record(RecordRef(samples / "00010_hr.hea"))
    lowered = ("V3", "V4", "V5")

    def lower(signal: np.ndarray) -> np.ndarray:
        at = detect_r_peaks(signal, normal.fs_hz) / normal.fs_hz
        time = np.arange(signal.shape[1]) / normal.fs_hz
        since = time[:, None] - at
        st = ((since > 0.06) & (since < 0.24)).any(axis=1)
        smooth = np.convolve(st, np.hanning(21) / np.hanning(21).sum(), "same")
        rows = [STANDARD_LEADS.index(lead) for lead in lowered]
        signal[rows] -= 0.25 * smooth
        return signal

    before, after = detector.analyze(normal), detector.analyze(in_memory(normal, lower))
    assert not before.is_abnormal(0.95) and after.is_abnormal(0.95)
    finding = after.windows[0].findings["st"]
    assert "ST lower" in finding.text and set(finding.leads) >= set(lowered)
    assert not {"III", "aVR", "aVF"} & set(finding.leads)
    (flag,) = [flag for flag in derive_flags(after, 0.95) if flag.parts == ("st",)]
    assert flag.leads == finding.leads and flag.reason == finding.text


def test_no_record_is_abnormal_without_a_flag(detector: Detector, samples: Path) -> None:
    for path in sorted(samples.glob("*.hea")):
        analysis = detector.analyze(open_record(RecordRef(path)))
        for specificity in (0.5, 0.9, 0.95, 0.99, 0.999):
            flags = derive_flags(analysis, specificity)
            assert flags or not analysis.is_abnormal(specificity)
            assert all(flag.reason for flag in flags)
