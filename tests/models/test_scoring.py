"""The scorer on schematic hearts: what is abnormal scores high, in the right part and place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgviewer.models.networks.network import NetworkOutput
from ecgviewer.models.score.beat_features.limb_leads import lead_disagreement
from ecgviewer.models.score.beat_features.window_features import describe, limb_scales
from ecgviewer.models.score.fitting import Normal, fit_scorer
from ecgviewer.models.score.fusion import Scorer, WindowResult
from ecgviewer.models.score.window_evidence import Window
from ecgviewer.signal.preprocessing import Preprocessing

FS = 100.0
FRONTAL = np.radians([0.0, 60.0, 120.0, -150.0, -30.0, 90.0])
GAIN = np.array([1.0, 1.0, 1.0, 0.866, 0.866, 0.866]) * 2 / np.sqrt(3)
CHEST = np.radians([115.0, 94.0, 58.0, 32.0, 5.0, -15.0])


def on_leads(frontal_deg: float, chest_deg: float, size: float) -> np.ndarray:
    frontal = GAIN * np.cos(FRONTAL - np.radians(frontal_deg))
    return size * np.concatenate([frontal, 1.3 * np.cos(CHEST - np.radians(chest_deg))])


def heart(
    seed: int,
    irregular: float = 0.0,
    p_size: float = 1.0,
    st_mv: float = 0.0,
    qrs_width: float = 1.0,
    early: bool = False,
    n: int = 1000,
    rate: float | None = None,
) -> Window:
    """Return a schematic heart of normal variety, with the given deviations."""
    rng = np.random.default_rng(seed)
    rr = 60.0 / (rate or rng.uniform(62, 95))
    intervals = rr * (1 + rng.normal(0, 0.015, 80) + irregular * rng.uniform(-1, 1, 80))
    beats = 0.4 + np.cumsum(intervals)
    beats = beats[beats < n / FS - 0.3]
    t = np.arange(n) / FS
    axis = 45 + 15 * rng.standard_normal()
    waves = [
        (-0.16, 0.022, p_size * on_leads(55, 60, 0.12 * rng.normal(1, 0.15))),
        (0.0, 0.013 * qrs_width, on_leads(axis, 10, 1.0 * rng.normal(1, 0.15))),
        (0.035, 0.012 * qrs_width, on_leads(axis + 180, 200, 0.25)),
        (0.26 * np.sqrt(rr), 0.055, on_leads(axis - 10, 30, 0.3 * rng.normal(1, 0.15))),
    ]
    x = np.zeros((12, n))
    for k, beat in enumerate(beats):
        if early and k == 5:
            shape = np.exp(-(((t - beat + 0.3 * rr) / 0.05) ** 2) / 2)
            x += on_leads(-100, -60, 1.4)[:, None] * shape
            continue
        for at, width, size in waves:
            x += size[:, None] * np.exp(-(((t - beat - at) / width) ** 2) / 2)
        st = on_leads(90, 90, st_mv)
        st[6:] = 0.0
        x += st[:, None] * ((t > beat + 0.05) & (t < beat + 0.25))
    if early:
        beats[5] -= 0.3 * rr
    # Noise of electrodes, so that the limb leads keep their laws.
    limb = 0.01 * rng.standard_normal((2, n))
    x[:6] += np.stack([limb[0], limb[1], limb[1] - limb[0], -limb.sum(0) / 2,
                       limb[0] - limb[1] / 2, limb[1] - limb[0] / 2])  # fmt: skip
    x[6:] += 0.01 * rng.standard_normal((6, n))
    scaled = Preprocessing().scale(x.astype(np.float32))
    restored = scaled + 0.15 * rng.standard_normal(x.shape).astype(np.float32)
    output = NetworkOutput(restored, None, rng.standard_normal(6).astype(np.float32), None, None,
                           float(((restored - scaled) ** 2).mean()))  # fmt: skip
    return Window(x.astype(np.float32), scaled, output, FS,
                  np.round(beats * FS).astype(np.int64), np.ones(12, dtype=bool))  # fmt: skip


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return fit_scorer([Normal(heart(seed), str(seed)) for seed in range(80)])


def scores(scorer: Scorer, **deviation: float) -> np.ndarray:
    return np.array([scorer.score(heart(1000 + k, **deviation)).score for k in range(12)])  # type: ignore[arg-type]


def test_unseen_normals_rarely_pass_the_threshold(scorer: Scorer) -> None:
    threshold = scorer.record_reference.threshold(0.95)
    unseen = np.array([scorer.score(heart(500 + k)).score for k in range(60)])
    assert (unseen >= threshold).mean() <= 0.12


@pytest.mark.parametrize(
    ("part", "deviation"),
    [
        ("rhythm", {"irregular": 0.3, "p_size": 0.0}),
        ("rhythm", {"early": True}),
        ("rhythm", {"rate": 40.0}),
        ("intervals", {"qrs_width": 2.2}),
        ("st", {"st_mv": 0.3}),
    ],
)
def test_deviations_score_high_in_their_part(
    scorer: Scorer, part: str, deviation: dict[str, float]
) -> None:
    results = [scorer.score(heart(1000 + k, **deviation)) for k in range(12)]  # type: ignore[arg-type]
    assert np.median([r.parts[part] for r in results]) < 0.04
    threshold = scorer.record_reference.threshold(0.95)
    assert np.mean([r.score >= threshold for r in results]) > 0.8


def test_the_map_points_at_the_shifted_segments(scorer: Scorer) -> None:
    window = heart(2000, st_mv=0.3)
    score_map = scorer.score(window).score_map
    row, at = np.unravel_index(np.nanargmax(score_map), score_map.shape)
    since = at - window.r_peaks[np.searchsorted(window.r_peaks, at, side="right") - 1]
    assert 3 <= since <= 32
    assert row in (1, 2, 3, 5)  # leads that see a shift along aVF; not I, not the chest


def test_masked_leads_and_samples_have_no_map_and_no_say(scorer: Scorer) -> None:
    window = heart(3000)
    spoilt = window.signal_mv.copy()
    spoilt[7] = 50.0 * np.random.default_rng(0).standard_normal(1000)
    mask = np.ones(12, dtype=bool)
    mask[7] = False
    usable = np.ones((12, 1000), dtype=bool)
    usable[2, 100:200] = False
    masked = replace(window, signal_mv=spoilt, lead_mask=mask, usable=usable)
    result = scorer.score(masked)
    assert np.isnan(result.score_map[7]).all()
    assert np.isnan(result.score_map[2, 100:200]).all()
    assert np.isfinite(result.score_map[0]).all()
    assert result.p_value > 0.02


def test_what_a_gap_may_hide_is_no_pause_and_not_judged(scorer: Scorer) -> None:
    """Electrodes off for 1.5 s: no beat is missed there, the code of silence is no heart's."""

    def with_gap(seed: int) -> Window:
        window, gap = heart(seed, rate=75.0), slice(420, 570)
        usable = np.ones((12, 1000), dtype=bool)
        usable[:, gap] = False
        kept = (window.r_peaks < gap.start) | (window.r_peaks >= gap.stop)
        signal = np.where(usable, window.signal_mv, 0.0).astype(np.float32)
        return replace(window, signal_mv=signal, usable=usable, r_peaks=window.r_peaks[kept])

    results = [scorer.score(with_gap(4000 + k)) for k in range(12)]
    assert np.median([result.parts["rhythm"] for result in results]) > 0.1
    assert all("latent" not in result.parts for result in results)
    threshold = scorer.record_reference.threshold(0.95)
    assert np.mean([result.score >= threshold for result in results]) <= 0.2


