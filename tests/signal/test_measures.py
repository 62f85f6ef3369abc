"""What is measured of hearts that are known: right values, or why there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.signal.device_filter import HighPass
from ecgviewer.signal.measures.axes import Axes
from ecgviewer.signal.measures.interval_words import interval_texts
from ecgviewer.signal.measures.intervals import Intervals, Measure, measure
from ecgviewer.signal.measures.limits import statements
from ecgviewer.signal.measures.rate import Rate, rate_of, unseen_samples
from ecgviewer.signal.measures.waves import LeadWaves
from tests.signal.hearts import FS_HZ, FloatArray, heart

REGULAR_S = np.arange(0.4, 9.7, 0.9)


def measured(signal: FloatArray) -> Intervals:
    return measure(signal, FS_HZ, STANDARD_LEADS)


def test_bigeminy_has_a_mean_rate_and_a_spread() -> None:
    sinus = np.arange(0.8, 9.7, 1.8)
    early = sinus[sinus + 0.5 < 9.6] + 0.5
    m = measured(heart(sinus, wide_s=early))
    assert m.rate.n_beats == sinus.size + early.size
    assert m.rate.bpm == pytest.approx(70.1, abs=0.5)
    assert m.rate.by_count_bpm == pytest.approx(60, abs=0.5)
    assert (m.rate.min_bpm, m.rate.max_bpm) == pytest.approx((46.2, 119.5), abs=2)
    assert m.rr_s.uncertainty == pytest.approx(0.396, abs=0.01)
    assert m.rate.irregular
    assert m.qtc_bazett_s.value is None and m.qtc_bazett_s.reason == "irregular"
    assert m.qrs_s.value == pytest.approx(0.105, abs=0.012), "the sinus beat is measured"
    assert dict(interval_texts(m))["Rate"] == "70 (46-119) bpm, irregular"


@pytest.mark.parametrize("couple_s", [0.5, 0.55, 0.6])
@pytest.mark.parametrize("first_s", [0.3, 0.8])
def test_pairs_of_beats_of_one_shape(couple_s: float, first_s: float) -> None:
    first = np.arange(first_s, 9.6, 1.8)
    beats = np.sort(np.concatenate([first, first[first + couple_s < 9.7] + couple_s]))
    m = measured(heart(beats))
    assert m.rate.bpm == pytest.approx(60 * (beats.size - 1) / np.ptp(beats), abs=0.5)
    assert m.qt_s.value is None or m.qt_s.value == pytest.approx(0.395, abs=0.02)
    assert m.qtc_bazett_s.reason == "irregular"


@pytest.mark.parametrize("bpm", [30, 45, 60, 72, 100, 120])
def test_pr_where_there_is_room_for_a_p_wave(bpm: int) -> None:
    rr = 60 / bpm
    m = measured(heart(np.arange(0.4, 9.7, rr), qt_s=min(0.39 * rr**0.5, 0.42)))
    assert m.rate.bpm == pytest.approx(bpm, abs=0.5)
    assert m.pr_s.value == pytest.approx(0.111, abs=0.012)
    assert not m.rate.irregular


@pytest.mark.parametrize("bpm", [130, 140, 150, 160, 180, 200])
def test_p_on_the_t_wave_before_is_not_guessed(bpm: int) -> None:
    rr = 60 / bpm
    m = measured(heart(np.arange(0.4, 9.7, rr), qt_s=0.39 * rr**0.5))
    assert m.rate.bpm == pytest.approx(bpm, abs=1)
    assert m.pr_s.value is None
    assert m.pr_s.reason == "P not separable from T"


@pytest.mark.parametrize("bpm", [50, 66, 90, 120, 140, 160, 200])
def test_no_pr_without_a_p_wave(bpm: int) -> None:
    rr = 60 / bpm
    m = measured(heart(np.arange(0.4, 9.7, rr), qt_s=min(0.39 * rr**0.5, 0.42), p_mv=0.0))
    assert m.pr_s.value is None
    assert m.pr_s.reason
    assert m.axes.p_deg is None


@pytest.mark.parametrize("tall", [1.0, 1.4, 2.0])
def test_tall_t_waves_are_no_beats(tall: float) -> None:
    m = measured(heart(REGULAR_S, t_mv=tall))
    assert m.rate.bpm == pytest.approx(60 / 0.9, abs=0.5)
    assert m.qrs_s.value == pytest.approx(0.105, abs=0.015)


@pytest.mark.parametrize("fill", [np.nan, 0.0, -1.5])
@pytest.mark.parametrize("late_s", [3.0, 4.5, 6.0, 7.0])
def test_electrodes_that_come_on_late(fill: float, late_s: float) -> None:
    x = heart(REGULAR_S)
    x[:, : round(late_s * FS_HZ)] = fill
    m = measured(x)
    assert m.rate.n_beats == (late_s < REGULAR_S).sum()
    assert m.rate.bpm == pytest.approx(60 / 0.9, abs=0.5)
    assert m.rate.by_count_bpm == pytest.approx(60 / 0.9, abs=12), "of the seconds seen"
    assert m.qrs_s.value == pytest.approx(0.105, abs=0.012)
    assert m.qtc_bazett_s.value == pytest.approx(0.425, abs=0.02)


def test_a_minute_without_electrodes_is_a_step_and_no_beat() -> None:
    x = np.concatenate([np.full((12, 30000), -1.5, np.float32), heart(REGULAR_S)], axis=1)
    m = measured(x)
    assert m.rate.n_beats == REGULAR_S.size
    assert m.rate.max_bpm == pytest.approx(60 / 0.9, abs=0.5)


def test_a_run_is_in_the_range_of_the_rate() -> None:
    slow = np.concatenate([np.arange(0.4, 20, 0.8), np.arange(30.5, 39.5, 0.8)])
    m = measured(heart(slow, 40.0, wide_s=np.arange(20.4, 30, 60 / 190)))
    assert m.rate.max_bpm == pytest.approx(190, abs=5)
    assert m.rate.irregular
    assert m.qrs_s.value == pytest.approx(0.105, abs=0.012)


@pytest.mark.parametrize("kind", ["white", "hum", "drift"])
def test_noise_has_no_rate(kind: str) -> None:
    rng, t = np.random.default_rng(3), np.arange(5000) / FS_HZ
    x = {
        "white": 0.03 * rng.standard_normal((12, 5000)),
        "hum": 0.1 * np.sin(2 * np.pi * 50 * t + rng.uniform(0, 6, (12, 1))),
        "drift": 0.002 * np.cumsum(rng.standard_normal((12, 5000)), axis=1),
    }[kind]
    m = measured(x.astype(np.float32))
    for one in (m.rr_s, m.pr_s, m.qrs_s, m.qt_s, m.qtc_bazett_s):
        assert one.value is None and one.reason
    assert m.rate.bpm is None
    assert dict(interval_texts(m))["Rate"].startswith("not measurable: ")


def test_a_pause_is_two_seconds() -> None:
    fast = np.cumsum(np.random.default_rng(0).uniform(0.35, 0.78, 18))
    r = np.round(fast * 500).astype(np.int64)
    words = rate_of(r, 500.0).words()
    assert "irregular" in words and "pause" not in words
    stopped = np.array([500, 1000, 1500, 2600, 3100], dtype=np.int64)
    assert rate_of(stopped, 500.0).words().endswith("pause of 2.2 s")
    assert not rate_of(np.array([500, 1000, 1500, 2490, 3000]), 500.0).has_pause


def test_no_interval_reaches_across_what_was_not_seen() -> None:
    r = np.array([500, 1000, 4000, 4500], dtype=np.int64)
    x = np.random.default_rng(0).normal(size=(2, 5000))
    x[:, 1100:3900] = np.nan
    rate = rate_of(r, 500.0, unseen_samples(x, 500.0))
    assert rate.bpm == pytest.approx(60.0)
    assert not rate.has_pause


def test_axes_and_wave_heights_are_those_of_the_heart() -> None:
    m = measured(heart(REGULAR_S))
    # Leads I and aVF (II - I/2) carry 0.7 and 0.65 of the same beat.
    expected = np.degrees(np.arctan2(0.65 * 2 / 3**0.5, 0.7))
    for wave in ("p_deg", "qrs_deg", "t_deg"):
        assert getattr(m.axes, wave) == pytest.approx(expected, abs=3), wave
    ii = m.waves["II"]
    assert ii.p == pytest.approx(0.12, abs=0.02)
    assert ii.q == pytest.approx(-0.09, abs=0.03)
    assert ii.r == pytest.approx(1.07, abs=0.05)
    assert ii.s == pytest.approx(-0.24, abs=0.04)
    assert ii.t == pytest.approx(0.30, abs=0.02)
    assert ii.st_60 == pytest.approx(0.0, abs=0.02)
    assert m.waves["V1"].t == pytest.approx(-0.18, abs=0.02)
    assert m.waves["aVR"].r is not None or m.waves["aVR"].q is not None


def test_axis_from_any_two_limb_leads() -> None:
    x = heart(REGULAR_S)
    whole = measured(x).axes.qrs_deg
    for names in (("I", "II"), ("II", "III")):
        rows = [STANDARD_LEADS.index(name) for name in names]
        some = measure(x[rows], FS_HZ, names)
        assert some.axes.qrs_deg == pytest.approx(whole, abs=3)
    assert measure(x[6:], FS_HZ, STANDARD_LEADS[6:]).axes == Axes()


def said(m: Intervals, start: str, **who: object) -> list[str]:
    return [one for one in statements(m, **who) if one.startswith(start)]  # type: ignore[arg-type]


def test_words_carry_the_limit_they_passed_and_its_source() -> None:
    m = replace(
        measured(heart(REGULAR_S)),
        qrs_s=Measure(0.134, 0.005),
        pr_s=Measure(0.220, 0.005),
        axes=Axes(qrs_deg=-45.0),
    )
    assert said(m, "QRS wide") == ["QRS wide: 134 ms (120 or more, AHA/ACCF/HRS 2009 (Surawicz))"]
    assert said(m, "PR long")[0].startswith("PR long: 220 ms (above 200, AHA")
    assert said(m, "axis left")[0].startswith("axis left: -45 deg (beyond -30, AHA")
    assert said(replace(m, rate=Rate(9, bpm=110.0)), "rate fast") == [
        "rate fast: 110 bpm (above 100)"
    ]
    child = statements(m, "M", 9.0)
    assert not [one for one in child if "QRS" in one or "axis" in one], "limits are those of adults"


def test_long_qt_by_sex() -> None:
    m = replace(measured(heart(REGULAR_S)), qtc_bazett_s=Measure(0.455, 0.01))
    assert "450 or more, men, AHA" in said(m, "QTc long", sex="male", age_years=60.0)[0]
    assert not said(m, "QTc long", sex="F", age_years=60.0)
    longer = replace(m, qtc_bazett_s=Measure(0.470, 0.01))
    assert "460 or more, women, AHA" in said(longer, "QTc long", sex="F")[0]
    assert "460 or more, sex unknown, AHA" in said(longer, "QTc long")[0]


def test_voltage_by_sex() -> None:
    waves = {lead: LeadWaves(r=1.0, s=-0.5, st_j=0.0) for lead in STANDARD_LEADS}
    waves |= {"V1": LeadWaves(r=0.2, s=-1.6), "V5": LeadWaves(r=2.1)}
    waves |= {"aVL": LeadWaves(r=1.2), "V3": LeadWaves(s=-1.2)}
    m = replace(measured(heart(REGULAR_S)), waves=waves)
    high = said(m, "voltage high", sex="F")
    assert "Sokolow-Lyon 3.7 mV (3.5 or more, 1949)" in high[0]
    assert "Cornell 2.4 mV (above 2.0, women, Casale 1985)" in high[1]
    assert len(said(m, "voltage high", sex="M")) == 1
    assert not said(m, "voltage high", in_mv=False)


def test_st_by_age_and_sex_in_neighbouring_leads() -> None:
    def with_st(**levels_mv: float) -> Intervals:
        waves = {lead: LeadWaves(st_j=levels_mv.get(lead, 0.0)) for lead in STANDARD_LEADS}
        return replace(measured(heart(REGULAR_S)), waves=waves)

    anterior = with_st(V2=0.22, V3=0.21)
    assert said(anterior, "ST elevated", sex="M", age_years=50.0)
    assert said(anterior, "ST elevated", sex="F", age_years=50.0)
    assert not said(anterior, "ST elevated", sex="M", age_years=30.0)
    assert not said(with_st(V2=0.3), "ST elevated", sex="M", age_years=50.0), "one lead alone"
    low = said(with_st(V4=-0.08, V5=-0.12), "ST depressed")[0]
    assert low.startswith("ST depressed: V4 V5, -0.12 mV at J (0.05 mV or more, Universal Def")
    assert not said(replace(anterior, qrs_s=Measure(0.15, 0.01)), "ST elevated", sex="F")


def test_a_high_pass_is_said_to_everybody() -> None:
    m = replace(measured(heart(REGULAR_S)), highpass=HighPass(0.5, 1))
    assert "high-pass of about 0.5 Hz: ST levels cannot be judged" in statements(m, "F", 9.0)
    assert not said(replace(m, highpass=HighPass(0.05)), "high-pass")
