"""R peaks and intervals against LUDB's manual marks; run with ``-s`` to see the table.

The delineation's constants were chosen on the odd-numbered records; the even ones are held out.
The reference of a beat is the median over the leads of their marks.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.signal.beats import detect_r_peaks
from ecgviewer.signal.measures.intervals import Measure, measure

FS_HZ = 500
TOLERANCE_S = 0.075
Table = npt.NDArray[np.float64]


def lead_beats(path: Path, lead: str) -> Table:
    """Return R, QRS onset, QRS end, P onset, T end of each beat of a lead, in seconds."""
    wfdb = pytest.importorskip("wfdb")
    marks = wfdb.rdann(str(path), lead)
    at, symbol = marks.sample, marks.symbol
    waves = [
        (symbol[k], at[k - 1], at[k], at[k + 1])
        for k in range(1, len(symbol) - 1)
        if symbol[k] in "pNt" and symbol[k - 1] == "(" and symbol[k + 1] == ")"
    ]
    rows = []
    for kind, on, peak, off in waves:
        if kind != "N":
            continue
        p_on = [w[1] for w in waves if w[0] == "p" and 0 < on - w[1] < 200 and w[2] < on]
        t_off = [w[3] for w in waves if w[0] == "t" and 0 < w[3] - off < 300]
        rows.append((peak, on, off, p_on[-1] if p_on else np.nan, t_off[0] if t_off else np.nan))
    return np.asarray(rows, dtype=np.float64).reshape(-1, 5) / FS_HZ


def reference(path: Path) -> Table:
    """Return the beats marked in at least 6 leads, each the median over the leads."""
    every = np.concatenate([lead_beats(path, lead.lower()) for lead in STANDARD_LEADS])
    every = every[np.argsort(every[:, 0])]
    groups = np.split(every, np.flatnonzero(np.diff(every[:, 0]) > 0.12) + 1)
    beats = []
    for group in groups:
        if len(group) >= 6:
            few = np.isfinite(group).sum(axis=0) < 4
            row = [np.nan if few[k] else np.nanmedian(group[:, k]) for k in range(5)]
            beats.append(row)
    return np.asarray(beats)


def error_ms(measured: Measure, marked: npt.NDArray[np.float64]) -> float:
    if measured.value is None or not np.isfinite(marked).any():
        return float("nan")
    return 1e3 * (measured.value - float(np.nanmedian(marked)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The inplace keyword")  # wfdb 4.3 with pandas 3.1
def test_against_manual_marks(shared_data: Path) -> None:
    wfdb = pytest.importorskip("wfdb")
    found = missed = extra = 0
    position: list[float] = []
    errors: dict[str, list[list[float]]] = {"odd": [], "even": []}
    for number in range(1, 101):
        path = shared_data / "ludb" / str(number)
        x = wfdb.rdrecord(str(path)).p_signal.T.astype(np.float32)
        r = detect_r_peaks(x, FS_HZ)
        beats = reference(path)
        apart = np.abs(beats[:, :1] - r / FS_HZ)
        found += int((apart.min(axis=1) <= TOLERANCE_S).sum())
        missed += int((apart.min(axis=1) > TOLERANCE_S).sum())
        # LUDB leaves the first and last beats unmarked.
        marked = (r / FS_HZ > beats[0, 0] - 0.15) & (r / FS_HZ < beats[-1, 0] + 0.15)
        extra += int((apart.min(axis=0)[marked] > TOLERANCE_S).sum())
        position += (1e3 * apart.min(axis=1)[apart.min(axis=1) <= TOLERANCE_S]).tolist()
        intervals = measure(x, FS_HZ, STANDARD_LEADS, r)
        marks = intervals.marks
        if marks is None or marks.qrs_on_s is None or marks.qrs_off_s is None:
            continue
        own = r[apart.argmin(axis=1)] / FS_HZ
        errors["odd" if number % 2 else "even"].append(
            [
                1e3 * (marks.qrs_on_s - float(np.median(beats[:, 1] - own))),
                1e3 * (marks.qrs_off_s - float(np.median(beats[:, 2] - own))),
                error_ms(intervals.pr_s, beats[:, 1] - beats[:, 3]),
                error_ms(intervals.qrs_s, beats[:, 2] - beats[:, 1]),
                error_ms(intervals.qt_s, beats[:, 4] - beats[:, 1]),
            ]
        )
    sensitivity, precision = found / (found + missed), found / (found + extra)
    print(f"\nR peaks: sensitivity {sensitivity:.4f}, PPV {precision:.4f} of {found + missed},")
    print(f"position: median absolute difference {np.median(position):.1f} ms")
    print("median absolute error (ms)   QRS on  QRS off    PR   QRS    QT   records")
    medians = {}
    for half, rows in errors.items():
        table = np.asarray(rows)
        medians[half] = np.nanmedian(np.abs(table), axis=0)
        text = "  ".join(f"{value:5.1f}" for value in medians[half])
        print(f"  {half:26s} {text}   {len(rows)}")
    assert sensitivity >= 0.99
    assert precision >= 0.99
    assert np.median(position) <= 8
    for half in medians.values():
        on, off, pr, qrs, qt = half
        assert max(on, off, qrs) <= 12
        assert pr <= 15
        assert qt <= 25
