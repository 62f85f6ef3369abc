"""R peaks and intervals against LUDB's manual marks; ``pytest -m slow -s`` prints the tables.

The delineation's constants were chosen on the odd-numbered records, and looked at on all: these are
development figures. The reference of a beat is the median over the leads of their marks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ecgviewer.core.leads import STANDARD_LEADS
from ecgviewer.signal.heartbeats.beats import detect_r_peaks
from ecgviewer.signal.measures.intervals import Intervals, measure

FS_HZ = 500
TOLERANCE_S = 0.075
QUANTITIES = ("on", "off", "pr", "qrs", "qt")
WIDE_S = 0.1195
""""120 ms or more" on marks that lie 2 ms apart."""
LEAST_P = 12
"""Marks of P waves, over all leads and beats, below which readers saw no P wave."""
WORST = 8
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


@dataclass(frozen=True, eq=False)
class Compared:
    """One record: readers' values and ours, in seconds; NaN where there is none."""

    number: int
    n_p_marks: int
    readers: dict[str, float]
    ours: dict[str, float]
    uncertainty: dict[str, float]
    st_apart_mv: npt.NDArray[np.float64]
    beats: Table
    r_s: npt.NDArray[np.float64]


def nan_median(values: npt.NDArray[np.float64]) -> float:
    return float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")


def compared(path: Path) -> Compared:
    wfdb = pytest.importorskip("wfdb")
    x = wfdb.rdrecord(str(path)).p_signal.T.astype(np.float32)
    r = detect_r_peaks(x, FS_HZ)
    beats = reference(path)
    intervals = measure(x, FS_HZ, STANDARD_LEADS, r)
    own = r[np.abs(beats[:, :1] - r / FS_HZ).argmin(axis=1)] / FS_HZ
    readers = {
        "on": nan_median(beats[:, 1] - own),
        "off": nan_median(beats[:, 2] - own),
        "pr": nan_median(beats[:, 1] - beats[:, 3]),
        "qrs": nan_median(beats[:, 2] - beats[:, 1]),
        "qt": nan_median(beats[:, 4] - beats[:, 1]),
    }
    marks = intervals.marks
    measures = {"pr": intervals.pr_s, "qrs": intervals.qrs_s, "qt": intervals.qt_s}
    ours = {name: one.value for name, one in measures.items()}
    ours |= {"on": marks.qrs_on_s, "off": marks.qrs_off_s} if marks is not None else {}
    n_p = sum(
        int(np.isfinite(lead_beats(path, lead.lower())[:, 3]).sum()) for lead in STANDARD_LEADS
    )
    return Compared(
        number=int(path.name),
        n_p_marks=n_p,
        readers=readers,
        ours={name: number_of(ours.get(name)) for name in QUANTITIES},
        uncertainty={name: number_of(one.uncertainty) for name, one in measures.items()},
        st_apart_mv=st_at_readers_j(x, intervals, beats),
        beats=beats,
        r_s=r / FS_HZ,
    )


def number_of(value: float | None) -> float:
    return float("nan") if value is None else value


def st_at_readers_j(
    x: npt.NDArray[np.float32], intervals: Intervals, beats: Table
) -> npt.NDArray[np.float64]:
    """Return our ST level less that 60 ms after the end of QRS that readers marked, per lead."""

    def level(at_s: npt.NDArray[np.float64], half: int) -> npt.NDArray[np.float32]:
        at = np.rint(at_s * FS_HZ).astype(int)[:, np.newaxis] + np.arange(-half, half + 1)
        return x[:, np.clip(at, 0, x.shape[1] - 1)].mean(axis=2)

    read = np.median(level(beats[:, 2] + 0.06, 5) - level(beats[:, 1] - 0.012, 4), axis=1)
    ours = [number_of(intervals.st_mv[lead].value) for lead in STANDARD_LEADS]
    return np.asarray(ours, dtype=np.float64) - read


@pytest.fixture(scope="module")
def ludb(shared_data: Path) -> list[Compared]:
    return [compared(shared_data / "ludb" / str(number)) for number in range(1, 101)]


def errors_ms(records: list[Compared], name: str) -> npt.NDArray[np.float64]:
    return np.array([1e3 * (one.ours[name] - one.readers[name]) for one in records])


@pytest.mark.slow
def test_beats_against_manual_marks(ludb: list[Compared]) -> None:
    found = missed = extra = 0
    position: list[float] = []
    for one in ludb:
        apart = np.abs(one.beats[:, :1] - one.r_s)
        near = apart.min(axis=1) <= TOLERANCE_S
        found, missed = found + int(near.sum()), missed + int((~near).sum())
        # LUDB leaves the first and last beats unmarked.
        marked = one.r_s > one.beats[0, 0] - 0.15
        marked &= one.r_s < one.beats[-1, 0] + 0.15
        extra += int((apart.min(axis=0)[marked] > TOLERANCE_S).sum())
        position += (1e3 * apart.min(axis=1)[near]).tolist()
    sensitivity, precision = found / (found + missed), found / (found + extra)
    print(f"\nLUDB 1-100, R peaks: sensitivity {sensitivity:.4f}, PPV {precision:.4f} of "
          f"{found + missed}; median distance {np.median(position):.1f} ms")  # fmt: skip
    assert sensitivity >= 0.995
    assert precision >= 0.995
    assert np.median(position) <= 8


