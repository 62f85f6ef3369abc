"""What is found is said in words that fit the record, with the leads that show it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgviewer.core.analysis import Analysis
from ecgviewer.core.flags import derive_flags
from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.run.analyser import Detector
from ecgviewer.models.score.beat_features.window_features import INTERVALS
from ecgviewer.models.score.densities import Directed
from ecgviewer.models.score.findings import LEVEL_WORDS, find
from ecgviewer.signal.heartbeats.r_peaks import detect_r_peaks
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
    finding = next(f for f in analysis.windows[0].findings[part] if word in f.text)
    assert set(leads) <= set(finding.leads)
    assert bool(leads) == bool(finding.leads)
    # An atrial fibrillation of normal rate and QRS passes two of three models at 90 % only.
    flags = derive_flags(analysis, 0.9)
    assert any(part in flag.parts and word in flag.reason for flag in flags)


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
    finding = after.windows[0].findings["st"][0]
    assert "ST lower" in finding.text and set(finding.leads) >= set(lowered)
    assert not {"III", "aVR", "aVF"} & set(finding.leads)
    flags = [flag for flag in derive_flags(after, 0.95) if flag.parts == ("st",)]
    assert (finding.text, finding.leads) in [(flag.reason, flag.leads) for flag in flags]


def test_a_second_without_any_signal_is_no_pause(detector: Detector, samples: Path) -> None:
    def interrupt(signal: np.ndarray) -> np.ndarray:
        signal[:, 1000:1600] = np.nan
        return signal

    normal = open_record(RecordRef(samples / "00010_hr.hea"))
    analysis = detector.analyze(in_memory(normal, interrupt))
    assert not analysis.is_abnormal(0.95)
    assert not [flag for flag in derive_flags(analysis, 0.95) if not flag.placed]


def test_a_record_is_abnormal_exactly_when_it_has_a_flag(detector: Detector, samples: Path) -> None:
    for path in sorted(samples.glob("*.hea")):
        analysis = detector.analyze(open_record(RecordRef(path)))
        for specificity in (0.5, 0.9, 0.95, 0.99, 0.999):
            flags = derive_flags(analysis, specificity)
            assert bool(flags) == bool(analysis.is_abnormal(specificity))
            assert all(flag.reason for flag in flags)


NO_MAP = np.zeros((12, 100), dtype=np.float32)


def density(n_values: int, signs: list[int]) -> Directed:
    """Return a density of independent standard normal values."""
    return Directed.fit(np.random.default_rng(1).normal(size=(400, n_values)), signs)


def levels(**rows: dict[str, float]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the words and leads found in levels that deviate by spreads of normal ones."""
    names = ("st", "st_early", "t", "r", "s")
    values = np.zeros((len(LEVEL_WORDS), 12))
    for name, by_lead in rows.items():
        for lead, deviation in by_lead.items():
            values[names.index(name), STANDARD_LEADS.index(lead)] = deviation
    found = find("st_mv", density(60, [0] * 60), values.ravel(), NO_MAP, 0.8)
    return [(finding.text, finding.leads) for finding in found]


def test_each_word_is_said_of_the_leads_that_show_it() -> None:
    t_lower, st_higher = dict.fromkeys(("I", "II", "V6"), -9.0), {"aVR": 8.0, "V1": 8.0}
    assert levels(t=t_lower, st=st_higher) == [
        ("T lower", ("I", "II", "V6")),
        ("ST higher", ("aVR", "V1")),
    ]


def test_words_of_nearly_the_same_leads_are_one_finding_in_those_they_share() -> None:
    st_lower = dict.fromkeys(("V4", "V5", "V6"), -9.0)
    t_lower = dict.fromkeys(("V3", "V4", "V5", "V6"), -7.0)
    assert levels(st=st_lower, t=t_lower) == [("ST lower, T lower", ("V4", "V5", "V6"))]


@pytest.mark.parametrize(("rr_s", "words"), [(0.8, "QT long"), (0.42, "unusual T timing")])
def test_no_long_qt_is_claimed_where_the_t_wave_runs_into_the_next_beat(
    rr_s: float, words: str
) -> None:
    signs = [sign for _, sign in INTERVALS]
    values = np.zeros(len(INTERVALS))
    values[[name for name, _ in INTERVALS].index("qtc_ms")] = 8.0
    (found,) = find("intervals", density(len(INTERVALS), signs), values, NO_MAP, rr_s)
    assert found.text == words and found.leads == ()
