"""Intervals of beats whose waves are known; and the reason where there is nothing to measure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.signal.heartbeats.beats import detect_r_peaks
from ecgviewer.signal.measures.intervals import measure
from ecgviewer.signal.resample import resample

FloatArray = npt.NDArray[np.float32]
MakeEcg = Callable[..., FloatArray]
BEATS_S = np.arange(0.6, 9.6, 0.8)


def test_known_waves(make_ecg: MakeEcg) -> None:
    m = measure(make_ecg(BEATS_S), 500, STANDARD_LEADS)
    assert m.rr_s.value == pytest.approx(0.8, abs=0.003)
    # Gaussian waves have no ends; about 2.5 widths of the generator.
    assert m.pr_s.value == pytest.approx(0.160, abs=0.03)
    assert m.qrs_s.value == pytest.approx(0.095, abs=0.02)
    assert m.qt_s.value == pytest.approx(0.40, abs=0.04)
    assert m.qt_s.value is not None
    assert m.qtc_bazett_s.value == pytest.approx(m.qt_s.value / 0.8**0.5, abs=2e-3)
    assert m.qtc_fridericia_s.value == pytest.approx(m.qt_s.value / 0.8 ** (1 / 3), abs=2e-3)
    for measure_ in (m.rr_s, m.pr_s, m.qrs_s, m.qt_s, m.qtc_bazett_s):
        assert measure_.uncertainty is not None
        assert 0 <= measure_.uncertainty < 0.03


def test_st_level_on_the_unfiltered_trace(make_ecg: MakeEcg) -> None:
    x = make_ecg(BEATS_S)
    normal = measure(x, 500, STANDARD_LEADS).st_mv
    t = np.arange(x.shape[1]) / 500
    for r in BEATS_S:
        x[7, (t > r + 0.04) & (t < r + 0.30)] += 0.2
    x[7] += 0.4 * np.sin(2 * np.pi * 0.15 * t)
    raised = measure(x, 500, STANDARD_LEADS).st_mv
    before, after = normal["V2"].value, raised["V2"].value
    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(0.2, abs=0.05)
    assert raised["V3"].value == pytest.approx(normal["V3"].value, abs=0.02)


@pytest.mark.parametrize("fs_hz", [250.0, 360.0, 400.0, 1000.0])
def test_same_intervals_at_another_rate(make_ecg: MakeEcg, fs_hz: float) -> None:
    x = make_ecg(BEATS_S)
    at_500 = measure(x, 500, STANDARD_LEADS)
    other = measure(resample(x, 500, fs_hz), fs_hz, STANDARD_LEADS)
    for name in ("rr_s", "pr_s", "qrs_s", "qt_s"):
        a, b = getattr(at_500, name).value, getattr(other, name).value
        assert a == pytest.approx(b, abs=0.008), name
    for lead in STANDARD_LEADS:
        assert at_500.st_mv[lead].value == pytest.approx(other.st_mv[lead].value, abs=0.02)


def test_no_p_wave_is_said(make_ecg: MakeEcg) -> None:
    rr = np.random.default_rng(5).uniform(0.5, 1.1, 20)
    times = 0.4 + np.cumsum(rr)
    m = measure(make_ecg(times[times < 9.5], with_p=False), 500, STANDARD_LEADS)
    assert m.pr_s.value is None
    assert "P wave" in m.pr_s.reason
    assert m.qrs_s.value is not None


def test_a_pr_that_changes_from_beat_to_beat_is_not_one_number(make_ecg: MakeEcg) -> None:
    every, alternate = make_ecg(BEATS_S, with_p=False), np.zeros((12, 5000), dtype=np.float32)
    only_p = make_ecg(BEATS_S) - every
    t = np.arange(5000) / 500
    for number, r in enumerate(BEATS_S):
        shift = 18 * (number % 2)  # 36 ms earlier before every other beat
        near = (t > r - 0.3) & (t < r - 0.06)
        alternate[:, np.flatnonzero(near) - shift] += only_p[:, near]
    m = measure(every + alternate, 500, STANDARD_LEADS)
    assert m.pr_s.value is None
    assert "differs" in m.pr_s.reason
    assert m.qrs_s.value is not None


@pytest.mark.parametrize(
    ("record", "measured"),
    [("22", True), ("66", True), ("82", True), ("99", True),
     ("8", False), ("44", False), ("83", False)],
)  # fmt: skip
def test_pr_in_irregular_rhythms(shared_data: Path, record: str, measured: bool) -> None:
    """Sinus arrhythmia has a PR interval, atrial fibrillation has none."""
    recording = open_record(RecordRef(shared_data / "ludb" / f"{record}.hea"))
    m = measure(recording.read(0.0, 10.0), recording.fs_hz, recording.leads)
    assert (m.pr_s.value is not None) == measured


@pytest.mark.parametrize(
    "x",
    [np.zeros((12, 5000)), np.full((12, 5000), np.nan), np.zeros((12, 20)), np.zeros((12, 0))],
    ids=["flat", "missing", "short", "empty"],
)
def test_nothing_to_measure_has_a_reason(x: FloatArray) -> None:
    m = measure(x, 500, STANDARD_LEADS)
    for item in (m.rr_s, m.pr_s, m.qrs_s, m.qt_s, m.qtc_bazett_s, *m.st_mv.values()):
        assert item.value is None
        assert item.reason


def test_bad_leads_do_not_decide(make_ecg: MakeEcg) -> None:
    x = make_ecg(BEATS_S)
    good = measure(x, 500, STANDARD_LEADS)
    x[3] = np.nan
    x[4] = 0
    x[5, 1000:1400] = np.nan
    m = measure(x, 500, STANDARD_LEADS, detect_r_peaks(x, 500))
    assert m.st_mv["aVR"].value is None
    assert m.st_mv["aVR"].reason
    for name in ("pr_s", "qrs_s", "qt_s"):
        assert getattr(m, name).value == pytest.approx(getattr(good, name).value, abs=0.012)