@pytest.mark.slow
def test_intervals_against_manual_marks(ludb: list[Compared]) -> None:
    print("\nLUDB 1-100, error in ms    n  median   p95   bias  worst (record, error)")
    for name in QUANTITIES:
        error = errors_ms(ludb, name)
        known = np.flatnonzero(np.isfinite(error))
        worst = known[np.argsort(-np.abs(error[known]))][:WORST]
        median = np.median(np.abs(error[known]))
        p95 = np.percentile(np.abs(error[known]), 95)
        named = ", ".join(f"{ludb[k].number} {error[k]:+.0f}" for k in worst)
        print(f"  {name:20s} {known.size:6d} {median:7.1f} {p95:5.1f} "
              f"{np.median(error[known]):+6.1f}  {named}")  # fmt: skip
        most = {"on": (4, 12), "off": (3, 14), "pr": (5, 20), "qrs": (6, 20), "qt": (9, 25)}[name]
        assert median <= most[0], name
        assert p95 <= most[1], name
    for half in (0, 1):
        some = [one for one in ludb if one.number % 2 == half]
        for name in ("qrs", "qt"):
            assert np.nanmedian(np.abs(errors_ms(some, name))) <= (7 if name == "qrs" else 10)


@pytest.mark.slow
def test_wide_qrs_against_manual_marks(ludb: list[Compared]) -> None:
    read = np.array([one.readers["qrs"] for one in ludb]) >= WIDE_S
    ours = np.array([one.ours["qrs"] for one in ludb]) >= WIDE_S
    print(f"\nLUDB, QRS of 120 ms and more: {(read & ours).sum()} of {read.sum()} found, "
          f"specificity {(~ours[~read]).mean():.3f}")  # fmt: skip
    for k in np.flatnonzero(read != ours):
        one = ludb[k]
        print(f"  {'missed' if read[k] else 'falsely'}: {one.number}, readers "
              f"{1e3 * one.readers['qrs']:.0f}, ours {1e3 * one.ours['qrs']:.0f} ms")  # fmt: skip
    assert (read & ours).sum() >= 0.9 * read.sum()
    assert (~ours[~read]).mean() >= 0.98


@pytest.mark.slow
def test_no_pr_without_p_waves(ludb: list[Compared]) -> None:
    without = [one for one in ludb if one.n_p_marks < LEAST_P]
    given = [one.number for one in without if np.isfinite(one.ours["pr"])]
    with_p = [one for one in ludb if np.isfinite(one.readers["pr"])]
    kept = [one.number for one in with_p if not np.isfinite(one.ours["pr"])]
    print(f"\nLUDB, PR given in {len(given)} of {len(without)} records without marked P waves "
          f"{given}; not given in {len(kept)} of {len(with_p)} with them {kept}")  # fmt: skip
    assert len(given) <= 0.1 * len(without)
    assert len(kept) <= 0.03 * len(with_p)


@pytest.mark.slow
def test_the_uncertainty_covers_what_it_should(ludb: list[Compared]) -> None:
    """One standard deviation covers 68 %."""
    print("\nLUDB, uncertainty u: median in ms, readers within 1 u and 2 u")
    for name in ("pr", "qrs", "qt"):
        error = np.abs(errors_ms(ludb, name))
        spread = np.array([1e3 * one.uncertainty[name] for one in ludb])
        known = np.isfinite(error) & np.isfinite(spread)
        once, twice = (float((error[known] <= k * spread[known]).mean()) for k in (1, 2))
        print(f"  {name:4s} {np.median(spread[known]):5.1f}  {once:.2f}  {twice:.2f}")
        assert 0.63 <= once <= 0.75, name
        assert twice >= 0.84, name


@pytest.mark.slow
def test_st_follows_the_readers_j_point(ludb: list[Compared]) -> None:
    apart = np.abs(np.concatenate([one.st_apart_mv for one in ludb]))
    apart = apart[np.isfinite(apart)]
    print(f"\nLUDB, ST at J + 60 ms against the readers' J, {apart.size} leads: median "
          f"{np.median(apart):.3f} mV, p95 {np.percentile(apart, 95):.3f} mV")  # fmt: skip
    assert np.median(apart) <= 0.01
    assert np.percentile(apart, 95) <= 0.06
