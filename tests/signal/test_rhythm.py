"""Rhythm features tell sinus rhythm, ectopy and fibrillation apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.signal.heartbeats.beats import detect_r_peaks
from ecgviewer.signal.heartbeats.rhythm import RhythmFeatures, rhythm_features

FloatArray = npt.NDArray[np.float32]
MakeEcg = Callable[..., FloatArray]


def features(x: FloatArray) -> RhythmFeatures:
    return rhythm_features(detect_r_peaks(x, 500), 500, x)


def test_sinus_rhythm(make_ecg: MakeEcg) -> None:
    f = features(make_ecg(np.arange(0.6, 9.6, 0.8)))
    assert f.mean_hr_bpm == pytest.approx(75, abs=0.5)
    assert f.sdnn_s < 0.005
    assert f.rmssd_s < 0.005
    assert f.pnn50 == 0
    assert f.premature_share == 0
    assert f.other_shape_share == 0
    assert f.p_consistency > 0.9
    assert f.f_wave_ratio < 0.05


def test_premature_wide_beats(make_ecg: MakeEcg) -> None:
    times = np.arange(0.6, 9.6, 0.8)
    times[[3, 8]] -= 0.3
    f = features(make_ecg(times, wide=(3, 8)))
    assert f.premature_share == pytest.approx(2 / (times.size - 1))
    assert f.wide_share == pytest.approx(2 / times.size)
    narrow = features(make_ecg(times))
    assert narrow.premature_share == f.premature_share
    assert narrow.wide_share == 0


def test_fibrillation(make_ecg: MakeEcg) -> None:
    rng = np.random.default_rng(4)
    times = 0.4 + np.cumsum(rng.uniform(0.45, 1.0, 30))
    times = times[times < 9.6]
    x = make_ecg(times, with_p=False)
    t = np.arange(5000) / 500
    phase = np.cumsum(2 * np.pi * (6 + rng.normal(0, 1.0, 5000)) / 500)
    x += 0.08 * np.sin(phase + 0.3 * t) * rng.uniform(0.5, 1, (12, 1))
    f = features(x.astype(np.float32))
    sinus = features(make_ecg(np.arange(0.6, 9.6, 0.8)))
    assert f.irregularity > 0.1
    assert f.rr_entropy > sinus.rr_entropy + 0.8
    assert f.p_consistency < 0.6
    assert f.f_wave_ratio > 3 * sinus.f_wave_ratio
    assert f.f_wave_share > sinus.f_wave_share


def test_a_missed_beat_does_not_spoil_the_statistics() -> None:
    r = np.arange(300, 5000, 400)
    missed = np.delete(r, 5)
    whole, gap = rhythm_features(r, 500), rhythm_features(missed, 500)
    assert gap.mean_hr_bpm == pytest.approx(whole.mean_hr_bpm, rel=0.01)
    assert gap.sdnn_s == pytest.approx(whole.sdnn_s, abs=1e-3)
    assert gap.gap_share > 0
    assert gap.longest_rr_s == pytest.approx(1.6)


@pytest.mark.parametrize("n_beats", [0, 1, 2])
def test_too_few_beats(n_beats: int) -> None:
    f = rhythm_features(np.arange(n_beats) * 400, 500, np.zeros((12, 5000)))
    assert f.n_beats == n_beats
    assert np.isnan(f.mean_hr_bpm)


def test_rr_alone_leaves_the_rest_unknown() -> None:
    f = rhythm_features(np.arange(300, 5000, 400), 500)
    assert np.isfinite(f.sdnn_s)
    assert np.isnan(f.p_consistency)
    assert set(f.as_dict()) >= {"mean_hr_bpm", "rmssd_s", "f_wave_ratio"}
