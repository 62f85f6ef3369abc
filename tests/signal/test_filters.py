"""What the filters show does not depend on what part of the record is in view."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.signal.filters import display_filter, display_margin_s

FloatArray = npt.NDArray[np.float32]
MakeEcg = Callable[..., FloatArray]

CHOICES = [
    (True, None, False),
    (False, 50.0, False),
    (False, None, True),
    (True, 60.0, True),
]


@pytest.mark.parametrize(("baseline", "mains_hz", "muscle"), CHOICES)
def test_range_equals_whole(
    make_ecg: MakeEcg, baseline: bool, mains_hz: float | None, muscle: bool
) -> None:
    t = np.arange(30_000) / 500
    x = make_ecg(np.arange(0.4, 60, 0.83), duration_s=60)
    x = (x + np.sin(2 * np.pi * 0.2 * t) + 0.1 * np.sin(2 * np.pi * 50 * t)).astype(np.float32)
    whole = display_filter(x, 500, baseline, mains_hz, muscle)
    margin = round(display_margin_s(baseline, mains_hz, muscle) * 500)
    for start, stop in ((10_000, 15_000), (12_345, 12_600)):
        part = display_filter(x[:, start - margin : stop + margin], 500, baseline, mains_hz, muscle)
        shown = part[:, margin : margin + stop - start]
        assert np.abs(shown - whole[:, start:stop]).max() < 0.004


def test_each_filter_does_its_job(make_ecg: MakeEcg) -> None:
    clean = make_ecg(np.arange(0.4, 20, 0.83), duration_s=20, noise_mv=0.0)
    t = np.arange(10_000) / 500
    middle = slice(2000, 8000)

    def left(disturbance: FloatArray, **filters: float | bool) -> float:
        filtered = display_filter(clean + disturbance, 500, **filters)
        return float(np.abs(filtered - display_filter(clean, 500, **filters))[:, middle].max())

    assert left(2 * np.sin(2 * np.pi * 0.1 * t), baseline=True) < 0.02
    assert left(0.5 * np.sin(2 * np.pi * 50 * t), mains_hz=50) < 0.02
    assert left(0.5 * np.sin(2 * np.pi * 120 * t), muscle=True) < 0.02


def test_gaps_nothing_on_and_short_ranges(make_ecg: MakeEcg) -> None:
    x = make_ecg([0.5, 1.3])
    x[0, 100:200] = np.nan
    x[1] = np.nan
    assert np.array_equal(display_filter(x, 500), x, equal_nan=True)
    y = display_filter(x, 500, True, 50, True)
    assert np.array_equal(np.isnan(y), np.isnan(x))
    for n in (0, 1, 2, 30):
        assert display_filter(x[:, :n], 500, True, 50, True).shape == (12, n)
    assert np.isfinite(display_filter(x[2:], 60, True, 50, True)).all()
