"""Measuring 12 leads of 10 s against neurokit2 doing clean, peaks and delineate for each lead.

neurokit2 is no dependency (``pip install neurokit2==0.3.0`` to run this); ``-m perf -s``
prints the figures.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.io import open_record
from ecgviewer.signal.measures.intervals import measure

RECORDS = ("00010_hr", "00330_hr", "00414_hr")
FS_HZ = 500
TIMES_FASTER = 40.0
TURNS = 3
REPEATS = 8


def spent_s(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def by_neurokit(neurokit: object, signal: npt.NDArray[np.float64]) -> None:
    for lead in signal:
        clean = neurokit.ecg_clean(lead, sampling_rate=FS_HZ)  # type: ignore[attr-defined]
        _, found = neurokit.ecg_peaks(clean, sampling_rate=FS_HZ)  # type: ignore[attr-defined]
        neurokit.ecg_delineate(  # type: ignore[attr-defined]
            clean, found["ECG_R_Peaks"], sampling_rate=FS_HZ, method="dwt"
        )


@pytest.mark.perf
def test_measuring_against_neurokit2(samples: Path) -> None:
    neurokit = pytest.importorskip("neurokit2")
    ratios = []
    for name in RECORDS:
        recording = open_record(RecordRef(samples / f"{name}.hea"))
        signal = recording.read(0.0, 10.0, STANDARD_LEADS)
        recording.source.close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            by_neurokit(neurokit, signal.astype(np.float64))
            measure(signal, FS_HZ, STANDARD_LEADS)
            for _ in range(TURNS):
                theirs = spent_s(lambda x=signal: by_neurokit(neurokit, x.astype(np.float64)))
                ours = np.median(
                    [
                        spent_s(lambda x=signal: measure(x, FS_HZ, STANDARD_LEADS))
                        for _ in range(REPEATS)
                    ]
                )
                ratios.append(theirs / float(ours))
        print(f"\n{name}: neurokit2 {1e3 * theirs:.0f} ms, ours {1e3 * float(ours):.1f} ms, "
              f"{ratios[-1]:.0f} times faster")  # fmt: skip
    assert np.median(ratios) >= TIMES_FASTER
