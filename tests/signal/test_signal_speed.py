"""How long the signal work on one 10-s record takes (processor time); run with ``-m perf -s``."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.signal.delineation import average_beat
from ecgviewer.signal.heartbeats.beats import detect_r_peaks
from ecgviewer.signal.heartbeats.rhythm import rhythm_features
from ecgviewer.signal.measures.intervals import measure
from ecgviewer.signal.preprocessing import Preprocessing
from ecgviewer.signal.pyramid.pyramid import MinMaxPyramid
from ecgviewer.signal.quality import assess

FloatArray = npt.NDArray[np.float32]
MakeEcg = Callable[..., FloatArray]


def median_ms(work: Callable[[], object], repeats: int = 15) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1e3 * float(np.median(times))


@pytest.mark.perf
def test_ten_seconds_of_twelve_leads(make_ecg: MakeEcg) -> None:
    x = make_ecg(np.arange(0.4, 10, 0.83))

    def beats_intervals_rhythm() -> None:
        r = detect_r_peaks(x, 500)
        average = average_beat(x, 500, r)
        measure(x, 500, STANDARD_LEADS, r, average)
        rhythm_features(r, 500, x, average)

    spec = Preprocessing()
    whole, filtering = median_ms(beats_intervals_rhythm), median_ms(lambda: spec.filter(x, 500))
    print(f"\nR peaks, intervals, rhythm  {whole:6.1f} ms")
    print(f"preprocessing               {filtering:6.1f} ms")
    print(
        f"quality                     {median_ms(lambda: assess(x, 500, STANDARD_LEADS)):6.1f} ms"
    )
    # 12 ms against 2.5 ms on an idle core; the ratio holds on a busy one too.
    assert whole < 15 * filtering


@pytest.mark.perf
def test_pyramid_against_reducing_the_samples() -> None:
    n = 2_000_000
    x = np.random.default_rng(0).normal(0, 0.3, (12, n)).astype(np.float32)
    pyramid = MinMaxPyramid.build([x], 12, n)
    edges = np.arange(1600) * n // 1600

    def naive() -> None:
        np.minimum.reduceat(x, edges, axis=1)
        np.maximum.reduceat(x, edges, axis=1)

    ratio = median_ms(naive, 5) / max(median_ms(lambda: pyramid.query(0, n, 1600)), 1e-3)
    print(f"\nwhole record, 1600 columns: {ratio:.0f} times faster than from the samples")
    assert ratio > 10