def test_without_units_any_gain_per_lead_gives_the_same_score(scorer: Scorer) -> None:
    window = replace(heart(4000), amplitude_known=False)
    gains = np.random.default_rng(1).uniform(0.3, 40.0, (12, 1)).astype(np.float32)
    scaled = replace(window, signal_mv=window.signal_mv * gains)
    a, b = scorer.score(window), scorer.score(scaled)
    assert b.score == pytest.approx(a.score, abs=0.15)
    assert set(a.parts) == {"residual", "latent", "beat", "rhythm", "intervals", "st"}


def test_limb_leads_scaled_apart_are_put_right() -> None:
    window = heart(5000)
    limb = window.signal_mv[:6].astype(float)
    factors = np.array([0.5, 3.0, 1.7, 8.0, 2.0, 1.0])
    found = limb_scales(limb * factors[:, None]) * factors
    assert found / found[0] == pytest.approx(np.ones(6), rel=0.02)


def test_a_lead_that_breaks_the_limb_laws_is_named() -> None:
    signal = heart(6000).signal_mv.astype(float)
    assert lead_disagreement(signal, FS).max() < 0.2
    signal[3, 400:460] += 0.4
    found = lead_disagreement(signal, FS)
    assert found[3, 410:450].min() > 2.0
    assert found[[0, 1, 2, 4, 5]].max() < 0.5


def test_too_few_beats_leave_the_parts_that_need_them_out(scorer: Scorer) -> None:
    window = replace(heart(7000), r_peaks=np.array([300], dtype=np.int64))
    result = scorer.score(window)
    assert set(result.parts) == {"residual", "latent"}
    assert describe(window) is None
    assert 0.0 < result.p_value <= 1.0


def of_p(p_value: float) -> WindowResult:
    blank = np.zeros((12, 0), dtype=np.float32)
    return WindowResult(blank, {"rhythm": p_value}, {}, -np.log10(p_value), p_value, 1.0)


def test_many_windows_of_a_normal_heart_are_no_more_suspicious_than_one(scorer: Scorer) -> None:
    rng = np.random.default_rng(3)
    minutes = [scorer.combine([of_p(p) for p in rng.uniform(size=6)]) for _ in range(2000)]
    assert 0.03 < np.mean([r.score >= -np.log10(0.05) for r in minutes]) < 0.10
    assert 0.03 < np.mean([r.parts["rhythm"] <= 0.05 for r in minutes]) < 0.10


def test_one_premature_beat_in_a_minute_still_counts(scorer: Scorer) -> None:
    calm = [scorer.score(heart(9000 + j)) for j in range(5)]
    with_beat = scorer.combine([*calm, scorer.score(heart(9100, early=True))])
    assert with_beat.score > scorer.combine(calm).score
    assert with_beat.p_value < 0.05


def test_survives_the_bundle(scorer: Scorer) -> None:
    tensors = scorer.to_tensors()
    assert sum(value.nbytes for value in tensors.values()) < 2 << 20
    again = Scorer.from_tensors(tensors)
    for window in (
        heart(9500),
        heart(9501, st_mv=0.3),
        replace(heart(9502), amplitude_known=False),
    ):
        a, b = scorer.score(window), again.score(window)
        assert b.score == pytest.approx(a.score, abs=1e-3)
        np.testing.assert_allclose(b.score_map, a.score_map, rtol=1e-3)
        assert b.parts == pytest.approx(dict(a.parts), rel=1e-2)


def test_scoring_repeats_exactly(scorer: Scorer) -> None:
    def once() -> WindowResult:
        return scorer.score(heart(9600, early=True))

    assert once().score == once().score
    np.testing.assert_array_equal(once().score_map, once().score_map)


def test_too_few_normals_are_refused() -> None:
    with pytest.raises(ValueError, match="24 are needed"):
        fit_scorer([Normal(heart(seed), str(seed)) for seed in range(10)])
