"""Beats are found where they are, and only there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.signal.heartbeats.beats import (
    beat_phase,
    detect_r_peaks,
    dominant_beats,
    heart_rate_bpm,
    median_beats,
)
from ecgviewer.signal.resample import resample

FloatArray = npt.NDArray[np.float32]
MakeEcg = Callable[..., FloatArray]


def rhythm(rate_bpm: float, jitter: float = 0.0, seed: int = 1) -> npt.NDArray[np.float64]:
    rr = 60 / rate_bpm * np.random.default_rng(seed).normal(1, jitter, 200).clip(0.5, 2)
    times = 0.5 + np.cumsum(rr)
    return times[times < 9.6]


@pytest.mark.parametrize("fs_hz", [100.0, 250.0, 360.0, 500.0, 1000.0])
@pytest.mark.parametrize(("rate_bpm", "jitter"), [(40, 0), (75, 0.02), (120, 0.2), (170, 0)])
def test_every_beat_once(make_ecg: MakeEcg, fs_hz: float, rate_bpm: float, jitter: float) -> None:
    times = rhythm(rate_bpm, jitter)
    x = make_ecg(times, fs_hz=fs_hz)
    found = detect_r_peaks(x, fs_hz) / fs_hz
    assert found.size == times.size
    assert np.abs(found - times).max() < 0.02


@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e3])
def test_units_do_not_matter(make_ecg: MakeEcg, factor: float) -> None:
    times = rhythm(70)
    assert detect_r_peaks(make_ecg(times) * factor, 500).size == times.size


def test_noise_wander_and_bad_leads(make_ecg: MakeEcg) -> None:
    times = rhythm(70)
    x = make_ecg(times, noise_mv=0.05)
    x += np.sin(np.arange(5000) / 500 * 2 * np.pi * 0.3).astype(np.float32)
    x[2] = 0
    x[5] = np.nan
    x[6] = np.random.default_rng(0).normal(0, 2, 5000)
    x[7, 1000] = np.inf
    x[8, 2100:2500] = 5.0
    found = detect_r_peaks(x, 500) / 500
    assert found.size == times.size
    assert np.abs(found - times).max() < 0.03


@pytest.mark.parametrize(
    "x",
    [
        np.zeros((12, 5000)),
        np.full((12, 5000), np.nan),
        np.full((12, 5000), 5.0),
        np.zeros((12, 0)),
        np.zeros((12, 100)),
        np.zeros((1, 5000)),
    ],
    ids=["zero", "nan", "rail", "empty", "short", "one lead"],
)
def test_nothing_is_found_in_nothing(x: FloatArray) -> None:
    assert detect_r_peaks(x, 500).size == 0


def test_same_beats_at_another_rate(make_ecg: MakeEcg) -> None:
    x = make_ecg(rhythm(80, 0.1))
    at_500 = detect_r_peaks(x, 500) / 500
    for fs_hz in (250.0, 360.0, 400.0, 1000.0):
        other = detect_r_peaks(resample(x, 500, fs_hz), fs_hz) / fs_hz
        assert other.size == at_500.size
        assert np.abs(other - at_500).max() <= 0.006


def test_heart_rate() -> None:
    assert heart_rate_bpm(np.arange(0, 5000, 400), 500) == pytest.approx(75)
    assert np.isnan(heart_rate_bpm([100], 500))


def test_median_beat_leaves_ectopics_out(make_ecg: MakeEcg) -> None:
    times = np.arange(0.6, 9.6, 0.8)
    times[4] -= 0.3
    x = make_ecg(times, wide=(4, 8))
    r = detect_r_peaks(x, 500)
    assert r.size == times.size
    dominant = dominant_beats(x, r, 500)
    assert not dominant[[4, 8]].any()
    assert dominant.sum() == times.size - 2
    beat = median_beats(x, r, 500)
    clean = median_beats(make_ecg(np.arange(0.6, 9.6, 0.8)), np.arange(300, 4800, 400), 500)
    assert beat.shape == (12, 400)
    assert np.abs(beat - clean).max() < 0.05


def test_median_beat_with_gaps(make_ecg: MakeEcg) -> None:
    x = make_ecg(rhythm(70))
    r = detect_r_peaks(x, 500)
    clean = median_beats(x, r, 500)
    x[1, 1000:1500] = np.nan
    x[2] = np.nan
    beat = median_beats(x, r, 500)
    assert np.isnan(beat[2]).all()
    assert np.isfinite(beat[[0, 1, 3]]).all()
    assert np.abs(beat[1] - clean[1]).max() < 0.05
    assert np.isnan(median_beats(x, [], 500)).all()


def test_phase() -> None:
    r = np.asarray([500, 1000, 1400, 2000])
    phase = beat_phase(r, 500, 2500)
    assert phase.shape == (2500,)
    assert np.isfinite(phase).all()
    assert phase.min() >= -0.25
    assert phase.max() < 0.75
    assert np.abs(phase[r]).max() < 1e-6
    assert phase[1000 - 50] == pytest.approx(-0.1, abs=1e-3)
    assert phase[500 + 25] == pytest.approx(0.05, abs=1e-3)
    # Half way between the fixed parts, whatever the RR interval.
    assert phase[500 + 50 + 162] == pytest.approx(0.425, abs=0.01)
    assert np.isnan(beat_phase([], 500, 10)).all()
    assert np.isfinite(beat_phase([7], 500, 2000)).all()


def test_paced_beats_keep_one_place(make_ecg: MakeEcg) -> None:
    times = rhythm(70)
    x = make_ecg(times, wide=range(times.size))
    at = np.rint(times * 500).astype(int)
    rng = np.random.default_rng(2)
    for r in at:  # stimuli of varying height 60 ms before the complex
        x[:, r - 30 : r - 28] += rng.uniform(0.5, 6.0)
    found = detect_r_peaks(x, 500)
    assert found.size == at.size
    place = found - at
    assert np.ptp(place) <= 10  # 20 ms


def test_chunks_find_the_same_beats(make_ecg: MakeEcg) -> None:
    times = np.cumsum(np.random.default_rng(8).uniform(0.7, 1.0, 130))
    x = make_ecg(times[times < 99], duration_s=100)
    whole = detect_r_peaks(x, 500)
    start, stop, margin = 30 * 500, 60 * 500, 5 * 500
    part = detect_r_peaks(x[:, start - margin : stop + margin], 500) + start - margin
    inside = part[(part >= start) & (part < stop)]
    assert np.array_equal(inside, whole[(whole >= start) & (whole < stop)])


NOISE = np.random.default_rng(3)


@pytest.mark.parametrize("kind", ["missing", "zero", "hiss", "loud noise"])
@pytest.mark.parametrize(("duration_s", "bad_s"), [(10, 6), (120, 80), (300, 80)])
def test_a_bad_beginning_costs_itself_only(
    make_ecg: MakeEcg, kind: str, duration_s: int, bad_s: int
) -> None:
    times = np.arange(0.5, duration_s - 0.3, 0.8)
    x = make_ecg(times, fs_hz=250.0, duration_s=duration_s)
    n = bad_s * 250
    x[:, :n] = {
        "missing": np.full((12, n), np.nan),
        "zero": np.zeros((12, n)),
        "hiss": NOISE.normal(0, 0.02, (12, n)),
        "loud noise": NOISE.normal(0, 5.0, (12, n)),
    }[kind]
    found = detect_r_peaks(x, 250.0) / 250.0
    clean = times[times > bad_s + 0.2]
    assert np.abs(clean[:, np.newaxis] - found).min(axis=1).max() < 0.03
    assert (found > bad_s + 0.2).sum() == clean.size
    assert (found < bad_s - 0.5).sum() <= 5


@pytest.mark.parametrize("fs_hz", [250.0, 500.0])
def test_no_beats_in_noise(fs_hz: float) -> None:
    n = round(10 * fs_hz)
    t = np.arange(n) / fs_hz
    white = NOISE.normal(0, 1, (12, n))
    hum = np.sin(2 * np.pi * 50 * t + NOISE.uniform(0, 6, (12, 1)))
    for x in (0.01 * white, 0.03 * white, 0.1 * hum + 0.003 * white, np.cumsum(white, axis=1)):
        assert detect_r_peaks(x, fs_hz).size == 0
